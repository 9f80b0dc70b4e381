//! What cannot be used ends in one clear message: the user's own text underlined, exit 2, nothing asked, nothing written.

use super::desk::{Desk, Done, closed_port};

/// A command line that cannot be used: its words, what is underlined, and what the message says beside it.
struct Bad {
    args: &'static str,
    underlined: &'static str,
    says: &'static str,
}

const fn bad(args: &'static str, underlined: &'static str, says: &'static str) -> Bad {
    Bad { args, underlined, says }
}

/// Files that lie on the desk, by name and content.
const FILES: &[(&str, &[u8])] = &[
    ("empty", b""),
    ("blank", b" \n"),
    ("binary", b"\x7fELF\0\x01\xff"),
    ("broken.json", b"{ gateway: { port: 18789, "),
    ("list.json", b"[1]"),
    ("overlay.toml", b"schema = 1\n[[mute]]\ncoed = \"WS-01\"\n"),
    ("words.jsonl", b"hello\n"),
    ("headless.jsonl", b"{\"type\":\"end\",\"duration_ms\":1,\"interrupted\":false}\n"),
    ("future.jsonl", b"{\"type\":\"head\",\"schema\":\"clawprobe.recording/9\"}\n"),
    ("key.pem", b"no key\n"),
    ("X-EDGE-01-half.md", b"+++\ncode = \"X-EDGE-01\"\nlayer = \"websokcet\"\n+++\n"),
    ("words.md", b"hello\n"),
    ("mute.toml", b"schema = 1\n[[mute]]\ncode = \"WS-99\"\nreason = \"no such row\"\n"),
    ("token", b"hunter2hunter2\n"),
];

