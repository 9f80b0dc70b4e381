//! Devices: who they are, proven by a signature, and which of them are paired.
//!
//! Source: 2026.9.6, each refusal produced with a key of our own. A device on the gateway's own host is paired silently, unless
//! it was seen asking from elsewhere before; whoever asks from elsewhere waits for an approval that nobody can give here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::refused::Refused;
use super::release::Release;
use crate::clock;

/// The most devices that are known, the most scopes of one, and the longest: beyond it another device is forgotten, and is paired
/// anew when it comes again.
const DEVICES: usize = 1_024;
const SCOPES: usize = 64;
const LONGEST_SCOPE: usize = 128;
/// How far a signature's time may be off.
const SKEW_MS: i64 = 120_000;

/// The devices a gateway knows.
#[derive(Debug, Default)]
pub struct Devices(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    paired: BTreeMap<String, Paired>,
    /// Ids of requests that wait, by device.
    pending: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default)]
struct Paired {
    scopes: BTreeSet<String>,
    /// Tokens by role, with the time they were issued at.
    tokens: BTreeMap<String, (String, i64)>,
}

/// What a device asks for.
pub struct Asked<'a> {
    /// `connect.params`.
    pub params: &'a Value,
    /// `operator` or `node`.
    pub role: &'a str,
    /// Whether it may be paired without a word.
    pub silent: bool,
    /// Whether a refusal tells all about it.
    pub told: bool,
}

impl Asked<'_> {
    fn device(&self) -> &str {
        self.params["device"]["id"].as_str().unwrap_or_default()
    }

    fn scopes(&self) -> BTreeSet<String> {
        let scopes = self.params["scopes"].as_array().into_iter().flatten();
        scopes.filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
    }
}

impl Devices {
    /// Whether a token was issued to this device.
    pub fn has_token(&self, device: &str, token: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.paired.get(device).is_some_and(|paired| paired.tokens.values().any(|(known, _)| known == token))
    }

    /// The token of a device that may come in, and when it was issued.
    ///
    /// # Errors
    /// The refusal of a device, role or scope that nobody approved.
    pub fn admit(&self, asked: &Asked<'_>) -> Result<(String, i64), Refused> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paired = known.paired.get(asked.device()).cloned();
        let reason = match &paired {
            None => Some("not-paired"),
            Some(paired) if !paired.tokens.contains_key(asked.role) => Some("role-upgrade"),
            Some(paired) if !asked.scopes().is_subset(&paired.scopes) => Some("scope-upgrade"),
            Some(_) => None,
        };
        let waits = known.pending.contains_key(asked.device());
        if let Some(reason) = reason.filter(|_| !asked.silent || waits) {
            make_room(&mut known.pending, asked.device());
            let id = known.pending.entry(asked.device().to_owned()).or_insert_with(super::uuid).clone();
            return Err(unapproved(asked, reason, &id, paired.as_ref()));
        }
        make_room(&mut known.paired, asked.device());
        let entry = known.paired.entry(asked.device().to_owned()).or_default();
        let room = SCOPES.saturating_sub(entry.scopes.len());
        entry.scopes.extend(asked.scopes().into_iter().filter(|scope| scope.len() <= LONGEST_SCOPE).take(room));
        Ok(entry.tokens.entry(asked.role.to_owned()).or_insert_with(|| (super::token(), clock::wall_ms())).clone())
    }
}

/// Forgets somebody before somebody new is known.
fn make_room<T>(known: &mut BTreeMap<String, T>, device: &str) {
    if known.len() >= DEVICES && !known.contains_key(device) {
        known.pop_first();
    }
}

