//! Evaluation. Nothing is cut short: the trace holds every atom, so that evidence and what is lacking can be told from it.

use super::ast::{Atom, Expr, Operand, Quant, Rows, Test};
use super::env::{Env, Found, Item};
use super::outcome::{Node, Shape};
use super::tally::Counted;
use super::truth::{Truth, among, compare};
use crate::facts::Cell;

impl<'w> Env<'w> {
    /// Evaluates an expression to its trace.
    pub fn eval(&mut self, expr: &'w Expr) -> Node {
        match expr {
            Expr::And(parts) => Node::and(parts.iter().map(|p| self.eval(p)).collect(), Vec::new()),
            Expr::Or(parts) => Node::or(parts.iter().map(|p| self.eval(p)).collect(), Vec::new()),
            Expr::Not(inner) => Node::not(self.eval(inner)),
            Expr::Atom(atom) => self.atom(atom),
            Expr::Quant { quant, rows, body } => self.quant(*quant, rows, body),
        }
    }

    /// Evaluates something with one more name.
    pub fn with<T>(&mut self, name: &'w str, item: Item<'w>, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.items.push((name, item));
        let result = inner(self);
        self.items.pop();
        result
    }

    /// `any` is an or over (f and c), `all` an and over (not f or c), `none` is not any; rows not seen count as unknown.
    fn quant(&mut self, quant: Quant, rows: &'w Rows, body: &'w Expr) -> Node {
        let Found { items, unseen, sizes } = self.rows(&rows.source);
        let mut parts = Vec::with_capacity(items.len() + unseen.len());
        for item in items {
            parts.push(self.with(&rows.binder, item, |env| {
                let held = rows.filter.as_deref().map(|f| env.eval(f));
                let body = env.eval(body);
                match (quant, held) {
                    (_, None) => body,
                    (Quant::All, Some(held)) => Node::or(vec![Node::not(held), body], Vec::new()),
                    (Quant::Any | Quant::None, Some(held)) => Node::and(vec![held, body], Vec::new()),
                }
            }));
        }
        parts.extend(unseen.into_iter().map(Node::unseen));
        match quant {
            Quant::Any => Node::or(parts, sizes),
            Quant::All => Node::and(parts, sizes),
            Quant::None => Node::not(Node::or(parts, sizes)),
        }
    }

