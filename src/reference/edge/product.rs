//! Product signatures: how an edge product dresses what it passes on, and what it says for itself. The table is data,
//! `products.toml`, and all of it was taken from the wire of the products named there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hyper::StatusCode;
use serde::Deserialize;

use crate::labels;
use crate::reference::document::filled;
use crate::reference::head::Head;

labels! {
    /// Whose signature an edge carries.
    pub enum Brand {
        Plain = "plain": "None that anybody knows.",
        Nginx = "nginx": "nginx 1.22.",
        Caddy = "caddy": "Caddy 2.6.",
        Haproxy = "haproxy": "HAProxy 2.6.",
        Apache = "apache": "Apache httpd 2.4.",
        Envoy = "envoy": "Envoy 1.40.",
        Traefik = "traefik": "Traefik 3.7.",
        Lighttpd = "lighttpd": "lighttpd 1.4.",
        Varnish = "varnish": "Varnish 7.1.",
        Cloudflare = "cloudflare": "Cloudflare.",
        CloudflareAccess = "cloudflare-access": "Cloudflare with Access, an identity proxy, before the site.",
        Oauth2Proxy = "oauth2-proxy": "oauth2-proxy, an identity proxy.",
    }
}

labels! {
    /// What an edge has to say something about, where the status is the product's own choice.
    pub enum Why {
        Refused = "refused": "The gateway refuses connections.",
        Silent = "silent": "The gateway takes too long.",
        Broken = "broken": "The gateway ends without an answer.",
        Foreign = "foreign": "The gateway speaks something else than HTTP.",
        Junk = "junk": "What the client says is no HTTP.",
        LongHead = "long-head": "The request's head is too long.",
        LongBody = "long-body": "The request's body is too long.",
        NoSite = "no-site": "No site for this host or path.",
        PlainOnTls = "plain-on-tls": "HTTP without TLS at a TLS port.",
    }
}

/// What an edge speaks for itself about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// See [`Why`].
    Why(Why),
    /// It was told to answer with this status.
    Status(u16),
}

impl From<Why> for Occasion {
    fn from(why: Why) -> Self {
        Self::Why(why)
    }
}

labels! {
    /// How header names are spelt.
    pub enum Names {
        AsSent = "as-sent": "As the gateway spelt them.",
        Lower = "lower": "In lower case.",
        Go = "go": "As Go spells them: `Sec-Websocket-Accept`.",
    }
}

/// A product. Lines with a value take the place of the gateway's of that name, or are added; lines without only give it its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// How names of what is passed on are spelt.
    names: Names,
    /// Whether lines of what is passed on are sorted by name.
    #[serde(default)]
    sorted: bool,
    /// Whether the gateway's `Keep-Alive` comes through, which is between the two of them.
    #[serde(default)]
    leaks_keep_alive: bool,
    /// Lines beside the gateway's own of the same name.
    #[serde(default)]
    adds: Vec<String>,
    /// The first lines of a plain answer.
    #[serde(default)]
    first: Vec<String>,
    /// The last lines of a plain answer.
    #[serde(default)]
    last: Vec<String>,
    /// The lines of a switch, in order.
    switch: Vec<String>,
    /// Which page it gives on which occasion.
    #[serde(default)]
    says: BTreeMap<Why, String>,
    /// What every page has, where it has nothing of its own.
    page: Page,
    /// Pages by status, or by another name that begins with the status.
    #[serde(default)]
    pages: BTreeMap<String, Page>,
}

/// A page. Texts may have holes: `{status}`, `{reason}`, `{title}`, `{date}`, `{length}`, `{host}`, `{target}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Page {
    /// The reason phrase, where it is not the usual one.
    reason: Option<String>,
    /// What the text calls it, where it is not the reason.
    title: Option<String>,
    lines: Option<Vec<String>>,
    body: Option<String>,
    /// All of it as it stands on the wire; the other fields are not looked at.
    raw: Option<String>,
}

/// What an edge says for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The head; `None` when it ends the connection without one.
    pub head: Option<Head>,
    /// The body, or all there is.
    pub body: String,
}

/// The table, read once.
static TABLE: LazyLock<Result<BTreeMap<Brand, Product>, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("products.toml")));

