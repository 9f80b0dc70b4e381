//! `clawprobe reference --behind-edge` behind a real nginx: the header contract that it prints is the one that nginx was given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use clawprobe::own;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::gateway::free_port;
use crate::nginx::Nginx;
use crate::{namespace, parts};

/// The address that a namespace gets for this test.
const OWN: &str = "10.88.9.1/32";

/// Directives, and for a request without claims and one with them: what became of `X-Forwarded-For`, and the verdict.
const STYLES: &[(&str, [&str; 4])] = &[
    ("proxy_set_header X-Forwarded-For $remote_addr;", ["added", "right", "overwritten", "right"]),
    ("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", ["added", "right", "appended", "right"]),
    ("", ["none", "local", "passed", "believed"]),
    ("proxy_set_header X-Forwarded-For '';", ["none", "local", "stripped", "local"]),
    ("proxy_set_header X-Real-IP $remote_addr;", ["none", "no-address", "passed", "believed"]),
    ("proxy_set_header X-Forwarded-For 127.0.0.1;", ["added", "loopback", "overwritten", "loopback"]),
];

/// The trials of a lane.
pub fn trials(lane: &str) -> Vec<Trial> {
    if lane != "main" {
        return Vec::new();
    }
    let absent = match () {
        () if !parts::on_path("nginx") => Some("nginx".to_owned()),
        () if !namespace::own() && own::address(true).is_none() => Some("an address beside loopback".to_owned()),
        () => None,
    };
    vec![parts::trial("contract::nginx".to_owned(), absent, nginx)]
}

fn nginx() -> Result<(), String> {
    // A client on loopback would be told as one, and a namespace of our own has nothing else at first.
    if namespace::own() {
        namespace::run("ip", &["addr", "add", OWN, "dev", "lo"])?;
    }
    let address = own::address(true).ok_or("no address beside loopback")?;
    STYLES.iter().try_for_each(|(style, expected)| {
        let found = play(address, style)?;
        if found == expected.map(str::to_owned) { Ok(()) } else { Err(format!("{style}: {found:?} and not {expected:?}")) }
    })
}

/// A stand-in that ends with the test.
struct StandIn(Child, BufReader<ChildStdout>);

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl StandIn {
    fn start(folder: &std::path::Path) -> Result<Self, String> {
        let args = ["reference", "--port", "0", "--behind-edge", "--format", "json"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_clawprobe"));
        command.args(args).env_clear().env("HOME", folder).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let out = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self(child, out))
    }

    fn says(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.1.read_line(&mut line).map_err(|e| e.to_string())?;
        serde_json::from_str(&line).map_err(|e| format!("{e}: {line}"))
    }
}

fn play(address: IpAddr, style: &str) -> Result<[String; 4], String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut stand_in = StandIn::start(folder.path())?;
    let place = stand_in.says()?;
    let gateway = place["gateway"][0].as_str().unwrap_or_default().replace("ws://", "http://");
    let port = free_port();
    let block = format!("location /oc/ {{ proxy_pass {gateway}/; proxy_http_version 1.1; {style} }}");
    let _nginx = Nginx::start(folder.path(), &address.to_string(), port, &block)?;
    let mut found = Vec::new();
    for words in [&place["claim"][0], &place["claim"][1]] {
        claim(SocketAddr::new(address, port), words)?;
        let told = stand_in.says()?;
        if told.get("prefix").is_some() {
            return Err(format!("a prefix that is stripped: {told}"));
        }
        let lines = told["headers"].as_array().cloned().unwrap_or_default();
        let fate = lines.iter().find(|line| line["name"] == "X-Forwarded-For").and_then(|line| line["fate"].as_str());
        found.push(fate.unwrap_or("none").to_owned());
        found.push(told["trust"]["verdict"].as_str().unwrap_or_default().to_owned());
    }
    found.try_into().map_err(|found| format!("{found:?}"))
}

/// Sends through nginx what a command of the stand-in has.
fn claim(to: SocketAddr, words: &Value) -> Result<(), String> {
    let words: Vec<&str> = words.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let path = words.last().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let mut lines = vec![format!("GET /oc/{path} HTTP/1.1"), format!("Host: {to}"), "Connection: close".to_owned()];
    lines.extend(words.windows(2).filter(|pair| pair[0] == "-H").map(|pair| pair[1].to_owned()));
    let mut tcp = TcpStream::connect(to).map_err(|e| e.to_string())?;
    tcp.set_read_timeout(Some(Duration::from_secs(20))).map_err(|e| e.to_string())?;
    tcp.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).map_err(|e| e.to_string())?;
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).map_err(|e| e.to_string())?;
    if answer.starts_with(b"HTTP/1.1 ") { Ok(()) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }
}
