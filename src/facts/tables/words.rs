//! The words that texts from outside are made of where nobody has chosen them: a public report shows these and hides others.
//!
//! A peer, a proxy or a file may write anything into such a text, the name of a host or a person among it.

/// `Access-Control-Allow-Origin`, where it names no origin. Source: the Fetch standard, section 3.3.
pub const ORIGINS: &[&str] = &["*", "null"];

/// Protocols and parameters of `Alt-Svc`. Sources: RFC 7838, RFC 9114 and the drafts that servers still offer.
pub const ALT_SVC: &[&str] = &[
    "clear", "h2", "h2c", "h3", "h3-25", "h3-27", "h3-28", "h3-29", "h3-Q043", "h3-Q046", "h3-Q050", "http/1.1", "ma", "persist",
    "quic", "v",
];

/// Media types of answers, and their parameters' words.
pub const MEDIA_TYPES: &[&str] = &[
    "application/javascript",
    "application/json",
    "application/octet-stream",
    "application/problem+json",
    "application/xhtml+xml",
    "application/xml",
    "charset",
    "iso-8859-1",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
    "us-ascii",
    "utf-8",
    "utf8",
];

/// Names of headers that standards, edge products and the gateway itself write.
pub const HEADERS: &[&str] = &[
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "cf-cache-status",
    "cf-ray",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-security-policy",
    "content-type",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "nel",
    "permissions-policy",
    "pragma",
    "priority",
    "proxy-authenticate",
    "referrer-policy",
    "report-to",
    "retry-after",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "server",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "tailscale-headers-info",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "www-authenticate",
    "x-content-type-options",
    "x-envoy-decorator-operation",
    "x-envoy-upstream-service-time",
    "x-frame-options",
    "x-powered-by",
    "x-request-id",
    "x-varnish",
    "x-xss-protection",
];

/// `error.type` of an answer. Source: the answers of 2026.9.6.
pub const ERROR_TYPES: &[&str] = &[
    "api_error",
    "forbidden",
    "invalid_request_error",
    "not_found",
    "proxy_attribution_required",
    "rate_limited",
    "unauthorized",
];

/// What the readiness object lists beside names of channels and agents. Source: the readiness checker of 2026.9.6.
pub const FAILING: &[&str] =
    &["agent-database", "gateway-draining", "internal", "plugin-reload", "startup-sidecars", "state-database"];

/// `error.code` of a refused request. Source: `ErrorCodes` of 2026.9.6.
pub const ERROR_CODES: &[&str] =
    &["AGENT_TIMEOUT", "APPROVAL_NOT_FOUND", "FORBIDDEN", "INVALID_REQUEST", "NOT_LINKED", "NOT_PAIRED", "UNAVAILABLE"];

/// `error.details.code` of a refused connect. Source: `ConnectErrorDetailCodes` of 2026.9.6.
pub const DETAIL_CODES: &[&str] = &[
    "AUTHENTICATED_PROFILE_UNAVAILABLE",
    "AUTH_BOOTSTRAP_TOKEN_INVALID",
    "AUTH_DEVICE_TOKEN_MISMATCH",
    "AUTH_IDENTITY_HEADER_REQUIRED",
    "AUTH_PASSWORD_MISMATCH",
    "AUTH_PASSWORD_MISSING",
    "AUTH_PASSWORD_NOT_CONFIGURED",
    "AUTH_RATE_LIMITED",
    "AUTH_REQUIRED",
    "AUTH_SCOPE_MISMATCH",
    "AUTH_TAILSCALE_IDENTITY_MISMATCH",
    "AUTH_TAILSCALE_IDENTITY_MISSING",
    "AUTH_TAILSCALE_PROXY_MISSING",
    "AUTH_TAILSCALE_WHOIS_FAILED",
    "AUTH_TOKEN_MISMATCH",
    "AUTH_TOKEN_MISSING",
    "AUTH_TOKEN_NOT_CONFIGURED",
    "AUTH_UNAUTHORIZED",
    "AUTH_VERIFIED_USER_REQUIRED",
    "CLIENT_VERSION_MISMATCH",
    "CONTROL_UI_BUILD_MISMATCH",
    "CONTROL_UI_DEVICE_IDENTITY_REQUIRED",
    "CONTROL_UI_ORIGIN_NOT_ALLOWED",
    "DEVICE_AUTH_DEVICE_ID_MISMATCH",
    "DEVICE_AUTH_INVALID",
    "DEVICE_AUTH_NONCE_MISMATCH",
    "DEVICE_AUTH_NONCE_REQUIRED",
    "DEVICE_AUTH_PUBLIC_KEY_INVALID",
    "DEVICE_AUTH_SIGNATURE_EXPIRED",
    "DEVICE_AUTH_SIGNATURE_INVALID",
    "DEVICE_IDENTITY_REQUIRED",
    "PAIRING_REQUIRED",
    "PROTOCOL_MISMATCH",
];

/// `error.details.reason` of a refused connect. Sources: `ConnectPairingRequiredReasons`, the device check, the reasons of a
/// failed authentication, and the answer while starting, of 2026.9.6.
pub const REASONS: &[&str] = &[
    "bootstrap_token_invalid",
    "device-auth-invalid",
    "device-id-mismatch",
    "device-nonce-mismatch",
    "device-nonce-missing",
    "device-public-key",
    "device-signature",
    "device-signature-stale",
    "device_token_mismatch",
    "gateway_auth_required",
    "metadata-upgrade",
    "not-paired",
    "password_mismatch",
    "password_missing",
    "password_missing_config",
    "password_redacted_config",
    "rate_limited",
    "role-upgrade",
    "scope-upgrade",
    "scope_mismatch",
    "startup-sidecars",
    "token_mismatch",
    "token_missing",
    "token_missing_config",
    "token_redacted_config",
    "unauthorized",
];

/// `error.details.recommendedNextStep`. Source: `CONNECT_RECOVERY_NEXT_STEP_VALUES` of 2026.9.6.
pub const NEXT_STEPS: &[&str] = &[
    "retry_with_device_token",
    "review_auth_configuration",
    "update_auth_configuration",
    "update_auth_credentials",
    "wait_then_retry",
];

/// Scopes of an operator. Source: 2026.9.6.
pub const SCOPES: &[&str] = &[
    "operator.admin",
    "operator.approvals",
    "operator.pairing",
    "operator.questions",
    "operator.read",
    "operator.sessions.read",
    "operator.sessions.write",
    "operator.talk",
    "operator.talk.secrets",
    "operator.write",
];

/// `auth.method` of hello-ok, and `gateway.auth.mode`. Source: 2026.9.6.
pub const AUTH_METHODS: &[&str] = &["bootstrap-token", "device-token", "none", "password", "tailscale", "token", "trusted-proxy"];

/// `gateway.mode`.
pub const MODES: &[&str] = &["local", "remote"];

/// `gateway.bind`.
pub const BINDS: &[&str] = &["auto", "custom", "lan", "loopback", "tailnet"];

/// `gateway.tailscale.mode`.
pub const TAILSCALE_MODES: &[&str] = &["funnel", "off", "serve"];

/// Where a release has no words besides its numbers.
pub const RELEASES: &[&str] = &["dev"];
