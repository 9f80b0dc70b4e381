//! `advise`: a configuration that is right for this gateway, or what is known of an edge that somebody else runs.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::args::{AdviceFormat, Advise};
use super::end::End;
use super::listing::{GAP, line, listing};
use super::sink;
use crate::advise::ask::{Ask, Hop, TICK_MS};
use crate::advise::name;
use crate::advise::page;
use crate::advise::product::{self, Product};
use crate::complaint::{Complaint, among};
use crate::exit::Exit;
use crate::facts::derived::derive;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::Source;
use crate::facts::value::{Value, show_ms};
use crate::own;
use crate::path::Kind;
use crate::record::read;
use crate::settings;
use crate::shelf::Shelf;
use crate::shelf::edges::{self, Edge};
use crate::shell::word;
use crate::target::{Endpoint, Way};

/// Prints the advice that was asked for.
///
/// # Errors
/// A product nobody knows, or anything the user named that cannot be used.
pub(super) fn run(flags: &Advise) -> Result<u8, End> {
    let (products, shelf) = (product::all()?, Shelf::builtin()?);
    let text = match flags.product.as_deref() {
        None => list(&products, &shelf, width()?),
        Some(typed) => match shelf.edges.iter().find(|e| e.managed && e.id.eq_ignore_ascii_case(typed) && !own(&products, typed))
        {
            Some(edge) => managed(edge, &asked(edge, flags)?, flags.format),
            None => advice(named(&products, &shelf, typed)?, flags)?,
        },
    };
    Ok(sink::print(&text).map(|()| Exit::Healthy.number())?)
}

fn width() -> Result<u16, Complaint> {
    let own = settings::own(&settings::Flags { no_overlay: true, ..settings::Flags::default() })?;
    Ok(u16::try_from(own.terminal.width).unwrap_or(u16::MAX))
}

fn own(products: &[Product], typed: &str) -> bool {
    products.iter().any(|p| p.product.eq_ignore_ascii_case(typed))
}

/// Every product: those with a configuration, then those of which only timers and needs are known.
fn list(products: &[Product], shelf: &Shelf, width: u16) -> String {
    let tried = |p: &Product| if p.untested.is_empty() { "started unedited by the tests" } else { "untested" };
    let rows = products.iter().map(|p| line(&[&p.product, &p.title, tried(p)]));
    let edges = shelf.edges.iter().filter(|e| e.managed && !own(products, &e.id));
    let rows = rows.chain(edges.map(|e| line(&[&e.id, &e.title, "untested: what to set"])));
    let table = listing(&["product", "what it is", "proof"], rows).wrapped(width, GAP);
    table + "\n`clawprobe advise PRODUCT --name HOST` prints the configuration for this gateway.\n"
}

/// The product, or a complaint that knows every name there is advice on.
fn named<'a>(products: &'a [Product], shelf: &Shelf, typed: &str) -> Result<&'a Product, Complaint> {
    product::named(products, typed).map_err(|complaint| {
        let edges = shelf.edges.iter().filter(|e| e.managed && !own(products, &e.id)).map(|e| e.id.as_str());
        let known: Vec<&str> = products.iter().map(|p| p.product.as_str()).chain(edges).collect();
        complaint.help(among(typed, known.iter().copied(), "there is advice on"))
    })
}

fn advice(product: &Product, flags: &Advise) -> Result<String, Complaint> {
    let page = page::page(product, &ask(flags)?)?;
    Ok(match flags.format {
        AdviceFormat::File => page.text(),
        AdviceFormat::Json => serde_json::to_string_pretty(&page).unwrap_or_default() + "\n",
    })
}

