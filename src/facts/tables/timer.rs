//! What ends connections on a path, and by which clock. All of it is derived from `hold` and `beat`.

use super::hold::Fate;
use crate::facts::schema::{Field, Print, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// By which clock connections end.
    pub enum Clock {
        Unseen = "unseen": "No connection ended before we or the gateway ended it.",
        Idle = "idle": "Silence: quiet connections end, others of the same age stay.",
        Lifetime = "lifetime": "Age: connections end at the same age, busy or not.",
        Forgotten = "forgotten": "Silence, unsaid: after it the way no longer knows the connection.",
        Gateway = "gateway": "The gateway's own: it ends all of them, and says so.",
        Gone = "gone": "All that were open ended in the same moment, and nobody has let another in since.",
        Reload = "reload": "All that were open ended in the same moment, whatever their age.",
    }
}

labels! {
    /// Whose bytes keep a connection from being idle.
    pub enum Counts {
        Either = "either": "Any bytes, whoever sends them.",
        Each = "each": "It takes bytes of both sides.",
        Client = "client": "The client's alone.",
        Server = "server": "The gateway's alone.",
        ClientToo = "client-too": "The client's; whether also the gateway's is not told.",
        Unknown = "unknown": "Not told.",
        NotClient = "not-client": "Not the client's alone; whether it takes both sides' is not told.",
        NotServer = "not-server": "Not the gateway's alone; whether it takes both sides' is not told.",
    }
}

labels! {
    /// Whether a timer can end a connection that a client uses.
    pub enum Reach {
        Hits = "hits": "The gateway is silent for longer than the timer waits.",
        KeptAlive = "kept-alive": "The gateway speaks more often than the timer waits for.",
    }
}

/// One row per path on which connections were held.
pub static TIMER: Table =
    table("timer", Scope::Path, "What ends connections on the path, and by which clock.").fields(TIMER_FIELDS);
const TIMER_FIELDS: &[Field] = &[
    field(
        "clock",
        Type::Label(Clock::ALL),
        "By which clock connections end; not measured where some ended and nothing tells by which.",
    )
    .derived(),
    field(
        "after",
        Type::Duration,
        "How much of that clock they are given; at most so much where it is only known to lie between.",
    )
    .derived(),
    field("at-least", Type::Duration, "What they survived of it.").derived(),
    field("counts", Type::Label(Counts::ALL), "Whose bytes keep a connection from being idle; absent unless silence ends it.")
        .derived(),
    field("reach", Type::Label(Reach::ALL), "Whether that can happen to a client that is let in; absent without such a timer.")
        .derived(),
    field("how", Type::Text, "What is known of the ends, in words; absent when none ended.").derived().print(Print::Omit),
    field("end", Type::Label(Fate::ALL), "How they ended; absent when none did.").derived(),
    field("close-code", Type::Int, "The code of the close frame that ended them.").derived(),
    field("survived", Type::Duration, "The longest silence that a connection survived: longer ones are not excluded.").derived(),
    field("oldest", Type::Duration, "The highest age that a connection reached: higher ones are not excluded.").derived(),
    field(
        "limit",
        Type::Duration,
        "After how long the gateway itself ends a connection that it did not let in; absent when unseen.",
    )
    .derived(),
    field("late", Type::Duration, "How late our own clock was at most; absent if hardly.").derived().print(Print::Omit),
    field("needed", Type::Duration, "The longest silence of the gateway that a client's connection must survive.").derived(),
    field("held", Type::Int, "Connections that were held.").derived().print(Print::Omit),
];
