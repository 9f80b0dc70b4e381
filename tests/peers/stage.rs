//! Everything that stands while the scenarios play.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use clawprobe::reference::ground::Ground;
use serde_json::Value;
use tempfile::TempDir;

use crate::again;
use crate::cast::Cast;
use crate::gateway::Gateway;
use crate::namespace::Client;
use crate::parts;
use crate::play::play;
use crate::product::Product;
use crate::scenario::Scenario;
use crate::seen::Seen;

/// Something that is made once, by whoever needs it first, or why it could not be made.
type Once<T> = Arc<OnceLock<Result<T, String>>>;

/// Shared gateways, the client's namespace, and a copy of the program that everybody may run.
pub struct Stage {
    gateways: Mutex<HashMap<(Cast, String), Once<Gateway>>>,
    played: Mutex<HashMap<String, Once<Vec<Value>>>>,
    client: OnceLock<Result<Client, String>>,
    ground: Ground,
    /// Every product there is, and the program of each once it was asked for.
    pub products: Vec<Product>,
    programs: Mutex<HashMap<String, PathBuf>>,
    /// What cases showed.
    pub seen: Seen,
    folder: TempDir,
}

impl Stage {
    /// An empty stage.
    pub fn new(products: Vec<Product>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join("clawprobe");
        std::fs::copy(env!("CARGO_BIN_EXE_clawprobe"), &program).expect("the program was built");
        // Nobody must be able to run it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("own folder");
        Self {
            gateways: Mutex::default(),
            played: Mutex::default(),
            client: OnceLock::new(),
            ground: Ground::new().expect("threads"),
            products,
            programs: Mutex::default(),
            seen: Seen::default(),
            folder,
        }
    }

    /// Whether a product is installed.
    pub fn has(&self, name: &str) -> bool {
        self.products.iter().any(|p| p.name == name && p.installed().is_some())
    }

    /// A product and its program, where nobody can run it: the lab's folder may be another's home.
    pub fn product(&self, name: &str) -> Result<(&Product, PathBuf), String> {
        let product = self.products.iter().find(|p| p.name == name).ok_or_else(|| format!("no product `{name}`"))?;
        let installed = product.installed().ok_or_else(|| format!("{name} is not installed"))?;
        if !installed.starts_with(parts::lab()) {
            return Ok((product, installed));
        }
        let mut programs = self.programs.lock().map_err(|e| e.to_string())?;
        if let Some(program) = programs.get(name) {
            return Ok((product, program.clone()));
        }
        let program = self.folder.path().join(format!("product-{name}"));
        std::fs::hard_link(&installed, &program)
            .or_else(|_| std::fs::copy(&installed, &program).map(drop))
            .map_err(|e| format!("{}: {e}", installed.display()))?;
        programs.insert(name.to_owned(), program.clone());
        Ok((product, program))
    }

    /// The program under test.
    pub fn program(&self) -> PathBuf {
        self.folder.path().join("clawprobe")
    }

    /// Does something with the shared real gateway of a configuration, starting it at the first call.
    pub fn with_gateway<T>(&self, config: &str, then: impl FnOnce(&Gateway) -> T) -> Result<T, String> {
        self.with(Cast::Real, config, then)
    }

    /// The same with the gateway of a cast.
    pub fn with<T>(&self, cast: Cast, config: &str, then: impl FnOnce(&Gateway) -> T) -> Result<T, String> {
        let key = (cast, config.to_owned());
        let shared = Arc::clone(self.gateways.lock().map_err(|e| e.to_string())?.entry(key).or_default());
        let gateway = shared.get_or_init(|| cast.start(config));
        gateway.as_ref().map(then).map_err(Clone::clone)
    }

    /// The reports of a scenario played with real gateways, which is done once.
    pub fn real(&self, scenario: &Scenario) -> Result<Vec<Value>, String> {
        let played = Arc::clone(self.played.lock().map_err(|e| e.to_string())?.entry(scenario.name.clone()).or_default());
        let play = || again::patiently(&scenario.name, scenario.measures_time(), || play(self, scenario, Cast::Real));
        let often = || (1..again::times()).try_for_each(|_| play().map(drop)).and_then(|()| play());
        played.get_or_init(often).clone()
    }

    /// Starts the shared gateways of a scenario, so that none starts while another scenario is measured; what goes wrong is
    /// told by the scenario itself.
    pub fn prepare(&self, scenario: &Scenario, cast: Cast) {
        for (_, config) in scenario.gateway.iter().filter(|(name, _)| !scenario.fault.contains_key(*name)) {
            let _ = self.with(cast, config, |_| ());
        }
    }

    /// Where scripted peers stand.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The words before a command that make it run at the client.
    pub fn client(&self) -> Result<Vec<String>, String> {
        self.client.get_or_init(Client::new).as_ref().map(Client::prefix).map_err(Clone::clone)
    }

    /// Ends every gateway.
    pub fn end(&self) {
        if let Ok(mut gateways) = self.gateways.lock() {
            gateways.clear();
        }
    }
}