/// What the flags ask for: the gateway is found as a run finds it.
fn ask(flags: &Advise) -> Result<Ask, Complaint> {
    let name = flags.name.as_deref().map(|typed| name::host("--name", typed)).transpose()?;
    let settings = settings::Flags {
        gateway: flags.gateway.clone(),
        config: flags.config.clone(),
        state_dir: flags.state_dir.clone(),
        no_overlay: true,
        ..settings::Flags::default()
    };
    let target = settings::load(&settings)?.target;
    let way = target
        .ways
        .into_iter()
        .next()
        .ok_or_else(|| Complaint::new("no gateway was found").help("name it with --gateway URL"))?;
    let gateway = itself(way)?;
    rooted(&gateway, flags.gateway.as_deref())?;
    let (tick, pin) = flags.measured.as_deref().map(measured).transpose()?.unzip();
    let asked = Ask {
        hop: flags.hop,
        name,
        listen: flags.listen,
        cert: flags.cert.clone(),
        key: flags.key.clone(),
        gateway_ca: flags.gateway_ca.clone(),
        pin: pin.flatten(),
        from: flags.from.clone(),
        before: flags.before.clone(),
        base_path: target.config.base_path,
        tick_ms: tick.unwrap_or(TICK_MS),
        measured: tick.is_some(),
        gateway,
    };
    // A plain word about the address comes before one about this machine's routes.
    asked.guarded()?;
    Ok(Ask { from: if asked.from.is_empty() { from(&asked.gateway)? } else { asked.from.clone() }, ..asked })
}

/// The gateway's own address. One that was found, and is another machine's public name, is an edge and not what an edge leads to.
fn itself(way: Way) -> Result<Endpoint, Complaint> {
    let Way { kind, mut endpoint, origin, place, .. } = way;
    if origin != Source::Flag && kind == Kind::Public {
        let complaint = Complaint::new(format!("{place} names an edge ({endpoint}), not the gateway behind it"));
        return Err(complaint.help("run this on the gateway's machine, or name the gateway with --gateway URL"));
    }
    // A name of both loopback families is refused by proxies that take one address of it; an unspecified address is none to dial.
    if endpoint.host.eq_ignore_ascii_case("localhost") || endpoint.host == "0.0.0.0" {
        endpoint.host = "127.0.0.1".into();
    } else if endpoint.host == "::" {
        endpoint.host = "::1".into();
    }
    Ok(endpoint)
}

/// Whether the gateway is named without a path: what is printed leads to all of it.
fn rooted(gateway: &Endpoint, typed: Option<&str>) -> Result<(), Complaint> {
    if gateway.path == "/" {
        return Ok(());
    }
    let root = Endpoint { path: "/".into(), query: None, ..gateway.clone() };
    // A query is nobody's to read.
    let whole = typed.map_or_else(|| gateway.to_string(), str::to_owned);
    let shown = whole.split(['?', '#']).next().unwrap_or_default();
    let authority = shown.find("://").map_or(0, |at| at + "://".len());
    let path = shown[authority..].find('/').map_or(shown.len(), |at| authority + at);
    let flag = "--gateway ";
    let complaint = Complaint::new("a configuration leads to the whole gateway, not to a path of it");
    let span = flag.len() + path..flag.len() + shown.len();
    let complaint = complaint.at("command line", format!("{flag}{shown}"), span, "a path");
    Err(complaint.help(format!(
        "write --gateway {root}: every path is handed on as it comes, so that clients ask the edge for {} as well",
        gateway.path
    )))
}

/// From where an edge on this machine reaches the gateway.
fn from(gateway: &Endpoint) -> Result<Vec<IpAddr>, Complaint> {
    let loopback = gateway.scheme == Scheme::Unix || gateway.class() == crate::facts::tables::path::AddressClass::Loopback;
    if loopback {
        return Ok(vec![IpAddr::from([127, 0, 0, 1]), "::1".parse().unwrap_or(IpAddr::from([127, 0, 0, 1]))]);
    }
    let v4 = gateway.ip().is_none_or(|ip| ip.is_ipv4());
    own::address(v4).map(|address| vec![address]).ok_or_else(|| {
        Complaint::new(format!("this machine has no address from which it would reach {gateway}"))
            .help("name the edge's own address with --from ADDRESS")
    })
}