/// Holds a device to its proof: its key makes its id, and has signed this challenge for this connect.
///
/// # Errors
/// The refusal, in the gateway's order.
pub fn prove(release: &Release, params: &Value, role: &str, nonce: &str) -> Result<(), Refused> {
    let device = &params["device"];
    let text = |name: &str| device[name].as_str().unwrap_or_default();
    let key = BASE64URL_NOPAD.decode(text("publicKey").trim_end_matches('=').as_bytes()).unwrap_or_default();
    if HEXLOWER.encode(&Sha256::digest(&key)) != text("id") || key.len() != 32 {
        return Err(unproven("device identity mismatch", "DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch"));
    }
    let signed_at = device["signedAt"].as_i64().unwrap_or_default();
    if (clock::wall_ms() - signed_at).abs() > SKEW_MS {
        return Err(unproven("device signature expired", "DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale"));
    }
    if text("nonce").trim().is_empty() {
        return Err(unproven("device nonce required", "DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing"));
    }
    if text("nonce") != nonce {
        return Err(unproven("device nonce mismatch", "DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch"));
    }
    let signature = BASE64URL_NOPAD.decode(text("signature").trim_end_matches('=').as_bytes()).unwrap_or_default();
    let key = UnparsedPublicKey::new(&ED25519, key);
    let known: &[&str] = if release.details { &["v3", "v2"] } else { &["v2"] };
    if known.iter().any(|version| key.verify(signed(version, params, role).as_bytes(), &signature).is_ok()) {
        return Ok(());
    }
    Err(unproven("device signature invalid", "DEVICE_AUTH_SIGNATURE_INVALID", "device-signature"))
}

