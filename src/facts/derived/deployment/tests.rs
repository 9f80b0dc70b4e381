use super::*;
use crate::facts::schema;
use crate::facts::tables::{http::HTTP, listener::LISTENER, path::PATH, site::CONFIG, site::SITE, tcp::TCP};
use crate::facts::value::Reason;

/// A world to judge: one site, `here`, unless more are added.
struct World {
    facts: Facts,
    topology: Topology,
}

fn site(name: &str, role: Role) -> Site {
    Site { name: name.into(), role }
}

impl World {
    fn new(role: Role) -> Self {
        Self { facts: Facts::default(), topology: Topology { sites: vec![site("here", role)], paths: Vec::new() } }
    }

    fn with(mut self, table: &'static schema::Table, at: Vantage, keys: Vec<Value>, cells: Vec<(&str, Value)>) -> Self {
        let row = cells.into_iter().fold(RowBuilder::new(table, keys), |row, (field, value)| match table.field(field) {
            Some(f) if f.derived => row,
            _ => row.set(field, value),
        });
        let mut sheet = Sheet::new(table, &at);
        sheet.push(row.rest(Cell::Absent));
        self.facts.add(sheet);
        self
    }

    fn machine(self, at: &str, machine: &str, system: &str, container: bool) -> Self {
        let cells = vec![("machine", machine.into()), ("system", system.into()), ("container", container.into())];
        self.with(&SITE, Vantage::site(at), vec![], cells)
    }

    /// A configuration that speaks for the gateway, or for another.
    fn config(mut self, applies: bool, cells: Vec<(&str, Value)>) -> Self {
        self = self.with(&CONFIG, Vantage::site("here"), vec![], cells);
        for sheet in self.facts.sheets_mut().filter(|sheet| sheet.table == "config") {
            sheet.rows.iter_mut().for_each(|row| row.put("applies", Cell::value(applies)));
        }
        self
    }

    fn listener(self, address: &str, port: i64, class: &str, owner: &str) -> Self {
        let reach = if address == "0.0.0.0" {
            "wildcard"
        } else if class == "loopback" {
            "loopback"
        } else {
            "address"
        };
        let mut cells: Vec<(&str, Value)> = vec![("dialled", true.into()), ("reach", reach.into()), ("owner", owner.into())];
        if reach != "wildcard" {
            cells.push(("class", class.into()));
        }
        self.with(&LISTENER, Vantage::site("here"), vec![address.into(), Value::Int(port)], cells)
    }

    fn path(mut self, name: &str, kind: Kind, class: Class, host: &str, port: i64) -> Self {
        let vantage = Vantage::path("here", name);
        self.topology.paths.push(Path { vantage: vantage.clone(), kind, class, rides_on: Vec::new() });
        self.with(&PATH, vantage, vec![], vec![("host", host.into()), ("port", Value::Int(port)), ("scheme", "wss".into())])
    }

    fn product(self, path: &str, product: &str) -> Self {
        let keys = vec!["health".into(), "named".into()];
        self.with(&HTTP, Vantage::path("here", path), keys, vec![("product", product.into())])
    }

    fn address(self, path: &str, address: &str) -> Self {
        let keys = vec![address.into(), Value::Int(443)];
        self.with(&TCP, Vantage::path("here", path), keys, vec![("named", true.into()), ("connected", "accepted".into())])
    }

    /// Mode, Tailscale mode, and the pattern of each path.
    fn told(mut self) -> (String, String, Vec<String>) {
        settle(&mut self.facts, &self.topology);
        let at = Vantage::site("here");
        let text =
            |table: &str, at: &Vantage, field: &str| self.facts.look(table, at, &[], field).text().unwrap_or("?").to_owned();
        let patterns = self.topology.paths.iter().map(|p| text("path", &p.vantage, "pattern")).collect();
        (text("deployment", &at, "mode"), text("deployment", &at, "tailscale"), patterns)
    }

    fn mode(self) -> String {
        self.told().0
    }

    fn tailscale(self) -> String {
        self.told().1
    }

    fn pattern(self) -> String {
        self.told().2.remove(0)
    }
}

