//! Who plays the gateways of a scenario.

use crate::gateway::{Gateway, filled, find, free_port, furnished, release, write_config};
use crate::stand_in;

/// Who plays the gateways of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cast {
    /// OpenClaw itself.
    Real,
    /// The reference gateway, in a process of its own.
    Reference,
}

impl Cast {
    /// Starts a configuration. A gateway that is to be starting is seen starting when this returns, any other is not ready yet.
    pub fn start(self, config: &str, fault: Option<&str>) -> Result<Gateway, String> {
        match (self, fault) {
            (Self::Real, Some("starting")) => Gateway::start_and_catch(config),
            (Self::Real, _) => Gateway::start(config),
            (Self::Reference, Some("starting")) => {
                let mut gateway = stand_in(config, "starting")?;
                gateway.wait(false)?;
                Ok(gateway)
            }
            (Self::Reference, _) => stand_in(config, "ready"),
        }
    }
}

/// The reference gateway with a configuration, in a phase of its life.
fn stand_in(config: &str, phase: &str) -> Result<Gateway, String> {
    let found = find(config)?;
    let (folder, port) = (furnished()?, free_port());
    write_config(&folder, port, found)?;
    let seat = format!("port = {port}\nrelease = '{}'\nphase = '{phase}'", release(config));
    let world = format!("[gateway]\n{seat}\n{}\n", filled(found.reference));
    let command = stand_in::command(folder.path(), &world)?;
    Gateway::spawn(command, port, folder)
}
