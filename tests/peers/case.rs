//! Cases: a style or a mistake, on every product that has it. Each file of `tests/edges/cases` is a scenario per product.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::product::{Product, files};
use crate::scenario::{Expect, Peer, Run, Scenario};

/// The variable that repeats what was drawn at random.
const SEED: &str = "CLAWPROBE_SEED";

/// One file: what is done to an edge, and what must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// One sentence.
    summary: String,
    /// The line of the README's table it stands in; `right` for right configurations.
    row: String,
    /// Variants of the outermost product; the case is one for every product that has them all.
    #[serde(default)]
    with: Vec<String>,
    /// These products only.
    #[serde(default)]
    only: Vec<String>,
    /// Not these products.
    #[serde(default)]
    not: Vec<String>,
    /// The kind of certificate the edge shows; plain text without.
    tls: Option<String>,
    /// The gateway's configuration.
    #[serde(default = "trusted")]
    gateway: String,
    /// The direct path of the run on the gateway's host.
    #[serde(default = "direct")]
    direct: String,
    /// Where the innermost hop leads to, if not to the gateway.
    upstream: Option<String>,
    /// What the client asks for below the edge.
    #[serde(default)]
    path: String,
    /// The scheme it asks by; that of the edge without.
    scheme: Option<String>,
    /// The matrix.
    #[serde(default = "preflight")]
    matrix: String,
    /// More arguments.
    #[serde(default)]
    args: Vec<String>,
    /// The flag that names the way: `--edge` or `--tunnel`.
    by: Option<String>,
    /// Settings that are drawn at random: `"3..20"`, `"word"`, or one of `"this|that"`.
    #[serde(default)]
    draw: BTreeMap<String, String>,
    /// Other peers.
    #[serde(default)]
    peer: Vec<Peer>,
    /// `edge`, or `wait` where next to nothing is done but wait, or `quiet` where that is done at a gateway of its own.
    #[serde(default = "lane")]
    lane: String,
    /// Variants of what always stands behind the product.
    #[serde(default)]
    behind_with: Vec<String>,
    /// From where it is asked: `here` is the gateway's own host, `client` another machine.
    #[serde(default = "both")]
    from: Vec<String>,
    /// Without what always stands behind the product.
    #[serde(default)]
    alone: bool,
    /// Edges behind the outermost one, from the outside in.
    #[serde(default)]
    hop: Vec<Hop>,
    /// A bare socket waits at the edge beside the run: see `{bare}`.
    #[serde(default)]
    bare: bool,
    /// What must come out.
    #[serde(default)]
    expect: Outcome,
    /// What must come out from the client's own machine, where the direct path is not there to compare with.
    client: Option<Outcome>,
    /// What must come out for a product that does it in another way.
    #[serde(default)]
    on: BTreeMap<String, Outcome>,
    /// The same for the client.
    #[serde(default)]
    on_client: BTreeMap<String, Outcome>,
    /// What comes out depends on what is drawn: the case once for each of these, in the place of its own draws and outcomes.
    #[serde(default)]
    band: Vec<Band>,
}

/// A part of what may be drawn, within which the same comes out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Band {
    /// What the case is called in it: `CASE-NAME`.
    name: String,
    row: Option<String>,
    /// Products that it leaves out.
    #[serde(default)]
    not: Vec<String>,
    draw: BTreeMap<String, String>,
    #[serde(default)]
    expect: Outcome,
    #[serde(default)]
    on: BTreeMap<String, Outcome>,
}

/// An edge behind another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Hop {
    product: String,
    #[serde(default)]
    with: Vec<String>,
    tls: Option<String>,
}

/// Codes of roots and of what folds; `CODE` alone is one about the edge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Outcome {
    roots: Vec<String>,
    folded: Vec<String>,
    undecided: Vec<String>,
    certainty: Option<String>,
    exit: Option<i32>,
    facts: BTreeMap<String, toml::Value>,
    /// Drawn from elsewhere: where the product's timers are longer than they are set.
    draw: BTreeMap<String, String>,
    /// In another line of the README's table.
    row: Option<String>,
}

fn trusted() -> String {
    "trusted".into()
}

fn both() -> Vec<String> {
    vec!["here".into(), "client".into()]
}

fn lane() -> String {
    "edge".into()
}

fn direct() -> String {
    "ws://127.0.0.1:{gw.port}".into()
}

fn preflight() -> String {
    "preflight".into()
}

/// A case on a product: a scenario, and its place in the README's table.
#[derive(Debug, Clone)]
pub struct Played {
    /// The product.
    pub product: String,
    /// The line of the table.
    pub row: String,
    /// The scenario; its name is `PRODUCT::CASE`.
    pub scenario: Scenario,
}

