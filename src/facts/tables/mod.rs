//! The tables, one file per primitive: name, type, sentence and privacy of every fact, declared once.
//!
//! They stand here and not beside the code that fills them, because conditions, reports and the dictionary read them and
//! must not know a primitive.

pub mod browser;
pub mod connect;
pub mod deployment;
pub mod dns;
pub mod forwarding;
pub mod hold;
pub mod http;
pub mod listener;
pub mod pair;
pub mod passage;
pub mod path;
pub mod rounds;
pub mod route;
pub mod site;
pub mod sizes;
pub mod socket;
pub mod tcp;
pub mod timer;
pub mod tls;
pub mod upgrade;
pub mod words;
