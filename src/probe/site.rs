//! The machine, and what the settings yielded on it.

use std::path::Path;

use super::{Ask, Done, capture, user};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::site::{CONFIG, CREDENTIAL, PROXY_VARIABLE, SETTING, SITE, System, Trusts};
use crate::facts::value::{Cell, Reason};
use crate::facts::{Row, Sheet};
use crate::own;

/// Fills `site`, `config`, `setting`, `credential` and `proxy-variable`.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let one = |table, row| {
        let mut sheet = Sheet::new(table, ask.vantage);
        sheet.push(row);
        sheet
    };
    let sheets =
        vec![one(&SITE, machine()), one(&CONFIG, config(ask)), settings(ask), one(&CREDENTIAL, credential(ask)), proxies(ask)];
    Done { sheets, succeeded: true }
}

fn machine() -> Row {
    let row = RowBuilder::new(&SITE, []).set("system", SYSTEM.as_str()).cell("capture", capture::possible());
    let me = identity();
    let row = match &me {
        Some(me) => row.set("user", user::name(me.uid)).set("privileged", me.sees_others),
        None => row,
    };
    let row = if cfg!(target_os = "linux") {
        let root = Path::new("/");
        row.set("container", own::in_container(root)).maybe("machine", own::machine(root).map(|m| m.as_str()))
    } else {
        row
    };
    row.rest(Cell::not_measured(Reason::Unsupported))
}

const SYSTEM: System = if cfg!(target_os = "linux") {
    System::Linux
} else if cfg!(target_os = "macos") {
    System::Macos
} else if cfg!(windows) {
    System::Windows
} else {
    System::Other
};

/// Who runs clawprobe.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    uid: u32,
    sees_others: bool,
}

/// Read off the process's own status, which only Linux has.
fn identity() -> Option<Identity> {
    parse_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The capability that lets a process look into those of others. Source: linux/capability.h, CAP_SYS_PTRACE.
const CAP_SYS_PTRACE: u32 = 19;

fn parse_status(text: &str) -> Option<Identity> {
    let field = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
    // Real, effective, saved and file system user.
    let uid: u32 = field("Uid:")?.split_whitespace().nth(1)?.parse().ok()?;
    let capabilities = u64::from_str_radix(field("CapEff:")?, 16).ok()?;
    Some(Identity { uid, sees_others: capabilities >> CAP_SYS_PTRACE & 1 == 1 })
}

fn config(ask: &Ask<'_>) -> Row {
    let config = &ask.target.config;
    let shown = |text: &str| ask.redactor.text(text);
    let row = RowBuilder::new(&CONFIG, [])
        .set("state", config.state.as_str())
        .set("file", shown(&config.file.display().to_string()))
        .set("source", config.source.as_str())
        .maybe("error", config.error.as_deref().map(shown))
        .set("port", config.port);
    if config.state != crate::facts::tables::site::ConfigState::Found {
        return row.rest(Cell::Absent);
    }
    row.set("tls", config.tls)
        .maybe("mode", config.mode.as_deref().map(shown))
        .maybe("bind", config.bind.as_deref().map(shown))
        .maybe("auth-mode", config.auth_mode.as_deref().map(shown))
        .maybe("base-path", config.base_path.as_deref().map(shown))
        .maybe("tailscale", config.tailscale.as_deref().map(shown))
        .set("ssh-target", config.ssh_target)
        .maybe("trusted-proxies", Some(shown(&config.trusted_proxies.join(" "))).filter(|all| !all.is_empty()))
        .set("trusts", trusts(&config.trusted_proxies).as_str())
        .maybe("allow-tailscale", config.allow_tailscale)
        .rest(Cell::Absent)
}

/// Whose headers a list of addresses and networks makes the gateway believe.
fn trusts(proxies: &[String]) -> Trusts {
    let everything = |entry: &String| entry.rsplit_once('/').is_some_and(|(_, length)| length.trim() == "0");
    match proxies {
        [] => Trusts::Nobody,
        all if all.iter().any(everything) => Trusts::Anybody,
        _ => Trusts::Some,
    }
}

fn settings(ask: &Ask<'_>) -> Sheet {
    let mut sheet = Sheet::new(&SETTING, ask.vantage);
    for setting in &ask.target.settings {
        let value = match &setting.secret {
            Some(secret) => ask.redactor.marker().placeholder(secret.reveal()),
            None => ask.redactor.text(&setting.value),
        };
        let row = RowBuilder::new(&SETTING, [setting.source.as_str().into(), setting.key.into()])
            .set("value", value)
            .set("place", setting.place.as_str());
        sheet.push(row.rest(Cell::Absent));
    }
    sheet
}

fn credential(ask: &Ask<'_>) -> Row {
    let credential = &ask.target.credential;
    let placeholder = credential.secret.as_ref().map(|s| ask.redactor.marker().placeholder(s.reveal()));
    RowBuilder::new(&CREDENTIAL, [])
        .set("state", credential.state.as_str())
        .maybe("slot", credential.slot.map(|s| s.as_str()))
        .maybe("source", credential.source.map(|s| s.as_str()))
        .maybe("place", credential.place.clone())
        .maybe("fingerprint", placeholder)
        .rest(Cell::Absent)
}

fn proxies(ask: &Ask<'_>) -> Sheet {
    let mut sheet = Sheet::new(&PROXY_VARIABLE, ask.vantage);
    for proxy in &ask.target.proxies {
        let row = RowBuilder::new(&PROXY_VARIABLE, [proxy.name.as_str().into()])
            .set("proxy", ask.redactor.text(&proxy.proxy))
            .set("takes-loopback", proxy.takes_loopback);
        sheet.push(row.rest(Cell::Absent));
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_every_address_is_anybody() {
        let of = |list: &[&str]| trusts(&list.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), Trusts::Nobody);
        assert_eq!(of(&["127.0.0.1", "10.0.0.0/8"]), Trusts::Some);
        assert_eq!(of(&["127.0.0.1", "0.0.0.0/0"]), Trusts::Anybody);
        assert_eq!(of(&["::/0"]), Trusts::Anybody);
    }

    #[test]
    fn the_status_tells_user_and_capabilities() {
        let status = |uid: &str, cap: &str| format!("Name:\tx\nUid:\t1000\t{uid}\t0\t0\nCapEff:\t{cap}\n");
        let me = |uid, sees_others| Some(Identity { uid, sees_others });
        assert_eq!(parse_status(&status("0", "000001ffffffffff")), me(0, true));
        assert_eq!(parse_status(&status("1000", "0000000000000000")), me(1000, false));
        assert_eq!(parse_status(&status("1000", "0000000000080000")), me(1000, true));
        assert_eq!(parse_status(&status("0", "00000000a80425fb")), me(0, false), "root of a container may not");
        assert_eq!(parse_status("Uid:\n"), None);
    }
}
