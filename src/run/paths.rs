//! What the plan itself says of each path, as facts.

use crate::facts::sheet::{RowBuilder, Sheet};
use crate::facts::tables::path::{PATH, Scheme};
use crate::facts::{Because, Cell, Reason};
use crate::path::Path;
use crate::target::{Target, Way};

/// One sheet per planned path.
pub fn sheets<'a>(paths: impl Iterator<Item = &'a Path>, target: &Target) -> Vec<Sheet> {
    paths.map(|path| sheet(path, way(target, path), target)).collect()
}

/// The way a planned path stands for.
pub fn way<'a>(target: &'a Target, path: &Path) -> Option<&'a Way> {
    target.ways.iter().find(|way| path.vantage.path.as_deref() == Some(way.name.as_str()))
}

/// The path under which the routes are asked for, if it is not the root.
fn below(way: &Way, target: &Target) -> Option<String> {
    let below = crate::probe::http::below(way, target);
    (!below.is_empty()).then(|| below.to_owned())
}

fn sheet(path: &Path, way: Option<&Way>, target: &Target) -> Sheet {
    let mut sheet = Sheet::new(&PATH, &path.vantage);
    let row =
        RowBuilder::new(&PATH, []).set("kind", path.kind.as_str()).set("name", path.vantage.path.as_deref().unwrap_or_default());
    sheet.push(match way {
        None => row.rest(Cell::not_measured(Because::new(Reason::Unsupported, "the path is another site's"))),
        Some(way) => {
            // A Unix socket has neither a port nor a network.
            let network = (way.endpoint.scheme != Scheme::Unix).then_some(&way.endpoint);
            row.set("scheme", way.endpoint.scheme.as_str())
                .set("host", way.endpoint.host.as_str())
                .maybe("port", network.map(|endpoint| endpoint.port))
                .maybe("address-class", network.map(|endpoint| endpoint.class().as_str()))
                .maybe("below", below(way, target))
                .set("origin", way.origin.as_str())
                .set("place", way.place.as_str())
                .rest(Cell::Absent)
        }
    });
    sheet
}
