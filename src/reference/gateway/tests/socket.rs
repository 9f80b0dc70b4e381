//! Sockets from the challenge to their end, each as with 2026.9.6.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::clock;
use crate::reference::gateway::{Auth, Phase};

struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// A client that has read its challenge.
    async fn new(gateway: &Standing, lines: &[&str]) -> Self {
        let mut request = "ws://127.0.0.1/".into_client_request().unwrap();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (socket, _) = client_async(request, gateway.dial().await).await.unwrap();
        let mut client = Self(socket);
        assert_eq!(client.frame().await["event"], "connect.challenge");
        client
    }

    async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn frame(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The code and reason it is closed with.
    async fn closed(&mut self) -> (u16, String) {
        match self.0.next().await.unwrap().unwrap() {
            Message::Close(Some(close)) => (close.code.into(), close.reason.to_string()),
            other => panic!("{other:?}"),
        }
    }

    /// What a connect is answered with; after a refusal the code and reason of the close.
    async fn connect(&mut self, frame: &Value) -> Result<Value, (Value, u16, String)> {
        self.send(frame).await;
        let mut answer = self.frame().await;
        if answer["ok"] == true {
            return Ok(answer["payload"].take());
        }
        let (code, reason) = self.closed().await;
        Err((answer["error"].take(), code, reason))
    }
}

fn connect(token: Option<&str>) -> Value {
    let mut frame = json!({"type": "req", "id": "1", "method": "connect", "params": {
        "minProtocol": 3, "maxProtocol": 4, "role": "operator", "scopes": ["operator.read"],
        "client": {"id": "cli", "version": "1", "platform": "linux", "mode": "probe"}
    }});
    if let Some(token) = token {
        frame["params"]["auth"] = json!({"token": token});
    }
    frame
}

/// The same as the CLI's own connect.
fn cli(token: Option<&str>) -> Value {
    let mut frame = connect(token);
    frame["params"]["client"]["mode"] = "cli".into();
    frame["params"]["minProtocol"] = 4.into();
    frame
}

async fn hello(gateway: &Standing, frame: &Value, lines: &[&str]) -> Value {
    Client::new(gateway, lines).await.connect(frame).await.unwrap()
}

async fn refusal(gateway: &Standing, frame: &Value, lines: &[&str]) -> (String, u16, String) {
    let (error, code, reason) = Client::new(gateway, lines).await.connect(frame).await.unwrap_err();
    (error["details"]["code"].as_str().unwrap_or_default().to_owned(), code, reason)
}

#[tokio::test]
async fn hello_tells_who_the_gateway_is_and_what_the_client_may() {
    let gateway = stand(Options::default());
    let probe = hello(&gateway, &connect(Some(SECRET)), &[]).await;
    assert_eq!(probe["server"]["version"], "2026.9.6");
    assert_eq!(probe["features"]["methods"].as_array().unwrap().len(), 466);
    assert_eq!((&probe["auth"]["method"], &probe["auth"]["scopes"]), (&json!("token"), &json!([])));
    assert_eq!((&probe["protocol"], &probe["policy"]["tickIntervalMs"]), (&json!(4), &json!(30_000)));
    let local = hello(&gateway, &cli(Some(SECRET)), &[]).await;
    assert_eq!(local["auth"]["scopes"], json!(["operator.read"]));
    assert_eq!(local["server"]["bootId"], probe["server"]["bootId"]);
    assert_ne!(local["server"]["connId"], probe["server"]["connId"]);
    let remote = hello(&gateway, &cli(Some(SECRET)), &[REMOTE]).await;
    assert_eq!(remote["auth"]["scopes"], json!([]));
    let other = hello(&stand(Options::default()), &connect(Some(SECRET)), &[]).await;
    assert_ne!(other["server"]["bootId"], probe["server"]["bootId"]);
}