impl Played {
    /// The case's name.
    pub fn name(&self) -> &str {
        self.scenario.name.rsplit("::").next().unwrap_or_default()
    }
}

/// Every case on every product that has it.
pub fn load_all(products: &[Product]) -> Result<Vec<Played>, String> {
    let mut all = Vec::new();
    for (name, text) in files("cases")? {
        let case: Case = toml::from_str(&text).map_err(|e| format!("case {name}: {e}"))?;
        for (name, case) in case.bands(&name) {
            for product in products.iter().filter(|product| case.fits(product)) {
                let other = case.on.get(&product.name).and_then(|outcome| outcome.row.clone());
                all.push(Played {
                    product: product.name.clone(),
                    row: other.unwrap_or_else(|| case.row.clone()),
                    scenario: case.scenario(product, products, &name)?,
                });
            }
        }
    }
    Ok(all)
}

impl Case {
    /// The case by each of its bands; without any, the case itself.
    fn bands(&self, name: &str) -> Vec<(String, Self)> {
        let within = |band: &Band| {
            let (row, draw) = (band.row.clone().unwrap_or_else(|| self.row.clone()), band.draw.clone());
            let case = Self {
                row,
                draw,
                not: [&self.not[..], &band.not].concat(),
                expect: band.expect.clone(),
                on: band.on.clone(),
                ..self.clone()
            };
            (format!("{name}-{}", band.name), case)
        };
        if self.band.is_empty() { vec![(name.to_owned(), self.clone())] } else { self.band.iter().map(within).collect() }
    }

    fn fits(&self, product: &Product) -> bool {
        let named = self.only.contains(&product.name);
        let shut_out = self.not.contains(&product.name) || !self.only.is_empty() && !named;
        // A product that is there for others (`sshd`) has no cases of its own.
        !shut_out && !product.inner && self.variants().iter().all(|v| product.variant.contains_key(v))
    }

    fn way<'a>(&'a self, product: &'a Product) -> &'a str {
        self.by.as_deref().or(product.by.as_deref()).unwrap_or("edge")
    }

    fn variants(&self) -> Vec<String> {
        let tls = (self.tls.is_some() && !self.with.iter().any(|v| v.starts_with("h2"))).then(|| String::from("tls"));
        tls.into_iter().chain(self.with.clone()).collect()
    }

    fn scenario(&self, product: &Product, products: &[Product], name: &str) -> Result<Scenario, String> {
        let full = format!("{}::{name}", product.name);
        // A wall stands before the port of what is there already.
        let (walls, mut peer): (Vec<Peer>, _) = self.peer.clone().into_iter().partition(|peer| peer.kind == "wall");
        peer.extend(self.hops(product, products)?);
        peer.extend(walls);
        let mut draw = self.draw.clone();
        draw.extend(self.on.get(&product.name).map(|outcome| outcome.draw.clone()).unwrap_or_default());
        Ok(Scenario {
            draw: draw.iter().map(|(key, how)| Ok((key.clone(), drawn(&full, key, how)?))).collect::<Result<_, String>>()?,
            summary: self.summary.clone(),
            lane: self.lane.clone(),
            gateway: BTreeMap::from([(String::from("gw"), self.gateway.clone())]),
            peer,
            fault: BTreeMap::new(),
            real_only: Some(String::from("it is about the edge")),
            file: BTreeMap::new(),
            // What runs at the client is there for the client alone.
            run: self
                .from
                .iter()
                .filter(|from| product.at != "client" || *from == "client")
                .map(|from| self.run(product, from))
                .collect(),
            two_hosts: true,
            name: full,
        })
    }

    /// The edges, from the inside out: each leads to the one before it.
    fn hops(&self, product: &Product, products: &[Product]) -> Result<Vec<Peer>, String> {
        let find = |name: &String| products.iter().find(|p| p.name == *name).ok_or_else(|| format!("no product `{name}`"));
        let mut to = self.upstream.clone().unwrap_or_else(|| String::from("127.0.0.1:{gw.port}"));
        let mut peers = Vec::new();
        let behind = product.behind.iter().filter(|_| !self.alone);
        let behind = behind.map(|name| Hop {
            product: name.clone(),
            with: [&product.behind_with[..], &self.behind_with].concat(),
            tls: None,
        });
        let inner: Vec<Hop> = behind.chain(self.hop.clone()).collect();
        for (depth, hop) in inner.iter().enumerate().rev() {
            let name = format!("hop-{depth}");
            let product = find(&hop.product)?;
            let peer = stand(&name, product, hop.with.clone(), hop.tls.clone(), &to);
            to = if product.relays { to } else { format!("127.0.0.1:{{{name}.port}}") };
            peers.push(peer);
        }
        peers.push(stand("edge", product, self.variants(), self.tls.clone(), &to));
        Ok(peers)
    }

