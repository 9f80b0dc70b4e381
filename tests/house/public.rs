//! Names of people, hosts and files, planted wherever a peer or a file may write a word, and none of them in a public report.

use std::io::Write;
use std::net::TcpStream;

use clawprobe::facts::dictionary;
use clawprobe::facts::schema::{Privacy, Type};
use serde_json::json;

use super::desk::Desk;
use super::planting::{peer, turn_away};

/// Every planted word begins like this.
const PLANT: &str = "plant-";

/// Every format there is.
const FORMATS: &[&str] = &["human", "short", "json", "ndjson"];

/// Texts that are ours, a library's or what the user typed in order to see it in reports.
const OURS: &[&str] = &[
    "credential.place",
    "dns.rcode",
    "dns.resolver",
    "path.name",
    "path.place",
    "proxy-variable.name",
    "setting.key",
    "setting.place",
    "socket.mode",
    "timer.how",
    "tls.alpn",
    "tls.version",
    "upgrade.alpn",
];

#[test]
fn every_text_from_outside_says_who_may_see_it() {
    let shown = |privacy: Privacy, ty: Type| privacy == Privacy::Public && matches!(ty, Type::Text | Type::Address);
    let mut found = Vec::new();
    for table in dictionary::TABLES {
        let keys = table.keys.iter().map(|k| (k.name, k.privacy, k.ty));
        let fields = table.fields.iter().map(|f| (f.name, f.privacy, f.ty));
        found.extend(
            keys.chain(fields).filter(|(_, privacy, ty)| shown(*privacy, *ty)).map(|(name, ..)| format!("{}.{name}", table.name)),
        );
    }
    found.sort();
    assert_eq!(found, OURS);
}

#[test]
fn no_planted_name_is_in_a_public_report() {
    let desk = Desk::new();
    let port = peer(answer);
    std::fs::write(desk.path().join("openclaw.json"), config(port)).unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let edge = format!("corp=http://127.0.0.1:{port}/plant-below");
    let ask = |share: &str, format: &str, save: &str| {
        let words = ["preflight", "--share", share, "--format", format, "--fail-on", "notice", "--save", save, "--gateway", &url];
        clawprobe(&desk, &[&words[..], &["--edge", &edge, "--config", "openclaw.json"]].concat())
    };
    let private = ask("private", "human", "private.jsonl");
    assert!(!private.is_empty());
    let saved = std::fs::read_to_string(desk.path().join("private.jsonl")).unwrap();
    for planted in ["origin", "alt", "header", "media", "type", "version", "code", "detail", "reason", "step", "base", "mode"] {
        assert!(saved.contains(&format!("{PLANT}{planted}")), "{planted} was never told:\n{saved}");
    }
    for format in FORMATS {
        let save = format!("{format}.jsonl");
        search(&format!("preflight --format {format}"), &ask("public", format, &save));
        search("the recording", &std::fs::read_to_string(desk.path().join(save)).unwrap());
        let report = ["report", "private.jsonl", "--share", "public", "--format", format];
        search(&format!("report --format {format}"), &clawprobe(&desk, &report));
    }
}

#[test]
fn what_anybody_writes_stays_in_a_public_report() {
    let desk = Desk::new();
    let json =
        clawprobe(&desk, &["preflight", "--reference", "--fault", "edge/any-origin", "--share", "public", "--save", "run"]);
    assert!(json.contains("EDGE-12"), "{json}");
    let saved = std::fs::read_to_string(desk.path().join("run")).unwrap();
    for word in
        [r#""allow-origin":{"state":"value","value":{"text":"*"}}"#, "application/json; charset=utf-8", "2026.9.6", "loopback"]
    {
        assert!(saved.contains(word), "{word} is hidden:\n{saved}");
    }
}

#[test]
fn a_certificate_is_not_told_by_its_fingerprint() {
    let desk = Desk::new();
    clawprobe(&desk, &["preflight", "--reference", "--fault", "client/wrong-pin", "--share", "private", "--save", "private"]);
    let saved = std::fs::read_to_string(desk.path().join("private")).unwrap();
    let prints = |text: &str| {
        let long = text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64);
        long.map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(!prints(&saved).is_empty(), "{saved}");
    for format in FORMATS {
        let shown = clawprobe(&desk, &["report", "private", "--share", "public", "--format", format]);
        assert_eq!(prints(&shown), Vec::<String>::new(), "{format}: {shown}");
        assert!(shown.contains("TLS-"), "{format}: {shown}");
    }
}

fn search(place: &str, text: &str) {
    assert!(!text.is_empty(), "{place} is empty");
    let found = text.find(PLANT).map(|at| text[at..].chars().take(40).collect::<String>());
    assert_eq!(found, None, "in {place}:\n{text}");
}

fn config(port: u16) -> String {
    format!(
        r#"{{gateway: {{mode: "plant-mode", bind: "plant-bind", port: {port}, auth: {{mode: "plant-auth", token: "a-token-of-ours"}},
            tailscale: {{mode: "plant-tailscale"}}, controlUi: {{basePath: "/plant-base"}},
            trustedProxies: ["plant-proxy.example"], channels: {{"$include": "plant-include.json5"}}}}}}"#
    )
}

/// Runs the program and returns everything it printed.
fn clawprobe(desk: &Desk, words: &[&str]) -> String {
    let done = desk.run(words);
    done.out + &done.err
}

/// Plants a name in every place a reply has room for.
fn answer(mut stream: TcpStream, head: &str, accept: Option<&str>) -> std::io::Result<()> {
    match accept {
        Some(accept) if !head.contains("/plant-below") => {
            write!(
                stream,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Plant-Header: 1\r\nplant-header: 1\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            )?;
            turn_away(stream, |_| {
                let details = json!({"code": "plant-detail", "reason": "plant-reason", "recommendedNextStep": "plant-step"});
                (json!({"code": "plant-code", "message": "plant-words", "details": details}), "plant-close".into())
            });
            Ok(())
        }
        _ => refusal(&mut stream, head),
    }
}

fn refusal(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    let ready = r#"{"ready":false,"failing":["plant-failing"],"uptimeMs":5000,"version":"2026.9.6-plant-version"}"#;
    let error = r#"{"error":{"type":"plant-type","message":"plant-message"},"version":"2026.9.6-plant-version"}"#;
    let body = if head.starts_with("GET /readyz") { ready } else { error };
    write!(
        stream,
        "HTTP/1.1 403 Forbidden\r\nServer: plant-server\r\nContent-Type: application/json; boundary=plant-media\r\nplant-header: 1\r\n\
         Access-Control-Allow-Origin: https://plant-origin.corp.example\r\nAlt-Svc: h3=\"plant-alt.corp.example:443\"; ma=60\r\n\
         Location: https://plant-location.example/plant-path\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
