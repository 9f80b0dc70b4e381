use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record as Entry, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::path::Kind;
use crate::probe::trial::Trial;
use crate::target::NamedResolver;

/// What the fake resolver answers to every question.
#[derive(Clone, Copy)]
enum Fake {
    Addresses,
    Code(ResponseCode),
    Truncated,
    Nonsense,
    Silent,
}

fn answer(question: &[u8], fake: Fake, tcp: bool) -> Vec<u8> {
    let question = Message::from_vec(question).unwrap();
    let asked = question.queries[0].clone();
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.add_query(asked.clone());
    match fake {
        Fake::Code(code) => answer.metadata.response_code = code,
        Fake::Truncated if !tcp => answer.metadata.truncation = true,
        _ if asked.query_type() == RecordType::A => {
            for data in [A::new(100, 64, 0, 1), A::new(10, 0, 0, 1)] {
                answer.add_answer(Entry::from_rdata(asked.name().clone(), 60, RData::A(data)));
            }
        }
        _ => {
            answer.add_answer(Entry::from_rdata(asked.name().clone(), 60, RData::AAAA(AAAA::new(0xfd00, 0, 0, 0, 0, 0, 0, 1))));
        }
    }
    answer.to_vec().unwrap()
}

/// A free port of both protocols: what is free for one may be taken for the other.
async fn both() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for both protocols");
}

async fn resolver(fake: Fake) -> SocketAddr {
    let (udp, tcp) = both().await;
    let address = udp.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((size, from)) = udp.recv_from(&mut buffer).await {
            let bytes = match fake {
                Fake::Silent => continue,
                Fake::Nonsense => [&buffer[..2], b"\x81\x80\0\x01\0\x09garbage"].concat(),
                _ => answer(&buffer[..size], fake, false),
            };
            // A late answer to somebody else's question must not count.
            let mut stray = bytes.clone();
            stray[0] ^= 0xff;
            udp.send_to(&stray, from).await.unwrap();
            udp.send_to(&bytes, from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut question = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut question).await.unwrap();
            let bytes = answer(&question, fake, true);
            stream.write_u16(bytes.len().try_into().unwrap()).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
        }
    });
    address
}

async fn trial(system: SocketAddr, named: &[(&str, SocketAddr)]) -> Trial {
    let mut trial = Trial::new(Kind::Edge, 443).host("gw.example");
    trial.target.resolvers =
        named.iter().map(|(name, address)| NamedResolver { name: name.to_string(), address: *address }).collect();
    trial.own = Duration::from_millis(300);
    trial.target.world.name_server = Some(system);
    let servers = System { servers: vec![system], ..System::default() };
    trial.run(async |ask: &mut Ask<'_>| resolve(ask, "gw.example", &servers).await).await;
    trial
}

fn key<'a>(resolver: &'a str, record: &'a str, answer: &'a str) -> [(&'a str, &'a str); 4] {
    [("resolver", resolver), ("name", "gw.example"), ("type", record), ("answer", answer)]
}

#[tokio::test]
async fn the_systems_answers_are_numbered_and_fill_the_lane() {
    let at = resolver(Fake::Addresses).await;
    let trial = trial(at, &[("corp", at)]).await;
    let [a, b, c] = ["100.64.0.1", "10.0.0.1", "fd00::1"].map(|a| a.parse::<std::net::IpAddr>().unwrap());
    assert_eq!(trial.lane.handed, Some(vec![a, b, c]));
    assert_eq!(trial.lane.addresses, [a, c, b], "families in turn");
    assert_eq!(trial.rows("dns").len(), 6);
    for (field, text) in
        [("address", "100.64.0.1"), ("class", "tailnet"), ("rcode", "NOERROR"), ("ttl", "60 s"), ("server", &at.to_string())]
    {
        assert_eq!(trial.text("dns", &key("system", "A", "1"), field), text, "{field}");
    }
    assert_eq!(trial.text("dns", &key("system", "A", "2"), "class"), "private");
    assert_eq!(trial.text("dns", &key("corp", "AAAA", "1"), "address"), "fd00::1");
}

