//! Fault files of one's own, as `--fault` and `--scenario` read them: what is wrong is underlined in the file, nothing is written
//! outside the world's folder, and nobody but the world's own stand-ins is asked.

use super::desk::{Desk, Done};

/// A file that makes no world: its text after the summary, what is underlined in it, and what the message says.
struct Bad {
    text: &'static str,
    underlined: &'static str,
    says: &'static str,
}

const fn bad(text: &'static str, underlined: &'static str, says: &'static str) -> Bad {
    Bad { text, underlined, says }
}

const CASES: &[Bad] = &[
    // Words.
    bad("\n\n[edge]\nupgarde = 'held'", "upgarde", "did you mean `upgrade`?"),
    bad("[gateway]\nport = 70000", "70000", "u16"),
    bad("[egde]\nport = 1", "egde", "did you mean `edge`?"),
    bad("[gateway]\nrelease = '2026.9.7'", "'2026.9.7'", "did you mean `2026.9.6`?"),
    bad("[peer]\nanswer = [{to = '*', end = 'rest'}]", "'rest'", "`rest` is not one of close, reset, silence"),
    bad("[edge]\nanswer = [{to = 'upgrade', frames = ['chalenge']}]", "'chalenge'", "did you mean `challenge`?"),
    bad("[edge]\nanswer = [{to = '*', status = 'OK 200'}]", "'OK 200'", "as in `502 Bad Gateway`"),
    bad("[edge]\nanswer = [{to = '*', headers = ['Retry-After 5']}]", "'Retry-After 5'", "as in `Retry-After: 5`"),
    bad("[edge]\nanswer = [{to = '*', headers = ['Server: x', ': 5']}]", "': 5'", "no name stands before the colon"),
    bad("[edge]\nanswer = [{to = '*', headers = ['Retry After: 5']}]", "'Retry After: 5'", "no name stands before the colon"),
    bad("[edge]\nanswer = [{to = '*', headers = [\"A: b\\nC: d\"]}]", r#""A: b\nC: d""#, "holds a control character"),
    bad("[edge]\nanswer = [{to = '*', status = \"502 Bad\\r\\nX: y\"}]", r#""502 Bad\r\nX: y""#, "is no status"),
    bad("[edge]\nanswer = [{to = 'upgarde'}]", "'upgarde'", "did you mean `upgrade`?"),
    // Holes.
    bad("[edge]\nupstream = '127.0.0.1:{peer.port}'", "{peer.port}", "there is no [peer] in this world"),
    bad(
        "[client]\nedge = ['http://127.0.0.1:{edge.port}', 'http://127.0.0.1:{egde.port}']",
        "{egde.port}",
        "did you mean {edge.port}?",
    ),
    bad("[client]\npin = ['{edge.pin}']", "{edge.pin}", "the edge speaks no TLS"),
    bad("[file]\n'openclaw.json' = '{\"gateway\":{\"port\":{gatway.port}}}'", "{gatway.port}", "did you mean {gateway.port}?"),
    // Files.
    bad("[file]\n'../victim' = 'x'", "'../victim'", "is not in this world's folder"),
    bad("[file]\n'a/../../victim' = 'x'", "'a/../../victim'", "is not in this world's folder"),
    bad("[file]\n'/tmp/clawprobe-victim' = 'x'", "'/tmp/clawprobe-victim'", "is not in this world's folder"),
    bad("[file]\n'root.pem' = 'x'", "'root.pem'", "the reference world's own"),
    bad("[peer]\nlisten = ['unix:/tmp/clawprobe-victim']", "'unix:/tmp/clawprobe-victim'", "is not in this world's folder"),
    // Addresses, of this world and of others.
    bad("[edge]\nlisten = ['localhost']", "'localhost'", "neither an address nor unix:PATH"),
    bad("[client]\nedge = ['ftp://x']", "ftp", "unknown scheme `ftp`"),
    bad("[client]\nedge = ['http://127.0.0.1:{edge.port}', 'http://127.0.0.1:99999']", "99999", "the port is out of range"),
    bad("[client]\nconfig = '{dir}/none.json'", "'{dir}/none.json'", "the file named by client.config does not exist"),
    bad("[client]\nconfig = '/etc/hostname'", "'/etc/hostname'", "is not of this world"),
    bad("[client]\ntoken-file = '/etc/hostname'", "'/etc/hostname'", "is not of this world"),
    bad("[client]\ngateway = 'ws://127.0.0.1:1'", "'ws://127.0.0.1:1'", "no stand-in listens there"),
    bad("[client]\nedge = ['http://192.0.2.1:{edge.port}']", "'http://192.0.2.1:{edge.port}'", "no stand-in listens there"),
    bad(
        "[client]\nedge = ['http://gateway.example:{edge.port}']",
        "'http://gateway.example:{edge.port}'",
        "no stand-in listens there",
    ),
    bad(
        "[client]\ngateway = ''\nedge = []\n[client.env]\nOPENCLAW_GATEWAY_URL = 'ws://127.0.0.1:1'",
        "'ws://127.0.0.1:1'",
        "no stand-in",
    ),
    bad("[client]\ngateway = ''\nedge = []\nconfig = ''", "''", "ws://127.0.0.1:18789 is not of this world"),
    bad("[client.env]\nOPENCLAW_GATEWAY_PORT = 'xx'\n[client]\ngateway = ''", "xx", "is no port"),
    bad("[edge]\nupstream = '127.0.0.1:1'", "'127.0.0.1:1'", "no stand-in listens there"),
    bad("[client]\nname-server = '192.0.2.53:53'", "'192.0.2.53:53'", "no stand-in listens there"),
];

/// The desk with a fault file of this text.
fn desk(text: &str) -> Desk {
    let desk = Desk::new();
    desk.put("mine.toml", format!("summary = 'Mine.'\n{text}\n"));
    desk
}

fn run(desk: &Desk, args: &[&str]) -> Done {
    desk.run(&[&["preflight"], args].concat())
}

#[test]
fn what_makes_no_world_is_underlined_in_the_file() {
    let mut found = Vec::new();
    for Bad { text, underlined, says } in CASES {
        let desk = desk(text);
        let line = 1 + format!("summary = 'Mine.'\n{text}").lines().position(|line| line.contains(underlined)).unwrap();
        for args in
            [&["preflight", "--reference", "--fault", "mine.toml"][..], &["reference", "--port", "0", "--fault", "mine.toml"]]
        {
            let done = desk.run(args);
            let right = (done.status, done.out.as_str(), done.underlined()) == (2, "", vec![(*underlined).to_owned()])
                && done.err.contains(&format!("--> mine.toml:{line}:"))
                && done.err.contains(says)
                && !done.err.contains("command line");
            if !right {
                found.push(format!("{args:?} {}\n{text}\n{}{}", done.status, done.out, done.err));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn nothing_is_written_outside_the_worlds_folder() {
    let desk = Desk::new();
    let victim = desk.put("victim", "kept");
    for name in ["../victim", victim.to_str().unwrap()] {
        desk.put("mine.toml", format!("summary = 'x'\n[file]\n{name:?} = 'lost'\n"));
        let done =
            desk.command(&["preflight", "--reference", "--fault", "mine.toml"]).env("TMPDIR", desk.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(2));
        assert_eq!(desk.read("victim"), "kept", "{name}");
    }
    assert_eq!(desk.files().len(), 2, "{:?}", desk.files());
}

#[test]
fn a_folder_and_a_secret_that_look_like_holes_stay_what_they_are() {
    let desk = Desk::new();
    let folder = desk.path().join("{token}");
    std::fs::create_dir(&folder).unwrap();
    let done = desk.command(&["preflight", "--reference", "--format", "json"]).env("TMPDIR", &folder).output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("{token}/"), "the folder is shown as it is named");
}

#[test]
fn what_a_terminal_obeys_does_not_reach_it() {
    let desk = desk("matrix = 'preflight'\n[expect]\nroots = [\"\\u001b[31mRED\\u0007\"]\n");
    let text = desk.read("mine.toml").replace("'Mine.'", "\"\\u001b[31mRED\\u202e\\nforged line\"");
    desk.put("mine.toml", &text);
    for args in [&["--reference", "--fault", "mine.toml"][..], &["--scenario", "mine.toml"]] {
        let done = run(&desk, args);
        let told = format!("{}{}", done.out, done.err);
        assert!(told.contains("[31mRED"), "{told}");
        assert!(!told.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !told.contains("\nforged"), "{told}");
    }
    let mut child =
        desk.command(&["reference", "--port", "0", "--fault", "mine.toml"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let (mut out, mut text) = (std::io::BufReader::new(child.stdout.take().unwrap()), String::new());
    while !text.contains("ask it") && std::io::BufRead::read_line(&mut out, &mut text).unwrap() > 0 {}
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(text.contains("[31mRED") && !text.contains(['\u{1b}', '\u{202e}']) && !text.contains("\nforged"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for_unless_it_was_handed_over() {
    let desk = Desk::new();
    assert!(std::process::Command::new("mkfifo").arg(desk.path().join("pipe.toml")).status().unwrap().success());
    for args in [
        &["preflight", "--reference", "--fault", "pipe.toml"][..],
        &["preflight", "--scenario", "pipe.toml"],
        &["preflight", "--token-file", "pipe.toml"],
    ] {
        let done = desk.run(args);
        assert_eq!((done.status, done.underlined()), (2, vec!["pipe.toml".to_owned()]), "{}", done.err);
        assert!(done.err.contains("it is no regular file"), "{}", done.err);
    }
    let done = desk.run_with(&["preflight", "--reference", "--fault", "/dev/stdin"], "summary = 'x'\n[edge]\nupgarde = 'held'\n");
    assert_eq!((done.status, done.underlined()), (2, vec!["upgarde".to_owned()]), "{}", done.err);
}

#[test]
fn a_matrix_that_is_none_is_pointed_at_and_not_advised() {
    let desk = desk("matrix = 'listne'");
    for args in [&["--scenario", "mine.toml"][..], &["--reference", "--fault", "mine.toml"]] {
        let done = run(&desk, args);
        assert_eq!((done.status, done.underlined()), (2, vec!["'listne'".to_owned()]), "{}", done.err);
        assert!(done.err.contains("did you mean `listen`?") && !done.err.contains("clawprobe run"), "{}", done.err);
    }
}

#[test]
fn a_name_and_a_file_are_told_apart() {
    let desk = Desk::new();
    desk.put("nodot", "summary = 'Mine.'\n[edge]\nupgrade = 'dropped'\n");
    let done = run(&desk, &["--reference", "--fault", "nodot"]);
    assert!(done.status == 2 && done.err.contains("there is no fault `nodot`"), "{}", done.err);
    assert!(done.err.contains("write --fault ./nodot"), "{}", done.err);
    assert_eq!(run(&desk, &["--reference", "--fault", "./nodot"]).status, 1);
    for missing in ["./nosuch", "../nosuch", "/nosuch"] {
        let done = run(&desk, &["--reference", "--fault", missing]);
        assert!(done.status == 2 && done.err.contains("no such file"), "{missing}: {}", done.err);
    }
}

#[test]
fn a_complaint_about_a_file_of_the_world_names_who_wrote_it() {
    let desk = desk("[file]\n'openclaw.json' = '{ gateway: '");
    let done = run(&desk, &["--reference", "--fault", "mine.toml"]);
    assert_eq!(done.status, 2, "{}{}", done.out, done.err);
    assert!(done.err.contains("mine.toml: file.\"openclaw.json\""), "{}", done.err);
}
