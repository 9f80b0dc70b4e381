//! A stateful firewall before a port, as a NAT or a cloud's network is one: the kernel's own table of connections, out of which a
//! silent one falls after some seconds. What then still belongs to it is dropped unsaid, or answered with a reset.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::namespace;

/// Whether the middle of a connection that is not in the table begins an entry.
const LOOSE: &str = "/proc/sys/net/netfilter/nf_conntrack_tcp_loose";

/// A wall; it goes when this goes.
pub struct Wall {
    table: String,
}

impl Wall {
    /// Before a port of this namespace: `after` how many seconds it forgets, and what it `does` with what it does not know.
    pub fn before(port: u16, options: &toml::Table, fill: &dyn Fn(&str) -> String) -> Result<Self, String> {
        if !namespace::own() {
            return Err("a wall is for a namespace of our own".into());
        }
        let word =
            |key: &str| options.get(key).and_then(toml::Value::as_str).map(fill).ok_or_else(|| format!("a wall has no `{key}`"));
        let after: u64 = word("after")?.parse().map_err(|e| format!("after: {e}"))?;
        let verdict = match word("does")?.as_str() {
            "drop" => "drop",
            "reset" => "reject with tcp reset",
            other => return Err(format!("a wall cannot `{other}`")),
        };
        let wall = Self { table: format!("wall_{port}") };
        load(&rules(&wall.table, port, after, verdict))?;
        std::fs::write(LOOSE, "0").map_err(|e| format!("{LOOSE}: {e}"))?;
        Ok(wall)
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        let _ = namespace::run("nft", &["delete", "table", "inet", &self.table]);
    }
}

/// On the host's own paths a packet leaves before it comes, so both ways are watched; the wall's own resets pass.
fn rules(table: &str, port: u16, after: u64, verdict: &str) -> String {
    let ways = [("going", "output"), ("coming", "prerouting")].map(|(name, hook)| {
        format!(
            "chain {name} {{\n type filter hook {hook} priority 0; policy accept;\n \
            tcp dport {port} jump known\n tcp sport {port} jump known\n}}\n"
        )
    });
    format!(
        "table inet {table} {{\nct timeout soon {{\n protocol tcp; l3proto ip;\n policy = {{ established : {after} }};\n}}\n{}\
        chain known {{\n ct state new tcp flags syn ct timeout set \"soon\"\n ct state invalid tcp flags rst accept\n \
        ct state invalid {verdict}\n}}\n}}\n",
        ways.concat()
    )
}

/// Gives rules to the kernel.
fn load(rules: &str) -> Result<(), String> {
    let mut nft = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("nft: {e}"))?;
    nft.stdin.take().ok_or("no input")?.write_all(rules.as_bytes()).map_err(|e| format!("nft: {e}"))?;
    let out = nft.wait_with_output().map_err(|e| format!("nft: {e}"))?;
    if out.status.success() { Ok(()) } else { Err(format!("nft: {}\n{rules}", String::from_utf8_lossy(&out.stderr))) }
}
