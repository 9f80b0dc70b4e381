//! Who listens, on real sockets: families, reach, owners, and what somebody without privileges sees.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use clawprobe::clock::{self, Deadline};
use clawprobe::facts::{Cell, Reason, Row, Sheet, SheetState, Value};
use clawprobe::path::Vantage;
use clawprobe::plan::Step;
use clawprobe::probe::{Ask, LaneState, run};
use clawprobe::secret::{Marker, Redactor};
use clawprobe::settings::{Flags, World};
use clawprobe::target::Target;

use super::machine;

/// A target whose gateway is dialled at this port, with nothing in environment and files.
fn target(port: u16, config: Option<&str>) -> Target {
    let home = tempfile::tempdir().unwrap();
    if let Some(text) = config {
        std::fs::create_dir(home.path().join(".openclaw")).unwrap();
        std::fs::write(home.path().join(".openclaw/openclaw.json"), text).unwrap();
    }
    let env = [("HOME", home.path().to_str().unwrap())].into_iter().collect();
    let flags = Flags { gateway: Some(format!("127.0.0.1:{port}")), ..Flags::default() };
    World { env, stdin: Box::new(std::io::empty()), overlays: Vec::new(), interactive: false }.load(&flags).unwrap().target
}

/// Runs one primitive of the site.
fn probe(primitive: &str, target: &Target) -> Vec<Sheet> {
    let step = Step {
        probe: primitive.into(),
        primitive: primitive.into(),
        with: Default::default(),
        needs: Vec::new(),
        deadline_ms: 5_000,
        credential: false,
    };
    let redactor = Redactor::new(Marker::from_text("test"), target.secrets.iter().cloned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut ask = Ask {
            step: &step,
            target,
            way: None,
            vantage: &Vantage::site("here"),
            deadline: Deadline::new(Duration::from_secs(5), clock::now() + Duration::from_secs(60)),
            lane: &mut LaneState::default(),
            redactor: &redactor,
            sockets: Arc::new(tokio::sync::Semaphore::new(4)),
            stopped: tokio::sync::watch::Sender::new(false).subscribe(),
        };
        run(&mut ask).await.sheets
    })
}

fn listeners(target: &Target) -> Sheet {
    probe("listener", target).remove(0)
}

fn at<'a>(sheet: &'a Sheet, address: &str, port: u16) -> &'a Row {
    let found = sheet
        .rows
        .iter()
        .find(|r| r.key("address").and_then(Value::as_text) == Some(address) && r.key("port") == Some(&Value::Int(port.into())));
    found.unwrap_or_else(|| panic!("no {address}:{port} in {sheet:#?}"))
}

fn shown(row: &Row, field: &str) -> String {
    match row.cell(field) {
        Some(Cell::Value { value }) => value.to_string(),
        Some(Cell::Absent) => "absent".into(),
        Some(Cell::NotMeasured(because)) => because.reason.to_string(),
        None => panic!("{field} is not filled"),
    }
}

