//! Tables: one model, set by comfy-table for the terminal and for Markdown alike.

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{ContentArrangement, Table as Comfy};

use super::style::{Style, Tone};
use super::text::{columns, tame};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

impl Cell {
    /// A cell; what could steer a terminal is escaped.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: tame(text.as_ref()), tone }
    }

    /// A cell of ordinary text.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A header and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The header; empty for none.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// Blanks between two columns on a terminal.
const GAP: u16 = 3;

impl Table {
    /// The table on a terminal, never wrapped; each line ended.
    pub fn terminal(&self, style: &Style) -> String {
        let mut table = self.comfy();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.column_iter_mut().for_each(|c| {
            c.set_padding((0, GAP));
        });
        let heads: Vec<Cell> = self.header.iter().map(|h| Cell::new(h, Tone::Strong)).collect();
        let cells = (!heads.is_empty()).then_some(&heads).into_iter().chain(&self.rows);
        table.lines().zip(cells).map(|(line, row)| paint(line.trim_end(), row, style) + "\n").collect()
    }

    /// The table on a terminal with its last column wrapped to the width; colours are left out.
    pub fn wrapped(&self, width: u16, gap: u16) -> String {
        let mut table = self.comfy();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let last = self.rows.first().map_or(0, Vec::len).saturating_sub(1);
        table.column_iter_mut().for_each(|c| {
            c.set_padding((0, if c.index == last { 0 } else { gap }));
        });
        table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let bar = |text: &str| text.replace('|', "\\|");
        let escaped = Self {
            header: self.header.iter().map(|h| bar(h)).collect(),
            rows: self.rows.iter().map(|r| r.iter().map(|c| Cell { text: bar(&c.text), tone: c.tone }).collect()).collect(),
        };
        let mut table = escaped.comfy();
        table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
        table.lines().map(|line| line + "\n").collect()
    }

    /// Columns that the widest line takes on a terminal.
    pub fn width(&self) -> usize {
        let cells = self.header.len().max(self.rows.iter().map(Vec::len).max().unwrap_or(0));
        let widest = |i: usize| {
            let heads = self.header.get(i).map(|h| columns(h));
            heads.into_iter().chain(self.rows.iter().filter_map(|r| r.get(i)).map(|c| columns(&c.text))).max().unwrap_or(0)
        };
        (0..cells).map(|i| widest(i) + usize::from(GAP)).sum::<usize>().saturating_sub(usize::from(GAP))
    }

    fn comfy(&self) -> Comfy {
        let mut table = Comfy::new();
        if !self.header.is_empty() {
            table.set_header(self.header.iter().map(|h| tame(h)));
        }
        for row in &self.rows {
            table.add_row(row.iter().map(|c| c.text.clone()));
        }
        table
    }
}

/// A label and a text that is wrapped beside it; each line ended.
pub fn row(label: &str, text: &str, style: &Style) -> String {
    Table { header: Vec::new(), rows: vec![vec![Cell::plain(label), Cell::plain(text)]] }.wrapped(style.reading_width(), GAP)
}

/// Colours a line that has been laid out: the cells stand in it in order, with nothing but blanks between them.
fn paint(line: &str, row: &[Cell], style: &Style) -> String {
    let (mut out, mut rest) = (String::new(), line);
    for cell in row.iter().filter(|c| !c.text.is_empty()) {
        if let Some((before, after)) = rest.split_once(cell.text.as_str()) {
            out.push_str(before);
            out.push_str(&style.paint(cell.tone, &cell.text));
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        Table {
            header: vec!["layer".into(), "local".into()],
            rows: vec![
                vec![Cell::plain("websocket"), Cell::new("ok", Tone::Good)],
                vec![Cell::plain("a|b"), Cell::new("·", Tone::Faint)],
            ],
        }
    }

    #[test]
    fn one_model_gives_terminal_and_markdown() {
        assert_eq!(sample().terminal(&Style::default()), "layer       local\nwebsocket   ok\na|b         ·\n");
        let markdown = sample().markdown();
        assert!(markdown.starts_with("| layer     | local |\n|---"), "{markdown}");
        assert!(markdown.contains("| a\\|b"), "{markdown}");
    }

    #[test]
    fn colours_do_not_move_columns() {
        let painted = sample().terminal(&Style { color: true, width: 80 });
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), sample().terminal(&Style::default()));
        assert!(painted.contains("\u{1b}[32mok"), "{painted:?}");
        assert_eq!(sample().width(), "websocket   local".len());
    }
}