const CASES: &[Bad] = &[
    // The command line itself.
    bad("preflight --gatway ws://127.0.0.1", "--gatway", "did you mean `--gateway`?"),
    bad("preflght", "preflght", "did you mean `preflight`?"),
    bad("preflight --format xml", "xml", "human, short, json, ndjson"),
    bad("preflight --format jsno", "jsno", "did you mean `json`?"),
    bad("preflight --fail-on eror", "eror", "did you mean `error`?"),
    bad("preflight --share publik", "publik", "did you mean `public`?"),
    bad("preflight --exit-style icinga", "icinga", "plain, nagios"),
    bad("preflight --color sometimes", "sometimes", "auto, always, never"),
    bad("run", "<MATRIX>", "missing"),
    bad("run preflihgt", "preflihgt", "did you mean `preflight`?"),
    bad("preflight --client-cert cert.pem", "--client-key <FILE>", "missing"),
    // A gateway of our own.
    bad("reference --listen localhost", "localhost", "literal addresses only"),
    bad("reference --listen 192.0.2.1", "192.0.2.1", "no address of this machine"),
    bad("reference --listen unix:token", "unix:token", "is there already"),
    bad("reference --listen unix:no/such", "unix:no/such", "no such folder"),
    bad("reference --listen unix:new --tls trusted --port 0", "unix:new", "no TLS over a Unix socket"),
    bad("reference --port 99999", "99999", "not accepted"),
    bad("reference --as 2026.9.7 --port 0", "2026.9.7", "did you mean `2026.9.6`?"),
    bad("reference --as dev --port 0", "dev", "known are"),
    bad("reference --auth tokn", "tokn", "did you mean `token`?"),
    bad("reference --auth none --token-file token --port 0", "token", "asks for nothing"),
    bad("reference --token-file nope --port 0", "nope", "does not exist"),
    bad("reference --token-file empty --port 0", "empty", "is empty"),
    bad("reference --tls trustd", "trustd", "did you mean `trusted`?"),
    bad("reference --trusted-proxy 10.0.0.0/8", "10.0.0.0/8", "not accepted"),
    bad("reference --fault edge/upgrade-droped --port 0", "edge/upgrade-droped", "did you mean `edge/upgrade-dropped`?"),
    bad("reference --format xml", "xml", "human, json"),
    // Values.
    bad("preflight --gateway ftp://127.0.0.1", "ftp", ""),
    bad("preflight --gateway ws://127.0.0.1:99999", "99999", ""),
    bad("preflight --edge Corp=wss://gw.example", "Corp", ""),
    bad("preflight --edge ws://gw.example:0", "0", ""),
    bad("preflight --edge ws://op:pw@gw.example", "*****", "user information"),
    bad("preflight --only WS-99", "WS-99", ""),
    bad("preflight --only websokcet", "websokcet", "did you mean `websocket`?"),
    bad("preflight --skip nonsense", "nonsense", ""),
    bad("preflight --budget 60", "60", "lacks its unit"),
    bad("preflight --budget 500ms", "500ms", "under one second"),
    bad("preflight --budget -1s", "-1s", "out of range"),
    bad("preflight --budget=-1s", "-1s", "out of range"),
    bad("preflight --budget infs", "infs", ""),
    bad("preflight --resolver corp=nowhere", "nowhere", ""),
    bad("preflight --pin sha256:xyz", "x", ""),
    bad("preflight --health-path health", "health", ""),
    bad("preflight --token-file - --password-file -", "-", ""),
    // Where to write.
    bad("preflight --also json", "json", "names no file"),
    bad("preflight --also jsn=out", "jsn", "did you mean `json`?"),
    bad("preflight --save none/run.jsonl", "none/run.jsonl", "No such file or directory"),
    bad("preflight --output .", ".", "directory"),
    bad("preflight --also json=none/x", "none/x", "No such file or directory"),
    bad("preflight --also json=none/x", "none/x", "--also json=none/x"),
    bad("preflight --also short=-", "-", "`-` is standard output, which --format already has"),
    bad("preflight --output -", "-", "is standard output"),
    bad("preflight --save -", "-", "is standard output"),
    bad("preflight --output x --save x", "x", "already taken"),
    bad("report words.jsonl --output words.jsonl", "words.jsonl", ""),
    // Files to read.
    bad("preflight --config none.json", "none.json", "does not exist"),
    bad("preflight --config empty", "empty", "is empty"),
    bad("preflight --config blank", "blank", "is empty"),
    bad("preflight --config binary", "binary", "is not text"),
    bad("preflight --config broken.json", "", "broken.json"),
    bad("preflight --config list.json", "", "list.json"),
    bad("preflight --config .", ".", "directory"),
    bad("preflight --token-file none", "none", "does not exist"),
    bad("preflight --token-file empty", "empty", "is empty"),
    bad("preflight --token-file binary", "binary", "is not text"),
    bad("preflight --header-file none", "none", "does not exist"),
    bad("preflight --ca key.pem", "key.pem", ""),
    bad("preflight --client-cert key.pem --client-key key.pem", "key.pem", ""),
    bad("preflight --overlay none.toml", "none.toml", "does not exist"),
    bad("preflight --overlay overlay.toml", "coed", "code"),
    bad("judge overlay.toml", "s", "is not a recording"),
    bad("judge none.jsonl", "none.jsonl", "No such file or directory"),
    bad("judge empty", "", "is empty"),
    bad("judge binary", "", "is not text"),
    bad("judge words.jsonl", "h", "is not a recording"),
    bad("report headless.jsonl", "", "no head"),
    bad("report future.jsonl", "clawprobe.recording/9", "clawprobe.recording/1"),
    // What is looked up.
    bad("facts upgarde", "upgarde", "did you mean `upgrade`?"),
    bad("probes upgarde", "upgarde", "did you mean `upgrade`?"),
    bad("explain WS-99", "WS-99", ""),
    bad("matrix show upgrad", "upgrad", "neither a matrix nor a code"),
    bad("matrix new WS-01", "WS-01", "is there already"),
    bad("matrix new ws1", "ws1", "is not a code"),
    bad("matrix lint none.toml", "none.toml", "does not exist"),
    bad("matrix show preflihgt", "preflihgt", "did you mean `preflight`?"),
    bad("matrix lint words.md", "hello", "front matter"),
    bad("matrix lint X-EDGE-01-half.md", "", "X-EDGE-01-half.md"),
    bad("matrix lint overlay.toml", "coed", "did you mean `code`?"),
    bad("preflight --overlay mute.toml", "\"WS-99\"", "no code WS-99"),
    bad("matrix ls", "ls", "no such command"),
];

fn desk() -> Desk {
    let desk = Desk::new();
    for (name, content) in FILES {
        desk.put(name, content);
    }
    desk
}

