//! The environment as a value: read once, so that everything after is pure and testable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Environment variables. Values that are not Unicode are left out.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The environment of this process.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the settings are the one place that reads it")]
        let vars = std::env::vars_os();
        Self(vars.filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect())
    }

    /// The value of a variable; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|v| !v.trim().is_empty())
    }

    /// The value of a variable, also when empty.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }

    /// A path with a leading `~` replaced by the home directory, as the gateway's own client does it.
    pub fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix('~'), self.home()) {
            (Some(""), Some(home)) => home,
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(Path::new(&rest[1..])),
            _ => PathBuf::from(text),
        }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

/// The words of the command line, the program's own name first.
pub fn words() -> Vec<std::ffi::OsString> {
    std::env::args_os().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_not_set_and_home_replaces_the_tilde() {
        let env: Env = [("HOME", "/home/op"), ("A", " ")].into_iter().collect();
        assert_eq!((env.get("A"), env.raw("A")), (None, Some(" ")));
        assert_eq!(env.path("~/x/y"), PathBuf::from("/home/op/x/y"));
        assert_eq!(env.path("~x"), PathBuf::from("~x"));
    }
}
