//! The `socket` primitive: the file of a Unix socket, its owner and permissions, and one connection to it.
//!
//! Whether this user may connect is told by connecting, not by reading the permissions: access lists, capabilities and the
//! folders above have a say as well. The system checks the permissions before it looks whether anybody listens.

use super::{Ask, Done, blank};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::socket::SOCKET;
use crate::facts::{Because, Reason, Sheet};

/// Looks at the socket of the way and connects to it once; a way that is no Unix socket has no row.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let Some(way) = ask.way else {
        let because = Because::new(Reason::Defect, "a socket needs a path");
        return Done { sheets: blank(&[&SOCKET], ask.step, ask.vantage, &because), succeeded: false };
    };
    if way.endpoint.scheme != Scheme::Unix {
        return Done { sheets: vec![Sheet::new(&SOCKET, ask.vantage)], succeeded: true };
    }
    there::run(ask, &way.endpoint.host).await
}

#[cfg(not(unix))]
mod there {
    use super::*;

    pub async fn run(ask: &mut Ask<'_>, _: &str) -> Done {
        let because = Because::new(Reason::Unsupported, "this system has no Unix sockets");
        ask.lane.blocked = Some(format!("socket@{}.outcome", ask.vantage));
        Done { sheets: blank(&[&SOCKET], ask.step, ask.vantage, &because), succeeded: false }
    }
}

#[cfg(unix)]
mod there {
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use super::*;
    use crate::clock;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::socket::{FileType, Reached};
    use crate::facts::{Cell, Row};
    use crate::probe::line::{self, Fault};
    use crate::probe::{dial, user};

    /// The bits of a mode that are permissions, with set-user, set-group and sticky. Source: POSIX `sys/stat.h`.
    const PERMISSIONS: u32 = 0o7777;

    pub async fn run(ask: &mut Ask<'_>, file: &str) -> Done {
        let mut sheet = Sheet::new(&SOCKET, ask.vantage);
        let (row, outcome) = attempt(ask, file).await;
        sheet.push(row);
        match outcome {
            Some(Reached::Accepted) => ask.lane.reached = true,
            _ => ask.lane.blocked = Some(format!("socket@{}.outcome", ask.vantage)),
        }
        Done { sheets: vec![sheet], succeeded: outcome == Some(Reached::Accepted) }
    }

    async fn attempt(ask: &Ask<'_>, file: &str) -> (Row, Option<Reached>) {
        let stat = std::fs::metadata(file);
        let row = looked(RowBuilder::new(&SOCKET, []), &stat);
        let _permit = match line::permit(ask).await {
            Ok(permit) => permit,
            Err(Fault::NotMeasured(because)) => return (row.rest(Cell::NotMeasured(because)), None),
            Err(_) => return (row.rest(Cell::not_measured(Reason::Deadline)), None),
        };
        let begun = clock::now();
        let dialled = dial::dial_unix(file, &ask.deadline).await;
        let row = row.set("after", clock::now() - begun);
        let outcome = match &dialled {
            Ok(_) => Reached::Accepted,
            Err(error) if error.kind() == io::ErrorKind::TimedOut && !ask.deadline.is_own() => {
                return (row.rest(Cell::not_measured(Reason::Deadline)), None);
            }
            Err(error) => reached(error, &stat),
        };
        let row = row.set("outcome", outcome.as_str()).maybe("permitted", permitted(outcome));
        (row.maybe("error", dialled.err().map(|error| error.to_string())).rest(Cell::Absent), Some(outcome))
    }

    /// What the file itself tells.
    fn looked(row: RowBuilder, stat: &io::Result<std::fs::Metadata>) -> RowBuilder {
        match stat {
            Ok(stat) => row
                .set("file", file_type(stat).as_str())
                .set("owner", user::name(stat.uid()))
                .set("group", user::group(stat.gid()))
                .set("mode", format!("{:04o}", stat.mode() & PERMISSIONS)),
            Err(error) if is_missing(error) => row.set("file", FileType::Missing.as_str()),
            Err(_) => ["file", "owner", "group", "mode"].iter().fold(row, |row, field| row.without(field, Reason::NotPermitted)),
        }
    }

    fn file_type(stat: &std::fs::Metadata) -> FileType {
        let kind = stat.file_type();
        match () {
            () if kind.is_socket() => FileType::Socket,
            () if kind.is_file() => FileType::File,
            () if kind.is_dir() => FileType::Folder,
            () => FileType::Other,
        }
    }

    /// No such file, or a file where a folder should be.
    fn is_missing(error: &io::Error) -> bool {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    }

    /// What a failed attempt says. What is no socket is refused on Linux and has its own words elsewhere; a socket of another
    /// type than a stream is told by `EPROTOTYPE`, which has no kind.
    fn reached(error: &io::Error, stat: &io::Result<std::fs::Metadata>) -> Reached {
        let socket = stat.as_ref().is_ok_and(|stat| file_type(stat) == FileType::Socket);
        match error.kind() {
            io::ErrorKind::PermissionDenied => Reached::Forbidden,
            _ if is_missing(error) => Reached::Missing,
            _ if stat.is_ok() && !socket => Reached::NoSocket,
            io::ErrorKind::ConnectionRefused => Reached::Refused,
            // Linux says at once that the queue is full, other systems let the caller wait.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Reached::Full,
            _ if error.raw_os_error() == Some(WRONG_TYPE) => Reached::NoSocket,
            _ => Reached::Failed,
        }
    }

    /// `EPROTOTYPE`. Source: errno.h of Linux, and of the BSDs and macOS.
    const WRONG_TYPE: i32 = if cfg!(target_os = "linux") { 91 } else { 41 };

    fn permitted(outcome: Reached) -> Option<bool> {
        match outcome {
            Reached::Accepted | Reached::Refused | Reached::Full => Some(true),
            Reached::Forbidden => Some(false),
            Reached::Missing | Reached::NoSocket | Reached::Failed => None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