/// The longest tick interval that a recording tells of, and the gateway's certificate where it was pinned.
fn measured(file: &std::path::Path) -> Result<(f64, Option<String>), Complaint> {
    let (facts, topology) = derive(&read::open(file)?);
    let ticks = topology.paths.iter().filter_map(|p| match facts.look("connect", &p.vantage, &[], "tick-interval").get() {
        Some(Value::Ms(ms)) => Some(*ms),
        _ => None,
    });
    let fingerprint = |p: &crate::path::Path| {
        let told = |field: &str| facts.look("tls", &p.vantage, &[("purpose", "use")], field).get().map(ToString::to_string);
        told("fingerprint").filter(|_| !p.kind.has_own_certificate() && told("trust").as_deref() == Some("pinned"))
    };
    // A public recording holds a stand-in, which pins nothing.
    let pin = topology.paths.iter().find_map(fingerprint).filter(|pin| pin.bytes().all(|b| b.is_ascii_hexdigit()));
    ticks.reduce(f64::max).map(|tick| (tick, pin)).ok_or_else(|| {
        let shown = file.display().to_string();
        let complaint = Complaint::new("the recording tells no cadence: nobody got in").flag("--measured", &shown, "no hello-ok");
        complaint.help("record a run with the gateway's credential: `clawprobe preflight --save FILE`")
    })
}

/// What the gateway has to know of any edge.
const FORWARDED: &str = "If it adds X-Forwarded-For, its addresses belong into gateway.trustedProxies, and nothing else may reach \
                         the gateway; if it only hands on bytes, the gateway sees its address in the place of every client's.";

/// Why nobody can vouch for it.
const UNTESTED: &str = "Untested: somebody else runs it, and no test may ask it. Each line says where it is from.";

/// What is asked about an edge that somebody else runs: of the flags that shape a configuration none is taken.
fn asked(edge: &Edge, flags: &Advise) -> Result<Ask, Complaint> {
    let inner = (flags.hop != Hop::Outer).then(|| flags.hop.to_string());
    let refused = [
        ("--hop", inner),
        ("--before", flags.before.first().map(ToString::to_string)),
        ("--listen", flags.listen.map(|listen| listen.to_string())),
        ("--cert", flags.cert.clone()),
        ("--gateway-ca", flags.gateway_ca.clone()),
        ("--from", flags.from.first().map(ToString::to_string)),
    ];
    match refused.into_iter().find_map(|(flag, value)| Some((flag, value?))) {
        Some((flag, value)) => {
            let complaint = Complaint::new(format!("no configuration is printed for {}, which somebody else runs", edge.title));
            Err(complaint.flag(flag, &value, "not for this product"))
        }
        None => ask(flags),
    }
}

/// What is known of an edge that somebody else runs.
fn managed(edge: &Edge, ask: &Ask, format: AdviceFormat) -> String {
    let tick = show_ms(ask.tick_ms);
    let origin = |o: &edges::Origin| format!("{}: {}, {}", o.by, o.source, o.date);
    let mut lines = vec![format!("WebSocket needs: {} ({})", edge.upgrade, origin(&edge.upgrade_origin))];
    for timer in &edge.timers {
        let default = timer.default.map_or("off unless set".to_owned(), |d| show_ms(d.as_secs_f64() * 1000.0));
        let set = match timer.kind {
            edges::Kind::Idle => format!("set it above {} (two ticks of {tick}), better to an hour", show_ms(2.0 * ask.tick_ms)),
            edges::Kind::Lifetime => "it ends every connection at that age, busy or not: set it to hours".to_owned(),
        };
        lines.push(format!("{} timer, {}: {default} by default; {set} ({})", timer.kind, timer.setting, origin(&timer.origin)));
    }
    if edge.timers.is_empty() {
        lines.push("Timers: none is known that ends an upgraded connection.".to_owned());
    }
    for (what, limit) in [("Headers", &edge.header_limit), ("Bodies", &edge.body_limit)] {
        lines.extend(limit.iter().map(|l| format!("{what}: up to {} bytes, {} ({})", l.bytes, l.setting, origin(&l.origin))));
    }
    lines.push(match &edge.clients {
        Some(clients) => format!("Clients: {} ({})", clients.seen, origin(&clients.origin)),
        None => FORWARDED.to_owned(),
    });
    let name = ask.name.as_deref().unwrap_or("gateway.example");
    lines.push(format!("Check it: clawprobe run edge --gateway {} --edge https://{name}", word(&ask.gateway.to_string())));
    match format {
        AdviceFormat::Json => {
            let value = serde_json::json!({"product": edge.id, "title": edge.title, "untested": UNTESTED, "notes": lines});
            serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
        }
        AdviceFormat::File => lines.iter().fold(format!("{}\n{UNTESTED}\n\n", edge.title), |mut out, line| {
            let _ = writeln!(out, "- {line}");
            out
        }),
    }
}