#[test]
fn without_facts_nothing_is_guessed() {
    for role in [Role::GatewayHost, Role::Client, Role::Unknown] {
        let world = World::new(role).path("edge", Kind::Edge, Class::Edge, "claw.example", 443);
        let (mode, tailscale, patterns) = world.path("tunnel", Kind::Tunnel, Class::Edge, "127.0.0.1", 1).told();
        assert_eq!((mode.as_str(), tailscale.as_str()), ("unknown", "unknown"));
        assert_eq!(patterns, ["unknown", "unknown"]);
    }
    let mut unmeasured = World::new(Role::GatewayHost);
    for table in [&SITE, &CONFIG, &LISTENER] {
        let mut sheet = Sheet::new(table, &Vantage::site("here"));
        sheet.state = SheetState::NotMeasured(Reason::NotPermitted.into());
        unmeasured.facts.add(sheet);
    }
    assert_eq!(unmeasured.told(), ("unknown".into(), "unknown".into(), Vec::new()));
}

#[test]
fn the_gateways_own_machine_tells_the_mode() {
    let at = |role: Role, machine: &str, container: bool| World::new(role).machine("here", machine, "linux", container).mode();
    assert_eq!(at(Role::GatewayHost, "server", true), "always-on-host");
    assert_eq!(at(Role::GatewayHost, "virtual", false), "always-on-host");
    assert_eq!(at(Role::GatewayHost, "virtual", true), "unknown", "the machine below may be a laptop");
    assert_eq!(at(Role::GatewayHost, "laptop", false), "laptop-gateway");
    assert_eq!(at(Role::GatewayHost, "desktop", false), "unknown", "it may be an always-on host as well");
    for machine in ["server", "virtual", "laptop", "desktop"] {
        assert_eq!(at(Role::Client, machine, false), "unknown", "a client's machine does not tell of the gateway's");
    }
}

#[test]
fn a_desktop_and_a_laptop_that_uses_it_are_told_from_both_ends() {
    let joined = |desktop: &str, here: Role, there: Role| {
        let mut world = World::new(here).machine("here", desktop, "linux", false).machine("other", "laptop", "linux", false);
        world.topology.sites.push(site("other", there));
        world.mode()
    };
    assert_eq!(joined("desktop", Role::GatewayHost, Role::Client), "desktop-remote-laptop");
    assert_eq!(joined("desktop", Role::GatewayHost, Role::Unknown), "unknown");
    // Seen from a client, the other site being the gateway's machine.
    assert_eq!(joined("desktop", Role::Client, Role::GatewayHost), "laptop-gateway");
}

#[test]
fn the_macos_apps_tunnel_is_told_by_all_of_its_marks() {
    let remote = || vec![("mode", Value::from("remote")), ("ssh-target", true.into())];
    let world = |system: &str, config: Vec<(&str, Value)>, owner: &str| {
        World::new(Role::Unknown)
            .machine("here", "laptop", system, false)
            .config(false, config)
            .listener("127.0.0.1", 18789, "loopback", owner)
            .path("local", Kind::Local, Class::Edge, "127.0.0.1", 18789)
    };
    assert_eq!(world("macos", remote(), "ssh").mode(), "desktop-remote-laptop");
    assert_eq!(world("linux", remote(), "ssh").mode(), "unknown");
    assert_eq!(world("macos", remote(), "other").mode(), "unknown");
    assert_eq!(world("macos", vec![("mode", "remote".into()), ("ssh-target", false.into())], "ssh").mode(), "unknown");
    assert_eq!(world("macos", vec![("mode", "local".into()), ("ssh-target", true.into())], "ssh").mode(), "unknown");
    assert_eq!(world("macos", remote(), "ssh").pattern(), "ssh");
}

#[test]
fn tailscale_is_told_by_the_file_that_speaks_for_the_gateway() {
    let world = |applies: bool, cells: Vec<(&str, Value)>| {
        World::new(Role::GatewayHost).config(applies, cells).listener("127.0.0.1", 18789, "loopback", "gateway")
    };
    let mode = |mode: &str| vec![("tailscale", Value::from(mode))];
    assert_eq!(world(true, mode("serve")).tailscale(), "serve");
    assert_eq!(world(true, mode("funnel")).tailscale(), "funnel");
    assert_eq!(world(true, mode("off")).tailscale(), "off");
    assert_eq!(world(true, Vec::new()).tailscale(), "off", "the product's default");
    assert_eq!(world(false, mode("serve")).tailscale(), "unknown", "another gateway's file");
    assert_eq!(world(true, mode("surprise")).tailscale(), "unknown");
    assert_eq!(World::new(Role::GatewayHost).config(true, mode("off")).tailscale(), "unknown", "nobody looked who listens");
}

