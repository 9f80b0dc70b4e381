//! Proxy variables, which clients obey and people forget.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::env::Env;
use super::vault::Vault;
use crate::target::ProxyVariable;

/// The variables. The lower-case spelling wins, as in curl and Node.
const VARIABLES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// Reads them; user information is kept as a secret and not shown.
pub fn read(env: &Env, vault: &mut Vault) -> Vec<ProxyVariable> {
    let exempt = either(env, "NO_PROXY").is_some_and(|list| exempts(list, Ipv4Addr::LOCALHOST.into()));
    let one = |name: &&str| {
        let value = either(env, name)?.trim();
        let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        vault.keep_url(&url);
        let url = url::Url::parse(&url).ok()?;
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        // 1080 is the port of SOCKS, and curl's default for every kind of proxy.
        let port = url.port_or_known_default().unwrap_or(1080);
        let ip =
            if host.eq_ignore_ascii_case("localhost") { Some(Ipv4Addr::LOCALHOST.into()) } else { host.parse::<IpAddr>().ok() };
        let proxy = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let address = ip.map(|ip| SocketAddr::new(ip, port));
        Some(ProxyVariable { name: (*name).to_owned(), proxy, address, takes_loopback: !exempt })
    };
    VARIABLES.iter().filter_map(one).collect()
}

fn either<'a>(env: &'a Env, name: &str) -> Option<&'a str> {
    env.get(&name.to_lowercase()).or_else(|| env.get(name))
}

/// Whether a `NO_PROXY` list exempts an address: `*`, or the address itself, with or without a port.
///
/// Ranges (`127.0.0.0/8`) do not count, because many clients (Node among them) do not honour them.
fn exempts(list: &str, address: IpAddr) -> bool {
    list.split([',', ' ']).map(str::trim).any(|entry| {
        let entry = entry.trim_start_matches("*.").trim_start_matches('.');
        let bare = entry.trim_start_matches('[').trim_end_matches(']');
        entry == "*" || bare.parse() == Ok(address) || entry.parse::<SocketAddr>().is_ok_and(|a| a.ip() == address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(vars: &[(&str, &str)]) -> Vec<(String, String, Option<String>, bool)> {
        let rows = read(&vars.iter().copied().collect(), &mut Vault::default());
        rows.into_iter().map(|p| (p.name, p.proxy, p.address.map(|a| a.to_string()), p.takes_loopback)).collect()
    }

    #[test]
    fn proxies_are_read_without_their_credentials() {
        let row = |n: &str, p: &str, a: Option<&str>| (n.to_owned(), p.to_owned(), a.map(str::to_owned), true);
        assert_eq!(
            read_all(&[
                ("HTTP_PROXY", "http://u:pw@10.0.0.1:3128/"),
                ("https_proxy", "localhost:7890"),
                ("ALL_PROXY", "socks5h://p")
            ]),
            [
                row("HTTP_PROXY", "10.0.0.1:3128", Some("10.0.0.1:3128")),
                row("HTTPS_PROXY", "localhost:7890", Some("127.0.0.1:7890")),
                row("ALL_PROXY", "p:1080", None)
            ]
        );
        assert_eq!(read_all(&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://[::1]:2")])[0].1, "[::1]:2");
        assert_eq!(read_all(&[("HTTP_PROXY", ""), ("HTTPS_PROXY", "http://")]), []);
        let mut vault = Vault::default();
        read(&[("HTTP_PROXY", "u:swordfish@gw:1")].into_iter().collect(), &mut vault);
        assert!(vault.into_secrets().iter().any(|s| s.reveal() == "swordfish"));
    }

    #[test]
    fn who_exempts_loopback() {
        for (list, exempt) in [
            ("*", true),
            ("a,127.0.0.1", true),
            ("127.0.0.1:18789", true),
            ("localhost", false),
            ("127.0.0.0/8", false),
            (".example.com, *.lan", false),
            ("", false),
        ] {
            let got = read_all(&[("HTTP_PROXY", "http://p:1"), ("NO_PROXY", list)]);
            assert_eq!(got[0].3, !exempt, "{list}");
        }
    }
}
