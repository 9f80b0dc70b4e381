//! Sentences with holes.

use std::sync::Arc;

use super::ast::{At, Expr, Ref, Rows, Tally};
use super::check::Checker;
use super::each::Each;
use super::env::Env;
use super::instance::Instance;
use super::mistake::Mistake;
use super::parser::Parser;
use super::truth::Truth;
use super::world::World;
use crate::facts::Cell;

/// A sentence with holes, checked like a condition. `{{` and `}}` stand for braces.
///
/// - `{e}`, `{direct(e)}`, `{host(e)}`: the name of a path or site; of a bound row its key values.
/// - `{upgrade@e.status}`, `{e.host}`: the value of a cell.
/// - `{any x in tcp@p where x.connected == refused: x.address}`: the distinct values over the rows that hold.
/// - `{count(..)}`, `{distinct(..)}`: a number, `at least 2` while rows are missing.
///
/// What is absent prints as `nothing`, what was not measured as `unknown`.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Place(At),
    Cell(Ref),
    Listed { rows: Rows, of: Ref },
    Tally(Tally),
}

const NOTHING: &str = "nothing";
const UNKNOWN: &str = "not measured";

impl Template {
    /// Parses a sentence over the names that `each` binds.
    ///
    /// # Errors
    /// Mistakes as for a condition, and braces without their partner.
    pub fn parse(source: &str, each: &Each) -> Result<Self, Vec<Mistake>> {
        let mut parts = Vec::new();
        let mut mistakes = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        while let Some(next) = source[at..].chars().next() {
            let rest = &source[at..];
            match next {
                '{' | '}' if rest[1..].starts_with(next) => {
                    text.push(next);
                    at += 2;
                }
                '{' => {
                    let Some(length) = rest.find('}') else {
                        mistakes.push(Mistake::new("a hole lacks its closing brace", at..source.len(), "opened here"));
                        break;
                    };
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    match hole(source, at + 1..at + length, each) {
                        Ok(part) => parts.push(part),
                        Err(wrong) => mistakes.extend(wrong),
                    }
                    at += length + 1;
                }
                '}' => {
                    let mistake = Mistake::new("a closing brace stands alone", at..at + 1, "no hole is open here");
                    mistakes.push(mistake.help("write `}}` for a brace"));
                    at += 1;
                }
                _ => {
                    let plain = rest.find(['{', '}']).unwrap_or(rest.len());
                    text.push_str(&rest[..plain]);
                    at += plain;
                }
            }
        }
        parts.push(Part::Text(text));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        if mistakes.is_empty() { Ok(Self { source: source.into(), parts }) } else { Err(mistakes) }
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The sentence for one instance.
    pub fn render(&self, world: &World<'_>, instance: &Instance) -> String {
        self.shown(world, instance).map(|(_, text)| text).collect()
    }

    /// The command for one instance, unless a hole has no value, or one that a shell would read as more than a word.
    pub fn command(&self, world: &World<'_>, instance: &Instance) -> Option<String> {
        let fits = |text: &str| ![NOTHING, UNKNOWN].contains(&text) && !text.is_empty() && !text.contains(is_shells);
        self.shown(world, instance).map(|(part, text)| (matches!(part, Part::Text(_)) || fits(&text)).then_some(text)).collect()
    }

    fn shown<'a>(&'a self, world: &World<'a>, instance: &'a Instance) -> impl Iterator<Item = (&'a Part, String)> {
        let mut env = instance.env(*world).ok();
        self.parts.iter().map(move |part| match (part, env.as_mut()) {
            (Part::Text(text), _) => (part, text.clone()),
            (_, None) => (part, UNKNOWN.to_owned()),
            (_, Some(env)) => (part, part.show(&mut env.clone())),
        })
    }
}

/// Whether a character means something to a shell. Source: POSIX.1-2024, Shell Command Language, 2.2 Quoting.
fn is_shells(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "|&;<>()$`\\\"'*?#~{}!".contains(c)
}

fn hole(source: &str, range: std::ops::Range<usize>, each: &Each) -> Result<Part, Vec<Mistake>> {
    let text = source[range.clone()].trim();
    let one = |m: Mistake| vec![m];
    let mut checker = Checker::new(each.names());
    let mut parser = Parser::new(source, range).map_err(one)?;
    let part = if text.starts_with("any ") {
        parser.take("any");
        let rows = parser.rows().map_err(one)?;
        parser.colon().map_err(one)?;
        let of = parser.reference().map_err(one)?;
        let checked = checker.rows(&rows);
        checked.and_then(|rows| checker.reference(&of).map(|(of, _)| Part::Listed { rows, of }))
    } else if text.starts_with("count(") || text.starts_with("distinct(") {
        let tally = parser.tally().map_err(one)?;
        checker.tally(&tally).map(Part::Tally)
    } else if text.contains('@') || text.contains('.') {
        let of = parser.reference().map_err(one)?;
        checker.reference(&of).map(|(of, _)| Part::Cell(of))
    } else {
        let place = parser.place().map_err(one)?;
        checker.place(&place).map(|(at, _)| Part::Place(at))
    };
    parser.end().map_err(one)?;
    checker.done(part)
}

impl Part {
    fn show<'w>(&'w self, env: &mut Env<'w>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Place(at) => {
                let row = if let At::Binder(name) = at { env.row_name(name) } else { None };
                row.or_else(|| env.name(at)).unwrap_or_else(|| UNKNOWN.to_owned())
            }
            Self::Cell(reference) => show(&env.look(reference).cell),
            Self::Listed { rows, of } => listed(env, rows, of),
            Self::Tally(tally) => {
                let interval = env.tally(tally).interval;
                match interval.most {
                    Some(most) if most == interval.least => most.to_string(),
                    _ => format!("at least {}", interval.least),
                }
            }
        }
    }
}