#[test]
fn a_listener_at_the_tailnet_address_is_a_direct_bind() {
    let world = |role: Role| {
        World::new(role).listener("100.64.0.1", 18789, "tailnet", "gateway").path(
            "tailnet",
            Kind::Tailnet,
            Class::Direct,
            "100.64.0.1",
            18789,
        )
    };
    let (_, tailscale, patterns) = world(Role::GatewayHost).told();
    assert_eq!((tailscale.as_str(), patterns[0].as_str()), ("direct-bind", "tailnet-bind"));
    let (_, tailscale, patterns) = world(Role::Client).told();
    assert_eq!(
        (tailscale.as_str(), patterns[0].as_str()),
        ("unknown", "unknown"),
        "a client's own listener is not the gateway's"
    );
}

#[test]
fn paths_show_their_patterns() {
    let edge = |host: &str| World::new(Role::Client).path("edge", Kind::Edge, Class::Edge, host, 443);
    assert_eq!(edge("claw.example").product("edge", "nginx").pattern(), "first-party-proxy");
    assert_eq!(edge("claw.example").product("edge", "unknown").pattern(), "first-party-proxy");
    assert_eq!(edge("claw.example").product("edge", "cloudflare").pattern(), "unknown", "before a tunnel or before a proxy");
    assert_eq!(edge("x.trycloudflare.com").product("edge", "cloudflare").pattern(), "cloudflare-tunnel");
    assert_eq!(World::new(Role::Client).path("serve", Kind::Serve, Class::Edge, "gw", 443).pattern(), "serve");
    assert_eq!(World::new(Role::Client).path("funnel", Kind::Funnel, Class::Edge, "gw", 443).tailscale(), "funnel");
    assert_eq!(World::new(Role::GatewayHost).path("local", Kind::Local, Class::Direct, "::1", 1).pattern(), "none");
    assert_eq!(World::new(Role::Unknown).path("local", Kind::Local, Class::Direct, "::1", 1).pattern(), "unknown");
}

#[test]
fn a_name_of_a_tailnet_is_told_by_where_it_leads() {
    let edge = |address: &str| {
        World::new(Role::GatewayHost).path("edge", Kind::Edge, Class::Edge, "gw.tail1.ts.net", 443).address("edge", address)
    };
    let serve = || vec![("tailscale", Value::from("serve"))];
    assert_eq!(edge("203.0.113.9").pattern(), "funnel");
    assert_eq!(edge("100.64.0.9").config(true, serve()).pattern(), "serve");
    assert_eq!(edge("100.64.0.9").pattern(), "unknown", "any server of the tailnet may have that name");
    assert_eq!(edge("100.64.0.9").config(false, serve()).pattern(), "unknown");
}

#[test]
fn a_wildcard_is_a_public_bind_outside_of_containers() {
    let world = |container: bool, address: &str, class: &str| {
        World::new(Role::GatewayHost)
            .machine("here", "server", "linux", container)
            .listener(address, 18789, class, "gateway")
            .path("lan", Kind::Lan, Class::Direct, "192.168.1.5", 18789)
    };
    assert_eq!(world(false, "0.0.0.0", "").pattern(), "public-bind");
    assert_eq!(world(true, "0.0.0.0", "").pattern(), "unknown");
    assert_eq!(world(false, "192.168.1.5", "private").pattern(), "unknown");
}

#[test]
fn a_tunnel_is_sshs_where_its_near_end_is() {
    let world = |owner: &str, port: i64| {
        World::new(Role::Client).listener("127.0.0.1", port, "loopback", owner).path(
            "tunnel",
            Kind::Tunnel,
            Class::Edge,
            "127.0.0.1",
            18790,
        )
    };
    assert_eq!(world("ssh", 18790).pattern(), "ssh");
    assert_eq!(world("other", 18790).pattern(), "unknown");
    assert_eq!(world("ssh", 18791).pattern(), "unknown");
}
