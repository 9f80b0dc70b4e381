//! What a user gives: addresses, and the gateway's configuration file.

use std::cell::OnceCell;

use clawprobe::facts::tables::site::Source;
use clawprobe::path::Kind;
use clawprobe::settings::endpoint::{self, Bare};
use clawprobe::settings::given::Given;
use clawprobe::settings::{Env, Flags, World, json5, resolvers, ways};
use tempfile::TempDir;

use super::{PLANTED, sound};

/// The value of `--gateway`, of `--edge` and of `--resolver`. What reads, prints and reads again; what does not is complained
/// about without telling a secret.
pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let given = Given::flag("--gateway", text);
    assert_eq!(given.shown().len(), text.len(), "every byte in its place");
    let hidden = is_hidden(text);
    let quiet = |complaint| {
        let shown = sound(&complaint);
        assert!(!hidden || !shown.contains(PLANTED), "{shown}");
    };
    for bare in [Bare::Allowed, Bare::Refused] {
        match endpoint::read(&given, 0, bare) {
            Ok(read) => {
                let shown = read.to_string();
                assert!(!hidden || !shown.contains(PLANTED), "{shown}");
                let again = endpoint::read(&Given::flag("--gateway", &shown), 0, Bare::Refused).unwrap_or_else(|c| panic!("{c}"));
                assert_eq!(again.to_string(), shown);
                assert_eq!((again.scheme, &again.host, again.port), (read.scheme, &read.host, read.port));
            }
            Err(complaint) => quiet(complaint),
        }
    }
    let _ = ways::direct(&given, Source::Flag).map_err(quiet);
    let mut all = Vec::new();
    let twice = [text.to_owned(), text.to_owned()];
    let _ = ways::of_flag("--edge", Kind::Edge, &twice, &mut all).map_err(quiet);
    assert!(all.len() <= 2 && all.iter().all(|way| way.name.starts_with("edge")));
    let _ = resolvers::read(&twice).map_err(|complaint| sound(&complaint));
    let _ = resolvers::health_path(Some(text)).map_err(|complaint| sound(&complaint));
}

/// Whether the planted secret stands only where an address keeps secrets: in user information, query or fragment. Where an
/// address could hold it in another spelling as well, nobody can tell.
fn is_hidden(text: &str) -> bool {
    let plain = text.is_ascii() && !text.contains(['%', '\\']) && text.to_ascii_lowercase().matches(PLANTED).count() == 1;
    plain
        && text.contains(PLANTED)
        && text.match_indices(PLANTED).all(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + PLANTED.len()..]);
            let in_tail = before.contains(['?', '#']);
            let start = before.find("://").map_or(0, |i| i + 3);
            let in_user =
                !before[start..].contains('/') && after.find('@').is_some_and(|end| !after[..end].contains(['/', '?', '#']));
            in_tail || in_user
        })
}

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// The configuration file: its place for a mistake, its masking, and everything the settings make of it. A token or password
/// that stands nowhere else is told nowhere.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let masked = json5::masked(text);
    assert_eq!(masked.len(), text.len(), "every byte in its place");
    assert!(!masked.contains(PLANTED));
    let content = match json5::object(text) {
        Ok(content) => {
            let again = json5::object(&content.to_string()).expect("what was an object is one when written again");
            assert_eq!(again.as_object().map(serde_json::Map::len), content.as_object().map(serde_json::Map::len));
            Some(content)
        }
        Err(mistake) => {
            assert!(text.is_char_boundary(mistake.at) && mistake.line > 0 && mistake.column > 0, "{mistake:?}");
            None
        }
    };
    let secret = |name: &str| content.as_ref().and_then(|c| c.pointer(name)).and_then(|v| v.as_str()) == Some(PLANTED);
    let kept = text.matches(PLANTED).count() == 1 && (secret("/gateway/auth/token") || secret("/gateway/auth/password"));
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("openclaw.json");
        std::fs::write(&file, data).expect("a file");
        for named in [false, true] {
            let env = [("HOME", "/nowhere"), ("TOK", "abc"), ("OPENCLAW_CONFIG_PATH", file.to_str().unwrap_or_default())];
            let config = named.then(|| file.clone());
            let mut world =
                World { env: Env::from_iter(env), stdin: Box::new(std::io::empty()), overlays: vec![], interactive: false };
            let shown = match world.load(&Flags { config, ..Flags::default() }) {
                Ok(settings) => format!("{settings:?}"),
                Err(complaint) => sound(&complaint),
            };
            assert!(!kept || !shown.contains(PLANTED), "{shown}");
        }
    });
}
