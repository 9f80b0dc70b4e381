//! A name server that answers from a list, over UDP and TCP.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::{join, join_all};
use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::front::{self, Front};
use super::wire::Wire;
use crate::labels;

/// What it answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// The address it listens on, UDP and TCP.
    pub listen: Vec<String>,
    /// Its port; 0 finds one.
    pub port: u16,
    /// Nobody listens.
    pub stopped: bool,
    /// Addresses by name; a name that is not here does not exist.
    pub name: BTreeMap<String, Vec<IpAddr>>,
    /// The response code for every name instead of an answer.
    pub code: Option<Code>,
    /// Hears every question and never answers.
    pub silent: bool,
    /// Cuts every answer over UDP, so that it has to be asked over TCP.
    pub truncates: bool,
}

labels! {
    /// A response code that is no answer.
    pub enum Code {
        FormErr = "formerr": "The question was not understood.",
        ServFail = "servfail": "The server failed.",
        NxDomain = "nxdomain": "There is no such name.",
        NotImp = "notimp": "The server does not do such questions.",
        Refused = "refused": "The server does not want to.",
    }
}

/// The sockets of a name server.
#[derive(Debug)]
pub struct Seat {
    /// The port of all of them.
    pub port: u16,
    tcp: Front,
    udp: Vec<UdpSocket>,
}

/// How often a port that is free for TCP may turn out to be taken for UDP before the search is given up.
const TRIES: usize = 64;
/// What a cache may keep an answer for, in seconds.
const TTL: u32 = 60;
/// The largest question that is read (RFC 1035, section 2.3.4: 512 bytes without EDNS).
const LONGEST_QUESTION: usize = 4_096;

impl Seat {
    /// Binds UDP and TCP at one port; `open` or not, in which case both refuse. Must be called within a runtime.
    ///
    /// # Errors
    /// A place that is none, or that cannot be bound.
    pub fn bind(places: &[String], port: u16, open: bool) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::InvalidInput);
        for _ in 0..if port == 0 { TRIES } else { 1 } {
            match Self::attempt(places, port, open) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                other => return other,
            }
        }
        Err(last)
    }

    fn attempt(places: &[String], port: u16, open: bool) -> io::Result<Self> {
        let tcp = if open { Front::bind(places, port)? } else { Front::closed(places, port)? };
        let ips = places.iter().filter_map(|place| place.parse::<IpAddr>().ok());
        let bound = ips.map(|ip| (ip, datagrams(ip, tcp.port, open)));
        // What TCP found this machine to lack, UDP lacks as well.
        let there = bound.filter(|(ip, socket)| !socket.as_ref().is_err_and(|error| front::lacks(*ip, error)));
        let udp = there.map(|(_, socket)| socket).collect::<io::Result<_>>()?;
        Ok(Self { port: tcp.port, tcp, udp })
    }
}

/// A socket for datagrams. A closed one talks to itself alone: the system refuses everybody else on its behalf.
fn datagrams(ip: IpAddr, port: u16, open: bool) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(SocketAddr::new(ip, port))?;
    if !open {
        socket.connect(SocketAddr::new(ip, port))?;
    }
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Serves until it is dropped.
pub async fn serve(options: Options, seat: Seat) {
    if options.stopped {
        return std::future::pending().await;
    }
    let options = Arc::new(options);
    let udp = seat.udp.iter().map(|socket| over_udp(&options, socket));
    let of_tcp = Arc::clone(&options);
    let tcp = seat.tcp.each(None, move |wire| {
        let options = Arc::clone(&of_tcp);
        async move {
            let _ = over_tcp(&options, wire).await;
        }
    });
    join(tcp, join_all(udp)).await;
}

