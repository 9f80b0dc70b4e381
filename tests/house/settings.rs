//! From flags, environment and files to a target: precedence, bad input, secrets.

use std::path::{Path, PathBuf};

use clawprobe::complaint::Complaint;
use clawprobe::facts::tables::site::{ConfigState, CredentialState, Source};
use clawprobe::settings::{Flags, Settings, World};
use tempfile::TempDir;

use super::machine;

/// A home directory, an environment and standard input.
struct Home {
    dir: TempDir,
    vars: Vec<(String, String)>,
    stdin: &'static str,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vars = vec![("HOME".to_owned(), dir.path().to_str().unwrap().to_owned())];
        Self { dir, vars, stdin: "" }
    }

    /// A home whose `openclaw.json` holds this text.
    fn with(config: &str) -> Self {
        let home = Self::new();
        home.file(".openclaw/openclaw.json", config);
        home
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn load(&self, flags: &Flags) -> Result<Settings, Complaint> {
        let env = self.vars.iter().cloned().collect();
        World { env, stdin: Box::new(self.stdin.as_bytes()), overlays: Vec::new(), interactive: false }.load(flags)
    }

    /// `NAME URL from PLACE` of every way.
    fn ways(&self, flags: &Flags) -> Vec<String> {
        let ways = self.load(flags).unwrap_or_else(|c| panic!("{c}")).target.ways;
        ways.iter().map(|w| format!("{} {} from {}", w.name, w.endpoint, w.place)).collect()
    }

    /// The credential as `SECRET from PLACE`, or its state.
    fn credential(&self, flags: &Flags) -> String {
        let credential = self.load(flags).unwrap_or_else(|c| panic!("{c}")).target.credential;
        match (credential.secret, credential.place) {
            (Some(secret), Some(place)) => format!("{} from {place}", secret.reveal()),
            _ => credential.state.to_string(),
        }
    }
}

fn gateway(url: &str) -> Flags {
    Flags { gateway: Some(url.into()), ..Flags::default() }
}

const LOCAL: &str =
    "{gateway: {mode: 'local', port: 19000, auth: {mode: 'token', token: 'from-auth'}, remote: {token: 'from-remote'}}}";
const REMOTE: &str = "{gateway: {mode: 'remote', auth: {token: 'auth-token', password: 'auth-password'},
    remote: {url: 'wss://gw.lab0.ts.net', token: 'remote-token', password: 'remote-password',
             tlsFingerprint: 'SHA256:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF'}}}";

#[test]
fn the_target_is_found_as_the_gateways_own_client_finds_it() {
    let none = Flags::default();
    assert_eq!(Home::new().ways(&none), ["local ws://127.0.0.1:18789 from default"]);
    assert_eq!(Home::with(LOCAL).ways(&none), ["local ws://127.0.0.1:19000 from gateway.port"]);
    assert_eq!(Home::with("{gateway: {tls: {enabled: true}}}").ways(&none), ["local wss://127.0.0.1:18789 from default"]);
    let port = |value| Home::with(LOCAL).var("OPENCLAW_GATEWAY_PORT", value).ways(&none);
    assert_eq!(port("19001"), ["local ws://127.0.0.1:19001 from OPENCLAW_GATEWAY_PORT"]);
    assert_eq!(port("0.0.0.0:19001"), ["local ws://127.0.0.1:19001 from OPENCLAW_GATEWAY_PORT"]);
    for wrong in ["many", "99999", "0", "-1", "host:"] {
        let refused = Home::with(LOCAL).var("OPENCLAW_GATEWAY_PORT", wrong).load(&none).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(&format!("OPENCLAW_GATEWAY_PORT={wrong}")), "{refused}");
    }
    assert_eq!(Home::with(REMOTE).ways(&none), ["tailnet wss://gw.lab0.ts.net:443 from gateway.remote.url"]);
    let url = Home::with(REMOTE).var("OPENCLAW_GATEWAY_URL", "ws://10.0.0.5:1");
    assert_eq!(url.ways(&none), ["lan ws://10.0.0.5:1 from OPENCLAW_GATEWAY_URL"]);
    assert_eq!(url.ways(&gateway("127.0.0.1:5")), ["local ws://127.0.0.1:5 from --gateway"]);
}

