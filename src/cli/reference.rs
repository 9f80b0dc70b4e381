//! `clawprobe reference`: the reference gateway at a port of choice, until somebody asks for its end.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{PlaceFormat, Reference as Flags};
use super::end::End;
use super::ready::ready;
use super::scene::broken;
use super::{listen, places, sink, stand};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::harmless::{in_line, in_place};
use crate::proof::stage;
use crate::reference::fault::Fault;
use crate::reference::gateway::{Auth, contract};
use crate::reference::ground::{Ground, Standing};
use crate::reference::world::Client;
use crate::shell::word;

/// Stands until interrupted; then its clients are told, and it exits 0.
///
/// # Errors
/// What was asked for and cannot be had: a port in use, a fault or release nobody knows, a file that holds no secret.
pub fn run(flags: &Flags) -> Result<u8, End> {
    let fault = flags.fault.as_deref().map(broken).transpose()?;
    let ground = Ground::new()?;
    fault.as_ref().map_or(Ok(()), |fault| ground.admit(fault))?;
    let stand = stand::of(flags, fault.as_ref())?;
    let stop = ready()?;
    let mut standing = ground.raise_with(stand.document, stand.holes)?;
    if fault.is_some() {
        stage::target(&standing)?;
    }
    let secret = keep(flags, stand.auth, &standing)?;
    let place = Place::of(flags, stand.auth, &standing, secret);
    let text = match flags.format {
        PlaceFormat::Human => in_place(&place.text(fault.as_ref())),
        PlaceFormat::Json => format!("{}\n", place.json()),
    };
    let arrivals = standing.gateway.as_ref().filter(|_| flags.behind_edge).map(|gateway| gateway.watch());
    let until = async {
        let told = sink::print(&text);
        match (&told, arrivals) {
            (Err(_), _) => return told,
            (Ok(()), Some(arrivals)) => return listen::until(stop.asked(), arrivals, flags.format).await,
            (Ok(()), None) => stop.asked().await,
        }
        told
    };
    let told = ground.hold(&mut standing, until);
    standing.end()?;
    Ok(told.map(|()| Exit::Healthy.number())?)
}

/// Keeps the secret that was made up in a file for this user alone.
fn keep(flags: &Flags, auth: Auth, standing: &Standing) -> Result<Option<PathBuf>, Complaint> {
    let Some(secret) = standing.holes.get(auth.as_str()).filter(|_| flags.token_file.is_none()) else { return Ok(None) };
    let kept = standing.keep(auth.as_str(), &format!("{secret}\n"));
    kept.map(Some).map_err(|why| Complaint::new(format!("cannot keep the {auth}: {why}")))
}

/// Where it stands, and how it is reached.
struct Place {
    release: String,
    auth: Auth,
    gateway: Vec<String>,
    edge: Vec<String>,
    /// The file of a secret that was made up.
    secret: Option<PathBuf>,
    config: PathBuf,
    /// `clawprobe preflight` with what this world tells a client.
    ask: Vec<String>,
    /// Its environment; of a secret only the file.
    env: Vec<(String, Told)>,
    /// Commands that send requests whose claims show what an edge makes of them; none unless it stands behind one.
    claim: Vec<Vec<String>>,
    /// What is to be known of asking it.
    notes: Vec<&'static str>,
}

/// A value of the environment.
enum Told {
    Plain(String),
    In(PathBuf),
}

impl Place {
    fn of(flags: &Flags, auth: Auth, standing: &Standing, secret: Option<PathBuf>) -> Self {
        let scheme = if flags.tls.is_some() { "wss" } else { "ws" };
        let gateway = urls(standing, "gateway", scheme);
        let edges = ["edge", "edge-2"].into_iter().flat_map(|name| urls(standing, name, "http"));
        let mut ask = vec!["clawprobe".to_owned(), "preflight".to_owned()];
        ask.extend(words(&standing.client));
        let hidden = standing.holes.get(auth.as_str()).zip(secret.clone().or_else(|| stand::token_file(flags)));
        let told = |value: &String| match &hidden {
            Some((hidden, file)) if value.contains(hidden.as_str()) => Told::In(file.clone()),
            _ => Told::Plain(value.clone()),
        };
        let env = standing.client.env.iter().map(|(name, value)| (name.clone(), told(value))).collect();
        let edge: Vec<String> = if standing.client.edge.is_empty() { edges.collect() } else { standing.client.edge.clone() };
        let through = edge.first().map_or(listen::YOUR_EDGE, String::as_str);
        let claim = if flags.behind_edge { contract::line(through).to_vec() } else { Vec::new() };
        Self {
            release: flags.release.clone(),
            auth,
            gateway,
            edge,
            claim,
            secret,
            config: standing.folder().join("openclaw.json"),
            ask,
            env,
            notes: notes(flags, auth),
        }
    }