async fn over_udp(options: &Options, socket: &UdpSocket) {
    let mut question = vec![0; LONGEST_QUESTION];
    loop {
        // An error is a client's that went away (ICMP) and concerns no other.
        let Ok((size, from)) = socket.recv_from(&mut question).await else { continue };
        if let Some(answer) = answer(options, &question[..size], options.truncates) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn over_tcp(options: &Options, mut wire: Wire) -> io::Result<()> {
    loop {
        let mut question = vec![0; wire.read_u16().await?.into()];
        wire.read_exact(&mut question).await?;
        let Some(answer) = answer(options, &question, false) else { continue };
        wire.write_u16(u16::try_from(answer.len()).map_err(io::Error::other)?).await?;
        wire.write_all(&answer).await?;
        wire.flush().await?;
    }
}

/// The answer to a question, if there is one; what is no question is not answered.
fn answer(options: &Options, question: &[u8], cut: bool) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let asked = question.queries.first()?.clone();
    if options.silent {
        return None;
    }
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.metadata.truncation = cut;
    answer.add_query(asked.clone());
    match found(options, &asked) {
        Ok(_) if cut => {}
        Ok(records) => answer.answers.extend(records),
        Err(code) => answer.metadata.response_code = code,
    }
    answer.to_vec().ok()
}

fn found(options: &Options, asked: &Query) -> Result<Vec<Record>, ResponseCode> {
    if let Some(code) = options.code {
        return Err(response(code));
    }
    let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    let name = plain(&asked.name().to_utf8());
    let (_, ips) = options.name.iter().find(|(n, _)| plain(n) == name).ok_or(ResponseCode::NXDomain)?;
    let data = ips.iter().filter_map(|ip| match (asked.query_type(), ip) {
        (RecordType::A, IpAddr::V4(v4)) => Some(RData::A((*v4).into())),
        (RecordType::AAAA, IpAddr::V6(v6)) => Some(RData::AAAA((*v6).into())),
        _ => None,
    });
    Ok(data.map(|data| Record::from_rdata(asked.name().clone(), TTL, data)).collect())
}

fn response(code: Code) -> ResponseCode {
    match code {
        Code::FormErr => ResponseCode::FormErr,
        Code::ServFail => ResponseCode::ServFail,
        Code::NxDomain => ResponseCode::NXDomain,
        Code::NotImp => ResponseCode::NotImp,
        Code::Refused => ResponseCode::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hickory_resolver::proto::rr::Name;
    use tokio::net::TcpStream;

    use super::*;

    fn options(text: &str) -> Options {
        toml::from_str(text).unwrap()
    }

    fn question(name: &str, kind: RecordType) -> Vec<u8> {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        message.to_vec().unwrap()
    }

    fn told(options: &Options, name: &str, kind: RecordType) -> (ResponseCode, Vec<IpAddr>) {
        let message = Message::from_vec(&answer(options, &question(name, kind), false).unwrap()).unwrap();
        (message.metadata.response_code, message.answers.iter().filter_map(|r| r.data.ip_addr()).collect())
    }

    #[test]
    fn names_are_found_in_any_spelling_and_by_type() {
        let list = options("name = { 'gw.example' = ['192.0.2.7', '2001:db8::7'] }");
        assert_eq!(told(&list, "GW.example.", RecordType::A), (ResponseCode::NoError, vec!["192.0.2.7".parse().unwrap()]));
        assert_eq!(told(&list, "gw.example.", RecordType::AAAA).1, ["2001:db8::7".parse::<IpAddr>().unwrap()]);
        assert_eq!(told(&list, "gw.example.", RecordType::MX), (ResponseCode::NoError, vec![]));
        assert_eq!(told(&list, "other.example.", RecordType::A).0, ResponseCode::NXDomain);
        assert_eq!(told(&options("code = 'servfail'"), "gw.example.", RecordType::A).0, ResponseCode::ServFail);
        assert_eq!(answer(&options("silent = true"), &question("a.", RecordType::A), false), None);
        assert_eq!(answer(&list, b"junk", false), None);
    }

    #[tokio::test]
    async fn a_cut_answer_is_whole_over_tcp() {
        let seat = Seat::bind(&[String::from("127.0.0.1")], 0, true).unwrap();
        let port = seat.port;
        let serving = tokio::spawn(serve(options("truncates = true\nname = { 'gw.example' = ['192.0.2.7'] }"), seat));
        let asked = question("gw.example.", RecordType::A);
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        udp.send_to(&asked, ("127.0.0.1", port)).await.unwrap();
        let mut buffer = [0; 512];
        let size = udp.recv(&mut buffer).await.unwrap();
        let cut = Message::from_vec(&buffer[..size]).unwrap();
        assert!(cut.metadata.truncation && cut.answers.is_empty());
        let mut tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tcp.write_u16(asked.len().try_into().unwrap()).await.unwrap();
        tcp.write_all(&asked).await.unwrap();
        let mut whole = vec![0; tcp.read_u16().await.unwrap().into()];
        tcp.read_exact(&mut whole).await.unwrap();
        assert_eq!(Message::from_vec(&whole).unwrap().answers.len(), 1);
        serving.abort();
    }

    #[tokio::test]
    async fn a_stopped_one_refuses_datagrams_and_connections() {
        let seat = Seat::bind(&[String::from("127.0.0.1")], 0, false).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        udp.connect(("127.0.0.1", seat.port)).await.unwrap();
        udp.send(b"?").await.unwrap();
        let refused = tokio::time::timeout(Duration::from_secs(5), udp.recv(&mut [0; 9])).await.unwrap().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(TcpStream::connect(("127.0.0.1", seat.port)).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
