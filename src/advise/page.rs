//! Fills a product's template: first what stands around the configuration, as comments, then the configuration.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context};
use serde::Serialize;

use super::ask::{Ask, Hop, Listen};
use super::product::{self, Product, Way};
use super::syntax::Syntax;
use crate::complaint::Complaint;
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::record::BUILD;
use crate::shell::word;

/// What is printed, in parts.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// The product.
    pub product: String,
    /// Which hop it is.
    pub hop: &'static str,
    /// Where the configuration usually stands.
    pub file: String,
    /// The configuration.
    pub configuration: String,
    /// Commands that start the product or take the configuration over.
    pub start: Vec<String>,
    /// What belongs into openclaw.json, as JSON5; null when nothing does.
    pub gateway: Option<String>,
    /// Commands that check it.
    pub check: Vec<String>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// Why no test starts it; null when one does.
    pub untested: Option<String>,
    /// What is quoted how, and how comments begin.
    #[serde(skip)]
    pub syntax: Syntax,
}

/// Fills everything.
///
/// # Errors
/// A complaint about what the product cannot have, or about a template, which is a defect that the tests exclude.
pub fn page(product: &Product, ask: &Ask) -> Result<Page, Complaint> {
    ask.fits(product)?;
    let words = product::words()?;
    let fill = Fill { product, values: values(product, ask, &words)? };
    let gateway = product.proxy.then(|| settings(product, ask));
    let told = |lines: &[String]| {
        let lines = lines.iter().map(|line| fill.text(line, Syntax::Shell)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Complaint>(lines.into_iter().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>())
    };
    Ok(Page {
        product: product.product.clone(),
        hop: ask.hop.as_str(),
        file: fill.text(&product.file, Syntax::Shell)?,
        configuration: fill.text(product.template, product.syntax)?,
        start: told(&product.start)?,
        gateway,
        check: vec![check(product, ask)],
        notes: cautions(product, ask).into_iter().chain(told(&product.notes)?).collect(),
        untested: Some(product.untested.clone()).filter(|why| !why.is_empty()),
        syntax: product.syntax,
    })
}

/// A template engine and what fills its holes.
struct Fill<'a> {
    product: &'a Product,
    values: Value,
}

impl Fill<'_> {
    /// Every hole is written as a word of the syntax; only sentences of our own go in as they are.
    fn text(&self, template: &str, syntax: Syntax) -> Result<String, Complaint> {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        let defect = |why: Error| Complaint::new(format!("the template of {} is broken: {why:#}", self.product.product));
        let layout = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        engine.set_syntax(layout.map_err(defect)?);
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_formatter(move |out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value| write(out, value, syntax));
        engine.render_str(template, &self.values).map_err(defect)
    }
}

fn write(out: &mut Output<'_>, value: &Value, syntax: Syntax) -> Result<(), Error> {
    let broken = |why: std::fmt::Error| Error::new(ErrorKind::WriteFailure, why.to_string());
    match value.as_str() {
        _ if value.is_undefined() => Err(Error::new(ErrorKind::UndefinedError, "a hole nobody fills")),
        Some(text) if value.is_safe() => out.write_str(text).map_err(broken),
        Some(text) => match syntax.refuses(text) {
            None => out.write_str(&syntax.word(text)).map_err(broken),
            Some(bad) => Err(Error::new(ErrorKind::InvalidOperation, format!("{bad:?} cannot be written"))),
        },
        None => out.write_str(&value.to_string()).map_err(broken),
    }
}

fn values(product: &Product, ask: &Ask, words: &BTreeMap<String, String>) -> Result<Value, Complaint> {
    let listen = ask.listen(product);
    let Listen { address, port } = listen;
    let name = ask.name(product);
    let file = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.replace("NAME", name));
    let (tick, idle) = (ask.tick_ms / 1000.0, ask.idle_s());
    let told = |text: &String| {
        let text = text.replace("TICKS", &(2.0 * tick).to_string()).replace("TICK", &tick.to_string());
        Value::from_safe_string(text.replace("MEASURED", if ask.measured { "measured" } else { "the product's own" }))
    };
    let certificate = match &ask.gateway_ca {
        Some(_) => "checked",
        None if ask.on_loopback() => "near",
        None => "unchecked",
    };
    let also = words.get(certificate).map(|text| ("certificate".to_owned(), told(text)));
    let gateway = &ask.gateway;
    let unix = gateway.scheme == Scheme::Unix;
    let before: Vec<String> = ask.before.iter().map(ToString::to_string).collect();
    Ok(context! {
        outer => ask.hop == Hop::Outer,
        name => name,
        named => ask.name.is_some(),
        port => port,
        address => address.map(|a| a.to_string()),
        place => listen.to_string(),
        near => Value::from_safe_string(near(product, ask)),
        v6 => address.is_some_and(|a| a.is_ipv6()),
        tls => ask.tls(),
        given => ask.cert.is_some(),
        cert => file(&ask.cert, &product.cert),
        key => ask.key.clone().or_else(|| ask.cert.clone().filter(|_| product.key.is_empty())).unwrap_or_else(|| product.key.replace("NAME", name)),
        before => before,
        idle => idle,
        words => words.iter().map(|(key, text)| (key.clone(), told(text))).chain(also).collect::<BTreeMap<_, _>>(),
        gateway => context! {
            tls => ask.gateway_tls(),
            ca => ask.gateway_ca.clone(),
            unix => unix.then(|| gateway.host.clone()),
            host => gateway.host.clone(),
            port => gateway.port,
            authority => gateway.authority(),
            is_address => gateway.ip().is_some(),
            loopback => ask.on_loopback(),
            base_path => ask.base_path.clone(),
        },
    })
}

