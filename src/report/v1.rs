//! The shape of `clawprobe.report/1`. Within this version only additions; types never change; labels, codes and reasons
//! are open sets for readers; durations are numbers whose names end in `_ms`.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::plan::Plan;

/// The schema's name.
pub const SCHEMA: &str = "clawprobe.report/1";

/// One report.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The verdict in one word.
    pub verdict: &'a str,
    /// Code of the first root, or null.
    pub root: Option<&'a str>,
    /// Ids of the findings nothing explains.
    pub roots: &'a [String],
    /// How the verdict ends a command.
    pub exit: u8,
    /// The matrix.
    pub matrix: &'a str,
    /// What was asked.
    pub target: &'a str,
    /// The world of our own that stood there, when it was no real gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<&'a str>,
    /// Name and version of the build that measured.
    pub tool: &'a str,
    /// Name and version of the build that judged.
    pub judged_by: &'a str,
    /// When it was measured, RFC 3339.
    pub taken: &'a str,
    /// How long it took.
    pub duration_ms: f64,
    /// Whether the run was cut off.
    pub interrupted: bool,
    /// What went wrong inside clawprobe, or null.
    pub defect: Option<&'a str>,
    /// The weight from which a finding is a failure.
    pub fail_on: &'a str,
    /// What the report may show.
    pub share: &'a str,
    /// Files of the judging shelf and their digests.
    pub shelf: Vec<Origin<'a>>,
    /// How each site shows the gateway to be deployed.
    pub deployment: Vec<Deployment<'a>>,
    /// Sites and paths, with what was derived of them.
    pub vantages: Vec<Vantage<'a>>,
    /// Rows that hold.
    pub findings: Vec<Finding<'a>>,
    /// Rows that could not be decided.
    pub undecided: Vec<Undecided<'a>>,
    /// Rows that do not hold.
    pub clear: Vec<Clear<'a>>,
    /// Every cell.
    pub facts: Vec<Fact<'a>>,
    /// Tables and whether they hold every row.
    pub tables: Vec<Table<'a>>,
    /// The plan.
    pub plan: &'a Plan,
}

/// A file of the shelf.
#[derive(Debug, Serialize)]
pub struct Origin<'a> {
    /// `builtin`, or an overlay's name.
    pub name: &'a str,
    /// First 8 hex digits of its SHA-256.
    pub digest: &'a str,
}

/// A site or a path.
#[derive(Debug, Serialize)]
pub struct Vantage<'a> {
    /// `here` or `here/edge:corp`.
    pub id: String,
    /// The site.
    pub site: &'a str,
    /// The path's name, or null for a site.
    pub path: Option<&'a str>,
    /// Role of a site, or null.
    pub role: Option<&'a str>,
    /// Kind of a path, or null.
    pub kind: Option<&'a str>,
    /// Class of a path, or null.
    pub class: Option<&'a str>,
    /// The way in which a path reaches the gateway, or null.
    pub pattern: Option<String>,
    /// `seen-not-measured` where HTTP/3 is offered, or null.
    pub http3: Option<&'static str>,
    /// Paths it passes.
    pub rides_on: &'a [String],
}

/// How a site shows the gateway to be deployed.
#[derive(Debug, Serialize)]
pub struct Deployment<'a> {
    /// The site.
    pub site: &'a str,
    /// `always-on-host`, `desktop-remote-laptop`, `laptop-gateway` or `unknown`.
    pub mode: String,
    /// `serve`, `funnel`, `direct-bind`, `off` or `unknown`.
    pub tailscale: String,
}

/// A fact a finding rests on.
#[derive(Debug, Serialize)]
pub struct Evidence<'a> {
    /// The fact's id.
    pub id: &'a str,
    /// Its cell as people read it.
    pub value: &'a str,
}

