//! Recordings made by hand: a plan of the real shelf, a healthy answer on every path, and lines that change it.

use std::sync::Arc;

use clawprobe::code::Severity;
use clawprobe::facts::dictionary::{filled_by, table};
use clawprobe::facts::tables::path::Scheme;
use clawprobe::facts::tables::site::Source;
use clawprobe::facts::{Because, Cell, Facts, Reason, SheetState, blank};
use clawprobe::judge::condition::fence;
use clawprobe::judge::verdict::{Finding, Undecided};
use clawprobe::judge::{Judgement, judge};
use clawprobe::path::{HERE, Kind, Path, Vantage};
use clawprobe::plan::{self, Lane, Options, Step};
use clawprobe::record::{End, Event, Head, Recording};
use clawprobe::shelf::Shelf;
use clawprobe::target::{Endpoint, Way};

use crate::engine;

/// A recording in the making.
#[derive(Clone)]
pub struct Made {
    pub shelf: Arc<Shelf>,
    pub head: Head,
    pub facts: Facts,
    pub events: Vec<Event>,
}

/// The built-in shelf under these overlays.
pub fn shelf(overlay: &str) -> Arc<Shelf> {
    let shelf = Shelf::with_overlays(&[(String::from("site.toml"), overlay.to_owned())]);
    Arc::new(shelf.unwrap_or_else(|complaint| panic!("{complaint}")))
}

/// The address that a path of a kind names.
fn address(kind: Kind) -> &'static str {
    match kind {
        Kind::Local | Kind::Tunnel => "127.0.0.1",
        Kind::Lan => "192.168.1.5",
        Kind::Tailnet => "100.64.0.1",
        _ => "203.0.113.9",
    }
}

fn way(name: &str) -> Way {
    let kind: Kind = name.split(':').next().unwrap().parse().unwrap();
    let endpoint = Endpoint { scheme: Scheme::Ws, host: address(kind).into(), port: 18789, path: String::from("/"), query: None };
    Way { name: name.to_owned(), kind, endpoint, origin: Source::Flag, place: String::from("a flag"), vouches: false }
}

const SITE: &str = "
site@S.system = linux
site@S.container = false
config@S.state = absent
setting@S = complete
proxy-variable@S = complete
credential@S.state = present
listener@S[address=127.0.0.1,port=18789].family = v4
listener@S[address=127.0.0.1,port=18789].reach = loopback
listener@S[address=127.0.0.1,port=18789].owner = gateway
";

const PATH: &str = "
path@P.scheme = ws
path@P.host = A
path@P.port = 18789
tcp@P[address=A,port=18789].named = true
tcp@P[address=A,port=18789].family = v4
tcp@P[address=A,port=18789].own = OWN
tcp@P[address=A,port=18789].connected = accepted
tls@P = complete
http@P[probe=health].outcome = answered
http@P[probe=health].status = 200
http@P[probe=health].body = live
http@P[probe=health].author = gateway
http@P[probe=startup].body = started
http@P[probe=ready].outcome = answered
http@P[probe=ready].body = ready
http@P[probe=ready].detail = false
http@P[probe=claim-local].outcome = answered
http@P[probe=claim-local].body = ready
http@P[probe=claim-local].detail = false
http@P[probe=claim-remote].outcome = answered
http@P[probe=claim-remote].body = ready
http@P[probe=claim-remote].detail = false
http@P[probe=dashboard].body = control-ui
upgrade@P.outcome = switched
upgrade@P.status = 101
upgrade@P.arrived = yes
upgrade@P.author = gateway
challenge@P.outcome = received
challenge@P.after = 1 ms
connect@P.outcome = accepted
connect@P.slot = token
connect@P.server-mode = token
connect@P.version = 2026.9.6
connect@P.death = ours
";

impl Made {
    /// A healthy preflight over these paths, named by kind (`local`, `edge:corp`), with the built-in shelf.
    pub fn healthy(paths: &[&str]) -> Self {
        Self::of(shelf(""), "preflight", paths)
    }