#[tokio::test]
async fn every_way_to_have_no_answer_has_its_word() {
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = resolver(Fake::Code(ResponseCode::NXDomain)).await;
    let named = [
        ("none", nobody),
        ("refuses", resolver(Fake::Code(ResponseCode::Refused)).await),
        ("fails", resolver(Fake::Code(ResponseCode::ServFail)).await),
        ("nonsense", resolver(Fake::Nonsense).await),
        ("silent", resolver(Fake::Silent).await),
        ("closed", closed),
    ];
    let trial = trial(nobody, &named).await;
    for (name, class, rcode) in [
        ("system", "none", "NXDOMAIN"),
        ("none", "none", "NXDOMAIN"),
        ("refuses", "refused", "REFUSED"),
        ("fails", "failed", "SERVFAIL"),
        ("nonsense", "failed", "absent"),
        ("silent", "silent", "absent"),
        ("closed", "refused", "absent"),
    ] {
        assert_eq!(trial.text("dns", &key(name, "A", "0"), "class"), class, "{name}");
        assert_eq!(trial.text("dns", &key(name, "A", "0"), "rcode"), rcode, "{name}");
        assert_eq!(trial.text("dns", &key(name, "A", "0"), "address"), "absent");
    }
    assert!(trial.lane.addresses.is_empty());
    assert_eq!(trial.lane.blocked.as_deref(), Some("dns@here[resolver=system,name=gw.example,type=A,answer=0].class"));
}

#[tokio::test]
async fn a_truncated_answer_is_fetched_over_tcp() {
    let trial = trial(resolver(Fake::Truncated).await, &[]).await;
    assert_eq!(trial.lane.addresses.len(), 3);
}

#[tokio::test]
async fn the_second_server_answers_where_the_first_does_not() {
    let servers = vec![resolver(Fake::Silent).await, resolver(Fake::Addresses).await];
    let mut trial = Trial::new(Kind::Edge, 443).host("gw.example");
    trial.own = Duration::from_millis(300);
    trial.target.world.name_server = Some(servers[1]);
    let system = System { servers: servers.clone(), ..System::default() };
    assert!(trial.run(async |ask: &mut Ask<'_>| resolve(ask, "gw.example", &system).await).await);
    assert_eq!(trial.text("dns", &key("system", "A", "1"), "server"), servers[1].to_string());
}

#[tokio::test]
async fn the_runs_end_is_not_the_resolvers_silence() {
    let servers = System { servers: vec![resolver(Fake::Silent).await], ..System::default() };
    let mut trial = Trial::new(Kind::Edge, 443).host("gw.example");
    trial.run = Duration::from_millis(50);
    assert!(!trial.run(async |ask: &mut Ask<'_>| resolve(ask, "gw.example", &servers).await).await);
    assert_eq!(trial.text("dns", &key("system", "A", "0"), "class"), "not measured: deadline");
}

#[tokio::test]
async fn what_the_machine_knows_is_asked_of_nobody() {
    let watcher = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = watcher.local_addr().unwrap();
    let mut trial = Trial::new(Kind::Local, 18789).host("localhost");
    trial.target.resolvers = vec![NamedResolver { name: String::from("corp"), address: at }];
    let servers = System { servers: vec![at], ..System::default() };
    assert!(trial.run(async |ask: &mut Ask<'_>| resolve(ask, "localhost", &servers).await).await);
    assert_eq!(trial.lane.addresses, ["127.0.0.1", "::1"].map(|a| a.parse::<std::net::IpAddr>().unwrap()));
    assert_eq!(trial.text("dns", &[("type", "A")], "class"), "loopback");
    assert_eq!(trial.text("dns", &[("type", "A")], "server"), "absent");
    assert!(watcher.try_recv(&mut [0; 8]).is_err(), "a query left for localhost");
}

#[tokio::test]
async fn an_address_needs_no_resolver() {
    let mut trial = Trial::new(Kind::Local, 18789);
    assert!(trial.run(run).await);
    assert_eq!((trial.lane.addresses.len(), trial.facts.sheets().count()), (1, 0));
}

#[tokio::test]
async fn a_name_with_an_underscore_is_asked_for_as_it_is() {
    let servers = System { servers: vec![resolver(Fake::Addresses).await], ..System::default() };
    let mut trial = Trial::new(Kind::Edge, 443).host("my_gateway");
    assert!(trial.run(async |ask: &mut Ask<'_>| resolve(ask, "my_gateway", &servers).await).await);
    let key = [("resolver", "system"), ("name", "my_gateway"), ("type", "A"), ("answer", "1")];
    assert_eq!(trial.text("dns", &key, "class"), "tailnet");
}
