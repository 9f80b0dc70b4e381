use super::*;
use crate::probe::trial::{Trial, peer};

#[tokio::test]
async fn a_listener_accepts_and_becomes_the_peer() {
    let at = peer(|stream| async move { drop(stream) }).await;
    let mut trial = Trial::new(Kind::Lan, at.port());
    assert!(trial.run(run).await);
    assert_eq!((trial.lane.peer, trial.lane.other, trial.rows("tcp").len()), (Some(at), None, 1));
    for (field, text) in [
        ("connected", "accepted"),
        ("named", "true"),
        ("own", "true"),
        ("family", "v4"),
        ("source", "127.0.0.1"),
        ("error", "absent"),
    ] {
        assert_eq!(trial.text("tcp", &[], field), text, "{field}");
    }
    if cfg!(target_os = "linux") {
        assert!(trial.cell("tcp", &[], "rtt").get().is_some() && trial.text("tcp", &[], "retransmits") == "0");
    }
}

#[tokio::test]
async fn on_local_the_other_family_is_dialled_but_not_named() {
    let v6 = tokio::net::TcpListener::bind("[::1]:0").await.unwrap();
    let port = v6.local_addr().unwrap().port();
    let mut trial = Trial::new(Kind::Local, port);
    assert!(!trial.run(run).await);
    assert_eq!(trial.text("tcp", &[("address", "127.0.0.1")], "connected"), "refused");
    assert_eq!(trial.text("tcp", &[("address", "127.0.0.1")], "rtt"), "not measured: blocked: there is no connection");
    assert_eq!(trial.text("tcp", &[("address", "::1")], "connected"), "accepted");
    assert_eq!(trial.text("tcp", &[("address", "::1")], "named"), "false");
    assert_eq!((trial.lane.peer, trial.lane.other.map(|o| o.is_ipv6())), (None, Some(true)));
    assert_eq!(trial.lane.blocked, Some(format!("tcp@here/local[address=127.0.0.1,port={port}].connected")));
}

#[tokio::test]
async fn a_silent_address_leaves_time_for_the_next() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let full = socket.local_addr().unwrap().as_socket().unwrap();
    // One connection fills a backlog of 0.
    let _held: Vec<_> =
        (0..2).map_while(|_| std::net::TcpStream::connect_timeout(&full, Duration::from_millis(50)).ok()).collect();
    let next = std::net::TcpListener::bind(("127.0.0.2", full.port())).unwrap();
    let mut trial = Trial::new(Kind::Lan, full.port());
    trial.own = Duration::from_millis(300);
    trial.lane.addresses = vec![full.ip(), next.local_addr().unwrap().ip()];
    assert!(trial.run(run).await);
    assert_eq!(trial.text("tcp", &[("address", "127.0.0.1")], "connected"), "silent");
    assert_eq!(trial.lane.peer, Some(next.local_addr().unwrap()));
    let mut ended = Trial::new(Kind::Lan, full.port());
    ended.run = Duration::from_millis(60);
    assert!(!ended.run(run).await);
    assert_eq!(ended.text("tcp", &[], "connected"), "not measured: deadline");
}

#[tokio::test]
async fn a_name_without_address_blocks() {
    let mut trial = Trial::new(Kind::Edge, 9).host("gw.example");
    trial.lane.blocked = Some(String::from("dns@here[…].class"));
    assert!(!trial.run(run).await);
    let sheet = trial.facts.sheet("tcp", Some(&crate::path::Vantage::path("here", "edge"))).unwrap();
    assert!(matches!(&sheet.state, crate::facts::SheetState::NotMeasured(b) if b.because == "dns@here[…].class"));
}

#[tokio::test]
async fn an_edge_on_this_host_is_asked_from_an_ordinary_address() {
    let at = peer(|stream| async move { drop(stream) }).await;
    let mut edge = Trial::new(Kind::Edge, at.port());
    assert!(edge.run(run).await);
    // A machine with nothing but loopback has no such address.
    assert_eq!(edge.text("tcp", &[], "source"), edge.lane.source.map_or("127.0.0.1".into(), |s| s.to_string()));
    assert!(edge.lane.source.is_none_or(|s| !s.is_loopback()));
    for kind in [Kind::Local, Kind::Tunnel] {
        let mut trial = Trial::new(kind, at.port());
        assert!(trial.run(run).await);
        assert_eq!(trial.lane.source, None, "{kind}");
    }
}

#[test]
fn both_families_of_a_name_are_named() {
    let way = Trial::new(Kind::Local, 1).way.clone();
    let (v4, v6): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "::1".parse().unwrap());
    assert_eq!(dials(&way, &[v4, v6]), [(v4, true), (v6, true)]);
    assert_eq!(dials(&way, &[v6]), [(v6, true), (v4, false)]);
    assert_eq!(dials(&way, &["10.0.0.1".parse().unwrap()]).len(), 1);
    assert_eq!(dials(&Trial::new(Kind::Tunnel, 1).way, &[v4]), [(v4, true)]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_has_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gw.sock");
    let _listener = tokio::net::UnixListener::bind(&file).unwrap();
    let mut trial = Trial::new(Kind::Local, 0).host(file.to_str().unwrap());
    trial.way.endpoint.scheme = Scheme::Unix;
    assert!(trial.run(run).await && trial.rows("tcp").is_empty());
    assert!(!{
        trial.way.endpoint.host.push('x');
        trial.run(run).await
    });
}

#[tokio::test]
async fn the_address_that_a_client_takes_is_asked() {
    let listening = std::net::TcpListener::bind("127.0.0.3:0").unwrap();
    let at = listening.local_addr().unwrap();
    let [dead, late, good] = ["127.0.0.2", "127.0.0.4", "127.0.0.3"].map(|a| a.parse::<IpAddr>().unwrap());
    let mut trial = Trial::new(Kind::Lan, at.port()).host("gw.example");
    trial.lane.addresses = vec![dead, good, late];
    trial.lane.handed = Some(vec![dead, good]);
    assert!(trial.run(run).await);
    assert_eq!(trial.lane.peer, Some(at));
    for (address, place) in [("127.0.0.2", "1"), ("127.0.0.3", "2"), ("127.0.0.4", "absent")] {
        assert_eq!(trial.text("tcp", &[("address", address)], "place"), place, "{address}");
    }
    let mut untold = Trial::new(Kind::Lan, at.port()).host("gw.example");
    untold.lane.addresses = vec![good];
    assert!(untold.run(run).await);
    assert!(untold.text("tcp", &[], "place").starts_with("not measured: unsupported"));
}

#[test]
fn nodes_choice_goes_before_the_first_that_accepts() {
    let peer = |n: u8| SocketAddr::from(([10, 0, 0, n], 443));
    let attempt = |end, after| Some(Attempt { end, after });
    let named = [(peer(1), attempt(End::Accepted, 400.0)), (peer(2), attempt(End::Accepted, 20.0))];
    let handed = [peer(1).ip(), peer(2).ip()];
    assert_eq!(taken(Some(&handed), &named), Some(peer(2)), "Node gives the slow one up");
    assert_eq!(taken(None, &named), Some(peer(1)));
    assert_eq!(taken(Some(&handed), &[named[0], (peer(2), attempt(End::Failed, 0.1))]), Some(peer(1)), "Node takes none");
    assert_eq!(taken(Some(&handed), &[named[0], (peer(2), None)]), Some(peer(1)));
    assert_eq!(taken(Some(&handed), &[(peer(1), attempt(End::Failed, 0.1))]), None);
}
