//! What a row makes of a fence.

use super::{Expect, Fence, Pick};
use crate::judge::condition::{Condition, Each, Instance, Mistake, Truth, World};

impl Fence {
    /// The fence as a world.
    pub fn world(&self) -> World<'_> {
        World { facts: &self.facts, topology: &self.topology }
    }

    /// The instances of a row that are meant: those the fence picks, or all.
    ///
    /// # Errors
    /// An `instance` line that fits no instance.
    pub fn instances(&self, each: &Each) -> Result<Vec<Instance>, Mistake> {
        let mut instances = each.instances(&self.world());
        for pick in &self.pick {
            let known: Vec<String> = instances.iter().filter_map(|i| pick.bound_in(i)).collect();
            instances.retain(|i| pick.bound_in(i).as_deref() == Some(&pick.bound));
            if instances.is_empty() {
                let message = format!("the row has no instance {}={}", pick.binder, pick.bound);
                let mistake = Mistake::new(message, pick.span.clone(), "no such instance");
                return Err(mistake.among(&pick.bound, known.iter().map(String::as_str)));
            }
        }
        Ok(instances)
    }

    /// What a row makes of the fence: present if it holds for any instance, else suspected if the lead holds for one that is
    /// unknown, clear if it holds for none, else unknown. A row without an instance is clear.
    ///
    /// # Errors
    /// An `instance` line that fits no instance.
    pub fn judge(&self, each: &Each, when: &Condition, lead: Option<&Condition>) -> Result<Expect, Mistake> {
        let world = self.world();
        let verdicts = self.instances(each)?.iter().map(|i| one(&world, i, when, lead)).collect::<Vec<_>>();
        let first = [Expect::Present, Expect::Suspected, Expect::Unknown].into_iter().find(|v| verdicts.contains(v));
        Ok(first.unwrap_or(Expect::Clear))
    }
}

fn one(world: &World<'_>, instance: &Instance, when: &Condition, lead: Option<&Condition>) -> Expect {
    match when.eval(world, instance).truth {
        Truth::True => Expect::Present,
        Truth::False => Expect::Clear,
        Truth::Unknown if lead.is_some_and(|l| l.eval(world, instance).truth == Truth::True) => Expect::Suspected,
        Truth::Unknown => Expect::Unknown,
    }
}

impl Pick {
    fn bound_in(&self, instance: &Instance) -> Option<String> {
        instance.bound.iter().find(|(name, _)| *name == self.binder).map(|(_, bound)| bound.to_string())
    }
}
