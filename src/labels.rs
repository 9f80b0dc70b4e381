//! Closed sets of words: one declaration gives the enum, its spelling and its sentences.

/// One word of a closed set and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The word as conditions, recordings and reports spell it.
    pub name: &'static str,
    /// A sentence for the dictionary.
    pub doc: &'static str,
}

/// Declares an enum whose variants are words of the fact language.
///
/// `labels! { /// doc  pub enum Manner { Refused = "refused": "The peer sent a reset to the SYN.", } }` yields the
/// enum, `Manner::ALL` (its labels in order), `as_str`, `Display`, `FromStr` and serde as the word.
#[macro_export]
macro_rules! labels {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($variant:ident = $word:literal : $doc:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $(#[doc = $doc] $variant),+ }

        impl $name {
            /// Every word of the set, in declared order.
            pub const ALL: &'static [$crate::labels::Label] =
                &[$($crate::labels::Label { name: $word, doc: $doc }),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("`{other}` is not one of {}",
                        Self::ALL.iter().map(|l| l.name).collect::<Vec<_>>().join(", "))),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
