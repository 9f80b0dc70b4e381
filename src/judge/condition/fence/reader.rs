//! Lines to sites, paths and sheets.

use super::line::{Part, Stated, stated};
use super::{Expect, Fence, Pick};
use crate::facts::tables::path::PATH;
use crate::facts::tables::site::SITE;
use crate::facts::{Cell, Facts, Field, Reason, Row, Sheet, SheetState, Table, Value, dictionary};
use crate::judge::condition::Mistake;
use crate::path::{Class, Kind, Path, Role, Site, Topology, Vantage};

/// What was read so far.
#[derive(Default)]
struct Reader {
    sheets: Vec<Sheet>,
    topology: Topology,
    unplanned: Vec<Vantage>,
    pick: Vec<Pick>,
    mistakes: Vec<Mistake>,
}

pub(super) fn read(source: &str) -> Result<Fence, Vec<Mistake>> {
    let mut reader = Reader::default();
    let mut expect = None;
    for line in lines(source) {
        let read = match expect {
            None => kind(line).map(|kind| expect = Some(kind)),
            Some(_) => reader.line(line),
        };
        reader.mistakes.extend(read.err());
    }
    let Some(expect) = expect else {
        let mistake = Mistake::new("the fence does not say what it is evidence of", 0..source.len(), "expected a first line");
        reader.mistakes.push(mistake.help("begin with present, clear, suspected or unknown"));
        return Err(reader.mistakes);
    };
    if !reader.mistakes.is_empty() {
        return Err(reader.mistakes);
    }
    Ok(reader.finish(expect))
}

/// Lines with something in them; comments and the closing backticks say nothing.
fn lines(source: &str) -> impl Iterator<Item = Part<'_>> {
    let mut start = 0;
    source.split_inclusive('\n').filter_map(move |text| {
        let part = Part { text, start }.trim();
        start += text.len();
        (!part.text.is_empty() && !part.text.starts_with('#') && part.text != "```").then_some(part)
    })
}

fn kind(line: Part<'_>) -> Result<Expect, Mistake> {
    let word = line.text.trim_start_matches('`').trim_start_matches("evidence").trim();
    word.parse().map_err(|_| {
        let mistake = line.wrong("the fence does not say what it is evidence of", "expected a kind of evidence");
        mistake.among(word, Expect::ALL.iter().map(|l| l.name))
    })
}

impl Reader {
    fn line(&mut self, line: Part<'_>) -> Result<(), Mistake> {
        let (word, rest) = line.text.find(' ').map_or((line, None), |at| {
            let (word, rest) = line.split(at, 1);
            (word, Some(rest.trim()))
        });
        match (word.text, rest) {
            ("path", Some(rest)) => self.path(rest),
            ("site", Some(rest)) => self.site(rest),
            ("instance", Some(rest)) => self.instance(rest),
            _ => self.fact(line),
        }
    }

    fn instance(&mut self, line: Part<'_>) -> Result<(), Mistake> {
        let at = line.text.find('=').ok_or_else(|| line.wrong("an instance names what is bound", "expected e=here/edge:corp"))?;
        let (binder, bound) = line.split(at, 1);
        self.pick.push(Pick {
            binder: binder.trim().text.to_owned(),
            bound: bound.trim().text.to_owned(),
            span: line.start..line.start + line.text.len(),
        });
        Ok(())
    }

    fn path(&mut self, line: Part<'_>) -> Result<(), Mistake> {
        let mut words = line.words();
        let name = words.next().unwrap_or(line);
        let vantage = name.vantage()?;
        let words: Vec<_> = words.collect();
        if words.iter().any(|w| w.text == "not-planned") {
            self.mention_site(&vantage);
            self.unplanned.push(vantage);
            return Ok(());
        }
        let attributes = words.into_iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        let given = |name: &str| attributes.iter().find(|(n, _)| n.text == name).map(|(_, value)| *value);
        let kind = match given("kind") {
            Some(word) => label::<Kind>(word, Kind::ALL)?,
            None => kind_of(name, &vantage)?,
        };
        let class = given("class").map_or(Ok(kind.class()), |word| label::<Class>(word, Class::ALL))?;
        let rides_on = given("rides-on").map_or_else(Vec::new, |w| w.text.split(',').map(str::to_owned).collect());
        self.mention_site(&vantage);
        self.topology.paths.retain(|p| p.vantage != vantage);
        self.topology.paths.push(Path { vantage: vantage.clone(), kind, class, rides_on });
        for (attribute, value) in attributes.iter().filter(|(n, _)| !["kind", "class", "rides-on"].contains(&n.text)) {
            self.attribute(&PATH, &vantage, *attribute, *value)?;
        }
        Ok(())
    }

