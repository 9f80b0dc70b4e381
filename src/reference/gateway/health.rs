//! What the gateway tells of itself: the payloads of `health`, `status` and the like, of an installation without agents' work.
//!
//! Source: a fresh 2026.9.6. Names of files are those of no machine.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::Gateway;
use crate::clock;

/// Where the reference gateway says its state is.
pub const STATE: &str = "/nonexistent/openclaw";
/// Where it says its configuration is.
pub const CONFIG: &str = "/nonexistent/openclaw/openclaw.json";

/// How busy the event loop is: not at all.
pub fn event_loop(gateway: &Gateway) -> Value {
    let mut told = json!({
        "degraded": false, "degradedSinceMs": null, "reasons": [], "intervalMs": 1008.5, "delayP99Ms": 20.8, "delayMaxMs": 20.8,
        "utilization": 0.008, "cpuCoreRatio": 0.011,
        "cpuBreakdown": {
            "mainThreadCoreRatio": 0.01, "hostUtilization": 0.005, "hostCpuCount": 2, "workerCoreRatio": 0,
            "otherThreadsCoreRatio": 0.001
        }
    });
    if let Some(older) = told.as_object_mut().filter(|_| !gateway.release.since_8_1) {
        older.retain(|name, _| !matches!(name.as_str(), "degradedSinceMs" | "cpuBreakdown"));
    }
    told
}

/// The payload of `health`.
pub fn health(gateway: &Gateway) -> Value {
    let mut health = last(gateway);
    health["modelRuntime"] = json!({"degraded": false, "pendingAgents": []});
    health
}

/// The last payload that was kept, as the event of that name and the hello have it.
pub fn last(gateway: &Gateway) -> Value {
    let database = format!("{STATE}/agents/main/agent/openclaw-agent.sqlite");
    let sessions = json!({"path": database, "count": 0, "recent": []});
    json!({
        "ok": true, "ts": clock::wall_ms(), "durationMs": 4,
        "plugins": {"loaded": ["canvas", "device-pair", "memory-core"], "errors": [], "unavailable": []},
        "configReload": {"hotReloadStatus": "active"},
        "channels": {}, "channelOrder": [], "channelLabels": {}, "heartbeatSeconds": 1800, "defaultAgentId": "main",
        "agents": [{
            "agentId": "main", "isDefault": true,
            "heartbeat": {
                "enabled": true, "every": "30m", "everyMs": 1_800_000, "prompt": "", "target": "owner", "ackMaxChars": 300
            },
            "sessions": sessions
        }],
        "sessions": sessions,
        "eventLoop": event_loop(gateway)
    })
}

/// The payload of `status`; `whole` for an administrator, who is told paths, `projected` for what the CLI shows of it.
pub fn status(gateway: &Gateway, whole: bool, projected: bool) -> Value {
    let path = if whole { format!("{STATE}/agents/main/agent/openclaw-agent.sqlite") } else { "[redacted]".to_owned() };
    let paths: Vec<&String> = whole.then_some(&path).into_iter().collect();
    let pool = json!({"maxWorkers": 1, "workers": 0, "workersCreated": 0, "activeTasks": 0, "pendingTasks": 0});
    let mut status = json!({"runtimeVersion": gateway.release.name});
    if projected {
        status["cliProjection"] = json!({
            "agents": {"defaultId": "main", "ownership": "sole", "selectionRequired": false, "rows": [{"id": "main"}]},
            "updateChannel": null, "memoryPlugin": {"enabled": true, "slot": "memory-core"}
        });
    }
    let rest = json!({
        "hostDesktop": {"enabled": false, "state": "disabled", "port": 5900},
        "heartbeat": {
            "defaultAgentId": "main",
            "agents": [{"agentId": "main", "enabled": true, "every": "30m", "everyMs": 1_800_000, "waitingForRoute": true}]
        },
        "channelSummary": [], "queuedSystemEvents": [], "degradedSecretOwners": [], "degradedPlugins": [],
        "tasks": {
            "total": 0, "active": 0, "terminal": 0, "failures": 0,
            "byStatus": {"queued": 0, "running": 0, "succeeded": 0, "failed": 0, "timed_out": 0, "cancelled": 0, "lost": 0},
            "byRuntime": {"subagent": 0, "acp": 0, "cli": 0, "cron": 0}
        },
        "taskAudit": {
            "total": 0, "warnings": 0, "errors": 0,
            "byCode": {
                "stale_queued": 0, "stale_running": 0, "lost": 0, "delivery_failed": 0, "missing_cleanup": 0,
                "inconsistent_timestamps": 0
            }
        },
        "sessions": {
            "paths": paths, "count": 0, "defaults": {"model": null, "contextTokens": null}, "recent": [],
            "byAgent": [{"agentId": "main", "path": path, "count": 0, "recent": []}]
        },
        "modelRuntime": {"degraded": false, "pendingAgents": []},
        "eventLoop": event_loop(gateway),
        "processMemory": {
            "rssBytes": 818_483_200, "heapUsedBytes": 252_875_000, "heapTotalBytes": 377_556_992, "externalBytes": 7_017_888,
            "arrayBuffersBytes": 2_832_613
        },
        "workerPools": {"transcriptReconciliation": pool, "modelCatalog": pool},
        "pid": std::process::id(),
        "shutdownBudget": {
            "timeoutMs": 325_000, "reserveMs": 10_000, "nativeStopBudget": false,
            "activeWork": {
                "rootRequests": 1, "cronRuns": 0, "sessionMutations": 0, "terminalPersistence": 0, "lifecycleWrites": 0
            },
            "writeCustody": []
        }
    });
    if let (Some(status), Value::Object(rest)) = (status.as_object_mut(), rest) {
        status.extend(rest);
    }
    status
}

