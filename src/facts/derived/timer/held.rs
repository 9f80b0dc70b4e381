//! A connection that was held, and how its end bears witness.

use super::TOLERANCE_MS;
use crate::facts::sheet::Row;
use crate::facts::tables::hold::Fate;
use crate::facts::value::{Cell, Value};
use crate::openclaw::close::TOO_LATE;
use crate::openclaw::limits::{OLD_PRE_AUTH, PRE_AUTH};

/// How far the gateway's own end of a connection may be from where it is on another path. Measured 15.0 s on all of them.
const OWN_TOLERANCE_MS: f64 = 700.0;

/// A connection that was held, or could not be opened; times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub fate: Fate,
    pub let_in: bool,
    pub close_code: Option<i64>,
    /// Whether code and reason of its end are the gateway's.
    pub own_end: bool,
    /// Whether the gateway may have ended it, and what stands in between kept that.
    pub hidden: bool,
    pub begun: f64,
    pub age: f64,
    pub client: f64,
    pub server: f64,
    pub survived_either: f64,
    pub survived_client: f64,
    pub survived_server: f64,
}

/// How its end bears witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// It lived until we or the gateway ended it.
    Lived,
    /// It died at this very moment.
    Announced,
    /// It died some time between its last sign of life and this moment.
    Unsaid,
    /// It was never there, ended by what is no end, or by what is not known.
    Nothing,
}

impl Held {
    pub fn read(row: &Row) -> Option<Self> {
        let ms = |field: &str| match row.cell(field).and_then(Cell::get) {
            Some(Value::Ms(ms)) => *ms,
            _ => 0.0,
        };
        let is = |field: &str| row.cell(field).and_then(Cell::get) == Some(&Value::Bool(true));
        let close_code = match row.cell("close-code").and_then(Cell::get) {
            Some(Value::Int(code)) => Some(*code),
            _ => None,
        };
        Some(Self {
            fate: row.cell("fate")?.text()?.parse().ok()?,
            let_in: is("let-in"),
            close_code,
            own_end: is("own-end"),
            hidden: false,
            begun: ms("begun"),
            age: ms("age"),
            client: ms("idle-client"),
            server: ms("idle-server"),
            survived_either: ms("silence"),
            survived_client: ms("silence-client"),
            survived_server: ms("silence-server"),
        })
    }

    pub fn witness(&self) -> Witness {
        match self.fate {
            _ if self.own_end => Witness::Lived,
            Fate::Survived => Witness::Lived,
            Fate::CloseFrame | Fate::Fin | Fate::Reset => Witness::Announced,
            Fate::ResetOnWrite | Fate::NoPong if !self.hidden => Witness::Unsaid,
            Fate::ResetOnWrite | Fate::NoPong | Fate::Unreadable | Fate::NotOpened => Witness::Nothing,
        }
    }

    pub fn dead(&self) -> bool {
        matches!(self.witness(), Witness::Announced | Witness::Unsaid)
    }

    /// The age at which it is known to have lived.
    pub fn lived(&self) -> f64 {
        match self.witness() {
            Witness::Lived | Witness::Announced => self.age,
            Witness::Unsaid => (self.age - self.server).max(0.0),
            Witness::Nothing => 0.0,
        }
    }

    /// When it ended, or was first spoken to in vain, from the probe's beginning.
    pub fn ended(&self) -> f64 {
        self.begun + self.age
    }

    /// Whether the gateway ended it by a close frame of its own, and not for want of a connect.
    pub fn by_word(&self) -> bool {
        self.own_end && self.close_code.is_some() && !self.too_late()
    }

    /// Whether it was ended with the code for those who did not finish the handshake.
    pub fn too_late(&self) -> bool {
        !self.let_in && self.close_code == Some(TOO_LATE.into())
    }
}

/// After how long the gateway itself ends whom it does not let in, as far as that is known: the times of which each may be it.
#[derive(Debug)]
pub struct Limits {
    /// Where it says so.
    said: Vec<f64>,
    /// Where something in between may have kept what it said.
    unsaid: Vec<f64>,
}

impl Limits {
    /// For the connections of a path; `direct` are those of the way that it is compared with.
    pub fn of(all: &[Held], direct: &[Held]) -> Self {
        // Without a direct path the others tell it from a lifetime: whoever was let in lives on.
        let own = || told(all).filter(|limit| all.iter().any(|held| held.let_in && held.lived() > limit + TOLERANCE_MS));
        if let Some(limit) = told(direct).or_else(own) {
            return Self { said: vec![limit], unsaid: vec![limit] };
        }
        let oldest = oldest(all).max(oldest(direct));
        let known = |limits: &[std::time::Duration]| -> Vec<f64> {
            limits.iter().map(|limit| limit.as_secs_f64() * 1e3).filter(|limit| limit + TOLERANCE_MS >= oldest).collect()
        };
        Self { said: known(&[PRE_AUTH, OLD_PRE_AUTH[0], OLD_PRE_AUTH[1]]), unsaid: known(&[PRE_AUTH]) }
    }

    /// Takes up which of the ends are the gateway's.
    pub fn settle(&self, held: &mut Held) {
        let near = |limits: &[f64]| limits.iter().any(|limit| (held.age - limit).abs() <= OWN_TOLERANCE_MS);
        held.own_end |= !held.let_in
            && match (held.fate, held.close_code) {
                (Fate::CloseFrame, Some(_)) => held.too_late() && near(&self.said),
                (Fate::CloseFrame | Fate::Fin | Fate::Reset, _) => near(&self.unsaid),
                _ => false,
            };
        let within = |limit: &f64| (held.lived()..=held.age).contains(limit);
        held.hidden = !held.let_in && held.witness() == Witness::Unsaid && self.unsaid.iter().any(within);
    }
}

/// The age at which whoever was not let in is told that it was too late, if none of them grew older.
fn told(all: &[Held]) -> Option<f64> {
    let limit = all.iter().filter(|held| held.too_late()).map(|held| held.age).max_by(f64::total_cmp)?;
    (oldest(all) <= limit + TOLERANCE_MS).then_some(limit)
}

/// The highest age of whoever was not let in.
fn oldest(all: &[Held]) -> f64 {
    all.iter().filter(|held| !held.let_in).map(Held::lived).fold(0.0, f64::max)
}
