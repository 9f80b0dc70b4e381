//! How the gateway is deployed, as far as facts tell. All of it is derived.

use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// Where the gateway lives and from where it is used.
    pub enum Mode {
        AlwaysOnHost = "always-on-host": "The gateway runs on a server or a virtual machine that does not sleep.",
        DesktopRemoteLaptop = "desktop-remote-laptop": "A desktop runs the gateway, and a laptop uses it from elsewhere; also through the tunnel that the macOS app keeps.",
        LaptopGateway = "laptop-gateway": "A laptop runs the gateway itself.",
        Unknown = "unknown": "Nothing tells.",
    }
}

labels! {
    /// What Tailscale has to do with the gateway.
    pub enum Tailscale {
        Serve = "serve": "Tailscale Serve brings clients of the tailnet.",
        Funnel = "funnel": "Tailscale Funnel brings anybody.",
        DirectBind = "direct-bind": "The gateway listens at its tailnet address.",
        Off = "off": "The gateway manages neither Serve nor Funnel, and listens at no tailnet address.",
        Unknown = "unknown": "Nothing tells.",
    }
}

labels! {
    /// The way in which a path reaches the gateway; those but the last two have a page: `explain pattern:NAME`.
    pub enum Pattern {
        Serve = "serve": "Tailscale Serve.",
        Funnel = "funnel": "Tailscale Funnel.",
        FirstPartyProxy = "first-party-proxy": "A reverse proxy of one's own.",
        TailnetBind = "tailnet-bind": "The gateway's own port at a tailnet address.",
        Ssh = "ssh": "An SSH forward.",
        CloudflareTunnel = "cloudflare-tunnel": "A Cloudflare Tunnel.",
        PublicBind = "public-bind": "The gateway's own port at an address of the network.",
        None = "none": "Asked on the gateway's own machine: no way from elsewhere.",
        Unknown = "unknown": "Nothing tells.",
    }
}

/// The deployment as a site shows it.
pub static DEPLOYMENT: Table =
    table("deployment", Scope::Site, "How the gateway is deployed, as far as facts tell.").fields(DEPLOYMENT_FIELDS);
const DEPLOYMENT_FIELDS: &[Field] = &[
    field("mode", Type::Label(Mode::ALL), "Where the gateway lives and from where it is used.").derived(),
    field("tailscale", Type::Label(Tailscale::ALL), "What Tailscale has to do with it.").derived(),
];
