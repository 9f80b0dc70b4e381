//! Deployment mode, Tailscale mode, and the pattern of each path: from facts alone, and `unknown` where they do not tell.

use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::deployment::{DEPLOYMENT, Mode, Pattern, Tailscale};
use crate::facts::tables::path::AddressClass;
use crate::facts::value::{Cell, Value};
use crate::path::{Class, Kind, Path, Role, Site, Topology, Vantage};

/// Writes `path.pattern` and `deployment`.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let pattern = pattern(facts, topology, path);
        let Some(mut sheet) = facts.take("path", Some(&path.vantage)) else { continue };
        sheet.rows.iter_mut().for_each(|row| row.put("pattern", Cell::value(pattern.as_str())));
        facts.add(sheet);
    }
    for site in &topology.sites {
        let at = Vantage::site(&site.name);
        let row = RowBuilder::new(&DEPLOYMENT, [])
            .set("mode", mode(facts, topology, site).as_str())
            .set("tailscale", tailscale(facts, topology, site).as_str());
        facts.add(Sheet { rows: vec![row.rest(Cell::Absent)], ..Sheet::new(&DEPLOYMENT, &at) });
    }
}

fn truth(cell: &Cell) -> Option<bool> {
    match cell.get() {
        Some(Value::Bool(truth)) => Some(*truth),
        _ => None,
    }
}

/// The listening sockets that a path may dial, and whether they are all there are.
fn listeners<'a>(facts: &'a Facts, site: &str) -> (Vec<&'a Row>, bool) {
    let (rows, state) = facts.rows("listener", Some(&Vantage::site(site)));
    let ours = |row: &&Row| ["dialled", "configured"].iter().any(|f| row.cell(f).and_then(truth_of) == Some(true));
    (rows.iter().filter(ours).collect(), state == SheetState::Complete)
}

fn truth_of(cell: &Cell) -> Option<bool> {
    truth(cell)
}

fn pattern(facts: &Facts, topology: &Topology, path: &Path) -> Pattern {
    let hosts = topology.site(&path.vantage.site).is_some_and(|site| site.role == Role::GatewayHost);
    let bound = |fits: &dyn Fn(&Row) -> bool| hosts && listeners(facts, &path.vantage.site).0.iter().any(|row| fits(row));
    let is = |row: &Row, field: &str, word: &str| row.cell(field).is_some_and(|cell| cell.is(word));
    match (path.kind, path.class) {
        (Kind::Serve, _) => Pattern::Serve,
        (Kind::Funnel, _) => Pattern::Funnel,
        (Kind::Local, Class::Direct) if hosts => Pattern::None,
        (Kind::Local, Class::Edge) => Pattern::Ssh,
        (Kind::Tunnel, _) if forwarded_by_ssh(facts, path) => Pattern::Ssh,
        (Kind::Tailnet, _) if bound(&|row| is(row, "class", AddressClass::Tailnet.as_str())) => Pattern::TailnetBind,
        (Kind::Lan | Kind::Public, _) if bound(&|row| wide(facts, path, row)) => Pattern::PublicBind,
        (Kind::Edge | Kind::Public, _) => edge(facts, topology, path),
        _ => Pattern::Unknown,
    }
}

/// Whether a gateway's socket listens to the network, and not only inside a container, whose port may be published to loopback.
fn wide(facts: &Facts, path: &Path, row: &Row) -> bool {
    let container = truth(&facts.look("site", &path.vantage.at_site(), &[], "container"));
    container == Some(false) && row.cell("reach").is_some_and(|reach| reach.is("wildcard"))
}

/// Whether the near end of a tunnel belongs to `ssh`.
fn forwarded_by_ssh(facts: &Facts, path: &Path) -> bool {
    let port = facts.look("path", &path.vantage, &[], "port");
    let (rows, _) = facts.rows("listener", Some(&path.vantage.at_site()));
    rows.iter().any(|row| row.key("port") == port.get() && row.cell("owner").is_some_and(|owner| owner.is("ssh")))
}

/// Endings of names that are tunnels and nothing else. Source: Cloudflare manual, TryCloudflare and tunnel DNS records.
const TUNNEL_SUFFIXES: &[&str] = &[".trycloudflare.com", ".cfargotunnel.com"];

/// What stands in front, by what shows on the wire and by the name.
fn edge(facts: &Facts, topology: &Topology, path: &Path) -> Pattern {
    let host =
        facts.look("path", &path.vantage, &[], "host").text().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    if host.ends_with(".ts.net") {
        return tailscale_name(facts, topology, path);
    }
    if TUNNEL_SUFFIXES.iter().any(|suffix| host.ends_with(suffix)) {
        return Pattern::CloudflareTunnel;
    }
    let told = ["upgrade", "http"].into_iter().flat_map(|table| facts.rows(table, Some(&path.vantage)).0);
    match told.filter_map(|row| row.cell("product")?.text()).next() {
        // Its edge looks the same before a tunnel and before a proxy of one's own.
        Some("cloudflare") | None => Pattern::Unknown,
        Some(_) => Pattern::FirstPartyProxy,
    }
}

