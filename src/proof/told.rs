//! Who told clawprobe what in a world of our own: a complaint about it points into the fault file, and every address is the
//! world's own.

use crate::complaint::{Complaint, Place};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::Source;
use crate::own::is_own;
use crate::reference::document::{at, filled};
use crate::reference::ground::Standing;
use crate::reference::within::{is_below, ports};
use crate::settings::given::Given;
use crate::target::{Target, Way};

/// A complaint of the settings, whose flags and variables nobody typed: a file said them.
pub fn by_its_file(standing: &Standing, complaint: Complaint) -> Complaint {
    let Some(place) = complaint.place.clone() else { return complaint };
    match place.name.as_str() {
        "command line" => match place.text.strip_prefix("--").and_then(|text| text.split_once(' ')) {
            Some((flag, value)) => of_flag(standing, complaint, &place, flag, value),
            None => complaint,
        },
        "environment" => match place.text.split_once('=') {
            Some((name, _)) => pointed(standing, &["client", "env", name], complaint, &place),
            None => complaint,
        },
        file => of_file(standing, file.to_owned(), complaint),
    }
}

fn of_flag(standing: &Standing, complaint: Complaint, place: &Place, flag: &str, value: &str) -> Complaint {
    let said = at(&standing.document.table, &["client", flag]);
    let typed = format!("--{flag}");
    let same = |item: &toml::Value| {
        item.as_str().is_some_and(|item| Given::flag(&typed, &filled(item, &standing.holes)).shown() == value)
    };
    let number =
        said.and_then(toml::Value::as_array).and_then(|list| list.iter().position(same)).map(|number| number.to_string());
    let path: Vec<&str> = ["client", flag].into_iter().chain(number.as_deref()).collect();
    let said = |text: &str| text.replace(&typed, &format!("client.{flag}"));
    let complaint = Complaint { title: said(&complaint.title), help: complaint.help.as_deref().map(said), ..complaint };
    pointed(standing, &path, complaint, place)
}

/// The same complaint at a place of the world's document; where the marked part stands there as it is, at that.
fn pointed(standing: &Standing, path: &[&str], complaint: Complaint, place: &Place) -> Complaint {
    let part = place.text.get(place.span.clone());
    let place = standing.document.wrong(path, part, "", &place.label).place;
    Complaint { place, ..complaint }
}

/// A complaint about a file in the world's folder: the fault file holds its text.
fn of_file(standing: &Standing, file: String, complaint: Complaint) -> Complaint {
    let Some(name) = std::path::Path::new(&file).strip_prefix(standing.folder()).ok().and_then(|name| name.to_str()) else {
        return complaint;
    };
    let author = standing.document.author(&["file", name]).map_or("the reference world", |author| author.name.as_str());
    let (said, title) = (format!("{author}: file.{name:?}"), complaint.title.replace(&file, name));
    Complaint { place: complaint.place.map(|place| Place { name: said, ..place }), title, ..complaint }
}

/// Holds every way, wherever it was named, against the world's own addresses.
///
/// # Errors
/// A complaint about a way that leads to somebody else: the world's secret is not for them.
pub fn keeps_to_itself(standing: &Standing, target: &Target) -> Result<(), Complaint> {
    for (number, way) in target.ways.iter().enumerate() {
        if !is_ours(standing, way) {
            let before = target.ways[..number].iter().filter(|earlier| earlier.place == way.place).count();
            return Err(foreign(standing, way, before));
        }
    }
    let config = target.config.file.display().to_string();
    if is_below(&config, &standing.folder().display().to_string()) {
        return Ok(());
    }
    Err(Complaint::new(format!("the configuration {config} is not of this world")).help("a variable of client.env leads there"))
}

fn is_ours(standing: &Standing, way: &Way) -> bool {
    let end = &way.endpoint;
    if end.scheme == Scheme::Unix {
        let listens = standing.listens.values().flatten().any(|place| place.strip_prefix("unix:") == Some(end.host.as_str()));
        return listens || is_below(&end.host, &standing.folder().display().to_string());
    }
    let here = match end.ip() {
        Some(ip) => ip.is_unspecified() || is_own(ip),
        // The world's own name server tells addresses of this machine alone.
        None => end.host == "localhost" || standing.client.name_server.as_deref().is_some_and(|server| !server.is_empty()),
    };
    here && ports(&standing.holes).contains(&end.port)
}

/// The complaint about a way of somebody else's; its number is its place among those of its flag.
fn foreign(standing: &Standing, way: &Way, number: usize) -> Complaint {
    let title = format!("{} is not of this world", way.endpoint);
    // Without a gateway the default one is asked.
    let flag = if way.origin == Source::Default { "gateway" } else { way.place.trim_start_matches("--") };
    let number = number.to_string();
    let paths = [&["client", flag, &number][..], &["client", flag], &["client", "env", &way.place]];
    let said = paths.into_iter().find(|path| at(&standing.document.table, path).is_some());
    let complaint = match said {
        Some(path) => standing.document.wrong(path, None, title, "no stand-in listens there"),
        None => Complaint::new(format!("{title}: {} names it", way.place)),
    };
    complaint.help("a reference world asks its own stand-ins, as in ws://127.0.0.1:{gateway.port}")
}