/// What is wrong with how a command refused, if anything.
fn objections(case: &Bad, done: &Done) -> Vec<String> {
    let mut all = Vec::new();
    let mut hold = |holds: bool, what: &str| {
        if !holds {
            all.push(format!("`{}`: {what}; stderr:\n{}", case.args, done.err));
        }
    };
    hold(done.status == 2, &format!("exit {}", done.status));
    hold(done.out.is_empty(), "something on standard output");
    hold(done.err.starts_with("error: ") && done.err.matches("error: ").count() == 1, "not one message");
    hold(done.err.contains(case.says), &format!("does not say {:?}", case.says));
    let underlined = done.underlined();
    hold(case.underlined.is_empty() || underlined.iter().any(|u| u == case.underlined), &format!("underlines {underlined:?}"));
    all
}

#[test]
fn a_key_of_another_certificate_is_told_before_anything_is_asked() {
    let desk = desk();
    let made = || {
        let key = rcgen::KeyPair::generate().unwrap();
        (rcgen::CertificateParams::new(vec!["client".to_owned()]).unwrap().self_signed(&key).unwrap().pem(), key.serialize_pem())
    };
    let ((cert, _), (_, key)) = (made(), made());
    desk.put("cert.pem", cert);
    desk.put("other.pem", &key);
    let case =
        bad("preflight --client-cert cert.pem --client-key other.pem", "other.pem", "the key belongs to another certificate");
    let done = desk.run(&case.args.split(' ').collect::<Vec<_>>());
    assert_eq!(objections(&case, &done), [""; 0]);
    assert!(!done.err.contains(key.lines().nth(1).unwrap()), "{}", done.err);
}

#[test]
fn each_is_told_in_one_message_that_underlines_it() {
    let desk = desk();
    let before = desk.files();
    let mut objections_found = Vec::new();
    for case in CASES {
        let args: Vec<&str> = case.args.split(' ').collect();
        objections_found.extend(objections(case, &desk.run(&args)));
        if desk.files() != before {
            objections_found.push(format!("`{}`: something was written", case.args));
            break;
        }
    }
    assert!(objections_found.is_empty(), "{}", objections_found.join("\n"));
}

#[test]
fn nothing_is_written_when_only_one_of_several_files_cannot_be() {
    let desk = desk();
    let before = desk.files();
    let url = format!("ws://127.0.0.1:{}", closed_port());
    let done = desk.run(&["preflight", "--gateway", &url, "--save", "run.jsonl", "--output", "out", "--also", "json=none/x"]);
    assert_eq!(done.status, 2, "{}", done.err);
    assert_eq!(desk.files(), before);
}

#[test]
fn no_packet_is_sent_before_everything_was_checked() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    for wrong in [["--also", "json=none/x"], ["--only", "WS-99"], ["--token-file", "none"], ["--overlay", "overlay.toml"]] {
        let done = desk().run(&["preflight", "--gateway", &url, wrong[0], wrong[1]]);
        assert_eq!(done.status, 2, "{}", done.err);
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "{wrong:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_token_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk();
    std::fs::set_permissions(desk.path().join("token"), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(desk.path().join("token")).is_ok() {
        // Root reads everything; a directory is unreadable even for root.
        std::fs::create_dir(desk.path().join("closed")).unwrap();
        let done = desk.run(&["preflight", "--token-file", "closed"]);
        assert_eq!((done.status, done.underlined()), (2, vec!["closed".to_owned()]), "{}", done.err);
        return;
    }
    let done = desk.run(&["preflight", "--token-file", "token"]);
    assert_eq!((done.status, done.underlined()), (2, vec!["token".to_owned()]), "{}", done.err);
}

#[test]
fn a_complaint_tells_no_secret() {
    let desk = desk();
    for args in [
        ["--gateway", "ftp://op:hunter2hunter2@gw.example/?token=hunter2hunter2"],
        ["--gateway", "wss://gw.example:99999/?token=hunter2hunter2"],
        ["--edge", "wss://op:hunter2hunter2@gw.example:99999/"],
    ] {
        let done = desk.run(&["preflight", args[0], args[1]]);
        assert_eq!(done.status, 2);
        assert!(!done.err.contains("hunter2"), "{}", done.err);
    }
    let done = desk.run_with(&["preflight", "--token-file", "-", "--only", "WS-99"], "hunter2hunter2\n");
    assert!(done.status == 2 && !done.err.contains("hunter2"), "{}", done.err);
}