#[tokio::test]
async fn refusals_name_their_code_and_close_with_their_message() {
    let gateway = stand(Options::default());
    let (code, close, reason) = refusal(&gateway, &connect(None), &[]).await;
    assert_eq!((code.as_str(), close, reason.as_str()), ("DEVICE_IDENTITY_REQUIRED", 1008, "device identity required"));
    let (code, _, reason) = refusal(&gateway, &connect(Some("x")), &[REMOTE]).await;
    assert_eq!(code, "AUTH_TOKEN_MISMATCH");
    assert_eq!(reason, "unauthorized: gateway token mismatch (provide gateway auth token)");
    let (_, _, reason) = refusal(&gateway, &cli(Some("x")), &[REMOTE]).await;
    assert!(reason.ends_with("(set gateway.remote.token to match gateway.auth.token)"), "{reason}");
    let mut high = connect(Some(SECRET));
    high["params"]["minProtocol"] = 5.into();
    high["params"]["maxProtocol"] = 6.into();
    assert_eq!(refusal(&gateway, &high, &[]).await, ("PROTOCOL_MISMATCH".into(), 1002, "protocol mismatch".into()));
    let mut foreign = connect(Some(SECRET));
    foreign["params"]["client"]["id"] = "foo".into();
    let (code, close, reason) = refusal(&gateway, &foreign, &[]).await;
    assert_eq!((code.as_str(), close), ("", 1008));
    assert_eq!(reason, "invalid connect params: at /client/id: must be equal to one of the allowed values");
    let evil = ["Origin: https://evil.example"];
    assert_eq!(refusal(&gateway, &connect(Some(SECRET)), &evil).await.0, "CONTROL_UI_ORIGIN_NOT_ALLOWED");
}

#[tokio::test]
async fn a_password_gateway_names_its_mode_and_one_without_secret_asks_for_a_device() {
    let password = stand(Options { auth: Auth::Password, ..Options::default() });
    assert_eq!(refusal(&password, &connect(Some("x")), &[REMOTE]).await.0, "AUTH_PASSWORD_MISMATCH");
    assert_eq!(hello(&password, &connect(Some(SECRET)), &[]).await["auth"]["method"], "password");
    let open = stand(Options { auth: Auth::None, ..Options::default() });
    for frame in [connect(None), connect(Some("x"))] {
        assert_eq!(refusal(&open, &frame, &[]).await.0, "DEVICE_IDENTITY_REQUIRED");
    }
}

