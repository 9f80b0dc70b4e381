//! Rows against facts: what holds, what is clear, what stays undecided.

use super::causes::{Bindings, Effect};
use super::condition::{Bound, Instance, Outcome, Truth, World};
use super::verdict::{Clear, Evidence, Finding, Lacking, Undecided};
use crate::code::{Certainty, Code};
use crate::facts::{Because, Reason};
use crate::path::Vantage;
use crate::plan::Plan;
use crate::shelf::symptom::Symptom;

/// What became of one instance of a row.
#[derive(Debug, Clone)]
pub enum Ruling {
    /// The condition, or its lead, holds.
    Holds(Certainty, Outcome),
    /// The condition does not hold; `expected` when an expected cell made it clear.
    Clear {
        /// Whether an expected cell made it clear.
        expected: bool,
    },
    /// It could not be decided.
    Undecided(Vec<(String, Because)>),
}

/// One instance of a row with its ruling.
#[derive(Debug, Clone)]
pub struct Ruled<'a> {
    /// The row.
    pub symptom: &'a Symptom,
    /// What it binds.
    pub instance: Instance,
    /// What became of it.
    pub ruling: Ruling,
}

/// Rules every instance of a row.
pub fn rule<'a>(symptom: &'a Symptom, world: &World<'_>) -> Vec<Ruled<'a>> {
    let each = symptom.each.instances(world).into_iter();
    each.map(|instance| Ruled { ruling: rule_one(symptom, world, &instance), symptom, instance }).collect()
}

fn rule_one(symptom: &Symptom, world: &World<'_>, instance: &Instance) -> Ruling {
    if let Some(because) = &instance.unknown {
        return Ruling::Undecided(vec![(instance.id(&symptom.code), because.clone())]);
    }
    let when = symptom.when.eval(world, instance);
    match when.truth {
        Truth::True => Ruling::Holds(Certainty::Proven, when),
        Truth::False => Ruling::Clear { expected: false },
        Truth::Unknown => match symptom.lead.as_ref().map(|lead| lead.eval(world, instance)) {
            Some(lead) if lead.truth == Truth::True => Ruling::Holds(Certainty::Suspected, lead),
            _ => Ruling::Undecided(when.lacks()),
        },
    }
}

/// A finding with what causes need to know of it.
pub struct Found {
    /// The finding, not yet explained.
    pub finding: Finding,
    /// Codes that may explain it.
    pub explained_by: Vec<Code>,
    /// What its instance binds.
    pub scope: Bindings,
}

impl Found {
    /// The finding as causes see it.
    pub fn effect(&self) -> Effect {
        let f = &self.finding;
        Effect {
            id: f.id.clone(),
            code: f.code.clone(),
            explained_by: self.explained_by.clone(),
            certainty: f.certainty,
            severity: f.severity,
            layer: f.layer,
            scope: self.scope.clone(),
            muted: f.muted.is_some(),
        }
    }
}

/// The findings among the rulings.
pub fn findings(rulings: &[Ruled<'_>], world: &World<'_>) -> Vec<Found> {
    let holding = rulings.iter().filter_map(|r| match &r.ruling {
        Ruling::Holds(certainty, outcome) => Some((r, *certainty, outcome)),
        _ => None,
    });
    holding.map(|(r, certainty, outcome)| found(r, certainty, outcome, world)).collect()
}

fn found(ruled: &Ruled<'_>, certainty: Certainty, outcome: &Outcome, world: &World<'_>) -> Found {
    let (s, instance) = (ruled.symptom, &ruled.instance);
    let evidence = outcome.evidence().into_iter().map(|(id, cell)| Evidence { id: id.to_string(), value: cell.to_string() });
    let finding = Finding {
        id: instance.id(&s.code),
        code: s.code.clone(),
        name: s.name.clone(),
        title: s.title.clone(),
        layer: s.layer,
        family: s.code.family(),
        plane: s.plane,
        vantages: instance.vantages(),
        certainty,
        severity: s.severity,
        explained_by: Vec::new(),
        observed: s.observed.render(world, instance),
        expected: s.expected.render(world, instance),
        therefore: s.therefore.render(world, instance),
        first_response: s.first(world, instance),
        commands: s.commands.iter().filter_map(|c| c.command(world, instance)).collect(),
        evidence: evidence.collect(),
        muted: None,
    };
    Found { finding, explained_by: s.explained_by.clone(), scope: bindings(instance) }
}

/// What an instance binds, sorted by kind.
pub fn bindings(instance: &Instance) -> Bindings {
    let mut scope = Bindings::default();
    for (_, bound) in &instance.bound {
        match bound {
            Bound::Path(vantage) => scope.paths.push(vantage.clone()),
            Bound::Site(vantage) => scope.sites.push(vantage.site.clone()),
            Bound::Row { table, vantage, key } => {
                let columns: Vec<String> = key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                scope.rows.insert((*table).to_owned(), format!("{}[{}]", vantage_text(vantage.as_ref()), columns.join(",")));
            }
        }
    }
    scope
}

fn vantage_text(vantage: Option<&Vantage>) -> String {
    vantage.map(ToString::to_string).unwrap_or_default()
}

/// The undecided rows; one that the matrix neither requires nor asked anything for is left out.
pub fn undecided(rulings: &[Ruled<'_>], plan: &Plan) -> Vec<Undecided> {
    let open = rulings.iter().filter_map(|r| match &r.ruling {
        Ruling::Undecided(lacks) => Some((r, lacks)),
        _ => None,
    });
    open.filter_map(|(r, lacks)| {
        let required = plan.require.contains(&r.symptom.code);
        let asked = lacks.iter().any(|(_, because)| because.reason != Reason::NotPlanned);
        (required || asked).then(|| Undecided {
            code: r.symptom.code.to_string(),
            id: r.instance.id(&r.symptom.code),
            title: r.symptom.title.clone(),
            layer: Some(r.symptom.layer),
            vantages: r.instance.vantages(),
            required,
            lacks: lacks.iter().map(|(id, because)| Lacking { id: id.clone(), because: because.clone() }).collect(),
            reason: reason(lacks),
            beneath: None,
        })
    })
    .collect()
}

/// The reason that says most: the first that is not merely "not planned".
fn reason(lacks: &[(String, Because)]) -> Because {
    let telling = lacks.iter().find(|(_, b)| b.reason != Reason::NotPlanned).or_else(|| lacks.first());
    telling.map_or_else(|| Reason::NotPlanned.into(), |(_, because)| because.clone())
}

/// The rows that are clear.
pub fn clear(rulings: &[Ruled<'_>]) -> Vec<Clear> {
    let of = |r: &Ruled<'_>| match r.ruling {
        Ruling::Clear { expected } => {
            Some(Clear { id: r.instance.id(&r.symptom.code), layer: r.symptom.layer, vantages: r.instance.vantages(), expected })
        }
        _ => None,
    };
    rulings.iter().filter_map(of).collect()
}
