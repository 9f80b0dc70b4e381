//! The reference gateway as a process of its own, under the title the real one gives itself: the listener table then shows
//! what it shows of a real one, and SIGSTOP stops nobody else.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clawprobe::reference::ground::Ground;

/// The variable that makes this program a stand-in; it names the file of the world.
const WORLD: &str = "CLAWPROBE_TEST_WORLD";
/// How a gateway of release 2026.9.6 calls itself in the process list.
const TITLE: &str = "openclaw-gateway";

/// The command that lets a world stand; its standard output says `[gateway] ready` when it does.
pub fn command(folder: &Path, world: &str) -> Result<Command, String> {
    let file = folder.join("world.toml");
    std::fs::write(&file, world).map_err(|e| e.to_string())?;
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = Command::new(program);
    command.arg0(TITLE).env_clear().env(WORLD, file).stdin(Stdio::piped());
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
    let _standing = ground.raise(text.parse().map_err(|e| format!("{e}"))?).map_err(|c| c.to_string())?;
    println!("[gateway] ready");
    // Its standard input ends with the one who started it.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).map(drop).map_err(|e| e.to_string())
}