    fn run(&self, product: &Product, from: &str) -> Run {
        let tls = self.tls.is_some();
        let (near, far) = if product.at == "client" {
            ("ws", "client")
        } else if tls {
            ("https", "host")
        } else {
            ("http", "host")
        };
        let scheme = self.scheme.as_deref().unwrap_or(near);
        let at = if far == "client" { String::from("127.0.0.1") } else { String::from("{host}") };
        let url = format!("{scheme}://{at}:{{edge.port}}{}", self.path);
        let mut args = vec![self.matrix.clone()];
        if self.matrix != "preflight" {
            args.insert(0, String::from("run"));
        }
        if from == "here" {
            args.extend([String::from("--gateway"), self.direct.clone()]);
        }
        args.extend([format!("--{}", self.way(product)), url]);
        if tls {
            args.extend(["--ca", "{dir}/edge.pem"].map(String::from));
        }
        args.extend(self.args.clone());
        Run {
            args,
            env: BTreeMap::from([(String::from("OPENCLAW_GATEWAY_TOKEN"), String::from("{token}"))]),
            from: from.into(),
            times: 1,
            also_as_nobody: false,
            bare: self.bare.then(|| String::from("edge")),
            stdin: String::new(),
            over: BTreeMap::new(),
            expect: self.expected(product, from),
        }
    }

    fn expected(&self, product: &Product, from: &str) -> Expect {
        let of_client = (from == "client").then(|| self.on_client.get(&product.name).or(self.client.as_ref())).flatten();
        let outcome = of_client.or_else(|| self.on.get(&product.name)).unwrap_or(&self.expect);
        let id = |code: &String| if code.contains('@') { code.clone() } else { format!("{code}@here/{}", self.way(product)) };
        let root = outcome.roots.first().map(|root| root.split('@').next().unwrap_or_default().to_owned());
        let verdict = (outcome.roots.is_empty() && outcome.exit.is_none()).then(|| String::from("healthy"));
        Expect {
            exit: outcome.exit.unwrap_or(i32::from(!outcome.roots.is_empty())),
            verdict,
            root,
            roots: outcome.roots.iter().map(id).collect(),
            folded: outcome.folded.iter().map(id).collect(),
            certainty: outcome.certainty.clone(),
            undecided: outcome.undecided.iter().map(id).collect(),
            facts: outcome.facts.clone(),
            evidence: Vec::new(),
        }
    }
}

fn stand(name: &str, product: &Product, with: Vec<String>, tls: Option<String>, to: &str) -> Peer {
    let usual = if name == "edge" && product.at != "client" { "{host}" } else { "127.0.0.1" };
    let address = product.address.as_deref().unwrap_or(usual);
    let with = if tls.is_some() && !with.iter().any(|v| v == "tls" || v.starts_with("h2")) {
        [vec![String::from("tls")], with].concat()
    } else {
        with
    };
    Peer {
        name: name.into(),
        kind: "product".into(),
        product: Some(product.name.clone()),
        address: address.into(),
        to: Some(to.into()),
        with,
        tls,
        ..Peer::default()
    }
}

/// The seed of this run: the environment's, or the time.
pub fn seed() -> u64 {
    static CHOSEN: OnceLock<u64> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let given = std::env::var(SEED).ok().and_then(|text| text.parse().ok());
        let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let seed = given.unwrap_or_else(now);
        eprintln!("settings are drawn with {SEED}={seed}");
        seed
    })
}

/// A setting drawn for a case: a number of a range, one of several, or a word.
fn drawn(case: &str, key: &str, how: &str) -> Result<String, String> {
    let mut hasher = DefaultHasher::new();
    (seed(), case, key).hash(&mut hasher);
    let dice = hasher.finish();
    if how == "word" {
        return Ok(word(dice));
    }
    if let Some((low, high)) = how.split_once("..") {
        let number = |text: &str| text.parse::<u64>().map_err(|e| format!("{case}: {key} = {how}: {e}"));
        let (low, high) = (number(low)?, number(high)?);
        return Ok((low + dice % (high - low + 1)).to_string());
    }
    let words: Vec<&str> = how.split('|').collect();
    let at = usize::try_from(dice % words.len() as u64).unwrap_or_default();
    Ok(words[at].to_owned())
}

/// Two to four syllables, which are no route of the gateway's.
fn word(mut dice: u64) -> String {
    let mut take = |letters: &[u8]| {
        let count = letters.len() as u64;
        let letter = letters[usize::try_from(dice % count).unwrap_or_default()];
        dice /= count;
        char::from(letter)
    };
    let syllables = 2 + usize::from(take(b"abc") as u8 - b'a');
    (0..syllables).flat_map(|_| [take(b"bdfgklmnprstvz"), take(b"aeiou")]).collect()
}