    fn atom(&mut self, atom: &'w Atom) -> Node {
        let (truth, seen) = match &atom.test {
            Test::Compare { left, op, right } => {
                let left = self.look(left);
                match right {
                    Operand::Value(value) => (compare(&left.cell, *op, &Cell::Value { value: value.clone() }), vec![left]),
                    Operand::Ref(right) => {
                        let right = self.look(right);
                        (compare(&left.cell, *op, &right.cell), vec![left, right])
                    }
                }
            }
            Test::Among { left, not, values } => {
                let left = self.look(left);
                let is = among(&left.cell, values.iter());
                (if *not { !is } else { is }, vec![left])
            }
            Test::Measured(what) => {
                let seen = self.look(what);
                (Truth::of(!matches!(seen.cell, Cell::NotMeasured(_))), vec![seen])
            }
            Test::Tally { tally, op, number } => {
                let Counted { interval, parts, sizes } = self.tally(tally);
                let truth = interval.compare(*op, *number);
                return Node { truth, shape: Shape::Tally { span: atom.span.clone(), parts, sizes } };
            }
        };
        Node { truth, shape: Shape::Atom { span: atom.span.clone(), seen } }
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::condition::fence::{self, Fence};
    use crate::judge::condition::{Condition, Each, Outcome, Truth};

    fn world(text: &str) -> Fence {
        fence::parse(&format!("present\n{text}")).unwrap()
    }

    fn outcome(each: &str, condition: &str, fence: &Fence) -> Outcome {
        let each = Each::parse(each).unwrap();
        let condition = Condition::parse(condition, &each).unwrap_or_else(|m| panic!("{condition}: {m:?}"));
        let instances = fence.instances(&each).unwrap();
        condition.eval(&fence.world(), instances.first().expect("an instance"))
    }

    fn truth(each: &str, condition: &str, text: &str) -> Truth {
        outcome(each, condition, &world(text)).truth
    }

    const PATH: &str = "p in path";
    const SITE: &str = "s in site";

    #[test]
    fn atoms_over_values_absent_and_unmeasured() {
        use Truth::{False, True, Unknown};
        let text = "upgrade@here/edge.outcome = refused\nupgrade@here/edge.status = 426\nupgrade@here/edge.server = absent\n\
            upgrade@here/edge.after = 61 s\nupgrade@here/edge.author = not measured: deadline\n\
            http@here/edge[probe=health].status = 426";
        for (condition, expected) in [
            ("upgrade@p.outcome == refused", True),
            ("upgrade@p.outcome != refused", False),
            ("upgrade@p.outcome in [refused, closed]", True),
            ("upgrade@p.outcome not in [refused, closed]", False),
            ("upgrade@p[offer=http1].status > 400 and upgrade@p[as=plain].status <= 426", True),
            ("upgrade@p.status == http@p[probe=health].status", True),
            ("upgrade@p.after > 60 s", True),
            ("upgrade@p.after > -5 s and upgrade@p.after < 0.5 min", False),
            ("upgrade@p.server == nginx", False),
            ("upgrade@p.server != nginx", True),
            ("upgrade@p.server in [nginx]", False),
            ("upgrade@p.server not in [nginx]", True),
            ("measured(upgrade@p.server)", True),
            ("upgrade@p.author == edge", Unknown),
            ("upgrade@p.author not in [edge]", Unknown),
            ("measured(upgrade@p.author)", False),
            ("not upgrade@p.author == edge", Unknown),
            ("upgrade@p.author == edge and upgrade@p.status == 200", False),
            ("upgrade@p.author == edge or upgrade@p.status == 426", True),
            ("upgrade@p[offer=h2].outcome == refused", False),
            ("upgrade@p[offer=h2].outcome != refused", True),
            ("upgrade@direct(p).outcome == switched", Unknown),
            ("measured(upgrade@direct(p).outcome)", False),
        ] {
            assert_eq!(truth(PATH, condition, text), expected, "{condition}");
        }
    }

    #[test]
    fn quantifiers_over_complete_tables() {
        use Truth::{False, True};
        let two = "dns@here[resolver=quad100,name=gw,type=A,answer=1].class = tailnet\n\
            dns@here[resolver=corp,name=gw,type=A,answer=1].class = public";
        for (condition, text, expected) in [
            ("any x in dns@s: x.class == public", two, True),
            ("all x in dns@s: x.class == public", two, False),
            ("all x in dns@s where x.resolver == corp: x.class == public", two, True),
            ("none x in dns@s where x.resolver == corp: x.class == tailnet", two, True),
            ("any x in dns@s: x.class == none", "dns@here = complete", False),
            ("all x in dns@s: x.class == none", "dns@here = complete", True),
            ("none x in dns@s: x.class == none", "dns@here = complete", True),
            ("count(dns@s) == 0", "dns@here = complete", True),
            ("count(dns@s) == 2", two, True),
            ("count(x in dns@s where x.class == public) == 1", two, True),
            ("distinct(x.class for x in dns@s) > 1", two, True),
            ("distinct(x.class for x in dns@s where x.answer == 1 and x.resolver == corp) > 1", two, False),
            (
                "distinct(x.address for x in dns@s) == 0",
                &format!(
                    "{two}\ndns@here[resolver=corp,name=gw,type=A,answer=1].address = absent\ndns@here[resolver=quad100,name=gw,type=A,answer=1].address = absent"
                ),
                True,
            ),
        ] {
            assert_eq!(truth(SITE, condition, text), expected, "{condition}");
        }
    }

    #[test]
    fn rows_that_nobody_saw_are_unknown() {
        use Truth::{False, True, Unknown};
        let text = "listener@here[address=0.0.0.0,port=18789].reach = wildcard\n\
            listener@here[address=0.0.0.0,port=18789].owner = not measured: not-permitted\n\
            listener@here = incomplete: truncated";
        for (condition, expected) in [
            ("any l in listener@s: l.reach == wildcard", True),
            ("any l in listener@s: l.reach == loopback", Unknown),
            ("all l in listener@s: l.reach == wildcard", Unknown),
            ("all l in listener@s: l.reach == loopback", False),
            ("none l in listener@s: l.reach == loopback", Unknown),
            ("any l in listener@s where l.owner == gateway: l.reach == wildcard", Unknown),
            ("any l in listener@s where l.owner == gateway: l.reach == wildcard or l.port == 18789", Unknown),
            ("all l in listener@s where l.owner == gateway: l.reach == loopback", Unknown),
            ("count(listener@s) >= 1", True),
            ("count(listener@s) == 1", Unknown),
            ("count(listener@s) < 1", False),
            ("count(l in listener@s where l.owner == gateway) >= 0", True),
            ("count(l in listener@s where l.owner == gateway) >= 1", Unknown),
            ("distinct(l.reach for l in listener@s) >= 1", True),
            ("distinct(l.owner for l in listener@s) >= 1", Unknown),
            ("count(setting@s) == 0", Unknown),
        ] {
            assert_eq!(truth(SITE, condition, text), expected, "{condition}");
        }
        let complete = text.rsplit_once('\n').unwrap().0;
        assert_eq!(truth(SITE, "count(l in listener@s where l.owner == gateway) <= 1", complete), True);
        assert_eq!(truth(SITE, "distinct(l.owner for l in listener@s) > 1", complete), False);
    }

    #[test]
    fn a_join_of_a_table_with_itself() {
        let condition =
            "l.reach == loopback and any m in listener where m.port == l.port: m.address != l.address and m.pid != l.pid";
        let rows = |pid: u32| {
            format!(
                "listener@gw[address=127.0.0.1,port=18789].reach = loopback\nlistener@gw[address=127.0.0.1,port=18789].pid = 7\n\
                 listener@gw[address=::1,port=18789].reach = loopback\nlistener@gw[address=::1,port=18789].pid = {pid}"
            )
        };
        assert_eq!(truth("l in listener", condition, &rows(8)), Truth::True);
        assert_eq!(truth("l in listener", condition, &rows(7)), Truth::False);
    }

    #[test]
    fn vantages_are_followed() {
        let text = "site gw role=gateway-host\nlistener@gw[address=127.0.0.1,port=18789].owner = gateway\n\
            upgrade@laptop/edge:corp.outcome = refused\nupgrade@gw/local.outcome = switched\nupgrade@gw/lan.outcome = closed\n\
            dns@laptop = complete\nconfig@gw.port = 18789";
        let each = "e in path where e.kind == edge";
        for condition in [
            "upgrade@direct(e).outcome == switched",
            "upgrade@direct(direct(e)).outcome == closed",
            "count(dns@site(e)) == 0",
            "any l in listener@host(e): l.owner == gateway",
            "listener@host(e)[address=127.0.0.1,port=18789].owner == gateway",
            "e.class == edge and e.name == \"edge:corp\" and site@host(e).role == gateway-host",
            "any p in path where p.class == direct: upgrade@p.outcome == closed",
            "any s in site: s.role == gateway-host and config@s.port == 18789",
            "any l in listener: l.port == config@l.port",
            "all c in config: listener@c[address=127.0.0.1,port=c.port].owner == gateway",
        ] {
            assert_eq!(truth(each, condition, text), Truth::True, "{condition}");
        }
        let apart = format!("{text}\npair[a=laptop/edge:corp,b=gw/local].same-gateway = refuted");
        assert_eq!(truth(each, "upgrade@direct(e).outcome == closed", &apart), Truth::True);
        assert_eq!(truth(each, "pair(e, direct(e)).same-gateway != refuted", &apart), Truth::True);
    }

    #[test]
    fn evidence_is_what_decided() {
        let fence = world(
            "upgrade@here/edge.outcome = refused\nupgrade@here/edge.status = 426\nupgrade@here/edge.author = edge\n\
             upgrade@here/local.outcome = switched",
        );
        let ids = |condition: &str| -> Vec<String> {
            let outcome = outcome("e in path where e.class == edge", condition, &fence);
            outcome.evidence().iter().map(|(id, cell)| format!("{id} = {cell}")).collect()
        };
        let edge = |field: &str| format!("upgrade@here/edge[offer=http1,as=plain].{field}");
        assert_eq!(
            ids("upgrade@e.outcome == refused and (upgrade@e.status == 426 or upgrade@e.author == gateway)"),
            [edge("outcome = refused"), edge("status = 426")]
        );
        assert_eq!(ids("upgrade@e.outcome == refused and upgrade@e.status == 200"), [edge("status = 426")]);
        assert_eq!(ids("not upgrade@e.outcome == refused"), [edge("outcome = refused")]);
        assert_eq!(
            ids("any u in upgrade@direct(e) where u.offer == http1: u.outcome == switched"),
            ["upgrade@here/local[offer=http1,as=plain].outcome = switched"]
        );
        assert_eq!(ids("none u in upgrade@direct(e): u.offer == h2"), ["upgrade@here/local.rows = 1"]);
        assert_eq!(ids("count(upgrade@e) > 0"), [edge("outcome = refused")]);
    }

    #[test]
    fn what_is_lacking_is_told_once_and_only_if_it_matters() {
        let fence = world(
            "upgrade@here/edge.outcome = refused\nupgrade@here/edge.author = not measured: deadline\n\
             upgrade@here/edge.arrived = not measured: blocked tcp@here/edge.connected\nlistener@here = incomplete: not-permitted",
        );
        let lacks = |condition: &str| -> Vec<String> {
            let outcome = outcome("e in path", condition, &fence);
            assert_eq!(outcome.truth, Truth::Unknown, "{condition}");
            assert!(outcome.evidence().is_empty());
            outcome.lacks().iter().map(|(id, because)| format!("{id}: {because}")).collect()
        };
        let edge = |field: &str| format!("upgrade@here/edge[offer=http1,as=plain].{field}");
        assert_eq!(
            lacks(
                "upgrade@e.author == edge and upgrade@e.outcome == refused and (upgrade@e.arrived == no or upgrade@e.author == edge)"
            ),
            [edge("author: deadline"), edge("arrived: blocked: tcp@here/edge.connected")]
        );
        assert_eq!(lacks("any l in listener@site(e): l.reach == wildcard"), ["listener@here: not permitted"]);
        assert_eq!(
            lacks("count(listener@host(e)) > 0"),
            ["listener@host(here/edge): not planned: no site is known to be the gateway's host"]
        );
        assert_eq!(
            lacks("upgrade@direct(e).outcome == switched"),
            ["upgrade@direct(here/edge).outcome: not planned: no direct path to the same gateway is planned"]
        );
        let known = outcome("e in path", "upgrade@e.author == edge and upgrade@e.outcome == closed", &fence);
        assert!(known.lacks().is_empty());
    }

    #[test]
    fn the_trace_keeps_every_atom() {
        let fence = world("upgrade@here/edge.outcome = refused");
        let outcome = outcome("e in path", "upgrade@e.outcome == closed and (upgrade@e.status == 1 or e.kind == edge)", &fence);
        let steps: Vec<String> = outcome.trace().iter().map(|s| format!("{} {}", s.text, s.truth)).collect();
        assert_eq!(steps, ["upgrade@e.outcome == closed false", "upgrade@e.status == 1 unknown", "e.kind == edge true"]);
        assert_eq!(outcome.trace()[2].cells[0].0.unwrap().to_string(), "path@here/edge.kind");
    }
}