fn show(cell: &Cell) -> String {
    match cell {
        Cell::Value { value } => value.to_string(),
        Cell::Absent => NOTHING.to_owned(),
        Cell::NotMeasured(_) => UNKNOWN.to_owned(),
    }
}

fn listed<'w>(env: &mut Env<'w>, rows: &'w Rows, of: &'w Ref) -> String {
    let found = env.rows(&rows.source);
    let mut values: Vec<String> = Vec::new();
    for item in found.items {
        env.items.push((&rows.binder, item));
        let holds = rows.filter.as_deref().is_none_or(|f: &Expr| env.eval(f).truth == Truth::True);
        let value = show(&env.look(of).cell);
        env.items.pop();
        if holds && !values.contains(&value) {
            values.push(value);
        }
    }
    match (values.is_empty(), found.unseen.is_empty()) {
        (false, _) => values.join(", "),
        (true, true) => NOTHING.to_owned(),
        (true, false) => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::condition::fence;

    const WORLD: &str = "present
site here role=gateway-host
path here/edge:corp host=gw.example port=443
upgrade@here/edge:corp.status = 200
upgrade@here/edge:corp.server = absent
upgrade@here/local.address = 127.0.0.1:18789
tcp@here/edge:corp[address=203.0.113.5,port=443].connected = refused
tcp@here/edge:corp[address=203.0.113.6,port=443].connected = refused
tcp@here/edge:corp[address=203.0.113.7,port=443].connected = accepted
listener@here[address=127.0.0.1,port=18789].owner = gateway
listener@here = incomplete: not-permitted
dns@here = complete";

    fn say(text: &str) -> String {
        let fence = fence::parse(WORLD).unwrap();
        let each = Each::parse("e in path where e.class == edge").unwrap();
        let instance = &each.instances(&fence.world())[0];
        Template::parse(text, &each).unwrap_or_else(|m| panic!("{text}: {m:?}")).render(&fence.world(), instance)
    }

    #[test]
    fn holes_are_filled() {
        for (text, expected) in [
            ("{e} answered {upgrade@e.status} at {e.host}:{e.port}.", "edge:corp answered 200 at gw.example:443."),
            ("{direct(e)} at {upgrade@direct(e).address}, {host(e)}, {site(e)}", "local at 127.0.0.1:18789, here, here"),
            ("{upgrade@e.server}, {upgrade@e.body}", "nothing, not measured"),
            ("{direct(direct(e))} {upgrade@direct(direct(e)).status}", "not measured not measured"),
            ("{listener@host(e)[address=127.0.0.1,port=18789].owner}", "gateway"),
            ("{any x in tcp@e where x.connected == refused: x.address} refused", "203.0.113.5, 203.0.113.6 refused"),
            ("{any x in tcp@e where x.connected == silent: x.address}", "nothing"),
            ("{any x in listener@host(e) where x.owner == ssh: x.address}", "not measured"),
            ("{any x in tcp@e: x.port}", "443"),
            ("{count(tcp@e)}, {distinct(x.connected for x in tcp@e)}, {count(listener@host(e))}", "3, 2, at least 1"),
            ("{pair(e, direct(e)).same-gateway}", "not measured"),
            ("'{{\"a\": {e.port}}}' größer", "'{\"a\": 443}' größer"),
        ] {
            assert_eq!(say(text), expected, "{text}");
        }
    }

    #[test]
    fn a_command_is_told_only_if_it_can_be_pasted() {
        let command = |text: &str, host: &str| {
            let fence = fence::parse(&format!("present\npath here/local host=\"{host}\" port=1")).unwrap();
            let each = Each::parse("p in path").unwrap();
            let instance = &each.instances(&fence.world())[0];
            Template::parse(text, &each).unwrap().command(&fence.world(), instance)
        };
        assert_eq!(command("nc '{p.host}' {p.port}", "gw.example"), Some("nc 'gw.example' 1".into()));
        assert_eq!(command("ls '/a b' | wc", "gw"), Some("ls '/a b' | wc".into()));
        assert_eq!(command("ping {upgrade@p.server}", "gw"), None, "nobody knows it");
        for host in ["/run/x';reboot;'", "/run/$(reboot)", "/run/`reboot`"] {
            assert_eq!(command("stat '{p.host}'", host), None, "{host}");
        }
    }

    #[test]
    fn a_bound_row_is_named_by_its_key() {
        let fence = fence::parse(WORLD).unwrap();
        let each = Each::parse("l in listener").unwrap();
        let instances = each.instances(&fence.world());
        let template = Template::parse("{l}: {l.owner} on {l.port}", &each).unwrap();
        assert_eq!(template.render(&fence.world(), &instances[0]), "127.0.0.1 18789: gateway on 18789");
        assert_eq!(template.render(&fence.world(), &instances[1]), "not measured: not measured on not measured");
    }

    #[test]
    fn wrong_holes_are_underlined() {
        let each = Each::parse("e in path").unwrap();
        for (text, under) in [
            ("a {upgrade@e.sttus} b", "sttus"),
            ("ü {f}", "f"),
            ("{e", "{e"),
            ("e}", "}"),
            ("{}", ""),
            ("{e e}", "e"),
            ("{any x in tcp@e where x.conected == refused: x.address}", "conected"),
            ("{count(tcpp@e)}", "tcpp"),
        ] {
            let mistakes = Template::parse(text, &each).expect_err(text);
            assert_eq!(&text[mistakes[0].span.clone()], under, "{text}: {mistakes:?}");
        }
        assert_eq!(Template::parse("{upgrade@e.a} {f}", &each).unwrap_err().len(), 2);
    }
}