/// What a device signs.
fn signed(version: &str, params: &Value, role: &str) -> String {
    let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let scopes: Vec<&str> = params["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let slots = ["/auth/token", "/auth/deviceToken", "/auth/bootstrapToken"];
    let token = slots.into_iter().map(text).find(|token| !token.is_empty()).unwrap_or_default();
    let signed_at = params["device"]["signedAt"].to_string();
    let mut parts = vec![version, text("/device/id"), text("/client/id"), text("/client/mode"), role];
    let scopes = scopes.join(",");
    parts.extend([scopes.as_str(), &signed_at, token, text("/device/nonce")]);
    let family = ["/client/platform", "/client/deviceFamily"].map(|at| text(at).trim().to_ascii_lowercase());
    if version == "v3" {
        parts.extend(family.iter().map(String::as_str));
    }
    parts.join("|")
}

fn unproven(message: &str, code: &str, reason: &str) -> Refused {
    Refused::policy("INVALID_REQUEST", message).details(json!({"code": code, "reason": reason}))
}

fn unapproved(asked: &Asked<'_>, reason: &str, id: &str, paired: Option<&Paired>) -> Refused {
    let (message, hint) = match reason {
        "not-paired" => ("device is not approved yet", "Approve this device from the pending pairing requests."),
        "role-upgrade" => (
            "device is asking for a higher role than currently approved",
            "Review the requested role upgrade, then approve the pending request.",
        ),
        _ => (
            "device is asking for more scopes than currently approved",
            "Review the requested scopes, then approve the pending upgrade.",
        ),
    };
    if !asked.told {
        let details = json!({"code": "PAIRING_REQUIRED", "reason": reason, "requestId": id});
        return Refused::policy("NOT_PAIRED", "pairing required").details(details);
    }
    let message = format!("pairing required: {message}");
    let mut details = json!({
        "code": "PAIRING_REQUIRED", "reason": reason, "requestId": id, "remediationHint": hint, "deviceId": asked.device(),
        "requestedRole": asked.role
    });
    if asked.role == "operator" {
        details["requestedScopes"] = asked.params.get("scopes").cloned().unwrap_or_else(|| json!([]));
    }
    if let Some(paired) = paired {
        details["approvedRoles"] = paired.tokens.keys().cloned().collect();
        details["approvedScopes"] = paired.scopes.iter().cloned().collect();
    }
    Refused::new("NOT_PAIRED", &message, 1008, &format!("{message} (requestId: {id})")).details(details)
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::reference::gateway::release;

    /// A connect of a device of ours, signed as a release's clients do.
    fn signed_params(version: &str, change: impl Fn(&mut Value)) -> Value {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = pair.public_key().as_ref();
        let mut params = json!({
            "client": {"id": "cli", "mode": "probe", "platform": " Linux"}, "scopes": ["operator.read", "x"],
            "auth": {"token": "t"},
            "device": {
                "id": HEXLOWER.encode(&Sha256::digest(key)), "publicKey": BASE64URL_NOPAD.encode(key), "nonce": "n",
                "signedAt": clock::wall_ms()
            }
        });
        let text = signed(version, &params, "operator");
        params["device"]["signature"] = BASE64URL_NOPAD.encode(pair.sign(text.as_bytes()).as_ref()).into();
        change(&mut params);
        params
    }

    fn code(version: &str, release: &str, change: impl Fn(&mut Value)) -> String {
        let params = signed_params(version, change);
        let refused = prove(release::named(release).unwrap(), &params, "operator", "n").err();
        refused.map_or_else(String::new, |r| r.error.unwrap()["details"]["code"].as_str().unwrap().to_owned())
    }

    #[test]
    fn what_is_signed_is_written_out() {
        let params = signed_params("v3", |params| params["device"]["signedAt"] = 5.into());
        let id = params["device"]["id"].as_str().unwrap();
        assert_eq!(signed("v3", &params, "operator"), format!("v3|{id}|cli|probe|operator|operator.read,x|5|t|n|linux|"));
    }

    #[test]
    fn both_versions_prove_a_device_and_nothing_else_does() {
        assert_eq!(code("v3", "2026.9.6", |_| ()), "");
        assert_eq!(code("v2", "2026.9.6", |_| ()), "");
        assert_eq!(code("v1", "2026.9.6", |_| ()), "DEVICE_AUTH_SIGNATURE_INVALID");
        assert_eq!(code("v3", "2026.1.29", |_| ()), "DEVICE_AUTH_SIGNATURE_INVALID");
        let with = |key: &'static str, value: Value| code("v3", "2026.9.6", move |p| p["device"][key] = value.clone());
        assert_eq!(with("publicKey", "AAAA".into()), "DEVICE_AUTH_DEVICE_ID_MISMATCH");
        assert_eq!(with("signedAt", 5.into()), "DEVICE_AUTH_SIGNATURE_EXPIRED");
        assert_eq!(with("nonce", " ".into()), "DEVICE_AUTH_NONCE_REQUIRED");
        assert_eq!(with("nonce", "m".into()), "DEVICE_AUTH_NONCE_MISMATCH");
        assert_eq!(code("v3", "2026.9.6", |p| p["scopes"] = json!([])), "DEVICE_AUTH_SIGNATURE_INVALID");
    }

    #[test]
    fn a_device_is_paired_silently_at_home_and_then_known_abroad() {
        let devices = Devices::default();
        let params = signed_params("v3", |_| ());
        let asked = |silent| Asked { params: &params, role: "operator", silent, told: true };
        let (token, _) = devices.admit(&asked(true)).unwrap();
        assert_eq!(devices.admit(&asked(false)).unwrap().0, token);
        assert!(devices.has_token(asked(true).device(), &token));
        let more = signed_params("v3", |p| p["scopes"] = json!(["operator.admin"]));
        let refused = devices.admit(&Asked { params: &more, role: "operator", silent: false, told: true }).unwrap_err();
        assert_eq!(refused.error.unwrap()["details"]["reason"], "scope-upgrade");
        assert_eq!(refused.reason.len(), 120);
    }

    #[test]
    fn devices_and_scopes_are_forgotten_before_they_are_too_many() {
        let devices = Devices::default();
        let scopes: Vec<String> = (0..=SCOPES).map(|scope| scope.to_string()).collect();
        for number in 0..4 * DEVICES {
            let params = json!({"device": {"id": format!("{number:08}")}, "scopes": scopes});
            let silent = number % 2 == 0;
            let _ = devices.admit(&Asked { params: &params, role: "operator", silent, told: true });
        }
        let known = devices.0.lock().unwrap();
        assert_eq!((known.paired.len(), known.pending.len()), (DEVICES, DEVICES));
        assert!(known.paired.values().all(|paired| paired.scopes.len() == SCOPES));
    }

    #[test]
    fn a_device_first_seen_abroad_waits_with_one_request() {
        let devices = Devices::default();
        let params = signed_params("v3", |_| ());
        let id = |silent| {
            let refused = devices.admit(&Asked { params: &params, role: "operator", silent, told: true }).unwrap_err();
            refused.error.unwrap()["details"]["requestId"].as_str().unwrap().to_owned()
        };
        assert_eq!(id(false), id(true));
    }
}
