//! What is true of a machine and of the settings found on it.

use super::words;
use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;
use crate::path::Role;

labels! {
    /// Operating system of a site.
    pub enum System {
        Linux = "linux": "Linux.",
        Macos = "macos": "macOS.",
        Windows = "windows": "Windows.",
        Other = "other": "Another system.",
    }
}

labels! {
    /// What kind of machine a site is, by what its firmware says (SMBIOS, DSP0134 section 7.4.1).
    pub enum Machine {
        Laptop = "laptop": "A laptop, a notebook or a tablet.",
        Desktop = "desktop": "A desktop or a small one.",
        Server = "server": "A server chassis, a rack or a blade.",
        Virtual = "virtual": "A virtual machine.",
    }
}

/// The machine itself.
pub static SITE: Table = table("site", Scope::Site, "The machine or network namespace that takes part.").fields(SITE_FIELDS);
const SITE_FIELDS: &[Field] = &[
    field("role", Type::Label(Role::ALL), "Where the site stands towards the gateway.").derived(),
    field("system", Type::Label(System::ALL), "Operating system."),
    field("container", Type::Bool, "Whether the site looks like the inside of a container."),
    field("machine", Type::Label(Machine::ALL), "What kind of machine it is; absent when the firmware does not say."),
    field("privileged", Type::Bool, "Whether this user may see the processes of others."),
    field("capture", Type::Bool, "Whether this build and this user can capture packets."),
    field("user", Type::Text, "The user clawprobe runs as.").named().print(Print::Omit),
];

labels! {
    /// What became of the gateway's configuration file.
    pub enum ConfigState {
        Found = "found": "Read and understood.",
        Absent = "absent": "No such file.",
        Unreadable = "unreadable": "The file is there, but this user may not read it.",
        Empty = "empty": "The file has no content.",
        Binary = "binary": "The file is not text.",
        Invalid = "invalid": "The file is not JSON5, or not an object.",
    }
}

labels! {
    /// Where a setting came from; the order is the precedence, strongest first.
    pub enum Source {
        Flag = "flag": "A flag of this command.",
        Environment = "environment": "An environment variable.",
        File = "file": "The gateway's configuration file.",
        Unit = "unit": "The service unit.",
        Default = "default": "Nobody said; the product's default.",
    }
}

labels! {
    /// Whose forwarded headers the gateway believes.
    pub enum Trusts {
        Nobody = "nobody": "`gateway.trustedProxies` names nobody.",
        Some = "some": "It names addresses or networks.",
        Anybody = "anybody": "One of its networks is every address there is.",
    }
}

/// The gateway's configuration file as found on the site.
pub static CONFIG: Table =
    table("config", Scope::Site, "The gateway's configuration file as found on the site.").fields(CONFIG_FIELDS);
const CONFIG_FIELDS: &[Field] = &[
    field("state", Type::Label(ConfigState::ALL), "What became of the file."),
    field("file", Type::Text, "The file.").named(),
    field("source", Type::Label(Source::ALL), "What led to the file."),
    field("error", Type::Text, "Where and why the file could not be understood.").named(),
    field("mode", Type::Text, "`gateway.mode`: local or remote.").words(words::MODES),
    field("bind", Type::Text, "`gateway.bind`.").words(words::BINDS),
    field("port", Type::Int, "The port the file gives, or the product's default."),
    field("auth-mode", Type::Text, "`gateway.auth.mode`.").words(words::AUTH_METHODS),
    field("tls", Type::Bool, "`gateway.tls.enabled`."),
    field("base-path", Type::Text, "`gateway.controlUi.basePath`.").named(),
    field("tailscale", Type::Text, "`gateway.tailscale.mode`.").words(words::TAILSCALE_MODES),
    field("ssh-target", Type::Bool, "Whether `gateway.remote.sshTarget` names a machine, to which the macOS app keeps a tunnel."),
    field("trusted-proxies", Type::Text, "`gateway.trustedProxies`, joined by a blank; absent without any.").address(),
    field("trusts", Type::Label(Trusts::ALL), "Whose forwarded headers that makes the gateway believe."),
    field("allow-tailscale", Type::Bool, "`gateway.auth.allowTailscale`; absent where the file does not say."),
    field(
        "applies",
        Type::Bool,
        "Whether the file speaks for the gateway that was dialled: the site hosts it, and the ports agree or a Unix socket has none.",
    )
    .derived(),
];

/// The setting by which the product's client sends plain text to any name; there only while it is on.
pub const PLAIN_TO_NAMES: &str = "plain-to-names";

/// Where each setting came from.
pub static SETTING: Table = table("setting", Scope::Site, "Each source that gave a setting, whether it won or not.")
    .keys(SETTING_KEYS)
    .fields(SETTING_FIELDS);
const SETTING_KEYS: &[Key] = &[
    key("source", Type::Label(Source::ALL), "Where the value stands."),
    key("key", Type::Text, "The setting: port, bind, url, mode, plain-to-names, token, password, remote-token, remote-password."),
];
const SETTING_FIELDS: &[Field] = &[
    field("value", Type::Text, "The value; of a credential only a keyed placeholder.").address(),
    field("place", Type::Text, "The flag, variable or key that holds it."),
    field("applies", Type::Bool, "Whether it speaks for the gateway that was dialled.").derived(),
];

labels! {
    /// What became of the credential.
    pub enum CredentialState {
        Present = "present": "A credential was found.",
        None = "none": "No source names one.",
        Empty = "empty": "A source names one, and it is empty.",
        Unresolved = "unresolved": "A source names one that cannot be resolved here.",
    }
}

labels! {
    /// The slot of `connect.params.auth` a credential belongs to, and the mode of a gateway that asks for it.
    pub enum Slot {
        Token = "token": "A shared token.",
        Password = "password": "A password.",
    }
}

/// The credential that would be tried.
pub static CREDENTIAL: Table =
    table("credential", Scope::Site, "The shared secret the settings yield.").fields(CREDENTIAL_FIELDS);
const CREDENTIAL_FIELDS: &[Field] = &[
    field("state", Type::Label(CredentialState::ALL), "What became of it."),
    field("slot", Type::Label(Slot::ALL), "Token or password."),
    field("source", Type::Label(Source::ALL), "Where it came from."),
    field("place", Type::Text, "The flag, variable or key that holds it."),
    field("fingerprint", Type::Text, "A keyed placeholder: equal for equal secrets of one run.").secret().print(Print::Omit),
];

/// Proxy variables of this process's environment.
pub static PROXY_VARIABLE: Table = table("proxy-variable", Scope::Site, "Proxy variables of the environment that clients obey.")
    .keys(PROXY_KEYS)
    .fields(PROXY_FIELDS);
const PROXY_KEYS: &[Key] = &[key("name", Type::Text, "The variable, in capitals.")];
const PROXY_FIELDS: &[Field] = &[
    field("proxy", Type::Address, "The proxy it names, without credentials.").address(),
    field("takes-loopback", Type::Bool, "Whether requests to loopback addresses would go to the proxy."),
];
