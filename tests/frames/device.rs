//! A device of ours: an Ed25519 key, and the signature that goes with its connect. Source: `docs/gateway/protocol/handshake.md`.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Device;

/// The connect of a device that answers a challenge, as a text frame.
pub fn connect(device: &Device, nonce: &str, fill: impl Fn(&str) -> String) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[device.key; 32]).expect("32 bytes are a seed");
    let mut params: Value = serde_json::from_str(&fill(&device.params.to_string())).expect("filled JSON is JSON");
    let id = HEXLOWER.encode(&Sha256::digest(pair.public_key().as_ref()));
    let signed_at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let signature = pair.sign(payload(&params, &id, &signed_at.to_string(), nonce).as_bytes());
    params["device"] = json!({
        "id": id, "publicKey": BASE64URL_NOPAD.encode(pair.public_key().as_ref()), "nonce": nonce,
        "signedAt": u64::try_from(signed_at).unwrap_or_default(), "signature": BASE64URL_NOPAD.encode(signature.as_ref())
    });
    for (member, value) in device.but.as_object().into_iter().flatten() {
        params["device"][member] = value.clone();
    }
    json!({"type": "req", "id": "1", "method": "connect", "params": params}).to_string()
}

/// What is signed, in its third version.
fn payload(params: &Value, id: &str, signed_at: &str, nonce: &str) -> String {
    let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let scopes: Vec<&str> = params["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let token = ["/auth/token", "/auth/deviceToken"].map(text).into_iter().find(|t| !t.is_empty()).unwrap_or_default();
    let client = ["/client/id", "/client/mode", "/role"].map(text).join("|");
    let platform = text("/client/platform");
    format!("v3|{id}|{client}|{}|{signed_at}|{token}|{nonce}|{platform}|", scopes.join(","))
}