fn bind(address: &str) -> (TcpListener, u16) {
    let listener = TcpListener::bind(address.parse::<SocketAddr>().unwrap()).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn an_ipv4_listener_on_loopback() {
    let (_listener, port) = bind("127.0.0.1:0");
    let _waiting = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let sheet = listeners(&target(port, None));
    assert_eq!(sheet.state, SheetState::Complete);
    let row = at(&sheet, "127.0.0.1", port);
    for (field, value) in [
        ("dialled", "true"),
        ("configured", "false"),
        ("family", "v4"),
        ("v6-only", "absent"),
        ("reach", "loopback"),
        ("class", "loopback"),
        ("owner", "other"),
        ("pid", std::process::id().to_string().as_str()),
        ("queue", "1"),
    ] {
        assert_eq!(shown(row, field), value, "{field}");
    }
    assert!(shown(row, "command").starts_with("house"), "{}", shown(row, "command"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_two_meanings_of_an_ipv6_wildcard() {
    use socket2::{Domain, Socket, Type};
    for only in [true, false] {
        let socket = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
        socket.set_only_v6(only).unwrap();
        socket.bind(&"[::]:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.listen(1).unwrap();
        let port = socket.local_addr().unwrap().as_socket().unwrap().port();
        let sheet = listeners(&target(port, None));
        let row = at(&sheet, "::", port);
        assert_eq!(
            [shown(row, "family"), shown(row, "v6-only"), shown(row, "reach"), shown(row, "class")],
            ["v6", if only { "true" } else { "false" }, "wildcard", "absent"]
        );
    }
}

#[test]
fn both_families_and_an_address_written_as_ipv6() {
    let (_v6, port) = bind("[::1]:0");
    let _v4 = TcpListener::bind(("127.0.0.1", port));
    let sheet = listeners(&target(port, None));
    assert_eq!(shown(at(&sheet, "::1", port), "reach"), "loopback");
    assert_eq!(sheet.rows.iter().filter(|r| r.key("port") == Some(&Value::Int(port.into()))).count(), 2);
    let (_mapped, port) = bind("[::ffff:127.0.0.1]:0");
    assert_eq!(shown(at(&listeners(&target(port, None)), "127.0.0.1", port), "family"), "v4");
}

#[test]
fn the_configured_port_is_looked_at_even_if_another_is_dialled() {
    let (_listener, port) = bind("0.0.0.0:0");
    let sheet = listeners(&target(1, Some(&format!("{{gateway: {{port: {port}}}}}"))));
    let row = at(&sheet, "0.0.0.0", port);
    assert_eq!([shown(row, "dialled"), shown(row, "configured"), shown(row, "reach")], ["false", "true", "wildcard"]);
}

#[test]
fn nothing_listens_is_a_complete_table_without_a_row() {
    let (listener, port) = bind("127.0.0.1:0");
    drop(listener);
    let sheet = listeners(&target(port, None));
    assert_eq!(sheet.state, SheetState::Complete);
    assert!(!sheet.rows.iter().any(|r| r.key("port") == Some(&Value::Int(port.into()))));
}

/// The variable by which a test tells a copy of itself to play a gateway.
const PLAY: &str = "CLAWPROBE_TEST_PLAY";

/// Started by the next test under a gateway's name; by itself it plays nothing.
#[test]
fn plays_a_gateway() {
    #[expect(clippy::disallowed_methods, reason = "how the next test asks for it")]
    if std::env::var(PLAY).is_err() {
        return;
    }
    let (_listener, port) = bind("127.0.0.1:0");
    println!("\nport {port}");
    std::io::read_to_string(std::io::stdin()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_gateway_on_another_port_is_found_by_its_name() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("openclaw-gateway");
    std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &path).unwrap();
    let mut child = Command::new(path)
        .args(["--exact", "listener::plays_a_gateway", "--nocapture"])
        .env(PLAY, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|l| l.strip_prefix("port ")?.parse().ok()).unwrap();
    let sheet = listeners(&target(1, None));
    drop(child.stdin.take());
    lines.for_each(drop);
    child.wait().unwrap();
    let row = at(&sheet, "127.0.0.1", port);
    assert_eq!([shown(row, "owner"), shown(row, "dialled")], ["gateway", "false"]);
}

/// The variable by which a test tells its copy, running as nobody, which port to look at.
const AS_NOBODY: &str = "CLAWPROBE_TEST_PORT";

/// Started by the next test as another user; by itself it has nothing to look at.
#[test]
fn seen_by_nobody() {
    #[expect(clippy::disallowed_methods, reason = "how the next test hands its port on")]
    let Ok(port) = std::env::var(AS_NOBODY) else { return };
    let port: u16 = port.parse().unwrap();
    let sheet = listeners(&target(port, None));
    assert_eq!(sheet.state, SheetState::Complete);
    let row = at(&sheet, "127.0.0.1", port);
    for field in ["owner", "command", "pid"] {
        let cell = row.cell(field).unwrap();
        assert!(matches!(cell, Cell::NotMeasured(b) if b.reason == Reason::NotPermitted), "{field}: {cell:?}");
    }
    assert_eq!([shown(row, "user"), shown(row, "reach")], ["root", "loopback"]);
    let site = probe("site", &target(port, None)).remove(0);
    assert_eq!(shown(&site.rows[0], "privileged"), "false");
    println!("seen by nobody");
}

#[cfg(target_os = "linux")]
#[test]
fn without_privileges_the_owner_is_not_permitted_and_never_absent() {
    let (_listener, port) = bind("127.0.0.1:0");
    let site = probe("site", &target(port, None)).remove(0);
    let test = "listener::without_privileges_the_owner_is_not_permitted_and_never_absent";
    if shown(&site.rows[0], "user") != "root" {
        return machine::skipped(test, "only root can become nobody");
    }
    let Some(out) = machine::as_nobody(test, "listener::seen_by_nobody", &[(AS_NOBODY, port.to_string())]) else { return };
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && text.contains("seen by nobody"), "{text}{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn the_site_tells_its_settings_without_their_secrets() {
    let config = "{gateway: {mode: 'local', port: 19000, bind: 'lan', auth: {token: 'planted-secret'}}}";
    let sheets = probe("site", &target(19000, Some(config)));
    let names: Vec<_> = sheets.iter().map(|s| s.table.as_str()).collect();
    assert_eq!(names, ["site", "config", "setting", "credential", "proxy-variable"]);
    assert_eq!([shown(&sheets[1].rows[0], "state"), shown(&sheets[1].rows[0], "bind")], ["found", "lan"]);
    let token = sheets[2].rows.iter().find(|r| r.key("key").and_then(Value::as_text) == Some("token")).unwrap();
    assert!(shown(token, "value").starts_with("secret:"));
    assert_eq!(shown(token, "value"), shown(&sheets[3].rows[0], "fingerprint"));
    assert!(!serde_json::to_string(&sheets).unwrap().contains("planted-secret"));
}