/// The payload of `system-presence`: the gateway itself, as clients like probes stay out of it.
pub fn presence(gateway: &Gateway) -> Value {
    let version = gateway.release.name;
    json!([{
        "host": "reference", "ip": "reference", "version": version, "platform": std::env::consts::OS, "deviceFamily": "Linux",
        "mode": "gateway", "reason": "self", "instanceId": gateway.instance,
        "text": format!("Gateway: reference (reference) · app {version} · mode gateway · reason self"), "ts": clock::wall_ms()
    }])
}

/// The payload of `channels.status`: there are none.
pub fn channels(gateway: &Gateway) -> Value {
    json!({
        "ts": clock::wall_ms(), "channelOrder": [], "channelLabels": {}, "channelDetailLabels": {}, "channelSystemImages": {},
        "channelMeta": [], "eventLoop": event_loop(gateway), "channels": {}, "channelAccounts": {}, "channelDefaultAccountId": {},
        "statusIssues": []
    })
}

/// The payload of `gateway.identity.get`: one per installation.
pub fn identity(gateway: &Gateway) -> Value {
    use sha2::{Digest, Sha256};
    let key = Sha256::digest(&gateway.instance);
    json!({
        "deviceId": data_encoding::HEXLOWER.encode(&Sha256::digest(key)),
        "publicKey": data_encoding::BASE64URL_NOPAD.encode(&key)
    })
}

/// The payload of `node.list`: nobody has come.
pub fn nodes() -> Value {
    json!({"ts": clock::wall_ms(), "nodes": []})
}

/// The payload of `config.get`: the file as far as the reference gateway has one, its secret left out as the real one does.
pub fn config(gateway: &Gateway) -> Value {
    let auth = gateway.options.auth.as_str();
    let mut section =
        json!({"mode": "local", "port": gateway.port.load(Ordering::Relaxed), "bind": "loopback", "auth": {"mode": auth}});
    if auth != "none" {
        section["auth"][auth] = "__OPENCLAW_REDACTED__".into();
    }
    let proxies: Vec<String> = gateway.options.trusted_proxies.iter().map(ToString::to_string).collect();
    if !proxies.is_empty() {
        section["trustedProxies"] = proxies.into();
    }
    let config = json!({"gateway": section});
    let source = json!({"gateway": section, "agents": {"entries": {"main": {}}}});
    let runtime = json!({
        "agents": {
            "entries": {"main": {}},
            "defaults": {
                "maxConcurrent": 4, "subagents": {"maxConcurrent": 8, "archiveAfterMinutes": 60},
                "compaction": {"mode": "safeguard"}
            }
        },
        "commands": {"native": "auto", "nativeSkills": "auto", "restart": true}, "gateway": section,
        "messages": {"ackReactionScope": "group-mentions"}
    });
    let hash = gateway.config_hash();
    json!({
        "path": CONFIG, "includedPaths": [], "includeProvenance": [], "agentRosterIncludeOwned": false,
        "bindingsIncludeOwned": false, "exists": true, "raw": format!("{config}\n"), "parsed": config, "sourceConfig": source,
        "resolved": source, "valid": true, "runtimeConfig": runtime, "config": runtime, "hash": hash, "issues": [], "warnings": [],
        "legacyIssues": [], "configRevisionHash": hash, "appliedConfigHash": hash
    })
}
