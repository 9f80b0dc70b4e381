//! What a browser would make of the dashboard as a path serves it. All of it is derived.

use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// Whether a browser counts a page as safe from listeners (W3C, Secure Contexts).
    pub enum Context {
        Secure = "secure": "By TLS, or from the browser's own machine.",
        Insecure = "insecure": "In plain text from another host.",
    }
}

labels! {
    /// What the dashboard of a release needs to sign in as a device.
    pub enum Needs {
        Nothing = "nothing": "It signs by itself in any context: 2026.9.6.",
        Secure = "secure-context": "It signs by the browser, which does that in a secure context only: up to 2026.7.1.",
    }
}

/// One row for each path.
pub static BROWSER: Table =
    table("browser", Scope::Path, "What a browser would make of the dashboard as the path serves it.").fields(FIELDS);
const FIELDS: &[Field] = &[
    field("context", Type::Label(Context::ALL), "The context that the dashboard is served in; absent where it is not served.")
        .derived(),
    field(
        "needs",
        Type::Label(Needs::ALL),
        "What it needs to sign in as a device; absent where the release is not known for it.",
    )
    .derived(),
    field("mixed", Type::Bool, "Whether a page served by TLS names a WebSocket address in plain text, which browsers refuse.")
        .derived(),
];