impl Product {
    /// The product of a name.
    ///
    /// # Panics
    /// The built-in table is broken, which a test rules out.
    pub fn of(brand: Brand) -> &'static Self {
        match &*TABLE {
            Ok(table) => &table[&brand],
            Err(why) => panic!("products.toml: {why}"),
        }
    }

    /// Dresses the head of an answer that is passed on. After a plain one the connection ends.
    pub fn dress(&self, answer: &mut Head) {
        let holes = BTreeMap::from([(String::from("date"), date())]);
        let switched = answer.status() == Some(101);
        if !switched {
            answer.set("Connection", "close");
            if !self.leaks_keep_alive {
                answer.remove("Keep-Alive");
            }
            for line in &self.adds {
                answer.lines.extend(parted(line, &holes));
            }
        }
        if self.sorted {
            answer.lines.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        }
        let (first, last) = if switched { (&self.switch, &Vec::new()) } else { (&self.first, &self.last) };
        let first: Vec<_> = first.iter().filter_map(|line| taken(answer, line, &holes)).collect();
        let last: Vec<_> = last.iter().filter_map(|line| taken(answer, line, &holes)).collect();
        answer.lines = first.into_iter().chain(std::mem::take(&mut answer.lines)).chain(last).collect();
        for (name, _) in &mut answer.lines {
            *name = self.names.spelt(name);
        }
    }

    /// Whether it has anything to say about this.
    pub fn says(&self, why: Why) -> bool {
        self.says.contains_key(&why)
    }

    /// What it says on an occasion; `asked` is the request, if one was read.
    pub fn page(&self, occasion: Occasion, asked: Option<&Head>) -> Said {
        let key = match occasion {
            Occasion::Status(status) => status.to_string(),
            Occasion::Why(why) => match self.says.get(&why) {
                Some(key) => key.clone(),
                None => return Said { head: None, body: String::new() },
            },
        };
        let page = self.pages.get(&key).unwrap_or(&self.page);
        if let Some(raw) = &page.raw {
            return Said { head: None, body: raw.clone() };
        }
        let status = StatusCode::from_bytes(key.get(..3).unwrap_or_default().as_bytes()).unwrap_or_default();
        let reason = page.reason.as_deref().or(status.canonical_reason()).unwrap_or_default();
        let mut holes = holes(status, reason, page.title.as_deref().unwrap_or(reason), asked);
        let body = filled(page.body.as_ref().or(self.page.body.as_ref()).map_or("", String::as_str), &holes);
        holes.insert(String::from("length"), body.len().to_string());
        let lines = page.lines.as_ref().or(self.page.lines.as_ref()).into_iter().flatten();
        let lines = lines.filter_map(|line| parted(line, &holes)).collect();
        let head = Head { first: format!("HTTP/1.1 {} {reason}", status.as_str()), lines, rest: Vec::new() };
        let silent = asked.is_some_and(|head| head.method() == "HEAD");
        Said { head: Some(head), body: if silent { String::new() } else { body } }
    }
}

/// What a page's holes are filled with, but for its length.
fn holes(status: StatusCode, reason: &str, title: &str, asked: Option<&Head>) -> BTreeMap<String, String> {
    let date = date();
    let pairs = [
        ("status", status.as_str()),
        ("reason", reason),
        ("title", title),
        ("date", date.as_str()),
        ("host", asked.and_then(|head| head.get("host")).unwrap_or("gateway.example")),
        ("target", asked.map_or("/", Head::target)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Said {
    /// As it stands on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let head = self.head.as_ref().map(Head::bytes).unwrap_or_default();
        [head.as_slice(), self.body.as_bytes()].concat()
    }
}

impl Names {
    fn spelt(self, name: &str) -> String {
        match self {
            Self::AsSent => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Go => name.split('-').map(capital).collect::<Vec<_>>().join("-"),
        }
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
    first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
}

/// Takes a line out of a head: with the value of the table, or else with its own, if it is there.
fn taken(answer: &mut Head, line: &str, holes: &BTreeMap<String, String>) -> Option<(String, String)> {
    let name = line.split(": ").next()?;
    let own = answer.get(name).map(str::to_owned);
    answer.remove(name);
    parted(line, holes).or_else(|| Some((name.to_owned(), own?)))
}

/// The name and the value of a line; none for a line without a value.
fn parted(line: &str, holes: &BTreeMap<String, String>) -> Option<(String, String)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.to_owned(), filled(value, holes)))
}

/// The `Date` of now (RFC 9110, section 5.6.7).
fn date() -> String {
    let now = jiff::Timestamp::from_millisecond(crate::clock::wall_ms()).unwrap_or_default();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests;
