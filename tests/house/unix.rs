//! A gateway behind a Unix socket: as good as a port, and kept from a user by its permissions alone.

#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use clawprobe::reference::fault;
use clawprobe::reference::ground::{Ground, Standing};
use serde_json::Value;

use crate::desk::{Desk, Done};

fn standing(ground: &Ground) -> (Standing, PathBuf) {
    let world = fault::named("healthy/unix-socket").unwrap().world().unwrap();
    let standing = ground.raise(world).unwrap();
    let socket = standing.folder().join("gateway.sock");
    (standing, socket)
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A preflight of the socket alone, as it is typed, with these flags and a token in the environment.
fn preflight(desk: &Desk, program: &[&str], socket: &Path, token: Option<&str>, more: &[&str]) -> Done {
    let gateway = format!("unix:{}", socket.display());
    let args = ["preflight", "--format", "json", "--gateway", gateway.as_str()];
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args(args).args(more).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path());
    command.envs(token.map(|token| ("OPENCLAW_GATEWAY_TOKEN", token))).output().unwrap().into()
}

fn fact(done: &Done, id: &str) -> Value {
    let report: Value = serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{e}: {}{}", done.out, done.err));
    let facts = report["facts"].as_array().unwrap();
    facts.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("no fact {id}")).clone()
}

fn value(done: &Done, id: &str) -> String {
    let value = fact(done, id)["value"].clone();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
fn the_whole_handshake_goes_over_a_socket_with_the_configured_token() {
    let (ground, desk) = (Ground::new().unwrap(), Desk::new());
    let (standing, socket) = standing(&ground);
    let config = standing.folder().join("openclaw.json");
    let program = [env!("CARGO_BIN_EXE_clawprobe")];
    let done = preflight(&desk, &program, &socket, None, &["--config", config.to_str().unwrap()]);
    assert_eq!(done.status, 0, "{}{}", done.out, done.err);
    let metadata = std::fs::metadata(&socket).unwrap();
    assert_eq!(value(&done, "socket@here/local.mode"), format!("{:04o}", metadata.mode() & 0o7777));
    for (id, expected) in [
        ("socket@here/local.outcome", "accepted"),
        ("socket@here/local.permitted", "true"),
        ("socket@here/local.file", "socket"),
        ("path@here/local.scheme", "unix"),
        ("path@here/local.dialled", &format!("unix:{}", socket.display())),
        ("http@here/local[probe=health,address=named].body", "live"),
        ("http@here/local[probe=ready,address=named].body", "ready"),
        ("upgrade@here/local[offer=http1,as=plain].outcome", "switched"),
        ("challenge@here/local.outcome", "received"),
        // A socket of this machine counts as loopback: the file's own token goes there.
        ("credential@here.source", "file"),
        ("connect@here/local.outcome", "accepted"),
        ("config@here.applies", "true"),
        ("site@here.role", "gateway-host"),
    ] {
        assert_eq!(value(&done, id), expected, "{id}");
    }
    let owner = value(&done, "socket@here/local.owner");
    assert_eq!(owner, value(&done, "site@here.user"), "whoever made the socket owns it");
    assert_eq!(fact(&done, "path@here/local.port")["state"], "absent");
    let other = fact(&done, "socket@here/local.group");
    assert_eq!(other["state"], "value", "{other}");
}

#[test]
fn a_user_who_may_not_write_to_the_socket_is_told_whose_it_is() {
    let (ground, desk) = (Ground::new().unwrap(), Desk::new());
    let (standing, socket) = standing(&ground);
    let token = standing.holes["token"].as_str();
    let root = std::fs::metadata(&socket).unwrap().uid() == 0;
    // Permissions do not hold for root, who becomes nobody; nobody may be shut out of the place where the program was built.
    let linked = desk.path().join("clawprobe");
    std::fs::hard_link(env!("CARGO_BIN_EXE_clawprobe"), &linked)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_clawprobe"), &linked).map(drop))
        .unwrap();
    mode(desk.path(), 0o755);
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", linked.to_str().unwrap()];
    let program = if root { &nobody[..] } else { &nobody[4..] };
    let ask = || preflight(&desk, program, &socket, Some(token), &[]);

    mode(standing.folder(), if root { 0o700 } else { 0o000 });
    let done = ask();
    mode(standing.folder(), 0o755);
    assert_eq!((done.status, value(&done, "socket@here/local.outcome").as_str()), (1, "forbidden"), "{}", done.out);
    assert_eq!(fact(&done, "socket@here/local.owner")["reason"], "not-permitted", "the folder hides the file");

    mode(&socket, if root { 0o700 } else { 0o000 });
    let done = ask();
    let report: Value = serde_json::from_str(&done.out).unwrap();
    let roots: Vec<&str> = report["roots"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((done.status, roots), (1, vec!["LISTEN-11@here/local"]), "{}", done.out);
    assert_eq!(value(&done, "socket@here/local.outcome"), "forbidden");
    assert_eq!(value(&done, "socket@here/local.permitted"), "false");
    assert_eq!(value(&done, "socket@here/local.mode"), if root { "0700" } else { "0000" });
    assert_eq!(value(&done, "socket@here/local.owner"), if root { "root".into() } else { value(&done, "site@here.user") });

    mode(&socket, 0o666);
    let done = ask();
    assert_eq!((done.status, value(&done, "socket@here/local.outcome").as_str()), (0, "accepted"), "{}{}", done.out, done.err);
}