#[test]
fn named_paths_stand_alone_and_in_the_order_of_their_kinds() {
    let edge = Flags { edge: vec!["corp=https://gw.example".into()], ..Flags::default() };
    assert_eq!(Home::with(LOCAL).ways(&edge), ["edge:corp wss://gw.example:443 from --edge"]);
    let all = Flags {
        public: vec!["http://203.0.113.7:18789".into()],
        tunnel: vec!["office=ws://127.0.0.1:20000".into()],
        tailnet: vec!["100.64.0.1".into()],
        ..Flags { gateway: Some("127.0.0.1".into()), ..edge }
    };
    assert_eq!(
        Home::new().ways(&all),
        [
            "local ws://127.0.0.1:18789 from --gateway",
            "tailnet ws://100.64.0.1:18789 from --tailnet",
            "tunnel:office ws://127.0.0.1:20000 from --tunnel",
            "edge:corp wss://gw.example:443 from --edge",
            "public ws://203.0.113.7:18789 from --public",
        ]
    );
}

#[test]
fn the_credential_has_the_clients_order_of_sources() {
    let none = Flags::default();
    let env = |home: Home| home.var("OPENCLAW_GATEWAY_TOKEN", "env-token").var("OPENCLAW_GATEWAY_PASSWORD", "env-password");
    let said = |home: Home| home.credential(&none);
    assert_eq!(said(Home::new()), "none");
    assert_eq!(said(env(Home::new())), "env-token from OPENCLAW_GATEWAY_TOKEN");
    assert_eq!(said(env(Home::with(LOCAL))), "from-auth from gateway.auth.token");
    assert_eq!(said(env(Home::with("{gateway: {remote: {token: 'r'}}}"))), "env-token from OPENCLAW_GATEWAY_TOKEN");
    assert_eq!(said(Home::with("{gateway: {remote: {token: 'r'}}}")), "r from gateway.remote.token");
    assert_eq!(said(env(Home::with(REMOTE))), "remote-token from gateway.remote.token");
    let password = REMOTE.replace("{token: 'auth-token',", "{mode: 'password',");
    assert_eq!(said(Home::with(&password)), "remote-password from gateway.remote.password");
    assert_eq!(said(env(Home::with(&password))), "env-password from OPENCLAW_GATEWAY_PASSWORD");
    let both = "{gateway: {auth: {mode: 'password', token: 't', password: 'p'}}}";
    assert_eq!(said(env(Home::with(both))), "p from gateway.auth.password");
    assert_eq!(said(Home::with("{gateway: {auth: {mode: 'password', token: 't'}}}")), "t from gateway.auth.token");
}

#[test]
fn the_configurations_secret_goes_only_to_its_own_gateway() {
    let said = |config: &str, flags: &Flags| Home::with(config).credential(flags);
    assert_eq!(said(LOCAL, &gateway("ws://127.0.0.1:19000")), "from-auth from gateway.auth.token");
    assert_eq!(said(LOCAL, &gateway("ws://[::1]:19000")), "from-auth from gateway.auth.token");
    assert_eq!(said(LOCAL, &gateway("ws://127.0.0.1:19001")), "none", "another gateway's port");
    assert_eq!(said(LOCAL, &gateway("ws://192.0.2.1:19000")), "none", "another machine");
    assert_eq!(said(REMOTE, &gateway("ws://127.0.0.1:18789")), "none", "the file speaks for another machine");
    let edge = Flags { edge: vec!["https://gw.example:19000".into()], ..Flags::default() };
    assert_eq!(said(LOCAL, &edge), "none");
    let tunnel = Flags { tunnel: vec!["ws://127.0.0.1:19000".into()], ..Flags::default() };
    assert_eq!(said(LOCAL, &tunnel), "none", "a tunnel's end is on another machine");
    let typed = Home::with(LOCAL).var("OPENCLAW_GATEWAY_TOKEN", "env");
    assert_eq!(typed.credential(&gateway("wss://gw.example")), "env from OPENCLAW_GATEWAY_TOKEN");
}