/// A row that holds.
#[derive(Debug, Serialize)]
pub struct Finding<'a> {
    /// `CODE@instance`.
    pub id: &'a str,
    /// The code.
    pub code: &'a str,
    /// The row's name.
    pub name: &'a str,
    /// The row's title.
    pub title: &'a str,
    /// Layer of the walk.
    pub layer: &'a str,
    /// Prefix of the code.
    pub family: &'a str,
    /// Whose business it is.
    pub plane: &'a str,
    /// The first vantage it binds.
    pub vantage: Option<String>,
    /// Every vantage it binds.
    pub vantages: Vec<String>,
    /// `proven` or `suspected`.
    pub certainty: &'a str,
    /// `error`, `warning` or `notice`.
    pub severity: &'a str,
    /// Ids of the findings that explain it.
    pub explained_by: &'a [String],
    /// What was seen.
    pub observed: &'a str,
    /// What should have been seen.
    pub expected: &'a str,
    /// What follows.
    pub therefore: &'a str,
    /// What to do first.
    pub first_response: &'a str,
    /// Commands that are safe to paste.
    pub commands: &'a [String],
    /// The product in front for which `clawprobe advise` has a right configuration, or null.
    pub advise: Option<String>,
    /// Answers of the guides that the row leads to.
    pub answers: Vec<&'a str>,
    /// The facts it rests on.
    pub evidence: Vec<Evidence<'a>>,
    /// Why it does not count, or null.
    pub muted: Option<&'a str>,
}

/// A fact that is lacking.
#[derive(Debug, Serialize)]
pub struct Lacking<'a> {
    /// The fact's id, or the table's.
    pub id: &'a str,
    /// Word of the closed set of reasons.
    pub reason: &'a str,
    /// What lies behind it.
    pub because: &'a str,
}

/// A row that could not be decided.
#[derive(Debug, Serialize)]
pub struct Undecided<'a> {
    /// The code, or the lacking kind of path.
    pub code: &'a str,
    /// `CODE@instance`.
    pub id: &'a str,
    /// The row's title.
    pub title: &'a str,
    /// Layer of the walk, or null.
    pub layer: Option<&'a str>,
    /// The first vantage it binds.
    pub vantage: Option<String>,
    /// Whether the matrix requires it.
    pub required: bool,
    /// The facts it lacks.
    pub lacks: Vec<Lacking<'a>>,
    /// The first of their reasons.
    pub reason: &'a str,
    /// What lies behind that reason.
    pub because: &'a str,
    /// The finding it folds beneath, or null.
    pub beneath: Option<&'a str>,
}

/// A row that does not hold.
#[derive(Debug, Serialize)]
pub struct Clear<'a> {
    /// `CODE@instance`.
    pub id: &'a str,
    /// Layer of the walk.
    pub layer: &'a str,
    /// The first vantage it binds.
    pub vantage: Option<String>,
    /// Whether the matrix expected the refusal that made it clear.
    pub expected: bool,
}

/// One cell.
#[derive(Debug, Serialize)]
pub struct Fact<'a> {
    /// `table@vantage[key=value].field`.
    pub id: String,
    /// The table.
    pub table: &'a str,
    /// The site, or null for a table between two paths.
    pub site: Option<&'a str>,
    /// The path, or null.
    pub path: Option<&'a str>,
    /// Key columns.
    pub key: Map<String, Json>,
    /// The field.
    pub field: &'a str,
    /// `value`, `absent` or `not-measured`.
    pub state: &'static str,
    /// The value; null unless there is one.
    pub value: Json,
    /// Unit of a number, or null.
    pub unit: Option<&'static str>,
    /// Why it was not measured, or null.
    pub reason: Option<&'a str>,
    /// What lies behind that reason, or null.
    pub because: Option<&'a str>,
}

/// A table as filled at a vantage.
#[derive(Debug, Serialize)]
pub struct Table<'a> {
    /// The table.
    pub table: &'a str,
    /// The site, or null for a table between two paths.
    pub site: Option<&'a str>,
    /// The path, or null.
    pub path: Option<&'a str>,
    /// `complete`, `incomplete` or `not-measured`.
    pub state: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// Why it is not complete, or null.
    pub reason: Option<&'a str>,
    /// What lies behind that reason, or null.
    pub because: Option<&'a str>,
}