/// A name of a tailnet that resolves to public addresses is Funnel's; one that resolves into the tailnet is Serve's where the
/// gateway's settings say so, and may be any other server's elsewhere.
fn tailscale_name(facts: &Facts, topology: &Topology, path: &Path) -> Pattern {
    let (rows, _) = facts.rows("tcp", Some(&path.vantage));
    let classes = rows.iter().filter_map(|row| row.key("address")?.to_string().parse().ok()).map(AddressClass::of);
    let classes: Vec<AddressClass> = classes.collect();
    let managed = |mode: &str| topology.sites.iter().any(|site| configured(facts, &site.name) == Some(mode.to_owned()));
    if classes.contains(&AddressClass::Public) {
        Pattern::Funnel
    } else if classes.contains(&AddressClass::Tailnet) && (managed("serve") || managed("funnel")) {
        Pattern::Serve
    } else {
        Pattern::Unknown
    }
}

/// `gateway.tailscale.mode` of the gateway that is asked, `off` where its file does not say.
fn configured(facts: &Facts, site: &str) -> Option<String> {
    let look = |field: &str| facts.look("config", &Vantage::site(site), &[], field);
    if truth(&look("applies")) != Some(true) {
        return None;
    }
    match look("tailscale") {
        Cell::Value { value } => value.as_text().map(str::to_owned),
        Cell::Absent => Some("off".to_owned()),
        Cell::NotMeasured(_) => None,
    }
}

fn tailscale(facts: &Facts, topology: &Topology, site: &Site) -> Tailscale {
    let (listening, all) = listeners(facts, &site.name);
    let at_tailnet = listening.iter().any(|row| row.cell("class").is_some_and(|c| c.is(AddressClass::Tailnet.as_str())));
    let patterns: Vec<Cell> = topology.paths.iter().map(|p| facts.look("path", &p.vantage, &[], "pattern")).collect();
    let seen = |pattern: Pattern| patterns.iter().any(|cell| cell.is(pattern.as_str()));
    match configured(facts, &site.name).as_deref() {
        Some("serve") => Tailscale::Serve,
        Some("funnel") => Tailscale::Funnel,
        _ if site.role == Role::GatewayHost && at_tailnet => Tailscale::DirectBind,
        _ if seen(Pattern::Funnel) => Tailscale::Funnel,
        _ if seen(Pattern::Serve) => Tailscale::Serve,
        Some("off") if all => Tailscale::Off,
        _ => Tailscale::Unknown,
    }
}

fn mode(facts: &Facts, topology: &Topology, site: &Site) -> Mode {
    let own = hosted(facts, topology, site);
    let others = topology.sites.iter().filter(|other| other.name != site.name && site.role != Role::GatewayHost);
    let told = [own].into_iter().chain(others.map(|other| hosted(facts, topology, other)));
    match told.flatten().next() {
        Some(mode) => mode,
        None if site.role != Role::GatewayHost && app_tunnel(facts, topology, site) => Mode::DesktopRemoteLaptop,
        None => Mode::Unknown,
    }
}

/// What the gateway's own machine tells.
fn hosted(facts: &Facts, topology: &Topology, site: &Site) -> Option<Mode> {
    let look = |site: &Site, field: &str| facts.look("site", &Vantage::site(&site.name), &[], field);
    if site.role != Role::GatewayHost {
        return None;
    }
    let laptop = |other: &Site| other.role == Role::Client && look(other, "machine").is("laptop");
    // A container tells nothing of the machine it runs on: that may be a laptop's virtual machine.
    let contained = truth(&look(site, "container")) == Some(true);
    match look(site, "machine").text()? {
        "laptop" => Some(Mode::LaptopGateway),
        "server" => Some(Mode::AlwaysOnHost),
        "virtual" if !contained => Some(Mode::AlwaysOnHost),
        "desktop" if topology.sites.iter().any(laptop) => Some(Mode::DesktopRemoteLaptop),
        _ => None,
    }
}

/// Whether the macOS app keeps a tunnel here: the settings are in remote mode and name the machine it logs in at, and a loopback
/// port leads away.
fn app_tunnel(facts: &Facts, topology: &Topology, site: &Site) -> bool {
    let at = Vantage::site(&site.name);
    let config = |field: &str| facts.look("config", &at, &[], field);
    let near = |path: &Path| matches!(path.kind, Kind::Local | Kind::Tunnel) && path.class == Class::Edge;
    facts.look("site", &at, &[], "system").is("macos")
        && config("mode").is("remote")
        && truth(&config("ssh-target")) == Some(true)
        && topology.paths.iter().any(|path| path.vantage.site == site.name && near(path) && forwarded_by_ssh(facts, path))
}

#[cfg(test)]
mod tests;