/// The line of openclaw.json that belongs to the product.
fn settings(product: &Product, ask: &Ask) -> String {
    let mut trusted: Vec<String> = ask.from.iter().chain(&ask.before).map(|a| Syntax::Json5.word(&a.to_string())).collect();
    let mut seen = std::collections::BTreeSet::new();
    trusted.retain(|address| seen.insert(address.clone()));
    let origin = match ask.hop {
        // A browser names the origin it loaded the page from: that is the outer hop's.
        Hop::Outer => format!(", controlUi: {{ allowedOrigins: [{}] }}", Syntax::Json5.word(&url(product, ask))),
        Hop::Inner => String::new(),
    };
    format!("{{ gateway: {{ trustedProxies: [{}]{origin} }} }}", trusted.join(", "))
}

/// Where clients find it.
fn url(product: &Product, ask: &Ask) -> String {
    let Listen { address, port } = ask.listen(product);
    let host = match (ask.hop, address) {
        (Hop::Inner, address) if ask.name.is_none() => {
            let address = address.filter(|a| !a.is_unspecified()).unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]));
            if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
        }
        _ => ask.name(product).to_owned(),
    };
    match (ask.tls(), port) {
        (true, 443) => format!("https://{host}"),
        (true, port) => format!("https://{host}:{port}"),
        (false, port) => format!("http://{host}:{port}"),
    }
}

/// What a careful person is told first: what this way to the gateway leaves open, and what the check needs.
fn cautions(product: &Product, ask: &Ask) -> Vec<String> {
    let (at, host) = (ask.gateway.authority(), &ask.gateway.host);
    let mut all = Vec::new();
    let mut say = |said: bool, text: String| all.extend(said.then_some(text));
    let ends = product.proxy && ask.gateway_tls();
    say(
        ends && ask.gateway_ca.is_none() && !ask.on_loopback(),
        format!(
            "NOT CHECKED: whatever certificate {at} shows is taken. Whoever stands between can read and change everything, tokens \
             included. Copy the gateway's certificate to the edge's machine, and name it with --gateway-ca FILE."
        ),
    );
    say(
        ends && ask.gateway_ca.is_some() && product.names,
        format!(
            "{} takes only a certificate that is made out to {host}. One that a gateway has made for itself names no host: give it \
             another, with gateway.tls.certPath and gateway.tls.keyPath.",
            product.title
        ),
    );
    say(
        ask.gateway.scheme == Scheme::Ws && matches!(ask.gateway.class(), AddressClass::Private | AddressClass::Name),
        format!(
            "PLAIN TEXT: whoever is on the way to {at} can read the token. Let that be a network of yours alone, or switch on \
             gateway.tls and name the gateway as wss://."
        ),
    );
    say(
        ask.gateway_tls() && ask.pin.is_none(),
        "HEX below is the fingerprint of the gateway's certificate, read on its own machine: `openssl x509 -noout -fingerprint \
         -sha256 -in ~/.openclaw/gateway/tls/gateway-cert.pem`. Where the certificate convinces by itself, leave --pin out."
            .to_owned(),
    );
    all
}

/// The command that compares what was set up with the gateway itself. The gateway's own certificate convinces only by its pin.
fn check(product: &Product, ask: &Ask) -> String {
    let pin = |path: &str| match &ask.pin {
        _ if !ask.gateway_tls() => String::new(),
        Some(pin) => format!(" --pin {path}sha256:{pin}"),
        None => format!(" --pin {path}sha256:HEX"),
    };
    match product.way {
        Way::Tunnel => format!("clawprobe run edge --tunnel {}{}", word(&near(product, ask)), pin("")),
        Way::Edge => {
            let (gateway, edge) = (word(&ask.gateway.to_string()), word(&url(product, ask)));
            format!("clawprobe run edge --gateway {gateway}{} --edge {edge}", pin("gateway="))
        }
    }
}

/// The near end of a tunnel as clients write it: made of a scheme, an address and a port, nothing of which is anybody's words.
fn near(product: &Product, ask: &Ask) -> String {
    let Listen { address, port } = ask.listen(product);
    let address = address.unwrap_or(std::net::IpAddr::from([127, 0, 0, 1]));
    let scheme = if ask.gateway_tls() { "wss" } else { "ws" };
    format!("{scheme}://{}", std::net::SocketAddr::new(address, port))
}

impl Page {
    /// One text that is a whole configuration file: what stands around the configuration is written as comments.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{BUILD} advises: {}", self.file)];
        if let Some(why) = &self.untested {
            lines.push(format!("Untested: {why}"));
        }
        let mut part = |heading: &str, inner: &[String], indent: &str| {
            if !inner.is_empty() {
                lines.push(String::new());
                lines.extend(Some(heading.to_owned()).filter(|h| !h.is_empty()));
                lines.extend(inner.iter().flat_map(|text| wrap(text, indent)));
            }
        };
        let gateway: Vec<String> = self.gateway.iter().cloned().collect();
        part("", &self.notes, "");
        part("The gateway's openclaw.json needs:", &gateway, "  ");
        part("Then:", &self.start, "  ");
        part("Check it:", &self.check, "  ");
        let comment = self.syntax.comment();
        let head: String = lines.iter().map(|line| format!("{comment} {line}").trim_end().to_owned() + "\n").collect();
        format!("{head}\n{}", self.configuration)
    }
}

/// Columns of a comment: what people read in an editor beside another window.
const WIDTH: usize = 100;

/// Sentences broken to the width; what is to be pasted, which is set in, stays on its line.
fn wrap(text: &str, indent: &str) -> Vec<String> {
    if !indent.is_empty() {
        return vec![format!("{indent}{text}")];
    }
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last] = word.to_owned();
        } else if lines[last].len() + 1 + word.len() <= WIDTH {
            lines[last] += " ";
            lines[last] += word;
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
