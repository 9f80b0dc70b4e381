//! `clawprobe reference` as people and scripts meet it: the real binary, standing until it is told to end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::desk::{Desk, Done};
use super::exchanges::Step;
use super::exchanges::play::{Peer, enter, open};

const PLANTED: &str = "planted-token-0123456789";

/// A gateway that stands until it is told to end.
struct Standing {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    /// What it said of itself.
    place: Value,
}

impl Standing {
    fn new(desk: &Desk, more: &[&str]) -> Self {
        let args = [&["reference", "--port", "0", "--format", "json"][..], more].concat();
        let mut child = desk.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        match serde_json::from_str(&line) {
            Ok(place) => Self { child, out, place },
            Err(_) => panic!("{line}{}", Done::from(child.wait_with_output().unwrap()).err),
        }
    }

    /// What a member of its place says: one text, or the first of several.
    fn says(&self, member: &str) -> String {
        let value = &self.place[member];
        value.get(0).unwrap_or(value).as_str().unwrap_or_else(|| panic!("no {member} in {}", self.place)).to_owned()
    }

    fn address(&self) -> SocketAddr {
        self.says("gateway").split("//").nth(1).unwrap().parse().unwrap()
    }

    /// Runs what it says to ask it with.
    fn asked(&self, desk: &Desk) -> Done {
        let words: Vec<&str> = self.place["ask"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(words[0], "clawprobe");
        desk.run(&words[1..])
    }

    /// Sends a signal; the process has ended when this returns.
    fn end(mut self, signal: &str) -> Done {
        let kill = std::process::Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let (mut rest, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Done { status: self.child.wait().unwrap().code().unwrap_or(-1), out: rest, err }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        // Nothing is left standing by a test that failed; one that ended is not there to be cut off.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn it_stands_until_told_to_end_and_then_tells_its_clients() {
    for signal in ["-TERM", "-INT"] {
        let desk = Desk::new();
        let standing = Standing::new(&desk, &[]);
        let file = PathBuf::from(standing.says("secret_file"));
        let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
        assert_eq!(mode & 0o777, 0o600, "nobody else may read {}", file.display());
        let token = std::fs::read_to_string(&file).unwrap().trim().to_owned();
        assert!(token.len() >= 32 && !standing.place.to_string().contains(&token));
        let config = std::fs::read_to_string(standing.says("config")).unwrap();
        assert!(config.contains(&token), "the client's configuration has it too: {config}");

        let holes = BTreeMap::from([("token", token)]);
        let (idle, pass) = (|_| Ok(()), |_| ());
        let address = standing.address();
        let peer = Peer { address, holes, patience: Duration::from_secs(10), strict: true, act: &idle, pass: &pass };
        let mut line = open(&peer, &[]).unwrap();
        let events = super::exchanges::events(&super::exchanges::all());
        enter(&mut line, &peer, "cli", &[], &events, &mut Vec::new()).unwrap();
        let ended = std::thread::spawn(move || standing.end(signal));
        let mut seen = Vec::new();
        while !matches!(seen.last(), Some(Step::Close(_))) {
            seen.push(line.next().unwrap());
        }
        assert!(seen.iter().any(|step| matches!(step, Step::Frame(frame) if frame["event"] == "shutdown")), "{seen:?}");
        assert_eq!(seen.last(), Some(&Step::Close(Some((1012, "service restart".into())))));
        drop(line);
        let done = ended.join().unwrap();
        assert_eq!((done.status, done.out.as_str(), done.err.as_str()), (0, "", ""));
        assert!(!file.exists() && desk.files().is_empty(), "its files went with it");
    }
}

#[cfg(unix)]
#[test]
fn what_it_says_to_ask_with_finds_it_healthy() {
    for more in [
        &[][..],
        &["--auth", "password"],
        &["--listen", "127.0.0.1"],
        &["--listen", "unix:gw.sock"],
        &["--listen", "unix:my dir ü.sock"],
        &["--listen", "0.0.0.0"],
        &["--tls", "trusted"],
        &["--tls", "self-signed"],
        &["--as", "2026.7.1"],
    ] {
        let desk = Desk::new();
        let standing = Standing::new(&desk, more);
        let done = standing.asked(&desk);
        assert_eq!(done.status, 0, "{more:?} {}\n{}{}", standing.place, done.out, done.err);
        assert_eq!(standing.end("-TERM").status, 0);
        assert!(desk.files().is_empty(), "{more:?} left {:?}", desk.files());
    }
}

/// Edges lead to wherever the gateway listens.
#[cfg(unix)]
#[test]
fn an_edge_in_front_leads_to_where_it_listens() {
    for more in [&["--listen", "::1"][..], &["--listen", "unix:gw.sock", "--listen", "127.0.0.2"], &["--listen", "0.0.0.0"]] {
        let desk = Desk::new();
        let standing = Standing::new(&desk, &[&["--with-edge"], more].concat());
        let edge: SocketAddr = standing.says("edge").split("//").nth(1).unwrap().parse().unwrap();
        let mut stream = std::net::TcpStream::connect(edge).unwrap();
        std::io::Write::write_all(&mut stream, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#"{"ready":true"#), "{more:?} {answer}");
        let done = standing.asked(&desk);
        assert_eq!(done.status, 0, "{more:?} {}\n{}{}", standing.place, done.out, done.err);
        standing.end("-TERM");
    }
    let done = Desk::new().run(&["reference", "--port", "0", "--with-edge", "--listen", "unix:gw.sock"]);
    assert_eq!((done.status, done.underlined()), (2, vec!["unix:gw.sock".to_owned()]), "{}", done.err);
}

#[cfg(unix)]
#[test]
fn what_it_says_is_right_wherever_it_is_read() {
    let desk = Desk::new();
    desk.put("my token", format!("{PLANTED}\n"));
    let standing = Standing::new(&desk, &["--listen", "0.0.0.0", "--token-file", "my token"]);
    assert!(standing.says("gateway").starts_with("ws://127.0.0.1:"), "nobody dials 0.0.0.0: {}", standing.place);
    let done = standing.asked(&Desk::new());
    assert_eq!(done.status, 0, "from another folder: {}{}", done.out, done.err);
    standing.end("-TERM");
    let standing = Standing::new(&desk, &["--auth", "none"]);
    assert!(standing.says("notes").contains("inconclusive, exit 3"), "{}", standing.place);
    assert_eq!(standing.asked(&desk).status, 3);
    standing.end("-TERM");
}

#[cfg(unix)]
#[test]
fn a_secret_from_standard_input_is_asked_for_again() {
    let desk = Desk::new();
    let mut command = desk.command(&["reference", "--port", "0", "--token-file", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PLANTED.as_bytes()).unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("end it") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert!(text.contains("--token-file -\n          it reads the secret from standard input"), "{text}");
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn places_that_are_one_are_underlined() {
    for (listen, words) in [(["0.0.0.0", "127.0.0.1"], "127.0.0.1 and 0.0.0.0 overlap"), (["::1", "::1"], "::1 is given twice")] {
        let done = Desk::new().run(&["reference", "--port", "0", "--listen", listen[0], "--listen", listen[1]]);
        assert!(done.status == 2 && done.err.contains(words), "{}", done.err);
    }
}

#[cfg(unix)]
#[test]
fn a_token_that_was_given_is_asked_for_and_never_told() {
    let desk = Desk::new();
    desk.put("token", format!("{PLANTED}\n"));
    let standing = Standing::new(&desk, &["--token-file", "token"]);
    let config = std::fs::read_to_string(standing.says("config")).unwrap();
    assert!(!config.contains(PLANTED) && standing.place["secret_file"].is_null(), "{config}");
    let done = standing.asked(&desk);
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    assert!(!format!("{}{}{}", standing.place, done.out, done.err).contains(PLANTED));
    desk.put("token", "another-token-0123456789");
    assert_eq!(standing.asked(&desk).status, 1, "another token is refused");
    assert_eq!(standing.end("-TERM").status, 0);
}

#[cfg(unix)]
#[test]
fn a_fault_stands_as_well_and_is_found() {
    let desk = Desk::new();
    let standing = Standing::new(&desk, &["--fault", "gateway/starting"]);
    let done = standing.asked(&desk);
    assert!(done.status == 1 && done.out.contains("WS-07"), "{}{}", done.out, done.err);
    standing.end("-TERM");
    let standing = Standing::new(&desk, &["--fault", "edge/upgrade-dropped"]);
    assert!(standing.says("edge").starts_with("http://127.0.0.1:"), "an edge's fault needs one: {}", standing.place);
    standing.end("-TERM");
    let standing = Standing::new(&desk, &["--fault", "gateway/password-mode"]);
    assert_eq!(standing.says("auth"), "password");
    standing.end("-TERM");
}

#[cfg(unix)]
#[test]
fn for_people_it_says_where_and_how_and_what_is_broken() {
    let desk = Desk::new();
    let args = ["reference", "--port", "0", "--with-edge", "--fault", "gateway/starting"];
    let mut child = desk.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("end it") {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    for part in [
        "no real one",
        "gateway   ws://127.0.0.1:",
        "edge      http://127.0.0.1:",
        "token     in /",
        "for you alone",
        "broken    gateway/starting: ",
        "ask it    clawprobe preflight --gateway ws://127.0.0.1:",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let done = Desk::new().run(&["reference", "--port", &port]);
    assert_eq!((done.status, done.underlined()), (2, vec![port.clone()]), "{}", done.err);
    assert!(done.err.contains(&format!("port {port} of 127.0.0.1 is in use")) && done.err.contains("--port 0"), "{}", done.err);
    assert!(done.out.is_empty());
}

/// Sends a request as one of the commands has it that the stand-in gave.
fn claim(words: &Value) {
    let words: Vec<&str> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let url = url::Url::parse(words.last().unwrap()).unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let mut lines = vec![format!("GET {} HTTP/1.1", url.path()), format!("Host: {address}")];
    lines.extend(words.windows(2).filter(|pair| pair[0] == "-H").map(|pair| pair[1].to_owned()));
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    std::io::Write::write_all(&mut stream, format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).unwrap();
    assert!(stream.read(&mut [0; 64]).unwrap() > 0, "{words:?}");
}

#[cfg(unix)]
#[test]
fn behind_an_edge_it_tells_what_becomes_of_claims_and_what_to_trust() {
    for (mode, honest, fate, verdict) in [
        ("overwrite", "right", "overwritten", "right"),
        ("append", "right", "appended", "right"),
        ("if-none", "right", "passed", "believed"),
        ("believe", "no-address", "passed", "believed"),
        ("pass", "local", "passed", "believed"),
        ("real-ip", "no-address", "stripped", "no-address"),
        ("forge", "loopback", "overwritten", "loopback"),
        ("strip", "local", "stripped", "local"),
    ] {
        let desk = Desk::new();
        desk.put("mode.toml", format!("summary = 'x'\n[edge]\nforwarded = '{mode}'\nprefix = '/oc'\nkeeps-prefix = true"));
        let mut standing = Standing::new(&desk, &["--behind-edge", "--fault", "mode.toml"]);
        let arrival = |standing: &mut Standing| {
            let mut line = String::new();
            standing.out.read_line(&mut line).unwrap();
            serde_json::from_str::<Value>(&line).unwrap_or_else(|why| panic!("{why}: {line}"))
        };
        let under = |standing: &Standing, at: usize| {
            let mut words = standing.place["claim"][at].clone();
            let url = words.as_array_mut().unwrap().pop().unwrap();
            words.as_array_mut().unwrap().push(url.as_str().unwrap().replace("/clawprobe", "/oc/clawprobe").into());
            words
        };
        claim(&under(&standing, 0));
        let told = arrival(&mut standing);
        assert_eq!((&told["claims"], &told["trust"]["verdict"]), (&false.into(), &honest.into()), "{mode}: {told}");
        for (at, upgrade) in [(1, Value::Null), (2, serde_json::json!(["websocket", "upgrade"]))] {
            claim(&under(&standing, at));
            let told = arrival(&mut standing);
            let header = |name: &str| told["headers"].as_array().unwrap().iter().find(|line| line["name"] == name).cloned();
            assert_eq!(header("X-Forwarded-For").unwrap()["fate"], fate, "{mode}: {told}");
            assert_eq!(header("Tailscale-User-Login").unwrap()["fate"], "passed", "{mode}: {told}");
            assert_eq!((&told["trust"]["verdict"], &told["prefix"]), (&verdict.into(), &"/oc".into()), "{mode}: {told}");
            assert_eq!((&told["arrives"], &told["upgrade"]), (&"request".into(), &upgrade), "{mode}: {told}");
            let right = verdict == "right";
            assert_eq!(told["trust"]["trusted_proxies"].as_array().unwrap().len(), usize::from(right), "{mode}: {told}");
        }
        // The same again is not told again, and the end is told to nobody here.
        claim(&under(&standing, 1));
        let done = standing.end("-TERM");
        assert_eq!((done.status, done.out.as_str()), (0, ""), "{mode}");
    }
}
