//! The commands of a row's page, led into the world of a reproduction for as long as it stands: the example addresses of the pages
//! become real ones, a shell with the world's own environment goes before them, and what cannot be tried there says why.

use std::path::PathBuf;

use toml::Table;

use crate::complaint::Complaint;
use crate::facts::tables::path::Scheme;
use crate::path::Class;
use crate::proof::stage::Stage;
use crate::shelf::page::Page;
use crate::shell::word;
use crate::target::{Endpoint, Way};

/// The heading under which a page has its commands.
const HEADING: &str = "By hand";
/// How the pages' examples ask for an address that a name does not resolve to here; in a world of our own no name is needed.
const RESOLVED: &str = "--resolve gateway.example:443:192.0.2.10 ";
/// The Unix socket of the pages' examples.
const SOCKET: &str = "/run/gateway.sock";
/// The state folder of the pages' examples.
const STATE: &str = "~/.openclaw";
/// The folder of a gateway's own certificate, and the file. The world keeps it beside its other files.
const TLS: &str = "~/.openclaw/gateway/tls/";
const CERTIFICATE: &str = "gateway-cert.pem";
/// Holes whose values are secrets.
const SECRETS: &[&str] = &["token", "password"];
/// What asks this machine and not the world, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("systemctl ", "no service runs the gateway of this world"),
    ("journalctl ", "the gateway of this world keeps no journal"),
    ("docker ", "no container is in this world"),
    ("-C openclaw-gateway", "the gateway of this world is clawprobe's own process"),
    ("openclaw logs", "the gateway of this world keeps no log"),
    ("openclaw gateway status", "it looks for a service, and this world has none"),
];

/// The commands of a page with the world's own addresses; the page's fences and prompts are left out. None if it has no commands.
///
/// # Errors
/// A file of the world that cannot be kept.
pub fn commands(page: &Page, change: &Table, stage: &Stage) -> Result<Vec<String>, Complaint> {
    let text = page.prose().into_iter().find(|(heading, _)| *heading == HEADING).map_or("", |(_, text)| text);
    let lines = text.lines().filter(|line| !line.starts_with("```") && !line.trim().is_empty());
    let way = |class: Class| stage.target.ways.iter().find(|way| way.kind.class() == class).map(|way: &Way| &way.endpoint);
    let home = word(&stage.standing.folder().display().to_string());
    let (direct, edge) = (way(Class::Direct), way(Class::Edge));
    let led = lines.map(|line| {
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let why = elsewhere(line, change, stage).map(|why| format!("    # not in this world: {why}")).unwrap_or_default();
        led(line, direct, edge, &home) + &why
    });
    let led: Vec<String> = led.collect();
    if led.is_empty() {
        return Ok(led);
    }
    keep_certificate(stage)?;
    Ok([vec![shell(stage)?], led].concat())
}

/// Why a command tells nothing about the world.
fn elsewhere(line: &str, change: &Table, stage: &Stage) -> Option<&'static str> {
    let taken = change.get("gateway").is_some_and(|gateway| gateway.get("sockets-taken").is_some());
    let unset = !stage.standing.client.env.contains_key("OPENCLAW_GATEWAY_TOKEN");
    match () {
        () if taken && line.contains("state established") => Some("its sockets are counted as taken, and nobody holds them"),
        () if unset && line.contains("$OPENCLAW_GATEWAY_TOKEN") => Some("its client has the token from openclaw.json"),
        () => ELSEWHERE.iter().find(|(part, _)| line.contains(part)).map(|(_, why)| *why),
    }
}

/// A shell whose environment is the world's; a secret is named by the file that holds it.
fn shell(stage: &Stage) -> Result<String, Complaint> {
    let standing = &stage.standing;
    let folder = standing.folder();
    let mut words = vec!["env -i PATH=\"$PATH\" TERM=\"$TERM\"".to_owned()];
    let own = [("HOME", folder.to_owned()), ("OPENCLAW_STATE_DIR", folder.to_owned())];
    let config = stage.standing.client.config.as_ref().map(|file| ("OPENCLAW_CONFIG_PATH", PathBuf::from(file)));
    let own = own.into_iter().chain(config).filter(|(name, _)| !standing.client.env.contains_key(*name));
    words.extend(own.map(|(name, path)| format!("{name}={}", word(&path.display().to_string()))));
    for (name, value) in &standing.client.env {
        let secret = SECRETS.iter().filter_map(|hole| standing.holes.get(*hole)).any(|secret| value.contains(secret.as_str()));
        words.push(if secret {
            let file = standing.keep(&format!("{name}.value"), value);
            let file = file.map_err(|why| Complaint::new(format!("cannot keep {name}: {why}")))?;
            format!("{name}=\"$(cat {})\"", word(&file.display().to_string()))
        } else {
            format!("{name}={}", word(value))
        });
    }
    Ok(format!("{} sh    # a shell in this world", words.join(" ")))
}

/// Puts the gateway's certificate where it keeps its own.
fn keep_certificate(stage: &Stage) -> Result<(), Complaint> {
    let Some(text) = stage.standing.holes.get("gateway.certificate") else { return Ok(()) };
    stage.standing.keep(CERTIFICATE, text).map(drop).map_err(|why| Complaint::new(format!("cannot keep the certificate: {why}")))
}

