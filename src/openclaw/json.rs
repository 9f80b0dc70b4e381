//! JSON as a peer sends it, read so that neither its depth nor its size in memory can do harm.
//!
//! A message of 4 MiB may hold a million empty objects, each of which takes more memory than it has bytes. What we look for lies
//! among few members at a shallow place, so a long list is cut, and beyond a number of values everything is passed over.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The most values kept of one text. A fresh gateway's hello has about 1 000.
const MOST_VALUES: usize = 20_000;
/// The most elements kept of one list: the longest that we look into, scopes and failing parts, have a few.
const MOST_ELEMENTS: usize = 512;
/// How deep lists and objects may lie in each other. Source: `serde_json`'s recursion limit.
const DEEPEST: usize = 127;

/// Why a text was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is no JSON.
    NotJson,
    /// Lists and objects lie too deep in each other.
    TooDeep,
}

/// Reads a text, as far as it can be needed.
///
/// # Errors
/// See [`Unread`].
pub fn read(text: &[u8]) -> Result<Value, Unread> {
    let left = Cell::new(MOST_VALUES);
    let mut from = serde_json::Deserializer::from_slice(text);
    let value = Kept(&left).deserialize(&mut from).and_then(|value| from.end().map(|()| value));
    value.map_err(|_| if too_deep(text) { Unread::TooDeep } else { Unread::NotJson })
}

/// Whether more lists and objects are open at once than are read, up to where the text ends.
fn too_deep(text: &[u8]) -> bool {
    let (mut open, mut quoted, mut escaped) = (0_usize, false, false);
    text.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => open += 1,
            b']' | b'}' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
        open > DEEPEST
    })
}

/// A value of which only so much is kept.
struct Kept<'a>(&'a Cell<usize>);

impl Kept<'_> {
    /// Whether one more value may be kept.
    fn one(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.one() { from.deserialize_any(self) } else { IgnoredAny::deserialize(from).map(|_| Value::Null) }
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < MOST_ELEMENTS && self.0.get() > 0 {
            match from.next_element_seed(Kept(self.0))? {
                Some(value) => list.push(value),
                None => return Ok(list.into()),
            }
        }
        while from.next_element::<IgnoredAny>()?.is_some() {}
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while self.0.get() > 0 {
            let Some(key) = from.next_key::<String>()? else { return Ok(map.into()) };
            let value = from.next_value_seed(Kept(self.0))?;
            map.insert(key, value);
        }
        while from.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(value: &Value) -> usize {
        match value {
            Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
            Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
            _ => 1,
        }
    }

    #[test]
    fn an_ordinary_text_reads_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,true,null,"x\"[{"],"b":{"c":{}}}"#;
        assert_eq!(read(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn what_stands_beside_a_long_list_is_kept() {
        let text = format!(r#"{{"list":[{}{{}}],"after":{{"x":7}}}}"#, "{},".repeat(100_000));
        let value = read(text.as_bytes()).unwrap();
        assert_eq!((value["list"].as_array().unwrap().len(), value["after"]["x"].as_i64()), (MOST_ELEMENTS, Some(7)));
    }

    #[test]
    fn no_text_becomes_more_than_so_many_values() {
        let lists = format!("[{}0]", "0,".repeat(400));
        let members: String = (0..1_000).map(|n| format!(r#""k{n}":{lists},"#)).collect();
        let value = read(format!("{{{members}\"z\":1}}").as_bytes()).unwrap();
        assert!((MOST_VALUES / 2..=MOST_VALUES + 1_000).contains(&count(&value)), "{}", count(&value));
    }

    #[test]
    fn why_a_text_is_not_read() {
        assert_eq!(read("[".repeat(100_000).as_bytes()), Err(Unread::TooDeep));
        assert_eq!(read(format!("{}{}", "[".repeat(127), "]".repeat(127)).as_bytes()).map(|v| count(&v)), Ok(127));
        assert_eq!(read(format!("{}{}", "[".repeat(128), "]".repeat(128)).as_bytes()), Err(Unread::TooDeep));
        for text in [r#""["#, "{", r#"{"a":1}}"#, "nul", "", "\"[[[\u{7f}"] {
            assert_eq!(read(text.as_bytes()), Err(Unread::NotJson), "{text}");
        }
        assert_eq!(read(format!(r#"["{}""#, r#"\"["#.repeat(300)).as_bytes()), Err(Unread::NotJson), "quoted brackets");
        assert_eq!(read(b"[\"\xff\"]"), Err(Unread::NotJson));
    }
}
