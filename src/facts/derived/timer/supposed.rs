//! Every clock that may have rung, and how it agrees with what was seen.

use super::TOLERANCE_MS;
use super::held::{Held, Witness};
use crate::facts::tables::timer::Counts;

/// Suppositions that agree nearly as well as the best are not told from it.
const AS_GOOD_MS: f64 = 400.0;

/// A clock that may have rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supposed {
    Silence(Counts),
    Age,
}

impl Supposed {
    pub fn counts(self) -> Option<Counts> {
        match self {
            Self::Silence(counts) => Some(counts),
            Self::Age => None,
        }
    }

    /// What the clock showed when the connection ended, or when we first spoke in vain.
    fn at_end(self, held: &Held) -> f64 {
        match self {
            Self::Silence(Counts::Each) => held.client.max(held.server),
            Self::Silence(Counts::Client) => held.client,
            Self::Silence(Counts::Server) => held.server,
            Self::Silence(_) => held.client.min(held.server),
            Self::Age => held.age,
        }
    }

    /// What it showed at the last sign of life.
    fn at_last_sign(self, held: &Held) -> f64 {
        let client = (held.client - held.server).max(0.0);
        match self {
            Self::Silence(Counts::Each | Counts::Client) => client,
            Self::Silence(_) => 0.0,
            Self::Age => (held.age - held.server).max(0.0),
        }
    }

    /// The most it showed while the connection is known to have lived.
    pub fn survived(self, held: &Held) -> f64 {
        let before = match self {
            Self::Silence(Counts::Each) => held.survived_client.max(held.survived_server),
            Self::Silence(Counts::Client) => held.survived_client,
            Self::Silence(Counts::Server) => held.survived_server,
            Self::Silence(_) => held.survived_either,
            Self::Age => 0.0,
        };
        if held.witness() == Witness::Lived { before.max(self.at_end(held)) } else { before }
    }

    /// What the clock is set to, as far as it is known, and how well everything agrees.
    fn fit(self, all: &[Held]) -> Fit {
        let dead = || all.iter().filter(|held| held.dead());
        let first_sign = |held: &Held| match held.witness() {
            Witness::Announced => self.at_end(held),
            _ => self.at_last_sign(held),
        };
        let survived = all.iter().map(|held| self.survived(held)).fold(0.0, f64::max);
        let least = dead().map(first_sign).fold(survived, f64::max);
        let most = dead().map(|held| self.at_end(held)).fold(f64::INFINITY, f64::min);
        Fit { clock: self, misfit: (least - most).max(0.0), setting: (least.min(most), most) }
    }
}

/// How a supposition agrees with everything.
#[derive(Debug, Clone, Copy)]
pub struct Fit {
    pub clock: Supposed,
    /// How far the times that should be one lie apart.
    misfit: f64,
    /// At least and at most so much of the clock.
    pub setting: (f64, f64),
}

const SUPPOSED: [Supposed; 5] = [
    Supposed::Silence(Counts::Either),
    Supposed::Silence(Counts::Each),
    Supposed::Silence(Counts::Client),
    Supposed::Silence(Counts::Server),
    Supposed::Age,
];

/// The suppositions that stand: those that agree, and no worse than the best of them, as far as a clock can tell that is so late.
pub fn standing(all: &[Held], late: f64) -> Vec<Fit> {
    let fits: Vec<Fit> = SUPPOSED.iter().map(|clock| clock.fit(all)).filter(|fit| fit.misfit <= TOLERANCE_MS + late).collect();
    let best = fits.iter().map(|fit| fit.misfit).fold(f64::INFINITY, f64::min);
    fits.into_iter().filter(|fit| fit.misfit <= best + AS_GOOD_MS + late).collect()
}