/// A line with the example addresses of the pages replaced. What the world does not have stays as it is.
fn led(line: &str, direct: Option<&Endpoint>, edge: Option<&Endpoint>, home: &str) -> String {
    let mut line = line.replace(TLS, &format!("{STATE}/")).replace(STATE, home);
    if let Some(socket) = direct.filter(|endpoint| endpoint.scheme == Scheme::Unix) {
        line = line.replace(SOCKET, &word(&socket.host));
    }
    if let Some(gateway) = direct.filter(|endpoint| endpoint.port > 0) {
        line = line.replace(":18789", &format!(":{}", gateway.port));
    }
    if let Some(edge) = edge {
        let url = edge.to_string().replacen("ws", "http", 1);
        line = line.replace(RESOLVED, "").replace("https://gateway.example/", &format!("{}/", url.trim_end_matches('/')));
        line = line.replace("https://gateway.example", &url).replace("gateway.example:443", &edge.authority());
        line = line.replace("gateway.example", &edge.host);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::fault;
    use crate::reference::ground::Ground;
    use crate::shelf::Shelf;

    fn endpoint(scheme: Scheme, port: u16) -> Endpoint {
        Endpoint { scheme, host: "127.0.0.1".into(), port, path: "/".into(), query: None }
    }

    /// The commands of a code, in the world of its fault.
    fn of(code: &str, see: impl Fn(&[String], &Stage)) {
        let shelf = Shelf::builtin().unwrap();
        let row = shelf.symptom(&code.parse().unwrap()).unwrap();
        let fault = fault::named(&row.fault).unwrap();
        let ground = Ground::new().unwrap();
        let stage = Stage::set(&ground, fault.world().unwrap()).unwrap_or_else(|c| panic!("{c}"));
        see(&commands(&row.page, &fault.change, &stage).unwrap_or_else(|c| panic!("{c}")), &stage);
    }

    #[test]
    fn examples_of_the_pages_become_the_worlds_addresses() {
        let (gateway, edge) = (endpoint(Scheme::Ws, 4711), endpoint(Scheme::Wss, 4712));
        let led = |line: &str| led(line, Some(&gateway), Some(&edge), "/tmp/w");
        for (line, wanted) in [
            ("ss -ltnp 'sport = :18789'", "ss -ltnp 'sport = :4711'"),
            ("curl 'http://[::1]:18789/readyz'", "curl 'http://[::1]:4711/readyz'"),
            ("curl -si https://gateway.example/health", "curl -si https://127.0.0.1:4712/health"),
            ("curl -si --resolve gateway.example:443:192.0.2.10 https://gateway.example/x", "curl -si https://127.0.0.1:4712/x"),
            (
                "openssl s_client -connect gateway.example:443 -servername gateway.example",
                "openssl s_client -connect 127.0.0.1:4712 -servername 127.0.0.1",
            ),
            ("openssl x509 -in ~/.openclaw/gateway/cert.pem", "openssl x509 -in /tmp/w/gateway/cert.pem"),
        ] {
            assert_eq!(led(line), wanted);
        }
    }

    #[test]
    fn what_the_world_does_not_have_stays() {
        let socket = Endpoint { host: "/tmp/w ü/s".into(), port: 0, ..endpoint(Scheme::Unix, 0) };
        assert_eq!(super::led("stat -L /run/gateway.sock", Some(&socket), None, "/"), "stat -L '/tmp/w ü/s'");
        assert_eq!(
            led("curl https://gateway.example/ http://127.0.0.1:18789/", None, None, "/"),
            "curl https://gateway.example/ http://127.0.0.1:18789/"
        );
    }

    #[test]
    fn a_shell_with_the_worlds_environment_goes_first() {
        of("EDGE-08", |lines, stage| {
            let proxy = &stage.standing.client.env["HTTP_PROXY"];
            assert!(lines[0].starts_with("env -i PATH=") && lines[0].contains(&format!("HTTP_PROXY={proxy} ")), "{lines:?}");
            assert!(lines[1..].iter().any(|line| line.starts_with("curl ")), "{lines:?}");
        });
        of("HEALTH-05", |lines, stage| {
            let config = stage.standing.folder().join("openclaw.json");
            assert!(lines[0].contains(&format!("OPENCLAW_CONFIG_PATH={} ", config.display())), "{lines:?}");
            assert!(lines.contains(&"openclaw gateway probe --json".to_owned()), "{lines:?}");
        });
    }

    #[test]
    fn a_secret_of_the_environment_is_named_by_its_file() {
        for fault in fault::all().unwrap().into_iter().filter(|fault| fault.change.contains_key("client")) {
            let ground = Ground::new().unwrap();
            let Ok(stage) = Stage::set(&ground, fault.world().unwrap()) else { continue };
            let line = shell(&stage).unwrap_or_else(|c| panic!("{c}"));
            assert!(SECRETS.iter().all(|hole| !line.contains(&stage.standing.holes[*hole])), "{}: {line}", fault.name);
        }
    }

    #[test]
    fn what_asks_this_machine_says_so() {
        for (code, part, why) in [
            ("WS-08", "state established", "nobody holds them"),
            ("WS-10", "systemctl", "no service"),
            ("AUTH-02", "printf %s", "from openclaw.json"),
            ("VERSION-01", "openclaw gateway status", "looks for a service"),
        ] {
            of(code, |lines, _| {
                let marked = |line: &&String| line.contains(part) && line.contains("# not in this world: ") && line.contains(why);
                assert!(lines.iter().any(|line| marked(&line)), "{code}: {lines:?}");
            });
        }
    }

    #[test]
    fn the_certificate_is_where_the_command_looks_for_it() {
        of("TLS-06", |lines, stage| {
            let file = stage.standing.folder().join(CERTIFICATE);
            assert!(lines.iter().any(|line| line.contains(&file.display().to_string())), "{lines:?}");
            let text = std::fs::read_to_string(file).unwrap();
            let pem = x509_parser::pem::parse_x509_pem(text.as_bytes()).unwrap().1;
            let pin = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&pem.contents));
            assert_eq!(stage.standing.holes["gateway.pin"], format!("sha256:{pin}"));
        });
    }
}
