//! The reference gateway against the frozen frames of the real one: every exchange, every method and every code it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use clawprobe::reference::front::Front;
use clawprobe::reference::gateway::{self, Gateway, Options};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::exchanges::compare::value;
use super::exchanges::play::{Peer, play};
use super::exchanges::{self, Exchange, Step, When};

/// What an exchange is played with: equal words of the same kinds as the real gateway's.
const SECRETS: [(&str, &str); 2] = [("token", "token-0123456789"), ("password", "password-0123456789")];

/// The longest a step is waited for; nothing takes real time but the delay of a refusal.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_reference_gateway_sends_what_the_real_one_does() {
    let all = exchanges::all();
    let events = exchanges::events(&all);
    let differing: Vec<String> = all
        .iter()
        .map(|exchange| (exchange, differences(exchange, &events)))
        .filter(|(_, differences)| !differences.is_empty())
        .map(|(exchange, differences)| format!("{}:\n  {}", exchange.name, differences.join("\n  ")))
        .collect();
    assert!(differing.is_empty(), "{} of {}\n{}", differing.len(), all.len(), differing.join("\n"));
}

/// The gateway of an exchange, by the names of `tests/peers/gateway.rs`.
fn options(exchange: &Exchange) -> Options {
    let kind = if exchange.gateway == "password" { SECRETS[1] } else { SECRETS[0] };
    let trusted = if exchange.gateway == "trusted" { "['127.0.0.1', '::1']" } else { "[]" };
    let phase = match exchange.when {
        Some(When::Starting) => "starting",
        Some(When::Suspended) => "suspended",
        _ => "ready",
    };
    let text = format!("auth = '{}'\nsecret = '{}'\ntrusted-proxies = {trusted}\nphase = '{phase}'", kind.0, kind.1);
    toml::from_str(&text).unwrap()
}

/// Plays an exchange to a reference gateway of its own. Where time is to pass, only that passes.
fn differences(exchange: &Exchange, events: &BTreeMap<String, Value>) -> Vec<String> {
    let paused = exchange.steps.iter().any(|step| matches!(step, Step::Pass(_)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap();
    runtime.block_on(async {
        let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], front.port));
        let gateway = Gateway::new(options(exchange)).unwrap_or_else(|c| panic!("{c}"));
        tokio::spawn(gateway.clone().serve(front, None));
        let (pass, mut passing) = mpsc::unbounded_channel();
        let (exchange, events) = (exchange.clone(), events.clone());
        // As long as this thread works, paused time stands still.
        let played = tokio::task::spawn_blocking(move || {
            let stop = |_| {
                gateway.drain();
                Ok(())
            };
            let wait = |seconds| pass.send(seconds).unwrap();
            let holes = SECRETS.map(|(name, secret)| (name, secret.to_owned()));
            let holes = BTreeMap::from(holes);
            let peer = Peer { address, holes, patience: PATIENCE, strict: true, act: &stop, pass: &wait };
            play(&exchange, &events, &peer).map_or_else(|why| vec![why], |played| played.differs)
        });
        while let Some(seconds) = passing.recv().await {
            tokio::time::advance(Duration::from_secs(seconds)).await;
        }
        played.await.unwrap()
    })
}

#[test]
fn every_method_that_answers_is_frozen() {
    let asked: BTreeSet<String> = exchanges::all()
        .iter()
        .flat_map(|exchange| &exchange.steps)
        .filter_map(|step| match step {
            Step::Say(request) => request["method"].as_str().map(str::to_owned),
            _ => None,
        })
        .collect();
    let missing: Vec<&str> = gateway::methods().filter(|name| !asked.contains(*name)).collect();
    assert!(missing.is_empty(), "the reference gateway answers {missing:?}, of which nothing is frozen");
}

#[test]
fn every_code_in_its_sources_is_frozen() {
    let frozen: String = exchanges::all().iter().map(|e| serde_json::to_string(&e.steps).unwrap()).collect();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/reference/gateway");
    let mut missing = BTreeSet::new();
    for file in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            let product = text.split("\n#[cfg(test)]").next().unwrap();
            let mut words = Vec::new();
            literals(product.parse().unwrap(), &mut words);
            missing.extend(words.into_iter().filter(|w| is_code(w) && !frozen.contains(&format!("\"{w}\""))));
        }
    }
    assert!(missing.is_empty(), "the reference gateway's sources have {missing:?}, of which nothing is frozen");
}

fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Literal(literal) => found.extend(literal.to_string().split('"').nth(1).map(str::to_owned)),
            _ => {}
        }
    }
}

/// Whether a word is a code as the gateway spells them: `NOT_PAIRED`.
fn is_code(word: &str) -> bool {
    word.contains('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
}

#[test]
fn what_is_not_like_the_frozen_is_told() {
    let frozen =
        json!({"id": "<uuid>", "n": 0, "word": "live", "list": ["a", "<more>"], "late?": 1, "kinds": [{"a": 1}, "<more>"]});
    let like = json!({"id": "x", "n": 4.5, "word": "live", "list": ["b", "c"], "kinds": [{"a": 2}]});
    let told = |change: &str, with: Value| {
        let (mut seen, mut differs) = (like.clone(), Vec::new());
        seen[change] = with;
        value(&frozen, &seen, "", &mut differs);
        differs.join("; ")
    };
    assert_eq!(told("late", json!(1)), "");
    assert_eq!(told("id", json!(7)), "/id: frozen \"<uuid>\", came 7");
    assert_eq!(told("n", json!("4")), "/n: frozen 0, came \"4\"");
    assert_eq!(told("word", json!("dead")), "/word: frozen \"live\", came \"dead\"");
    assert_eq!(told("list", json!(["b", 1])), "/list/1: no such kind: 1");
    assert_eq!(told("list", json!([])), "/list: empty");
    assert_eq!(told("kinds", json!([{"a": 2, "b": 1}])), "/kinds/0: no such kind: {\"a\":2,\"b\":1}");
    assert_eq!(told("more", json!(null)), "/more: not frozen, came null");
}