#[test]
fn a_source_that_gives_nothing_is_told_from_none() {
    let state = |config: &str| Home::with(config).credential(&Flags::default());
    let token = |value: &str| state(&format!("{{gateway: {{auth: {{token: {value}}}}}}}"));
    assert_eq!(token("''"), "empty");
    assert_eq!(token("'  '"), "empty");
    assert_eq!(token("null"), "none");
    assert_eq!(token("'${NOT_SET}'"), "unresolved");
    assert_eq!(token("'__OPENCLAW_REDACTED__'"), "unresolved");
    assert_eq!(token("{source: 'file', provider: 'default', id: '/token'}"), "unresolved");
    assert_eq!(token("{source: 'env', provider: 'default', id: 'NOT_SET'}"), "unresolved");
    let set = |value: &str| {
        let home = Home::with(&format!("{{gateway: {{auth: {{token: {value}}}}}}}")).var("MY_TOKEN", "abc");
        home.credential(&Flags::default())
    };
    assert_eq!(set("'${MY_TOKEN}'"), "abc from gateway.auth.token");
    assert_eq!(set("{source: 'env', provider: 'default', id: 'MY_TOKEN'}"), "abc from gateway.auth.token");
    assert_eq!(Home::new().var("OPENCLAW_GATEWAY_TOKEN", "").credential(&Flags::default()), "empty");
}

#[test]
fn secret_files_beat_everything() {
    let mut home = Home::with(LOCAL).var("OPENCLAW_GATEWAY_TOKEN", "env");
    let token = home.file("token", "from-file\n");
    let flags = |token: Option<&Path>, password: Option<&Path>| Flags {
        token_file: token.map(Path::to_owned),
        password_file: password.map(Path::to_owned),
        ..Flags::default()
    };
    assert_eq!(home.credential(&flags(Some(&token), None)), "from-file from --token-file");
    assert_eq!(home.credential(&flags(None, Some(&token))), "from-file from --password-file");
    home.stdin = "piped\r\n";
    assert_eq!(home.credential(&flags(Some(Path::new("-")), None)), "piped from --token-file");
    let two = home.load(&flags(Some(Path::new("-")), Some(Path::new("-")))).unwrap_err();
    assert!(two.title.contains("one secret, not two"), "{two}");
}

