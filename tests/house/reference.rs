//! Runs in the reference world as people meet them: the real binary, no gateway, no network.

use super::desk::{Desk, Done};
use super::machine;

/// The report with its lines joined, for sentences that were broken.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_reference_world_is_healthy_whatever_surrounds_the_user() {
    let desk = Desk::new();
    desk.put(".openclaw/openclaw.json", "{ this is no configuration");
    desk.put(".config/clawprobe/x.toml", "neither is this an overlay");
    let mut command = desk.command(&["preflight", "--reference"]);
    command.env("OPENCLAW_GATEWAY_URL", "ws://192.0.2.1:1").env("OPENCLAW_GATEWAY_TOKEN", "planted-token");
    command.env("OPENCLAW_GATEWAY_PORT", "no port").env("HTTP_PROXY", "http://192.0.2.1:1");
    let done: Done = command.output().unwrap().into();
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("healthy: ") && flat(&done.out).contains("no real gateway: reference"), "{}", done.out);
    assert!(done.out.contains("local") && done.out.contains("edge"), "{}", done.out);
    assert!(done.err.contains("no real one") && !done.out.contains("planted-token"), "{}", done.err);
}

#[test]
fn every_matrix_runs_in_the_reference_world() {
    for matrix in clawprobe::shelf::Shelf::builtin().unwrap().matrices {
        let done = Desk::new().run(&["run", &matrix.name, "--reference", "--quiet"]);
        assert_eq!((done.status, done.err.as_str()), (0, ""), "{}: {}", matrix.name, done.out);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn it_needs_no_network_and_no_second_loopback_address() {
    let (desk, test) = (Desk::new(), "reference::it_needs_no_network_and_no_second_loopback_address");
    for v6 in ["0", "1"] {
        let program = env!("CARGO_BIN_EXE_clawprobe");
        let script = format!(
            "ip link set lo up && sysctl -qw net.ipv6.conf.lo.disable_ipv6={v6} && exec '{program}' preflight --reference --quiet"
        );
        let mut command = std::process::Command::new("unshare");
        let out = command.args(["--net", "--", "sh", "-c", &script]).current_dir(desk.path()).output();
        match out {
            Ok(out) if out.status.code() == Some(0) => {
                assert!(String::from_utf8_lossy(&out.stdout).contains("healthy: "));
            }
            Ok(out) if String::from_utf8_lossy(&out.stderr).contains("Operation not permitted") => {
                return machine::skipped(test, "only root can make a network namespace");
            }
            Ok(out) => panic!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
            Err(error) => return machine::skipped(test, &format!("unshare: {error}")),
        }
    }
}

#[test]
fn a_fault_is_found_by_its_name_and_by_a_file_of_ones_own() {
    let desk = Desk::new();
    let text = "summary = \"Mine.\"\n[edge]\nupgrade = \"dropped\"\n";
    let file = desk.put("mine.toml", text);
    for fault in ["edge/upgrade-dropped", "mine.toml", "./mine.toml", file.to_str().unwrap()] {
        let done = desk.run(&["preflight", "--reference", "--fault", fault]);
        assert_eq!(done.status, 1, "{fault}: {}{}", done.out, done.err);
        assert!(done.out.contains("<- WS-01@edge") && flat(&done.out).contains(fault), "{}", done.out);
    }
    assert!(desk.run(&["preflight", "--reference", "--fault", "mine.toml"]).err.contains("mine.toml: Mine."));
}

#[test]
fn a_saved_run_says_that_no_real_gateway_was_asked() {
    let desk = Desk::new();
    desk.run(&["preflight", "--reference", "--save", "run.jsonl", "--quiet"]);
    for format in ["human", "short", "json", "ndjson"] {
        let done = desk.run(&["judge", "run.jsonl", "--format", format]);
        assert!(done.status == 0 && flat(&done.out).contains("reference"), "{format}: {}", done.out);
    }
}

#[test]
fn what_cannot_be_used_is_underlined() {
    let desk = Desk::new();
    desk.put("no-world.toml", "summary = 'x'\n[edge]\nupgarde = 'dropped'\n");
    desk.put("no-toml.toml", "summary = \n");
    for (args, underlined, words) in [
        (&["--reference", "--fault", "edge/upgrade-droped"][..], "edge/upgrade-droped", "did you mean `edge/upgrade-dropped`?"),
        (&["--reference", "--fault", "none.toml"], "none.toml", "does not exist"),
        (&["--reference", "--fault", "no-world.toml"], "upgarde", "upgarde"),
        (&["--scenario", "none.toml"], "none.toml", "does not exist"),
        (&["--reference", "--gateway", "ws://127.0.0.1:1"], "--reference", "cannot be used with '--gateway <URL>'"),
        (&["--reference", "--token-file", "-"], "--reference", "cannot be used with '--token-file <FILE|->'"),
        (
            &["--reference", "--ca", "x", "--pin", "y"],
            "--reference",
            "cannot be used with --ca <FILE>, --pin <[PATH=]sha256:HEX>",
        ),
        (&["--scenario", "x.toml", "--edge", "http://x"], "--scenario <FILE>", "cannot be used with '--edge <[NAME=]URL>'"),
        (&["--reference", "--scenario", "x.toml"], "--reference", "cannot be used with '--scenario <FILE>'"),
        (&["--fault", "edge/upgrade-dropped"], "--reference", "required"),
    ] {
        let done = desk.run(&[&["preflight"][..], args].concat());
        assert_eq!((done.status, done.out.as_str()), (2, ""), "{args:?}: {}", done.err);
        assert!(done.underlined().iter().any(|text| text == underlined), "{args:?}: {}", done.err);
        assert!(done.err.contains(words), "{args:?}: {}", done.err);
    }
    let done = desk.run(&["preflight", "--reference", "--fault", "no-toml.toml"]);
    assert!(done.status == 2 && done.err.contains("no-toml.toml is no fault file"), "{}", done.err);
}

#[test]
fn a_scenario_is_a_test_that_passes_or_tells_every_difference() {
    let desk = Desk::new();
    let scenario = |expect: &str| format!("summary = 'x'\n[edge]\nupgrade = 'dropped'\n[expect]\n{expect}");
    let right = "exit = 1\nroots = ['WS-01@here/edge']\nfolded = ['HEALTH-05@here/edge']\n";
    desk.put("right.toml", scenario(right));
    desk.put("wrong.toml", scenario("exit = 0\nroots = ['WS-02@here/edge']\nfolded = ['HEALTH-05@here/edge']\n"));
    desk.put("other.toml", format!("matrix = 'listen'\n{}", scenario(right)));
    let done = desk.run(&["preflight", "--scenario", "right.toml", "--quiet"]);
    assert!(done.status == 0 && done.err.is_empty() && done.out.contains("WS-01@edge"), "{}{}", done.out, done.err);
    let done = desk.run(&["preflight", "--scenario", "wrong.toml", "--quiet"]);
    let told = [
        "exit: expected 0, was 1",
        "roots: expected WS-02@here/edge, which is not there",
        "roots: WS-01@here/edge was not expected",
    ];
    assert_eq!((done.status, done.err.lines().collect::<Vec<_>>()), (1, told.to_vec()), "{}", done.out);
    let done = desk.run(&["preflight", "--scenario", "other.toml"]);
    assert!(done.status == 2 && done.err.contains("clawprobe run listen --scenario other.toml"), "{}", done.err);
}

#[test]
fn a_code_is_reproduced_with_its_fault_and_what_to_try_by_hand() {
    let desk = Desk::new();
    let done = desk.run(&["reproduce", "ws-01"]);
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{}", done.out);
    for part in ["<- WS-01@edge", "fault  edge/upgrade-dropped", "hands an upgrade on as a plain request", "by hand", "--hold"] {
        assert!(done.out.contains(part), "no {part} in\n{}", done.out);
    }
    let edge = done.out.lines().find_map(|line| line.split("edge ws://").nth(1)?.split(' ').next()).unwrap();
    assert!(done.out.contains(&format!("http://{edge}/")), "{}", done.out);
    let json = desk.run(&["reproduce", "WS-01", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["world"], "reference, edge/upgrade-dropped");
    for (code, words) in
        [("WS-99", "did you mean `WS-09`?"), ("CPU-01", "has a name and no row yet"), ("x", "there is no code x")]
    {
        let done = desk.run(&["reproduce", code]);
        assert!(done.status == 2 && done.err.contains(words) && done.underlined() == [code], "{code}: {}", done.err);
    }
}

#[test]
fn what_is_proposed_names_the_worlds_own_addresses() {
    for (code, way) in [("EDGE-01", "local ws://"), ("EDGE-02", "edge ws://"), ("EDGE-08", "local ws://")] {
        let done = Desk::new().run(&["reproduce", code]);
        let text = flat(&done.out);
        let address = text.split(way).nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{text}"));
        assert!(text.contains(&format!(" http://{address}/health")), "{code}: no command for {address} in\n{}", done.out);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_with_blanks_is_as_good_as_another() {
    let desk = Desk::new();
    let folder = desk.path().join("sc nobody dir ü");
    std::fs::create_dir(&folder).unwrap();
    for fault in ["healthy/unix-socket", "host/socket-left-behind"] {
        let done: Done =
            desk.command(&["preflight", "--reference", "--fault", fault]).env("TMPDIR", &folder).output().unwrap().into();
        assert!(done.status < 2, "{fault}: {}{}", done.out, done.err);
    }
    let done: Done = desk.command(&["reproduce", "LISTEN-11"]).env("TMPDIR", &folder).output().unwrap().into();
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("stat -L '/") && done.out.contains("gateway.sock'; namei -l '/"), "{}", done.out);
}

#[cfg(unix)]
#[test]
fn a_world_is_held_until_somebody_interrupts() {
    use std::io::{BufRead, BufReader, Read, Write};
    let desk = Desk::new();
    let mut command = desk.command(&["reproduce", "WS-01", "--hold"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told, "The world stands until you interrupt.\n");
    // What is proposed by hand works while it stands.
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let edge = loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0);
        if let Some(edge) = line.split("edge ws://").nth(1).and_then(|rest| rest.split(' ').next()) {
            break edge.trim().to_owned();
        }
    };
    let mut answer = [0; 12];
    let mut socket = std::net::TcpStream::connect(&edge).unwrap();
    socket.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    socket.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::net::TcpStream::connect(&edge).is_err());
}
