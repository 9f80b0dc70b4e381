use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;

use super::*;
use crate::path::Kind;
use crate::probe::trial::Trial;

async fn ask(file: &Path) -> (Trial, bool) {
    let mut trial = Trial::new(Kind::Local, 0).host(file.to_str().unwrap());
    trial.way.endpoint.scheme = Scheme::Unix;
    let succeeded = trial.run(run).await;
    (trial, succeeded)
}

fn told(trial: &Trial, fields: [&str; 4]) -> [String; 4] {
    fields.map(|field| trial.text("socket", &[], field))
}

#[tokio::test]
async fn a_socket_that_accepts_is_told_with_its_owner_and_mode() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gw.sock");
    let _listener = UnixListener::bind(&file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o660)).unwrap();
    let (trial, succeeded) = ask(&file).await;
    assert!(succeeded && trial.lane.reached && trial.lane.blocked.is_none());
    assert_eq!(told(&trial, ["outcome", "file", "mode", "permitted"]), ["accepted", "socket", "0660", "true"]);
    let me = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap());
    assert_eq!(trial.text("socket", &[], "owner"), crate::probe::user::name(me));
}

#[tokio::test]
async fn every_failure_has_a_name_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    drop(UnixListener::bind(at("left")).unwrap());
    std::fs::write(at("plain"), "text").unwrap();
    let _datagrams = UnixDatagram::bind(at("datagrams")).unwrap();
    std::os::unix::fs::symlink(at("gone"), at("dangling")).unwrap();
    for (name, outcome, kind, permitted) in [
        ("left", "refused", "socket", "true"),
        ("gone", "missing", "missing", "absent"),
        ("plain/gw.sock", "missing", "missing", "absent"),
        ("dangling", "missing", "missing", "absent"),
        ("plain", "no-socket", "file", "absent"),
        (".", "no-socket", "folder", "absent"),
        ("datagrams", "no-socket", "socket", "absent"),
    ] {
        let (trial, succeeded) = ask(&at(name)).await;
        assert!(!succeeded && !trial.lane.reached, "{name}");
        assert_eq!(trial.lane.blocked.as_deref(), Some("socket@here/local.outcome"), "{name}");
        let row = told(&trial, ["outcome", "file", "permitted", "error"]);
        assert_eq!(row[..3], [outcome, kind, permitted], "{name}: {row:?}");
        assert!(!row[3].is_empty() && row[3] != "absent", "{name}: the system's words are missing");
    }
}

#[tokio::test]
async fn a_full_queue_is_not_taken_for_a_stopped_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gw.sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(&file).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    let outcome = loop {
        let (trial, _) = ask(&file).await;
        match trial.text("socket", &[], "outcome").as_str() {
            "accepted" => waiting.push(tokio::net::UnixStream::connect(&file).await),
            other => break other.to_owned(),
        }
        assert!(waiting.len() < 8, "the queue never fills");
    };
    assert_eq!(outcome, "full");
}

#[tokio::test]
async fn a_path_over_tcp_has_no_row() {
    let mut trial = Trial::new(Kind::Local, 9);
    assert!(trial.run(run).await);
    assert!(trial.rows("socket").is_empty());
}
