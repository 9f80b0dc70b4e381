//! The commands of a row's page, led into a world that stands: the example addresses of the pages become real ones.

use crate::facts::tables::path::Scheme;
use crate::path::Class;
use crate::proof::stage::Stage;
use crate::shelf::page::Page;
use crate::target::{Endpoint, Way};

/// The heading under which a page has its commands.
const HEADING: &str = "By hand";
/// How the pages' examples ask for an address that a name does not resolve to here; in a world of our own no name is needed.
const RESOLVED: &str = "--resolve gateway.example:443:192.0.2.10 ";

/// The Unix socket of the pages' examples.
const SOCKET: &str = "/run/gateway.sock";

/// The commands of a page with the world's own addresses; the page's fences and prompts are left out.
pub fn commands(page: &Page, stage: &Stage) -> Vec<String> {
    let text = page.prose().into_iter().find(|(heading, _)| *heading == HEADING).map_or("", |(_, text)| text);
    let lines = text.lines().filter(|line| !line.starts_with("```") && !line.trim().is_empty());
    let way = |class: Class| stage.target.ways.iter().find(|way| way.kind.class() == class).map(|way: &Way| &way.endpoint);
    let home = stage.standing.folder().display().to_string();
    lines.map(|line| led(line.strip_prefix("$ ").unwrap_or(line), way(Class::Direct), way(Class::Edge), &home)).collect()
}

/// A line with the example addresses of the pages replaced. What the world does not have stays as it is.
fn led(line: &str, direct: Option<&Endpoint>, edge: Option<&Endpoint>, home: &str) -> String {
    let mut line = line.replace("~/.openclaw", home);
    if let Some(socket) = direct.filter(|endpoint| endpoint.scheme == Scheme::Unix) {
        line = line.replace(SOCKET, &socket.host);
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

    fn endpoint(scheme: Scheme, port: u16) -> Endpoint {
        Endpoint { scheme, host: "127.0.0.1".into(), port, path: "/".into(), query: None }
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
        let socket = Endpoint { host: "/tmp/w/s".into(), port: 0, ..endpoint(Scheme::Unix, 0) };
        assert_eq!(super::led("stat -L /run/gateway.sock", Some(&socket), None, "/"), "stat -L /tmp/w/s");
        assert_eq!(
            led("curl https://gateway.example/ http://127.0.0.1:18789/", None, None, "/"),
            "curl https://gateway.example/ http://127.0.0.1:18789/"
        );
    }
}
