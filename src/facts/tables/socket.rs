//! The file of a Unix socket, and what connecting to it comes to.

use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// What stands at the socket's path, links followed.
    pub enum FileType {
        Socket = "socket": "A socket.",
        File = "file": "An ordinary file.",
        Folder = "folder": "A folder.",
        Other = "other": "A device or a pipe.",
        Missing = "missing": "Nothing.",
    }
}

labels! {
    /// What connecting to the socket came to.
    pub enum Reached {
        Accepted = "accepted": "Somebody listens, and the connection was made.",
        Refused = "refused": "It is a socket, and nobody listens on it.",
        Missing = "missing": "There is no such file.",
        NoSocket = "no-socket": "The file is no socket that one can connect to.",
        Forbidden = "forbidden": "This user may not write to the socket, or not look into its folder.",
        Full = "full": "Somebody listens, and as many connections wait already as may.",
        Failed = "failed": "It failed for another reason.",
    }
}

/// One row for a path that is a Unix socket; other paths have none.
pub static SOCKET: Table =
    table("socket", Scope::Path, "The file of a Unix socket, and what connecting to it comes to.").fields(SOCKET_FIELDS);
const SOCKET_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Reached::ALL), "What connecting to it came to."),
    field("file", Type::Label(FileType::ALL), "What stands at its path, links followed."),
    field("permitted", Type::Bool, "Whether this user may connect; absent where nothing is there to connect to."),
    field("owner", Type::Text, "The user it belongs to.").named(),
    field("group", Type::Text, "The group it belongs to.").named(),
    field("mode", Type::Text, "Its permissions in octal, as in 0660: to connect takes the right to write."),
    field("after", Type::Duration, "Time until the attempt ended."),
    field("error", Type::Text, "The system's words for a failure.").named(),
];
