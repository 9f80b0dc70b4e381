//! The reference gateway as a process of its own, under the title the real one gives itself: the listener table then shows
//! what it shows of a real one, and SIGSTOP stops nobody else.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clawprobe::reference::ground::Ground;

/// The variable that makes this program a stand-in; it names the file of the world.
const WORLD: &str = "CLAWPROBE_TEST_WORLD";
/// How a gateway calls itself in the process list, by release; `TITLE` is how all later ones do. Source: each of them run.
const TITLES: &[(&str, &str)] = &[("2026.5.7", "openclaw")];
const TITLE: &str = "openclaw-gateway";
/// The file with the fingerprint of the stand-in's certificate.
pub const PIN: &str = "pin";

/// The command that lets a world stand; its standard output says `[gateway] ready` when it does.
pub fn command(folder: &Path, release: &str, world: &str) -> Result<Command, String> {
    let file = folder.join("world.toml");
    std::fs::write(&file, world).map_err(|e| e.to_string())?;
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = Command::new(program);
    let title = TITLES.iter().find(|(known, _)| *known == release).map_or(TITLE, |(_, title)| title);
    // It is killed, and then cleans nothing up: what it makes goes with the folder.
    command.arg0(title).env_clear().env(WORLD, file).env("TMPDIR", folder).stdin(Stdio::piped());
    Ok(command)
}

/// Lets the world stand, if this process is there for that.
pub fn enter() -> Option<ExitCode> {
    let file = std::env::var_os(WORLD)?;
    Some(match stand(Path::new(&file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    })
}

fn stand(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let ground = Ground::new().map_err(|e| e.to_string())?;
    let standing = ground.raise(text.parse::<toml::Table>().map_err(|e| format!("{e}"))?).map_err(|c| c.to_string())?;
    if let (Some(pin), Some(folder)) = (standing.holes.get("gateway.pin"), file.parent()) {
        std::fs::write(folder.join(PIN), pin).map_err(|e| e.to_string())?;
    }
    println!("[gateway] ready");
    // Its standard input ends with the one who started it.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).map(drop).map_err(|e| e.to_string())
}