    fn json(&self) -> Value {
        json!({
            "release": self.release, "auth": self.auth, "gateway": self.gateway, "edge": self.edge, "secret_file": self.secret,
            "config": self.config, "ask": self.ask, "claim": self.claim, "notes": self.notes, "env": self.env.iter().map(|(name, told)| (name.clone(), told.json())).collect::<Value>()
        })
    }

    fn text(&self, fault: Option<&Fault>) -> String {
        let mut out = format!("reference gateway   OpenClaw {}   no real one\n", self.release);
        let mut line = |name: &str, what: &str| {
            let _ = writeln!(out, "  {name:<10}{what}");
        };
        self.gateway.iter().for_each(|url| line("gateway", url));
        self.edge.iter().for_each(|url| line("edge", url));
        match (&self.secret, self.auth) {
            (Some(file), auth) => line(auth.as_str(), &format!("in {}, for you alone", word(&file.display().to_string()))),
            (None, Auth::None) => line("auth", "none; a device is still asked for"),
            (None, auth) => line(auth.as_str(), "the one you gave"),
        }
        line("config", &word(&self.config.display().to_string()));
        if let Some(fault) = fault {
            line("broken", &in_line(&format!("{}: {}", fault.name, fault.summary)));
        }
        let env = self.env.iter().map(|(name, told)| format!("{name}={}", told.word()));
        let ask: Vec<String> = env.chain(self.ask.iter().map(|text| word(text))).collect();
        let _ = writeln!(out, "\nask it    {}", ask.join(" "));
        out.extend(self.notes.iter().map(|note| format!("          {note}\n")));
        for (number, words) in self.claim.iter().enumerate() {
            let words: Vec<String> = words.iter().map(|text| word(text)).collect();
            let _ = writeln!(out, "{:<10}{}", if number == 0 { "claim" } else { "" }, words.join(" "));
        }
        out.push_str("end it    interrupt; its files go with it\n");
        out
    }
}

impl Told {
    fn json(&self) -> Value {
        match self {
            Self::Plain(value) => value.as_str().into(),
            Self::In(file) => json!({"file": file}),
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Plain(value) => word(value),
            Self::In(file) => format!("\"$(cat {})\"", word(&file.display().to_string())),
        }
    }
}

/// The URLs of a stand-in, as it is dialled.
fn urls(standing: &Standing, name: &str, scheme: &str) -> Vec<String> {
    let listens = standing.listens.get(name).into_iter().flatten();
    let url = |place: &String| match place.parse::<SocketAddr>() {
        Ok(at) => format!("{scheme}://{}:{}", places::host(at.ip()), at.port()),
        Err(_) => place.clone(),
    };
    listens.map(url).collect()
}

/// What is not to be seen in the command that asks it.
fn notes(flags: &Flags, auth: Auth) -> Vec<&'static str> {
    let typed = flags.token_file.as_ref().is_some_and(|file| file.as_os_str() == "-");
    let typed = typed.then_some("it reads the secret from standard input: give it the one you gave here");
    let open = auth == Auth::None;
    let open = open.then_some("it ends inconclusive, exit 3: who has no secret is asked for a device, and clawprobe is none");
    typed.into_iter().chain(open).collect()
}

/// What a client is told, as the flags of `preflight`.
fn words(client: &Client) -> Vec<String> {
    let Ok(Value::Object(flags)) = serde_json::to_value(client) else { return Vec::new() };
    let mut words = Vec::new();
    for (name, value) in flags {
        let values = match value {
            Value::Array(values) => values,
            other => vec![other],
        };
        for value in values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()) {
            words.extend([format!("--{name}"), value.to_owned()]);
        }
    }
    words
}
