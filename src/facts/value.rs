//! A cell: a value, *absent*, or *not measured* with a reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schema::Type;
use crate::labels;

/// A value of a cell or a key column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Milliseconds.
    Ms(f64),
    /// A share in percent.
    Percent(f64),
    /// A label, an address, a vantage or free text.
    Text(String),
}

impl Value {
    /// A duration.
    pub fn duration(d: std::time::Duration) -> Self {
        Self::ms(d.as_secs_f64() * 1_000.0)
    }

    /// Milliseconds, to the microsecond.
    pub fn ms(ms: f64) -> Self {
        Self::Ms(thousandths(ms))
    }

    /// Reads a value of a type as conditions and evidence fences write it (`60.1 s`, `41 %`, `true`, `refused`).
    pub fn parse(text: &str, ty: Type) -> Result<Self, String> {
        let text = text.trim();
        match ty {
            Type::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(format!("`{text}` is neither true nor false")),
            },
            Type::Int | Type::Bytes => {
                text.replace('_', "").parse().map(Self::Int).map_err(|_| format!("`{text}` is not a whole number"))
            }
            Type::Duration => parse_ms(text).map(Self::Ms),
            Type::Percent => {
                let number = text.strip_suffix('%').ok_or_else(|| format!("`{text}` lacks its unit, as in `41 %`"))?;
                number.trim().parse().map(Self::Percent).map_err(|_| format!("`{text}` is not a share such as `41 %`"))
            }
            Type::Label(words) => {
                words.iter().any(|w| w.name == text).then(|| Self::Text(text.to_owned())).ok_or_else(|| {
                    format!("`{text}` is not one of {}", words.iter().map(|w| w.name).collect::<Vec<_>>().join(", "))
                })
            }
            Type::Text | Type::Address | Type::Vantage => Ok(Self::Text(text.to_owned())),
        }
    }

    /// Whether the value can stand in a cell of this type.
    pub fn fits(&self, ty: Type) -> bool {
        match (self, ty) {
            (Self::Bool(_), Type::Bool)
            | (Self::Int(_), Type::Int | Type::Bytes)
            | (Self::Ms(_), Type::Duration)
            | (Self::Percent(_), Type::Percent)
            | (Self::Text(_), Type::Text | Type::Address | Type::Vantage) => true,
            (Self::Text(word), Type::Label(words)) => words.iter().any(|w| w.name == word),
            _ => false,
        }
    }

    /// The text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON carries it: durations in milliseconds, shares in percent.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(b) => (*b).into(),
            Self::Int(n) => (*n).into(),
            Self::Ms(n) | Self::Percent(n) => (*n).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Ms(ms) => f.write_str(&show_ms(*ms)),
            Self::Percent(p) => write!(f, "{p} %"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<u16> for Value {
    fn from(n: u16) -> Self {
        Self::Int(n.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<std::time::Duration> for Value {
    fn from(d: std::time::Duration) -> Self {
        Self::duration(d)
    }
}

impl From<std::net::IpAddr> for Value {
    fn from(a: std::net::IpAddr) -> Self {
        Self::Text(a.to_string())
    }
}

/// Three digits after the point: microseconds are what our clocks are good for, and numbers this short are read back from
/// text exactly.
pub fn thousandths(n: f64) -> f64 {
    (n * 1_000.0).round() / 1_000.0
}

/// Units of a written duration and their length in milliseconds.
const UNITS: &[(&str, f64)] =
    &[("ms", 1.0), ("us", 0.001), ("s", 1_000.0), ("min", 60_000.0), ("h", 3_600_000.0), ("d", 86_400_000.0)];

/// Reads `250 ms`, `60.1 s`, `5min`.
pub fn parse_ms(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), text[split..].trim());
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is not a duration such as `250 ms` or `60 s`"))?;
    if unit.is_empty() {
        return Err(format!("`{text}` lacks its unit: ms, s, min, h or d"));
    }
    let (_, length) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| format!("`{unit}` is no unit of time: use ms, s, min, h or d"))?;
    Ok(number * length)
}

/// Writes milliseconds for people: `0.4 ms`, `60.1 s`, `3 d`.
pub fn show_ms(ms: f64) -> String {
    let trim = |n: f64, digits: usize| {
        let text = format!("{n:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match ms.abs() {
        x if x < 10.0 => format!("{} ms", trim(ms, 2)),
        x if x < 1_000.0 => format!("{} ms", trim(ms, 0)),
        x if x < 600_000.0 => format!("{} s", trim(ms / 1_000.0, 1)),
        x if x < 7_200_000.0 => format!("{} min", trim(ms / 60_000.0, 1)),
        x if x < 172_800_000.0 => format!("{} h", trim(ms / 3_600_000.0, 1)),
        _ => format!("{} d", trim(ms / 86_400_000.0, 0)),
    }
}

labels! {
    /// Why something was not measured: a closed set.
    pub enum Reason {
        NotPlanned = "not-planned": "The plan did not ask for it.",
        NotPermitted = "not-permitted": "This user may not see it.",
        Unsupported = "unsupported": "This system or this build cannot see it.",
        Blocked = "blocked": "Something it needs had failed.",
        Deadline = "deadline": "The run's time ended first.",
        Budget = "budget": "The time budget was too small to plan it.",
        NoCredential = "no-credential": "No credential was configured.",
        Withheld = "withheld": "A credential was configured, but sending it was not safe.",
        Truncated = "truncated": "There was more than a table holds.",
        KeysDiffer = "keys-differ": "Two recordings hide values under different keys.",
        Interrupted = "interrupted": "The run was interrupted.",
        Defect = "defect": "clawprobe itself failed.",
    }
}

/// A reason and what lies behind it, as a sentence or a fact id; empty when the reason says all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// The closed-set reason.
    pub reason: Reason,
    /// For people: the fact or the circumstance behind the reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

impl Because {
    /// A reason with an explanation.
    pub fn new(reason: Reason, because: impl Into<String>) -> Self {
        Self { reason, because: because.into() }
    }
}

impl From<Reason> for Because {
    fn from(reason: Reason) -> Self {
        Self { reason, because: String::new() }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.reason.as_str().replace('-', " ");
        if self.because.is_empty() { f.write_str(&words) } else { write!(f, "{words}: {}", self.because) }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Cell {
    /// Measured.
    Value {
        /// What was measured.
        value: Value,
    },
    /// Looked, and there was nothing: equal to no value, unordered, but measured.
    Absent,
    /// Not looked, or not able to.
    NotMeasured(Because),
}

impl Cell {
    /// A measured cell.
    pub fn value(value: impl Into<Value>) -> Self {
        Self::Value { value: value.into() }
    }

    /// The value, or absent.
    pub fn maybe(value: Option<impl Into<Value>>) -> Self {
        value.map_or(Self::Absent, Self::value)
    }

    /// A cell that was not measured.
    pub fn not_measured(because: impl Into<Because>) -> Self {
        Self::NotMeasured(because.into())
    }

    /// The value, if there is one.
    pub fn get(&self) -> Option<&Value> {
        match self {
            Self::Value { value } => Some(value),
            _ => None,
        }
    }

    /// The text, if the cell holds one.
    pub fn text(&self) -> Option<&str> {
        self.get().and_then(Value::as_text)
    }

    /// Whether the cell holds exactly this text.
    pub fn is(&self, text: &str) -> bool {
        self.text() == Some(text)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { value } => write!(f, "{value}"),
            Self::Absent => f.write_str("absent"),
            Self::NotMeasured(because) => write!(f, "not measured: {because}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_read_back() {
        assert_eq!(parse_ms("60.1 s"), Ok(60_100.0));
        assert_eq!(parse_ms("250ms"), Ok(250.0));
        assert!(parse_ms("60").unwrap_err().contains("lacks its unit"));
        assert!(parse_ms("6 weeks").unwrap_err().contains("`weeks`"));
        for (ms, text) in [(0.4, "0.4 ms"), (41.0, "41 ms"), (60_100.0, "60.1 s"), (600_000.0, "10 min"), (259_200_000.0, "3 d")]
        {
            assert_eq!(show_ms(ms), text);
            assert_eq!(parse_ms(text), Ok(ms));
        }
    }

    #[test]
    fn a_cell_survives_the_recording() {
        for cell in [Cell::value(4_i64), Cell::Absent, Cell::not_measured(Because::new(Reason::Blocked, "tcp@here/local.manner"))]
        {
            let text = serde_json::to_string(&cell).unwrap();
            assert_eq!(serde_json::from_str::<Cell>(&text).unwrap(), cell, "{text}");
        }
    }
}
