//! What a scenario does to a gateway of its own before it is measured.

use std::io::{Read, Write};
use std::net::TcpStream;

use clawprobe::openclaw::limits::PRE_AUTH_SOCKETS;

use crate::cast::Cast;
use crate::gateway::Gateway;

/// Starts a gateway and does it; `crowd` takes the sockets that must stay open.
pub fn start_with(cast: Cast, config: &str, deed: &str, crowd: &mut Vec<TcpStream>) -> Result<Gateway, String> {
    match deed {
        "starting" => return cast.catch(config),
        "suspend" => return cast.suspend(config),
        _ => {}
    }
    let mut gateway = cast.start(config)?;
    match deed {
        "stop" => gateway.stop(),
        "kill-while-held" => gateway.signal_when_held("-KILL"),
        "end-while-held" => gateway.signal_when_held("-TERM"),
        "freeze" => gateway.freeze()?,
        "crowd" => {
            let sockets = (0..PRE_AUTH_SOCKETS).map(|_| waiting(gateway.port));
            *crowd = sockets.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        }
        other => return Err(format!("nobody knows how to `{other}` a gateway")),
    }
    Ok(gateway)
}

/// A WebSocket that says nothing after the switch.
fn waiting(port: u16) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let head = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut first = [0; 12];
    stream.read_exact(&mut first)?;
    if &first == b"HTTP/1.1 101" { Ok(stream) } else { Err(std::io::Error::other("no room for the crowd itself")) }
}