#[tokio::test]
async fn what_is_no_connect_is_closed() {
    let gateway = stand(Options::default());
    for (text, code, reason) in [
        ("hello", 1000, ""),
        ("null", 1008, "invalid request frame"),
        (r#"{"type":"event","event":"x"}"#, 1008, "invalid request frame"),
        (r#"{"type":"req","id":"","method":"connect"}"#, 1008, "invalid request frame"),
    ] {
        let mut client = Client::new(&gateway, &[]).await;
        client.0.send(Message::text(text)).await.unwrap();
        assert_eq!(client.closed().await, (code, reason.to_owned()), "{text}");
    }
    let mut client = Client::new(&gateway, &[]).await;
    let first = json!({"type": "req", "id": "1", "method": "health"});
    assert_eq!(client.connect(&first).await.unwrap_err().2, "invalid handshake: first request must be connect");
    for (length, code) in [(65_536, 1000), (65_537, 1009)] {
        let mut client = Client::new(&gateway, &[]).await;
        client.0.send(Message::text(" ".repeat(length))).await.unwrap();
        assert_eq!(client.closed().await.0, code, "{length}");
    }
    let mut client = Client::new(&gateway, &[]).await;
    client.0.get_mut().write_all(b"\x81\x01x").await.unwrap();
    assert_eq!(client.closed().await, (1002, String::new()));
}

#[tokio::test]
async fn a_first_frame_that_is_too_large_is_closed_at_its_head() {
    let gateway = stand(Options::default());
    for opcode in [0x81, 0x82] {
        for length in [65_537_u64, 24 << 20, 1 << 53] {
            let mut client = Client::new(&gateway, &[]).await;
            let head = [&[opcode, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
            client.0.get_mut().write_all(&head).await.unwrap();
            assert_eq!(timeout(Duration::from_secs(10), client.closed()).await.unwrap(), (1009, String::new()), "{length}");
        }
    }
}

#[tokio::test]
async fn after_hello_frames_may_be_larger_and_those_sent_at_once_are_heard() {
    let gateway = stand(Options::default());
    let mut client = Client::new(&gateway, &[]).await;
    let asked = |id: &str, more: usize| json!({"type": "req", "id": id, "method": "status", "params": {"x": "y".repeat(more)}});
    for frame in [connect(Some(SECRET)), asked("2", 0), asked("3", 100_000)] {
        client.0.feed(Message::text(frame.to_string())).await.unwrap();
    }
    client.0.flush().await.unwrap();
    for id in ["1", "2", "3"] {
        while client.frame().await["id"] != id {}
    }
}

#[tokio::test]
async fn phases_decide_who_is_let_in() {
    let starting = stand(Options { phase: Phase::Starting, ..Options::default() });
    let (error, code, reason) = Client::new(&starting, &[]).await.connect(&connect(Some(SECRET))).await.unwrap_err();
    assert_eq!((code, reason.as_str(), &error["retryAfterMs"]), (1013, "gateway starting", &json!(500)));
    let suspended = stand(Options { phase: Phase::Suspended, ..Options::default() });
    let mut client = Client::new(&suspended, &[]).await;
    let hello = client.connect(&connect(Some(SECRET))).await.unwrap();
    assert_eq!(hello["snapshot"]["suspension"]["phase"], "prepared");
    client.send(&json!({"type": "req", "id": "2", "method": "health"})).await;
    let mut answer = client.frame().await;
    if answer["event"] == "health" {
        answer = client.frame().await;
    }
    assert_eq!(answer["error"]["code"], "UNAVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_connect_is_closed_after_the_releases_patience() {
    for (release, seconds) in [("2026.9.6", 15), ("2026.3.31", 10), ("2026.3.13", 3)] {
        let gateway = stand(Options { release: release.into(), ..Options::default() });
        let mut client = Client::new(&gateway, &[]).await;
        let begun = clock::now();
        assert_eq!(client.closed().await, (1000, String::new()));
        assert_eq!(begun.elapsed().as_secs(), seconds, "{release}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_hears_ticks_and_pings_and_lives() {
    let gateway = stand(Options::default());
    let mut client = Client::new(&gateway, &[]).await;
    client.connect(&connect(Some(SECRET))).await.unwrap();
    let begun = clock::now();
    let mut heard = Vec::new();
    while begun.elapsed() < Duration::from_secs(95) {
        let Ok(message) = timeout(Duration::from_secs(95).saturating_sub(begun.elapsed()), client.0.next()).await else { break };
        let what = match message.unwrap().unwrap() {
            Message::Ping(_) => String::from("ping"),
            Message::Text(text) => serde_json::from_str::<Value>(&text).unwrap()["event"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        heard.push((what, (begun.elapsed().as_secs_f64()).round() as u64));
    }
    let times = |word: &str| heard.iter().filter(|(what, _)| what == word).map(|(_, at)| *at).collect::<Vec<_>>();
    assert_eq!(times("ping"), [25, 50, 75]);
    assert_eq!(times("tick"), [30, 60, 90]);
    assert!(!times("health").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_no_ping_is_cut_off_without_a_word() {
    let gateway = stand(Options::default());
    let mut client = Client::new(&gateway, &[]).await;
    client.connect(&connect(Some(SECRET))).await.unwrap();
    let begun = clock::now();
    let mut stream = client.0.into_inner();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert_eq!(begun.elapsed().as_secs(), 50);
    assert!(!rest.windows(2).any(|pair| pair[0] == 0x88), "no close frame");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_from_the_gateways_own_host_is_answered_late() {
    let gateway = stand(Options::default());
    for ms in [250, 500, 1_000] {
        let begun = clock::now();
        assert_eq!(refusal(&gateway, &connect(Some("x")), &[]).await.0, "AUTH_TOKEN_MISMATCH");
        let took = begun.elapsed().as_millis();
        assert!((ms..ms + 200).contains(&took), "{took} ms");
    }
}

#[tokio::test]
async fn failures_lock_a_remote_address_out_of_the_socket_too() {
    let gateway = stand(Options { locked_out: true, ..Options::default() });
    let (error, _, reason) = Client::new(&gateway, &[REMOTE]).await.connect(&connect(Some(SECRET))).await.unwrap_err();
    assert_eq!(error["details"]["code"], "AUTH_RATE_LIMITED");
    assert!(error["retryAfterMs"].as_u64().unwrap() > 299_000);
    assert_eq!(reason, "unauthorized: too many failed authentication attempts (retry later)");
    hello(&gateway, &connect(Some(SECRET)), &[]).await;
}

#[tokio::test]
async fn a_gateway_that_ends_says_so_and_gives_up_its_port() {
    let mut gateway = stand(Options::default());
    let mut client = Client::new(&gateway, &[]).await;
    client.connect(&connect(Some(SECRET))).await.unwrap();
    let mut waiting = Client::new(&gateway, &[]).await;
    gateway.gateway.drain();
    let told = loop {
        let frame = client.frame().await;
        if frame["event"] != "health" {
            break frame;
        }
    };
    assert_eq!((&told["event"], &told["payload"]["reason"]), (&json!("shutdown"), &json!("gateway stopping")));
    assert_eq!(client.closed().await, (1012, "service restart".into()));
    assert_eq!(waiting.closed().await, (1012, "service restart".into()));
    // A client answers a close by reading on.
    let (left, waited) = tokio::join!(client.0.next(), waiting.0.next());
    assert!(left.is_none() && waited.is_none());
    timeout(Duration::from_secs(5), &mut gateway.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", gateway.port)).await.is_err());
}

#[tokio::test]
async fn the_gateway_counts_what_it_sees() {
    let gateway = stand(Options::default());
    gateway.ask("GET /health", &["X-Own: 1"]).await;
    let mut client = Client::new(&gateway, &[]).await;
    let second = Client::new(&gateway, &[]).await;
    client.connect(&connect(Some(SECRET))).await.unwrap();
    client.send(&json!({"type": "req", "id": "2", "method": "status"})).await;
    while client.frame().await["id"] != "2" {}
    refusal(&gateway, &connect(Some("x")), &[REMOTE]).await;
    refusal(&gateway, &connect(None), &[]).await;
    let seen = gateway.gateway.seen();
    assert_eq!((seen.connections, seen.upgrades, seen.most_unauthenticated), (5, 4, 2));
    assert_eq!((seen.accepted, seen.refused, seen.bare), (1, 1, 1));
    assert_eq!((seen.requests["GET /health"], seen.requests["UPGRADE /"]), (1, 4));
    assert_eq!((seen.methods["connect"], seen.methods["status"]), (3, 1));
    assert!(seen.headers.contains("x-own"));
    drop(second);
}

#[tokio::test]
async fn older_releases_greet_with_less() {
    let stand_as = |release: &str| stand(Options { release: release.into(), ..Options::default() });
    let old = hello(&stand_as("2026.7.1"), &connect(Some(SECRET)), &[]).await;
    assert!(old["server"].get("bootId").is_none() && old["auth"].get("method").is_none());
    let older = hello(&stand_as("2026.3.7"), &connect(Some(SECRET)), &[REMOTE]).await;
    assert_eq!((&older["protocol"], older.get("auth")), (&json!(3), None));
    assert!(older["canvasHostUrl"].is_string() && older.get("pluginSurfaceUrls").is_none());
    let (error, ..) = Client::new(&stand_as("2026.1.29"), &[]).await.connect(&connect(None)).await.unwrap_err();
    assert_eq!(error, json!({"code": "NOT_PAIRED", "message": "device identity required"}));
    let mut three = connect(Some(SECRET));
    three["params"]["maxProtocol"] = 3.into();
    assert_eq!(refusal(&stand_as("2026.5.28"), &three, &[]).await.0, "PROTOCOL_MISMATCH");
    let (error, ..) = Client::new(&stand_as("2026.5.12"), &[]).await.connect(&three).await.unwrap_err();
    assert_eq!(error["details"], json!({"expectedProtocol": 4}));
    assert_eq!(hello(&stand_as("2026.9.6"), &three, &[]).await["protocol"], 4);
}