    fn site(&mut self, line: Part<'_>) -> Result<(), Mistake> {
        let mut words = line.words();
        let vantage = words.next().unwrap_or(line).vantage()?.at_site();
        self.mention_site(&vantage);
        for word in words {
            let (attribute_name, value) = attribute(word)?;
            if attribute_name.text == "role" {
                let role = label::<Role>(value, Role::ALL)?;
                self.topology.sites.iter_mut().filter(|s| s.name == vantage.site).for_each(|s| s.role = role);
            } else {
                self.attribute(&SITE, &vantage, attribute_name, value)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, table: &'static Table, at: &Vantage, name: Part<'_>, value: Part<'_>) -> Result<(), Mistake> {
        let field = table.field(name.text).ok_or_else(|| {
            let mistake = name.wrong(format!("`{}` has no field `{}`", table.name, name.text), "unknown field");
            mistake.among(name.text, table.fields.iter().map(|f| f.name))
        })?;
        let value = value.value(field.ty)?;
        self.put(table, Some(at), Vec::new(), field, Cell::Value { value });
        Ok(())
    }

    fn fact(&mut self, line: Part<'_>) -> Result<(), Mistake> {
        match stated(line)? {
            Stated::State { table, vantage, state } => {
                self.mention(line, vantage.as_ref())?;
                self.sheet(table, vantage.as_ref()).state = state;
            }
            Stated::Cell { table, vantage, key, field, cell } => {
                self.mention(line, vantage.as_ref())?;
                for end in key.iter().filter(|(name, _)| table.key(name).is_some_and(|k| k.ty == crate::facts::Type::Vantage)) {
                    if let Some(end) = end.1.as_text().and_then(|text| text.parse().ok()) {
                        self.mention(line, Some(&end))?;
                    }
                }
                if let (Some(vantage), Some(word)) = (&vantage, cell.text()) {
                    self.settle(table.name, field.name, vantage, word);
                }
                self.put(table, vantage.as_ref(), key, field, cell);
            }
        }
        Ok(())
    }

    /// What the topology knows may be written as a fact as well: `site@gw.role = gateway-host`.
    fn settle(&mut self, table: &str, field: &str, vantage: &Vantage, word: &str) {
        let path = self.topology.paths.iter_mut().find(|p| p.vantage == *vantage);
        let site = self.topology.sites.iter_mut().find(|s| s.name == vantage.site);
        match (table, field, path, site) {
            ("site", "role", _, Some(site)) => site.role = word.parse().unwrap_or(site.role),
            ("path", "class", Some(path), _) => path.class = word.parse().unwrap_or(path.class),
            ("path", "kind", Some(path), _) => path.kind = word.parse().unwrap_or(path.kind),
            _ => {}
        }
    }

    fn mention_site(&mut self, vantage: &Vantage) {
        if self.topology.site(&vantage.site).is_none() {
            self.topology.sites.push(Site { name: vantage.site.clone(), role: Role::Unknown });
        }
    }

    fn mention(&mut self, line: Part<'_>, vantage: Option<&Vantage>) -> Result<(), Mistake> {
        let Some(vantage) = vantage else { return Ok(()) };
        self.mention_site(vantage);
        if vantage.path.is_some() && self.topology.path(vantage).is_none() {
            let kind = kind_of(line, vantage)?;
            let path = Path { vantage: vantage.clone(), kind, class: kind.class(), rides_on: Vec::new() };
            self.topology.paths.push(path);
        }
        Ok(())
    }

    fn sheet(&mut self, table: &'static Table, vantage: Option<&Vantage>) -> &mut Sheet {
        let found = self.sheets.iter().position(|s| s.table == table.name && s.vantage.as_ref() == vantage);
        let at = found.unwrap_or_else(|| {
            let (table, vantage) = (table.name.to_owned(), vantage.cloned());
            self.sheets.push(Sheet { table, vantage, state: SheetState::Complete, rows: Vec::new() });
            self.sheets.len() - 1
        });
        &mut self.sheets[at]
    }

    fn put(
        &mut self,
        table: &'static Table,
        vantage: Option<&Vantage>,
        key: Vec<(String, Value)>,
        field: &'static Field,
        cell: Cell,
    ) {
        let sheet = self.sheet(table, vantage);
        let at = sheet.rows.iter().position(|row| row.key == key).unwrap_or_else(|| {
            sheet.rows.push(Row { key, cells: Vec::new() });
            sheet.rows.len() - 1
        });
        sheet.rows[at].put(field.name, cell);
    }

    fn finish(mut self, expect: Expect) -> Fence {
        self.topology.paths.retain(|p| !self.unplanned.contains(&p.vantage));
        for path in self.topology.paths.clone() {
            let words = [("kind", path.kind.as_str()), ("class", path.class.as_str())];
            let name = path.vantage.path.as_deref().map(|name| ("name", name));
            for (field, text) in words.into_iter().chain(name) {
                if let Some(field) = PATH.field(field) {
                    self.put(&PATH, Some(&path.vantage), Vec::new(), field, Cell::value(text));
                }
            }
        }
        let mut facts = Facts::default();
        for mut sheet in self.sheets {
            if let Some(table) = dictionary::table(&sheet.table) {
                sheet.rows.iter_mut().for_each(|row| fill(row, table));
            }
            facts.add(sheet);
        }
        Fence { expect, facts, topology: self.topology, pick: self.pick }
    }
}

/// Cells that no line gives were not planned.
fn fill(row: &mut Row, table: &Table) {
    for field in table.fields {
        if row.cell(field.name).is_none() {
            row.put(field.name, Cell::not_measured(Reason::NotPlanned));
        }
    }
    row.cells.sort_by_key(|(name, _)| table.fields.iter().position(|f| f.name == name));
}

fn attribute(word: Part<'_>) -> Result<(Part<'_>, Part<'_>), Mistake> {
    let at = word.text.find('=').ok_or_else(|| word.wrong("this is no attribute", "expected name=value"))?;
    Ok(word.split(at, 1))
}

fn kind_of(place: Part<'_>, vantage: &Vantage) -> Result<Kind, Mistake> {
    let name = vantage.path.as_deref().unwrap_or_default();
    name.split(':').next().unwrap_or(name).parse().map_err(|_| {
        let mistake = place.wrong(format!("the kind of `{vantage}` does not follow from its name"), "unknown kind");
        mistake.help("add a line before it: path SITE/NAME kind=edge")
    })
}

fn label<T: std::str::FromStr>(word: Part<'_>, known: &'static [crate::labels::Label]) -> Result<T, Mistake> {
    word.text.parse().map_err(|_| {
        let mistake = word.wrong(format!("`{}` is not known", word.text), "unknown word");
        mistake.among(word.text, known.iter().map(|l| l.name))
    })
}