#[test]
fn a_named_file_that_cannot_be_used_is_refused_with_its_name_underlined() {
    let home = Home::new();
    let missing = home.dir.path().join("gone");
    let directory = home.dir.path().to_owned();
    let empty = home.file("empty", "\n");
    let binary = home.file("binary", b"\x7fELF\0\xff");
    let lines = home.file("lines", "one\ntwo\n");
    let broken = home.file("broken.json", "{\n  gateway: { auth: { token: 'hunter2' }\n  port: swordfish }\n");
    let list = home.file("list.json", "[1]");
    let config = |p: &Path| Flags { config: Some(p.into()), ..Flags::default() };
    let token = |p: &Path| Flags { token_file: Some(p.into()), ..Flags::default() };
    for (flags, words) in [
        (config(&missing), "does not exist"),
        (config(&directory), "it is a directory"),
        (config(&empty), "is empty"),
        (config(&binary), "is not text"),
        (config(&broken), "is not JSON5: expected comma"),
        (config(&list), "expected an object"),
        (token(&missing), "does not exist"),
        (token(&directory), "it is a directory"),
        (token(&empty), "is empty"),
        (token(&binary), "is not text"),
        (token(&lines), "more than one line"),
        (Flags { state_dir: Some(missing.clone()), ..Flags::default() }, "does not exist"),
        (Flags { state_dir: Some(lines.clone()), ..Flags::default() }, "no directory"),
        (Flags { ca: Some(lines.clone()), ..Flags::default() }, "no certificate"),
        (Flags { header_file: Some(lines.clone()), ..Flags::default() }, "Name: value"),
        (Flags { client_cert: Some(lines.clone()), ..Flags::default() }, "--client-cert needs --client-key"),
        (Flags { client_key: Some(lines.clone()), ..Flags::default() }, "--client-key needs --client-cert"),
        (Flags { overlay: vec![missing.clone()], ..Flags::default() }, "does not exist"),
        (Flags { localapi: Some(missing.clone()), ..Flags::default() }, "does not exist"),
        (Flags { pin: vec!["sha256:xyz".into()], ..Flags::default() }, "a pin is"),
        (Flags { pin: vec!["sha256:00ff".into()], ..Flags::default() }, "a pin is"),
        (Flags { health_path: Some("health".into()), ..Flags::default() }, "the health path"),
        (Flags { resolver: vec!["x=y".into()], ..Flags::default() }, "a resolver is"),
        (gateway("ftp://gw"), "unknown scheme"),
        (gateway("ws://gw:70000"), "out of range"),
    ] {
        let complaint = home.load(&flags).map(|_| ()).unwrap_err();
        let text = complaint.to_string();
        assert!(complaint.title.contains(words), "{words}: {text}");
        assert!(text.contains('^'), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
    }
    let broken = home.load(&config(&broken)).map(|_| ()).unwrap_err().to_string();
    assert!(broken.contains("3 |   port: *********"), "{broken}");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_refused_or_reported() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with(LOCAL);
    let file = home.dir.path().join(".openclaw/openclaw.json");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        let test = "settings::an_unreadable_file_is_refused_or_reported";
        let Some(out) = machine::as_nobody(test, test, &[]) else { return };
        assert!(
            out.status.success(),
            "as nobody: {}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        return;
    }
    let found = home.load(&Flags::default()).unwrap().target.config;
    assert_eq!((found.state, found.error.as_deref()), (ConfigState::Unreadable, Some("permission denied")));
    let named = home.load(&Flags { config: Some(file), ..Flags::default() }).map(|_| ()).unwrap_err();
    assert!(named.title.ends_with("cannot be read: permission denied"), "{named}");
}

#[test]
fn a_found_configuration_that_cannot_be_used_is_reported_and_the_run_goes_on() {
    for (bytes, state, error) in [
        (&b"{ gateway: { port: 1 "[..], ConfigState::Invalid, Some("line 1, column")),
        (b"", ConfigState::Empty, None),
        (b"\0\0", ConfigState::Binary, None),
    ] {
        let home = Home::new();
        home.file(".openclaw/openclaw.json", bytes);
        let target = home.load(&Flags::default()).unwrap().target;
        assert_eq!((target.config.state, target.config.source), (state, Source::Default));
        assert_eq!(target.config.error.as_deref().map(|e| e.starts_with(error.unwrap_or("-"))), error.map(|_| true));
        assert_eq!(target.ways[0].endpoint.port, 18789);
    }
    let absent = Home::new().var("OPENCLAW_CONFIG_PATH", "/nowhere/x.json").load(&Flags::default()).unwrap().target.config;
    assert_eq!((absent.state, absent.source), (ConfigState::Absent, Source::Environment));
    let odd = Home::with("{gateway: {port: '1', $include: 'gone.json'}}").load(&Flags::default()).unwrap().target.config;
    let error = "$include gone.json does not exist; gateway.port is no port: expected a number from 1 to 65535";
    assert_eq!((odd.state, odd.error.as_deref()), (ConfigState::Invalid, Some(error)));
}

#[test]
fn a_configuration_of_the_wrong_shape_is_invalid_and_a_complaint_when_it_was_named() {
    for (text, key, why) in [
        ("{\"gateway\": {\"port\": 70000}}", "port", "gateway.port is no port"),
        ("{\"gateway\": {\"port\": \"18790\"}}", "port", "gateway.port is no port"),
        ("{\"gateway\": {\"port\": 0, \"x\": \"port\"}}", "--config", "gateway.port is no port"),
        ("{\"gateway\": \"hunter2\"}", "gateway", "gateway is no object"),
    ] {
        let found = Home::with(text).load(&Flags::default()).unwrap().target.config;
        assert_eq!(found.state, ConfigState::Invalid, "{text}");
        assert!(found.error.as_deref().is_some_and(|e| e.contains(why)), "{found:?}");
        let home = Home::new();
        let flags = Flags { config: Some(home.file("c.json", text)), ..Flags::default() };
        let refused = home.load(&flags).map(|_| ()).unwrap_err();
        let place = refused.place.clone().unwrap();
        assert!(refused.title.contains(why) && place.text.contains(key) && !refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[test]
fn a_remote_mode_that_names_no_gateway_cannot_be_guessed() {
    let home = Home::with("{gateway: {mode: 'remote'}}");
    assert!(home.load(&Flags::default()).map(|_| ()).unwrap_err().title.contains("gateway.remote.url is missing"));
    assert_eq!(home.ways(&gateway("127.0.0.1")).len(), 1);
    let bad = Home::with("{gateway: {mode: 'remote', remote: {url: 'wss://op:hunter2@gw'}}}");
    let text = bad.load(&Flags::default()).map(|_| ()).unwrap_err().to_string();
    assert!(text.contains("gateway.remote.url: wss://**********@gw") && !text.contains("hunter2"), "{text}");
    let variable = Home::new().var("OPENCLAW_GATEWAY_URL", "ftp://gw").load(&Flags::default()).map(|_| ()).unwrap_err();
    assert!(variable.to_string().contains("OPENCLAW_GATEWAY_URL=ftp://gw"), "{variable}");
}

#[test]
fn a_pin_is_taken_from_the_flag_or_with_the_remote_gateway() {
    let hex = "00112233445566778899aabbccddeeff".repeat(2);
    let pin = |home: &Home, flags: &Flags| home.load(flags).unwrap().target.tls.pin;
    let home = Home::with(REMOTE);
    assert_eq!(pin(&home, &Flags::default()), Some(hex.clone()));
    assert_eq!(pin(&home, &gateway("wss://gw.example")), None);
    assert_eq!(pin(&home, &Flags { pin: vec!["ff".repeat(32)], ..Flags::default() }), Some("ff".repeat(32)));
}

#[test]
fn a_configured_pin_goes_with_the_remote_gateway_and_one_that_is_none_is_not_passed_over() {
    let hex = "00112233445566778899aabbccddeeff".repeat(2);
    let other = Home::with(REMOTE).var("OPENCLAW_GATEWAY_URL", "wss://other.example");
    assert_eq!(other.load(&Flags::default()).unwrap().target.tls.pin, Some(hex), "as the product's own client has it");
    let broken = "{gateway: {mode: 'remote', remote: {url: 'wss://gw.example', tlsFingerprint: 'sha1:0011'}}}";
    let complaint = Home::with(broken).load(&Flags::default()).map(|_| ()).unwrap_err();
    assert!(complaint.to_string().contains("gateway.remote.tlsFingerprint: sha1:0011"), "{complaint}");
}

#[test]
fn a_pin_is_for_every_path_or_for_the_one_it_names() {
    let home = Home::new();
    let asked = |pins: &[String]| {
        let flags = Flags {
            gateway: Some("wss://127.0.0.1:7".into()),
            edge: vec!["https://a.example".into(), "b=https://b.example".into(), "c=http://127.0.0.1:8".into()],
            pin: pins.to_vec(),
            ..Flags::default()
        };
        let target = home.load(&flags)?.target;
        let towards = |name: &str| target.tls.towards(target.ways.iter().find(|w| w.name == name).unwrap()).pin.clone();
        Ok::<_, Complaint>(["local", "edge", "edge:b"].map(towards))
    };
    let (one, two) = ("ff".repeat(32), "ee".repeat(32));
    let some = |pin: &String| Some(pin.clone());
    // A certificate that somebody vouches for is not taken in the place of what was pinned, at an edge as little as anywhere.
    assert_eq!(asked(std::slice::from_ref(&one)).unwrap(), [some(&one), some(&one), some(&one)]);
    assert_eq!(asked(&[format!("gateway=sha256:{one}")]).unwrap(), [some(&one), None, None]);
    assert_eq!(asked(&[format!("local={one}"), format!("edge:b={two}")]).unwrap(), [some(&one), None, some(&two)]);
    assert_eq!(asked(&[one.clone(), format!("edge={two}")]).unwrap(), [some(&one), some(&two), some(&one)]);
    for (pins, title) in [
        (vec![format!("edge:z={one}")], "a pin for no path"),
        (vec![format!("edge:c={one}")], "edge:c is asked by ws"),
        (vec![one.clone(), two.clone()], "a path has two pins"),
        (vec![String::from("edge=00ff")], "a pin is the SHA-256"),
    ] {
        let complaint = asked(&pins).unwrap_err();
        assert!(complaint.title.starts_with(title), "{}", complaint.title);
    }
}

#[test]
fn every_source_of_a_setting_is_listed_once() {
    let home = Home::with(LOCAL).var("OPENCLAW_GATEWAY_PORT", "18789").var("OPENCLAW_GATEWAY_TOKEN", "env-token");
    let settings = home.load(&gateway("http://op.example/?token=planted")).unwrap().target.settings;
    let rows: Vec<_> = settings.iter().map(|s| format!("{} {} {} {}", s.source, s.key, s.value, s.place)).collect();
    assert_eq!(
        rows,
        [
            "flag url http://op.example/ --gateway",
            "environment port 18789 OPENCLAW_GATEWAY_PORT",
            "file port 19000 gateway.port",
            "file mode local gateway.mode",
            "environment token  OPENCLAW_GATEWAY_TOKEN",
            "file token  gateway.auth.token",
            "file remote-token  gateway.remote.token",
        ]
    );
    let default = Home::new().load(&Flags::default()).unwrap().target.settings;
    assert_eq!((default.len(), default[0].source, default[0].value.as_str()), (1, Source::Default, "18789"));
}

#[test]
fn every_planted_secret_is_known_to_the_redactor() {
    let home = Home::with(
        "{gateway: {auth: {token: 'planted-1', password: 'planted-2'}, remote: {url: 'ws://gw/?k=planted-3', token: 'planted-4',
          password: 'planted-5', edgeAuth: {headers: {'X-A': 'planted-6'}}}}, channels: {x: {botToken: 'planted-7'}}}",
    )
    .var("OPENCLAW_GATEWAY_TOKEN", "planted-8")
    .var("OPENCLAW_GATEWAY_PASSWORD", "planted-9")
    .var("HTTPS_PROXY", "http://op:planted-10@proxy:1")
    .var("OPENCLAW_GATEWAY_URL", "ws://gw/?token=planted-11");
    let headers = home.file("headers", "Authorization: Bearer planted-12\nCookie: CF_Authorization=planted-13; a=b\n");
    let token = home.file("token", "planted-14");
    let flags = Flags {
        edge: vec!["https://gw.example/?token=planted-15".into()],
        header_file: Some(headers),
        token_file: Some(token),
        ..Flags::default()
    };
    let target = home.load(&flags).unwrap().target;
    for n in 1..=15 {
        let planted = format!("planted-{n}");
        assert!(target.secrets.iter().any(|s| s.reveal() == planted), "{planted}");
    }
    assert!(!format!("{target:?}").contains("planted-"), "no secret may print");
    assert_eq!(target.proxies[0].proxy, "proxy:1");
}

#[test]
fn a_secret_never_leaves_by_the_credential_row() {
    let credential = Home::with(LOCAL).load(&Flags::default()).unwrap().target.credential;
    assert_eq!(credential.state, CredentialState::Present);
    assert!(!format!("{credential:?}").contains("from-auth"));
}