    /// A healthy run of a matrix of a shelf.
    pub fn of(shelf: Arc<Shelf>, matrix: &str, paths: &[&str]) -> Self {
        let mut target = engine::target(None, []);
        target.ways = paths.iter().map(|name| way(name)).collect();
        let plan = plan::make(&shelf, shelf.named_matrix(matrix).unwrap(), &target, &Options::default()).unwrap();
        let head = engine::head(plan, &shelf);
        let mut made = Self { shelf, head, facts: Facts::default(), events: Vec::new() };
        made.fill_site(HERE);
        let planned: Vec<Path> = made.head.plan.paths().cloned().collect();
        planned.iter().for_each(|path| made.fill_path(path));
        made
    }

    fn fill_site(&mut self, name: &str) {
        self.set(&SITE.replace("@S", &format!("@{name}")));
    }

    fn fill_path(&mut self, path: &Path) {
        let own = matches!(path.kind, Kind::Local | Kind::Lan | Kind::Tailnet | Kind::Tunnel) && path.vantage.site == HERE;
        let text = PATH.replace("@P", &format!("@{}", path.vantage)).replace("=A", &format!("={}", address(path.kind)));
        self.set(&text.replace("= A", &format!("= {}", address(path.kind))).replace("OWN", &own.to_string()));
    }

    /// Adds a path of another site, as a joined recording has it.
    pub fn also(&mut self, vantage: &str, rides_on: &[&str]) {
        let vantage: Vantage = vantage.parse().unwrap();
        let kind: Kind = vantage.path.as_deref().unwrap().split(':').next().unwrap().parse().unwrap();
        if !self.head.plan.paths().any(|p| p.vantage.site == vantage.site) {
            self.fill_site(&vantage.site);
        }
        let rides_on = rides_on.iter().map(|r| r.to_string()).collect();
        let path = Path { vantage, kind, class: kind.class(), rides_on };
        self.fill_path(&path);
        self.head.plan.lanes.push(Lane { path: Some(path), steps: Vec::new(), share_ms: 0, wave: 2 });
    }

    /// Says on which paths a planned one rides.
    pub fn rides(&mut self, vantage: &str, on: &[&str]) {
        let path = self.head.plan.lanes.iter_mut().filter_map(|l| l.path.as_mut()).find(|p| p.vantage.to_string() == vantage);
        path.unwrap().rides_on = on.iter().map(|r| r.to_string()).collect();
    }

    /// Changes facts, one a line, as evidence fences write them; in a new row what no line gives is absent.
    pub fn set(&mut self, lines: &str) -> &mut Self {
        let stated = fence::parse(&format!("present\n{lines}")).unwrap_or_else(|m| panic!("{lines}: {m:?}")).facts;
        for sheet in stated.sheets() {
            let declared = table(&sheet.table).unwrap();
            let mut known = self.facts.take(&sheet.table, sheet.vantage.as_ref()).unwrap_or_else(|| {
                let mut empty = sheet.clone();
                empty.rows.clear();
                empty
            });
            for row in &sheet.rows {
                let at = known.rows.iter().position(|r| r.key == row.key).unwrap_or_else(|| {
                    let mut new = row.clone();
                    new.cells.retain(|(field, _)| declared.field(field).is_some_and(|f| !f.derived));
                    new.cells.iter_mut().for_each(|(_, cell)| *cell = Cell::Absent);
                    known.rows.push(new);
                    known.rows.len() - 1
                });
                let given = row.cells.iter().filter(|(_, cell)| *cell != Cell::not_measured(Reason::NotPlanned));
                given.for_each(|(field, cell)| known.rows[at].put(field, cell.clone()));
            }
            if sheet.state != SheetState::Complete {
                known.state = sheet.state.clone();
            }
            self.facts.add(known);
        }
        self
    }

    fn steps(&self, at: &str) -> Vec<Step> {
        let lane = self.head.plan.lanes.iter().find(|l| l.path.as_ref().is_some_and(|p| p.vantage.to_string() == at));
        lane.map(|l| l.steps.clone()).unwrap_or_default()
    }

    /// A probe that did not run.
    pub fn dark(&mut self, at: &str, probe: &str, because: impl Into<Because>) -> &mut Self {
        let vantage: Vantage = at.parse().unwrap();
        let step = self.steps(at).into_iter().find(|s| s.probe == probe).unwrap();
        for sheet in blank(filled_by(&step.primitive), &step.with, &vantage, &because.into()) {
            if sheet.rows.is_empty() {
                self.facts.take(&sheet.table, sheet.vantage.as_ref());
            }
            self.facts.add(sheet);
        }
        self
    }

