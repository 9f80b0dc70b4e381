//! A world of our own, raised, and what the settings make of it: the same road a user's flags and environment take, except that
//! neither comes from the user.

use std::path::PathBuf;

use super::told;
use crate::complaint::Complaint;
use crate::facts::tables::path::AddressClass;
use crate::path::Class;
use crate::reference::document::Document;
use crate::reference::ground::{Ground, Standing};
use crate::reference::world::Client;
use crate::settings::{self, Env};
use crate::target::{Target, World};

/// A world that stands for as long as this value lives, and what is asked in it.
#[derive(Debug)]
pub struct Stage {
    /// Who stands there.
    pub standing: Standing,
    /// What clawprobe was told.
    pub target: Target,
}

impl Stage {
    /// Raises a world and reads what it tells clawprobe. Nothing of the user's own environment or files is read.
    ///
    /// # Errors
    /// A complaint about a document that is no world, or about what the world tells clawprobe.
    pub fn set(ground: &Ground, document: impl Into<Document>) -> Result<Self, Complaint> {
        let standing = ground.raise(document)?;
        let target = target(&standing)?;
        Ok(Self { standing, target })
    }
}

/// What a world tells clawprobe, every address of which must be its own.
///
/// # Errors
/// A complaint that points into the file that says it.
pub fn target(standing: &Standing) -> Result<Target, Complaint> {
    let home = ("HOME".to_owned(), standing.folder().display().to_string());
    let env: Env = [home].into_iter().chain(standing.client.env.clone()).collect();
    let mut world = settings::World { env, stdin: Box::new(std::io::empty()), overlays: Vec::new(), interactive: false };
    let settings = world.load(&flags(&standing.client)).map_err(|complaint| told::by_its_file(standing, complaint))?;
    let mut target = settings.target;
    told::keeps_to_itself(standing, &target)?;
    vouch(&mut target);
    target.world = own(standing)?;
    Ok(target)
}

/// The built-in edge gives every client on loopback an address to tell the gateway of, so that a run needs no other.
fn vouch(target: &mut Target) {
    for way in &mut target.ways {
        let ours = matches!(way.endpoint.class(), AddressClass::Loopback | AddressClass::Name);
        way.vouches = way.kind.class() == Class::Edge && ours;
    }
}

/// What the world gives in the place of the machine's own.
fn own(standing: &Standing) -> Result<World, Complaint> {
    let server = standing
        .client
        .name_server
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| Complaint::new(format!("`{text}` is no name server: ADDRESS:PORT is"))));
    let port = standing.holes.get("gateway.port").and_then(|port| port.parse().ok());
    Ok(World { gateway_ports: port.into_iter().collect(), name_server: server.transpose()? })
}

/// What the world says, as flags; an empty text says nothing, so that a change of a world can take a flag away.
fn flags(client: &Client) -> settings::Flags {
    let text = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
    let file = |name: &Option<String>| text(name).map(PathBuf::from);
    settings::Flags {
        gateway: text(&client.gateway),
        edge: client.edge.clone(),
        tailnet: client.tailnet.clone(),
        tunnel: client.tunnel.clone(),
        public: client.public.clone(),
        config: file(&client.config),
        state_dir: file(&client.state_dir),
        token_file: file(&client.token_file),
        password_file: file(&client.password_file),
        health_path: text(&client.health_path),
        resolver: client.resolver.clone(),
        ca: file(&client.ca),
        pin: client.pin.iter().filter(|pin| !pin.is_empty()).cloned().collect(),
        header_file: file(&client.header_file),
        client_cert: file(&client.client_cert),
        client_key: file(&client.client_key),
        ..settings::Flags::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tables::site::CredentialState;
    use crate::reference::fault;

    #[test]
    fn the_built_in_world_tells_a_direct_way_an_edge_and_a_credential() {
        let ground = Ground::new().unwrap();
        let stage = Stage::set(&ground, fault::world().unwrap()).unwrap_or_else(|c| panic!("{c}"));
        let ways: Vec<_> = stage.target.ways.iter().map(|w| (w.name.as_str(), w.vouches)).collect();
        assert_eq!(ways, [("local", false), ("edge", true)]);
        assert_eq!(stage.target.credential.state, CredentialState::Present);
        assert!(stage.target.config.file.starts_with(stage.standing.folder()));
    }

    #[test]
    fn an_empty_text_takes_a_flag_away() {
        let client = Client { gateway: Some(String::new()), config: Some("c".into()), ..Client::default() };
        assert_eq!((flags(&client).gateway, flags(&client).config), (None, Some(PathBuf::from("c"))));
    }
}
