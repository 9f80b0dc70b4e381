//! `$include` and `${VAR}` in the gateway's configuration, as far as a diagnosis needs them.
//!
//! Includes are followed one level deep, within the configuration's own directory; whatever is beyond is named as not
//! resolved instead of being guessed.

use std::path::Path;

use serde_json::{Map, Value};

use super::env::Env;
use super::{files, json5};

/// Replaces the `$include` of every object by the included object; keys beside it win. Returns what could not be resolved.
pub fn includes(value: &mut Value, directory: &Path) -> Vec<String> {
    let mut unresolved = Vec::new();
    walk(value, directory, true, &mut unresolved);
    unresolved
}

fn walk(value: &mut Value, directory: &Path, follow: bool, unresolved: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|v| walk(v, directory, follow, unresolved)),
        Value::Object(map) => {
            if let Some(named) = map.remove("$include") {
                let own = std::mem::take(map);
                for name in names(&named) {
                    match if follow { read(name, directory) } else { Err("is included by an included file".into()) } {
                        Ok(mut included) => {
                            walk(&mut included, directory, false, unresolved);
                            merge(map, included);
                        }
                        Err(why) => unresolved.push(format!("$include {name} {why}")),
                    }
                }
                merge(map, Value::Object(own));
            }
            map.values_mut().for_each(|v| walk(v, directory, follow, unresolved));
        }
        _ => {}
    }
}

fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn read(name: &str, directory: &Path) -> Result<Value, String> {
    let path = directory.join(name);
    let inside = path.canonicalize().ok().zip(directory.canonicalize().ok()).is_none_or(|(p, d)| p.starts_with(d));
    if !inside {
        return Err("lies outside of the configuration's directory".into());
    }
    let text = files::text(&path).map_err(|why| why.words())?;
    json5::object(&text).map_err(|m| format!("is invalid at line {}, column {}", m.line, m.column))
}

fn merge(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { return };
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), value @ Value::Object(_)) => merge(old, value),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// Replaces `${VAR}` in every text; a variable that is not set stays as written, `$${VAR}` becomes `${VAR}`.
pub fn variables(value: &mut Value, env: &Env) {
    match value {
        Value::String(text) if text.contains("${") => *text = expanded(text, env),
        Value::Array(all) => all.iter_mut().for_each(|v| variables(v, env)),
        Value::Object(map) => map.values_mut().for_each(|v| variables(v, env)),
        _ => {}
    }
}

fn expanded(text: &str, env: &Env) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(name) = reference(&rest[start..]) else {
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        let end = start + name.len() + 3;
        match rest[..start].strip_suffix('$') {
            Some(before) => out.push_str(&format!("{before}${{{name}}}")),
            None => {
                out.push_str(&rest[..start]);
                out.push_str(env.get(name).unwrap_or(&rest[start..end]));
            }
        }
        rest = &rest[end..];
    }
    out + rest
}

/// The name in a text that starts with `${NAME}`.
fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.split_once('}')?.0;
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    fits.then_some(name)
}

/// Whether a text still holds a reference to a variable that is not set.
pub fn is_unresolved(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| reference(&text[at..]).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_replaced_when_set() {
        let env: Env = [("TOK", "abc")].into_iter().collect();
        for (text, out) in [("${TOK}", "abc"), ("a-${TOK}-${NO}", "a-abc-${NO}"), ("$${TOK}", "${TOK}"), ("${x} ${", "${x} ${")] {
            assert_eq!(expanded(text, &env), out);
        }
        assert!(is_unresolved("a ${NO}") && !is_unresolved("${x}"));
    }

    #[test]
    fn includes_are_followed_once_and_only_inside() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("auth.json5", "{mode: 'token', token: 'a', deep: {x: 1}}");
        write("second.json5", "{$include: './auth.json5', port: 5}");
        write("bad.json5", "{,");
        let mut value = json!({"auth": {"$include": "./auth.json5", "token": "b", "deep": {"y": 2}}});
        assert_eq!(includes(&mut value, dir.path()), Vec::<String>::new());
        assert_eq!(value, json!({"auth": {"mode": "token", "token": "b", "deep": {"x": 1, "y": 2}}}));
        let mut value = json!({"$include": ["second.json5", "bad.json5", "gone.json5", "/etc/hostname", "../x"]});
        let unresolved = includes(&mut value, dir.path());
        assert_eq!(value, json!({"port": 5}));
        assert_eq!(unresolved.len(), 5, "{unresolved:?}");
        assert_eq!(unresolved[0], "$include ./auth.json5 is included by an included file");
        assert!(unresolved[3].contains("outside"), "{unresolved:?}");
    }
}