    /// What needs a probe that failed did not run, and says so as the engine does.
    pub fn blocks(&mut self, at: &str, failed: &str) -> &mut Self {
        let steps = self.steps(at);
        let primitive = &steps.iter().find(|s| s.probe == failed).unwrap().primitive;
        let fact = format!("{}@{at}", filled_by(primitive)[0].name);
        let mut lost = vec![failed.to_owned()];
        for step in &steps {
            if step.needs.iter().any(|need| lost.contains(need)) {
                lost.push(step.probe.clone());
                self.dark(at, &step.probe, Because::new(Reason::Blocked, fact.as_str()));
            }
        }
        self
    }

    /// A path that refuses every connection.
    pub fn refuses(&mut self, at: &str) -> &mut Self {
        let kind = self.head.plan.paths().find(|p| p.vantage.to_string() == at).unwrap().kind;
        self.set(&format!("tcp@{at}[address={},port=18789].connected = refused", address(kind))).blocks(at, "tcp")
    }

    /// An edge that does not pass the upgrade on.
    pub fn drops_upgrade(&mut self, at: &str) -> &mut Self {
        let lines = ["outcome = plain-answer", "status = 200", "arrived = no", "body = control-ui"];
        self.set(&lines.map(|line| format!("upgrade@{at}.{line}")).join("\n")).blocks(at, "upgrade")
    }

    pub fn recording(&self) -> Recording {
        let sheets = self.facts.sheets().cloned().map(Event::Sheet);
        let events = self.events.iter().cloned().chain(sheets).collect();
        Recording::new(self.head.clone(), events, End { duration_ms: 9.0, interrupted: false, defect: None, note: None })
    }

    /// The judgement, which is the same each time.
    pub fn judge(&self) -> Told {
        let recording = self.recording();
        let judgement = judge(&self.shelf, &recording);
        assert_eq!(judgement, judge(&self.shelf, &recording));
        self.told(judgement)
    }

    /// The judgement, without a second look.
    pub fn once(&self) -> Told {
        self.told(judge(&self.shelf, &self.recording()))
    }

    fn told(&self, judgement: Judgement) -> Told {
        let exit = judgement.verdict.exit(self.head.fail_on).number();
        Told { judgement, exit }
    }
}

/// A judgement, to be asked.
pub struct Told {
    pub judgement: Judgement,
    pub exit: u8,
}

impl Told {
    /// Ids of the findings, in their order.
    pub fn found(&self) -> Vec<&str> {
        self.judgement.verdict.findings.iter().map(|f| f.id.as_str()).collect()
    }

    pub fn roots(&self) -> Vec<&str> {
        self.judgement.verdict.roots.iter().map(String::as_str).collect()
    }

    pub fn finding(&self, id: &str) -> &Finding {
        self.judgement.verdict.findings.iter().find(|f| f.id == id).unwrap_or_else(|| panic!("no {id}: {:?}", self.found()))
    }

    pub fn open(&self, id: &str) -> &Undecided {
        let open = &self.judgement.verdict.undecided;
        open.iter().find(|u| u.id == id).unwrap_or_else(|| panic!("{id} is decided"))
    }

    /// Ids of what is required and undecided.
    pub fn required_open(&self) -> Vec<&str> {
        self.judgement.verdict.undecided.iter().filter(|u| u.required).map(|u| u.id.as_str()).collect()
    }

    /// Whether a row is clear, and whether the matrix expected it.
    pub fn clear(&self, id: &str) -> Option<bool> {
        self.judgement.verdict.clear.iter().find(|c| c.id == id).map(|c| c.expected)
    }

    pub fn outcome(&self) -> &'static str {
        self.judgement.verdict.outcome.as_str()
    }

    pub fn fact(&self, table: &str, at: &str, key: &[(&str, &str)], field: &str) -> String {
        self.judgement.facts.look(table, &at.parse().unwrap(), key, field).to_string()
    }

    pub fn role(&self, site: &str) -> &'static str {
        self.judgement.topology.site(site).unwrap().role.as_str()
    }

    pub fn class(&self, path: &str) -> &'static str {
        self.judgement.topology.path(&path.parse().unwrap()).unwrap().class.as_str()
    }
}

/// The weight from which a finding is a failure.
pub fn weight(word: &str) -> Severity {
    word.parse().unwrap()
}
