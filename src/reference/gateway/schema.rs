//! The closed schemas of a request and of `connect.params`, and the complaints of the gateway's validator word for word.
//!
//! Source: the published protocol schema of 2026.9.6, its texts and their order as they came over loopback.

use serde_json::{Map, Value};

/// What a member may be.
enum Shape {
    /// Anything.
    Any,
    /// This word.
    Constant(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text of so many characters at least and at most.
    Text(usize, usize),
    /// A whole number of so much at least.
    Integer(i64),
    /// A list of texts.
    Texts,
    /// An object of these members.
    Object(&'static [Member]),
}

struct Member {
    name: &'static str,
    required: bool,
    shape: Shape,
}

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

/// A text that is not empty.
const WORD: Shape = Shape::Text(1, usize::MAX);
/// Any text.
const TEXT: Shape = Shape::Text(0, usize::MAX);

const REQUEST: &[Member] = &[
    required("type", Shape::Constant("req")),
    required("id", WORD),
    required("method", WORD),
    optional("params", Shape::Any),
    optional("traceparent", TEXT),
    optional("expectedProfileId", WORD),
];

const CLIENT_IDS: &[&str] = &[
    "webchat-ui",
    "openclaw-control-ui",
    "openclaw-browser-copilot",
    "openclaw-tui",
    "webchat",
    "cli",
    "gateway-client",
    "openclaw-macos",
    "openclaw-linux",
    "openclaw-ios",
    "openclaw-watchos",
    "openclaw-android",
    "node-host",
    "openclaw-worker",
    "test",
    "fingerprint",
    "openclaw-probe",
];

const CLIENT_MODES: &[&str] = &["webchat", "cli", "ui", "backend", "node", "worker", "probe", "test"];

const CLIENT: &[Member] = &[
    required("id", Shape::OneOf(CLIENT_IDS)),
    optional("displayName", WORD),
    required("version", WORD),
    optional("buildId", Shape::Text(1, 96)),
    required("platform", WORD),
    optional("deviceFamily", WORD),
    optional("modelIdentifier", WORD),
    required("mode", Shape::OneOf(CLIENT_MODES)),
    optional("timeZone", Shape::Text(1, 64)),
    optional("instanceId", WORD),
];

const DEVICE: &[Member] = &[
    required("id", WORD),
    required("publicKey", WORD),
    required("signature", WORD),
    required("signedAt", Shape::Integer(0)),
    required("nonce", WORD),
];

const AUTH: &[Member] = &[
    optional("token", TEXT),
    optional("bootstrapToken", TEXT),
    optional("deviceToken", TEXT),
    optional("password", TEXT),
    optional("approvalRuntimeToken", TEXT),
    optional("agentRuntimeIdentityToken", TEXT),
];

const CONNECT: &[Member] = &[
    required("minProtocol", Shape::Integer(1)),
    required("maxProtocol", Shape::Integer(1)),
    required("client", Shape::Object(CLIENT)),
    optional("caps", Shape::Texts),
    optional("commands", Shape::Texts),
    optional("permissions", Shape::Any),
    optional("pathEnv", TEXT),
    optional("role", WORD),
    optional("scopes", Shape::Texts),
    optional("device", Shape::Object(DEVICE)),
    optional("auth", Shape::Object(AUTH)),
    optional("locale", TEXT),
    optional("userAgent", TEXT),
    optional("computerUse", Shape::Any),
    optional("workerRuns", Shape::Any),
    optional("modelCatalog", Shape::Any),
];

/// What is wrong with a request; nothing if it is one.
pub fn request(frame: &Value) -> Option<String> {
    complaint(frame, REQUEST)
}

/// What is wrong with the parameters of a connect.
pub fn connect(params: &Value) -> Option<String> {
    complaint(params, CONNECT)
}

/// What is wrong with parameters that must be empty.
pub fn empty(params: &Value) -> Option<String> {
    complaint(params, &[])
}

fn complaint(value: &Value, members: &[Member]) -> Option<String> {
    let mut found = Vec::new();
    match value.as_object() {
        Some(object) => look(object, members, "", &mut found),
        None => found.push("must be object".to_owned()),
    }
    (!found.is_empty()).then(|| found.join("; "))
}

/// The first member that lacks, then every one too many, then what is wrong within each, in the schema's order.
fn look(object: &Map<String, Value>, members: &[Member], at: &str, found: &mut Vec<String>) {
    let here = if at.is_empty() { String::new() } else { format!("at {at}: ") };
    if let Some(lacking) = members.iter().find(|m| m.required && !object.contains_key(m.name)) {
        found.push(format!("{here}must have required property '{}'", lacking.name));
    }
    let place = if at.is_empty() { "root" } else { at };
    let extra = object.keys().filter(|key| members.iter().all(|m| m.name != key.as_str()));
    found.extend(extra.map(|key| format!("at {place}: unexpected property '{key}'")));
    for member in members {
        if let Some(value) = object.get(member.name) {
            inspect(value, &member.shape, &format!("{at}/{}", member.name), found);
        }
    }
}

fn inspect(value: &Value, shape: &Shape, at: &str, found: &mut Vec<String>) {
    let wrong = match (shape, value) {
        (Shape::Any, _) => None,
        (Shape::Constant(word), _) => (value != word).then(|| "must be equal to constant".to_owned()),
        (Shape::OneOf(words), _) => {
            let known = value.as_str().is_some_and(|text| words.contains(&text));
            (!known).then(|| "must be equal to one of the allowed values".to_owned())
        }
        (Shape::Text(least, most), Value::String(text)) => length(text.chars().count(), *least, *most),
        (Shape::Text(..), _) => Some("must be string".to_owned()),
        (Shape::Integer(least), Value::Number(number)) => whole(number, *least),
        (Shape::Integer(_), _) => Some("must be integer".to_owned()),
        (Shape::Texts, Value::Array(list)) => {
            for (index, item) in list.iter().enumerate() {
                inspect(item, &WORD, &format!("{at}/{index}"), found);
            }
            None
        }
        (Shape::Texts, _) => Some("must be array".to_owned()),
        (Shape::Object(members), Value::Object(object)) => {
            look(object, members, at, found);
            None
        }
        (Shape::Object(_), _) => Some("must be object".to_owned()),
    };
    found.extend(wrong.map(|wrong| format!("at {at}: {wrong}")));
}

fn length(length: usize, least: usize, most: usize) -> Option<String> {
    if length < least {
        return Some(format!("must not have fewer than {least} characters"));
    }
    (length > most).then(|| format!("must not have more than {most} characters"))
}

fn whole(number: &serde_json::Number, least: i64) -> Option<String> {
    match number.as_i64() {
        Some(n) if n >= least => None,
        Some(_) => Some(format!("must be >= {least}")),
        None => Some("must be integer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn base() -> Value {
        json!({"minProtocol": 3, "maxProtocol": 4, "client": {"id": "cli", "version": "1", "platform": "linux", "mode": "probe"}})
    }

    fn with(pointer: &str, key: &str, value: Value) -> Option<String> {
        let mut params = base();
        params.pointer_mut(pointer).unwrap()[key] = value;
        connect(&params)
    }

    #[test]
    fn our_own_connect_has_nothing_wrong() {
        let request = serde_json::to_value(crate::openclaw::connect::request(None)).unwrap();
        assert_eq!(super::request(&request), None);
        assert_eq!(connect(&request["params"]), None);
    }

    /// Each text is what 2026.9.6 said.
    #[test]
    fn complaints_are_those_of_the_gateway() {
        assert_eq!(with("/client", "id", json!("foo")).unwrap(), "at /client/id: must be equal to one of the allowed values");
        assert_eq!(with("", "foo", json!(1)).unwrap(), "at root: unexpected property 'foo'");
        assert_eq!(with("/client", "foo", json!(1)).unwrap(), "at /client: unexpected property 'foo'");
        assert_eq!(with("", "minProtocol", json!("3")).unwrap(), "at /minProtocol: must be integer");
        assert_eq!(with("", "minProtocol", json!(0)).unwrap(), "at /minProtocol: must be >= 1");
        assert_eq!(with("/client", "version", json!("")).unwrap(), "at /client/version: must not have fewer than 1 characters");
        assert_eq!(with("", "scopes", json!("x")).unwrap(), "at /scopes: must be array");
        assert_eq!(connect(&Value::Null).unwrap(), "must be object");
        let many = json!({"minProtocol": 3, "maxProtocol": 4, "auth": {"foo": "x", "token": 5}});
        let said = "must have required property 'client'; at /auth: unexpected property 'foo'; at /auth/token: must be string";
        assert_eq!(connect(&many).unwrap(), said);
        let event = json!({"type": "event", "event": "x"});
        let said = "must have required property 'id'; at root: unexpected property 'event'; at /type: must be equal to constant";
        assert_eq!(request(&event).unwrap(), said);
    }
}
