//! Each switch of the edge, by what a client and the gateway see.

use super::*;

#[tokio::test]
async fn an_upgrade_that_is_dropped_arrives_as_a_plain_request() {
    let mut lab = Lab::new(with("upgrade = 'dropped'")).await;
    assert_eq!(lab.say(UPGRADE).await, LIVE);
    let head = lab.head().await;
    assert_eq!((head.get("upgrade"), head.get("connection")), (None, Some("close")));
    let mut lab = Lab::new(with("upgrade = 'no-connection'")).await;
    assert_eq!(lab.say(UPGRADE).await, LIVE);
    let head = lab.head().await;
    assert_eq!((head.get("upgrade"), head.get("connection")), (Some("websocket"), Some("close")));
}

#[tokio::test]
async fn an_upgrade_that_is_held_is_never_answered_and_other_requests_are() {
    let mut lab = Lab::new(with("upgrade = 'held'")).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(silent(&mut tcp).await && lab.unasked());
    assert_eq!(lab.say(GET).await, LIVE);
}

#[tokio::test]
async fn a_bad_accept_key_is_the_only_change() {
    let lab = Lab::new(with("upgrade = 'bad-accept'")).await;
    let mut tcp = lab.dial().await;
    let head = answer(&mut tcp, UPGRADE).await;
    assert_eq!((head.status(), head.get("sec-websocket-accept")), (Some(101), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
    assert!(echoes(&mut tcp).await);
}

#[tokio::test]
async fn frames_that_are_held_go_neither_way() {
    let lab = Lab::new(with("frames = 'held'")).await;
    let mut tcp = lab.switched().await;
    tcp.write_all(b"frames").await.unwrap();
    assert!(silent(&mut tcp).await);
}

#[tokio::test]
async fn a_buffering_edge_gives_answers_whole_and_no_switch_at_all() {
    let drip = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let change = format!("buffers = true\nupstream = '{}'", drip.local_addr().unwrap());
    let lab = Lab::new(with(&change)).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(GET.as_bytes()).await.unwrap();
    let (mut gateway, _) = drip.accept().await.unwrap();
    Head::request(&mut gateway, Vec::new(), 4_000).await.unwrap();
    gateway.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\none").await.unwrap();
    assert!(silent(&mut tcp).await, "not before the end");
    gateway.write_all(b"two").await.unwrap();
    drop(gateway);
    let whole = to_end(&mut tcp).await;
    assert_eq!(
        whole,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nContent-Length: 6\r\n\r\nonetwo"
    );

    let lab = Lab::new(with("buffers = true")).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(silent(&mut tcp).await);
}

#[tokio::test]
async fn a_script_goes_before_the_gateway_and_a_bare_status_is_the_products_page() {
    let change =
        "product = 'nginx'\n[[answer]]\nto = 'upgrade'\nstatus = '403 Forbidden'\n[[answer]]\nto = '/own'\nbody = 'mine'";
    let mut lab = Lab::new(with(change)).await;
    let page = lab.say(UPGRADE).await;
    assert!(page.starts_with("HTTP/1.1 403 Forbidden\r\nServer: nginx/1.22.1\r\n"), "{page}");
    assert!(page.contains("<center><h1>403 Forbidden</h1></center>"), "{page}");
    assert!(lab.say(&GET.replace("/health", "/own")).await.ends_with("\r\n\r\nmine"));
    assert!(lab.unasked());
    assert!(lab.say(GET).await.ends_with("\"live\"}"));
}

#[tokio::test]
async fn a_script_may_end_a_connection_before_it_is_asked() {
    let lab = Lab::new(with("[[answer]]\nto = 'accept'")).await;
    assert_eq!(lab.dial().await.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn sites_prefixes_and_limits_refuse_what_is_not_theirs() {
    let big = format!("GET / HTTP/1.1\r\nHost: gw.example\r\nX-Big: {}\r\n\r\n", "x".repeat(5_000));
    let body = "POST / HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 5000\r\n\r\n";
    let chunked = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n{}", "x".repeat(5_000));
    for (change, asked, status) in [
        ("sites = ['gw.example']", GET, "200"),
        ("sites = ['other.example']", GET, "404"),
        ("sites = ['other.example']\nproduct = 'caddy'", GET, "200"),
        ("prefix = '/oc'", GET, "404"),
        ("prefix = '/oc'", "GET /oc/health HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        ("head-limit = 4000", big.as_str(), "431"),
        ("head-limit = 4000\nproduct = 'nginx'", big.as_str(), "400"),
        ("head-limit = 6000", big.as_str(), "200"),
        ("body-limit = 4000", body, "413"),
        ("body-limit = 4000", chunked.as_str(), "413"),
        ("body-limit = 4000\nproduct = 'caddy'", body, "502"),
        ("", "\u{16}\u{3}\u{1}junk\r\n\r\n", "400"),
    ] {
        let said = Lab::new(with(change)).await.say(asked).await;
        assert_eq!(said.get(9..12), Some(status), "{change}: {said}");
    }
}

#[tokio::test]
async fn a_prefix_that_is_kept_reaches_the_gateway() {
    for (keeps, path) in [(false, "/health?x"), (true, "/oc/health?x")] {
        let mut lab = Lab::new(with(&format!("prefix = '/oc'\nkeeps-prefix = {keeps}"))).await;
        lab.say("GET /oc/health?x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(lab.head().await.target(), path);
    }
}

#[tokio::test]
async fn a_proxy_line_is_sent_as_the_protocol_says() {
    let mut lab = Lab::new(with("line = 'sent'")).await;
    assert!(lab.say(GET).await.starts_with("HTTP/1.1 502 "), "this gateway knows no PROXY line");
    let junk = String::from_utf8(lab.heads.recv().await.unwrap().unwrap_err()).unwrap();
    assert!(junk.starts_with("PROXY TCP4 192.0.2.10 127.0.0.1 50000 "), "{junk}");
}

#[tokio::test]
async fn a_proxy_line_that_is_expected_names_the_client_and_its_lack_ends_all() {
    let mut lab = Lab::new(with("line = 'expected'")).await;
    assert_eq!(lab.say(GET).await, "");
    assert!(lab.unasked());
    assert_eq!(lab.say(&format!("PROXY TCP4 198.51.100.9 192.0.2.1 5000 80\r\n{GET}")).await, LIVE);
    assert_eq!(lab.head().await.get("x-forwarded-for"), Some("198.51.100.9"));
}

#[tokio::test]
async fn tcp_mode_changes_no_byte_and_lets_in_where_nobody_is() {
    let mut lab = Lab::new(with("mode = 'tcp'")).await;
    let asked = "GET /x HTTP/1.1\r\nhOsT: a\r\nX-Forwarded-For: b\r\n\r\n";
    assert_eq!(lab.say(asked).await, LIVE);
    assert_eq!(lab.head().await.bytes(), asked.as_bytes());
    let gone = Front::closed(&[String::from("127.0.0.1")], 0).unwrap();
    let lab = Lab::new(with(&format!("mode = 'tcp'\nupstream = '127.0.0.1:{}'", gone.port))).await;
    assert_eq!(lab.dial().await.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_planted_timer_drops_a_silent_socket_on_time() {
    for (death, ended) in [("fin", Ok(0)), ("reset", Err(std::io::ErrorKind::ConnectionReset))] {
        let lab = Lab::new(with(&format!("idle-ms = 200\ndeath = '{death}'"))).await;
        let mut tcp = lab.switched().await;
        let begun = crate::clock::now();
        assert_eq!(tcp.read(&mut [0; 9]).await.map_err(|e| e.kind()), ended, "{death}");
        let after = begun.elapsed().as_millis();
        assert!((190..2_000).contains(&after), "{death} after {after} ms");
    }
}

#[tokio::test]
async fn a_gateway_that_speaks_something_else_is_told_as_the_product_does() {
    for (product, said) in [
        ("plain", "HTTP/1.1 502 Bad Gateway\r\n"),
        ("traefik", "HTTP/1.1 500 Internal Server Error\r\n"),
        ("nginx", "SSH-2.0-OpenSSH_9.2p1\r\n"),
    ] {
        let ssh = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lab = Lab::new(with(&format!("product = '{product}'\nupstream = '{}'", ssh.local_addr().unwrap()))).await;
        let speak = async {
            let (mut tcp, _) = ssh.accept().await.unwrap();
            tcp.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await.unwrap();
            tcp.shutdown().await.unwrap();
            let _ = tcp.read(&mut [0; 1_000]).await;
        };
        let (heard, ()) = tokio::join!(lab.say(GET), speak);
        assert!(heard.starts_with(said), "{product}: {heard}");
    }
}
