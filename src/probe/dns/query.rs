//! One query to one resolver, over sockets of our own: a port where nobody listens is then seen at once.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use crate::clock::{self, Deadline};
use crate::facts::tables::dns::{Answer, Record};
use crate::probe::dial;

/// The largest datagram that is read. We offer no EDNS, so a resolver truncates at 512 bytes (RFC 1035); some send more.
const MOST_DATAGRAM: usize = 4_096;

/// What a resolver told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Addresses with their time to live, in the resolver's order; or why there is none.
    pub found: Result<Vec<(IpAddr, Option<Duration>)>, Answer>,
    /// The response code, as in `NXDOMAIN`.
    pub rcode: Option<String>,
    /// Time to the answer; `None` where nobody was asked.
    pub after: Option<Duration>,
    /// The resolver's address; `None` where nobody was asked.
    pub server: Option<SocketAddr>,
}

/// Asks for the addresses of a name. Every failure is an answer.
pub async fn query(server: SocketAddr, name: &Name, record: Record, deadline: &Deadline) -> Told {
    let begun = clock::now();
    let ended = tokio::time::timeout_at(deadline.at(), exchange(server, name, record, deadline)).await;
    let after = Some(clock::now() - begun);
    let told = |found, rcode| Told { found, rcode, after, server: Some(server) };
    match ended {
        Err(_) => told(Err(Answer::Silent), None),
        Ok(Ok(message)) => {
            let code = message.metadata.response_code;
            told(read(&message, record), Some(format!("{code:?}").to_ascii_uppercase()))
        }
        Ok(Err(error)) => told(Err(failure(&error)), None),
    }
}

fn failure(error: &io::Error) -> Answer {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Answer::Refused,
        io::ErrorKind::TimedOut => Answer::Silent,
        _ => Answer::Failed,
    }
}

fn kind(record: Record) -> RecordType {
    match record {
        Record::A => RecordType::A,
        Record::Aaaa => RecordType::AAAA,
    }
}

/// The addresses in an answer, aliases followed by the resolver; or why there is none.
fn read(message: &Message, record: Record) -> Result<Vec<(IpAddr, Option<Duration>)>, Answer> {
    let addresses: Vec<_> = message
        .answers
        .iter()
        .filter(|r| r.record_type() == kind(record))
        .filter_map(|r| Some((r.data.ip_addr()?, Some(Duration::from_secs(r.ttl.into())))))
        .collect();
    match message.metadata.response_code {
        ResponseCode::NoError if addresses.is_empty() => Err(Answer::None),
        ResponseCode::NoError => Ok(addresses),
        ResponseCode::NXDomain => Err(Answer::None),
        ResponseCode::Refused => Err(Answer::Refused),
        _ => Err(Answer::Failed),
    }
}

async fn exchange(server: SocketAddr, name: &Name, record: Record, deadline: &Deadline) -> io::Result<Message> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name.clone(), kind(record)));
    let bytes = question.to_vec().map_err(io::Error::other)?;
    let answer = over_udp(server, &question, &bytes, deadline).await?;
    if answer.metadata.truncation { over_tcp(server, &bytes, deadline).await } else { Ok(answer) }
}

async fn over_udp(server: SocketAddr, question: &Message, bytes: &[u8], deadline: &Deadline) -> io::Result<Message> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    // A datagram may be lost: the question is put once more when half of the time is gone.
    let half = clock::now() + deadline.left() / 2;
    socket.send(bytes).await?;
    match tokio::time::timeout_at(half, receive(&socket, question)).await {
        Ok(answer) => answer,
        Err(_) => {
            socket.send(bytes).await?;
            receive(&socket, question).await
        }
    }
}

/// The answer to our question; datagrams with another id are late or forged and do not count.
async fn receive(socket: &UdpSocket, question: &Message) -> io::Result<Message> {
    let mut buffer = vec![0; MOST_DATAGRAM];
    loop {
        let size = socket.recv(&mut buffer).await?;
        let datagram = &buffer[..size];
        if !datagram.starts_with(&question.metadata.id.to_be_bytes()) {
            continue;
        }
        return Message::from_vec(datagram).map_err(io::Error::other);
    }
}

async fn over_tcp(server: SocketAddr, bytes: &[u8], deadline: &Deadline) -> io::Result<Message> {
    let mut stream = dial::dial(server, None, deadline).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], bytes].concat()).await?;
    let size = stream.read_u16().await?;
    let mut answer = vec![0; size.into()];
    stream.read_exact(&mut answer).await?;
    Message::from_vec(&answer).map_err(io::Error::other)
}
