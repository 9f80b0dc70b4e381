//! The frozen frames against the real gateway: one trial per file. A file that no longer fits is written anew by the trial that
//! fails.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::exchanges::play::{Peer, Played, enter, open, play};
use crate::exchanges::{self, Deed, Exchange, Step, When};
use crate::gateway::{Gateway, PASSWORD, TOKEN};
use crate::stage::Stage;
use crate::{freeze, parts};

/// The trials of a lane.
pub fn trials(stage: &Arc<Stage>, lane: &str) -> Vec<Trial> {
    let all = Arc::new(exchanges::all());
    let own = Arc::new(Mutex::new(None));
    let mut wanted: Vec<usize> = (0..all.len()).filter(|i| lane_of(&all[*i]) == lane).collect();
    // One gateway of its own goes through all states, in this order.
    wanted.sort_by_key(|i| all[*i].when.clone());
    let trial = |index: usize| {
        let (stage, all, own) = (Arc::clone(stage), Arc::clone(&all), Arc::clone(&own));
        let name = format!("frozen::{}", all[index].name);
        parts::trial(name, parts::absent_release(exchanges::RELEASE), move || hold(&stage, &all, &all[index], &own))
    };
    wanted.into_iter().map(trial).collect()
}

fn lane_of(exchange: &Exchange) -> &'static str {
    match exchange.when {
        Some(When::Starting | When::Suspended | When::ToBeStopped) => "start",
        _ => "wait",
    }
}

/// The shared gateway a filter's exchanges need before anything is measured.
pub fn prepare(stage: &Stage, asked: impl Fn(&str) -> bool) {
    if parts::absent_release(exchanges::RELEASE).is_none() {
        for exchange in exchanges::all().iter().filter(|e| lane_of(e) == "wait" && asked(&format!("frozen::{}", e.name))) {
            let _ = stage.with_gateway(&exchange.gateway, |_| ());
        }
    }
}

fn hold(stage: &Stage, all: &[Exchange], exchange: &Exchange, own: &Mutex<Option<Gateway>>) -> Result<(), String> {
    let (played, folder) = match exchange.when {
        Some(ref when @ (When::Starting | When::Suspended | When::ToBeStopped)) => {
            let gateway = own.lock().map_err(|e| e.to_string())?.take();
            let gateway = Mutex::new(in_state(when, gateway, exchange)?);
            let port = gateway.lock().map_err(|e| e.to_string())?.port;
            let folder = gateway.lock().map_err(|e| e.to_string())?.folder.path().display().to_string();
            let stop = |deed| match deed {
                Deed::Stop => gateway.lock().map_err(|e| e.to_string())?.tell_to_end(),
            };
            let played = play(exchange, &exchanges::events(all), &peer(port, &stop))?;
            if *when == When::Starting {
                gateway.lock().map_err(|e| e.to_string())?.wait(true)?;
            }
            if *when != When::ToBeStopped {
                *own.lock().map_err(|e| e.to_string())? = gateway.into_inner().ok();
            }
            (played, folder)
        }
        _ => stage.with_gateway(&exchange.gateway, |gateway| {
            let shared = |_| Err(String::from("a shared gateway is not to be stopped"));
            let played = play(exchange, &exchanges::events(all), &peer(gateway.port, &shared))?;
            Ok::<_, String>((played, gateway.folder.path().display().to_string()))
        })??,
    };
    let Played { steps, differs } = played;
    if differs.is_empty() {
        return Ok(());
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    freeze::write(exchange, steps, &[&folder, TOKEN, PASSWORD, host.trim()])?;
    Err(format!("written anew, because the real gateway differs:\n{}", differs.join("\n")))
}

fn in_state(when: &When, gateway: Option<Gateway>, exchange: &Exchange) -> Result<Gateway, String> {
    let ready = |gateway: Option<Gateway>| match gateway {
        Some(gateway) => Ok(gateway),
        None => {
            let mut gateway = Gateway::start(&exchange.gateway)?;
            gateway.wait(true)?;
            Ok::<_, String>(gateway)
        }
    };
    match when {
        When::Starting => Gateway::start_and_catch(&exchange.gateway),
        When::Suspended => {
            let gateway = ready(gateway)?;
            suspend(&gateway)?;
            Ok(gateway)
        }
        _ => ready(gateway),
    }
}

/// Suspends a gateway as an operator does.
pub fn suspend(gateway: &Gateway) -> Result<(), String> {
    let idle = |_| Err(String::from("nothing is done to it"));
    let peer = peer(gateway.port, &idle);
    let mut line = open(&peer, &[])?;
    let admin = [String::from("operator.admin")];
    enter(&mut line, &peer, "cli", &admin, &BTreeMap::new(), &mut Vec::new())?;
    let end = Instant::now() + BUSY;
    while Instant::now() < end {
        line.say(r#"{"type":"req","id":"2","method":"gateway.suspend.prepare","params":{"requestId":"clawprobe"}}"#)?;
        let answer = loop {
            match line.next()? {
                Step::Frame(answer) if answer["id"] == "2" => break answer["payload"].clone(),
                Step::Close(end) => return Err(format!("closed while suspending: {end:?}")),
                _ => {}
            }
        };
        match answer["status"].as_str() {
            Some("ready") => return Ok(()),
            // It still does what it does after a start; nothing tells when that ends.
            Some("busy") => std::thread::sleep(Duration::from_millis(500)),
            _ => return Err(format!("not suspended: {answer}")),
        }
    }
    Err(format!("the gateway was busy for {BUSY:?}"))
}

/// The longest a fresh gateway may be too busy to be suspended: 20 s were seen.
const BUSY: Duration = Duration::from_secs(120);

/// The longest a step is waited for: two ticks of the gateway.
const PATIENCE: Duration = Duration::from_secs(60);

fn peer(port: u16, act: &dyn Fn(Deed) -> Result<(), String>) -> Peer<'_> {
    let holes = BTreeMap::from([("token", TOKEN.to_owned()), ("password", PASSWORD.to_owned())]);
    Peer { strict: false, patience: PATIENCE, address: SocketAddr::from(([127, 0, 0, 1], port)), holes, act, pass: &|_| () }
}
