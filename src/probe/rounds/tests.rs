use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::facts::Value;
use crate::path::{Kind, Vantage};
use crate::probe::bench::{Bench, row, shown};

/// What the edge of these tests adds.
const ADDED: Duration = Duration::from_millis(50);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\nConnection: close\r\n\r\n\
    {\"ok\":true,\"status\":\"live\"}";

/// A gateway that takes this much longer with every request.
async fn gateway(drift: Duration) -> SocketAddr {
    let asked = Arc::new(AtomicU64::new(0));
    serve(move |mut stream| {
        let asked = asked.clone();
        async move {
            head(&mut stream).await;
            let before = u32::try_from(asked.fetch_add(1, Ordering::Relaxed)).unwrap();
            tokio::time::sleep(drift * before).await;
            stream.write_all(ANSWER).await.unwrap();
        }
    })
    .await
}

/// A relay that hands a request on later than it came.
async fn relay(to: SocketAddr) -> SocketAddr {
    serve(move |mut stream| async move {
        let request = head(&mut stream).await;
        tokio::time::sleep(ADDED).await;
        let mut far = TcpStream::connect(to).await.unwrap();
        far.write_all(&request).await.unwrap();
        tokio::io::copy(&mut far, &mut stream).await.unwrap();
    })
    .await
}

async fn serve<F: Future<Output = ()> + Send + 'static>(each: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(each(stream));
        }
    });
    at
}

async fn head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    head
}

/// A bench whose edge is compared with a direct path.
fn bench(edge: SocketAddr, direct: SocketAddr) -> Bench {
    let mut bench = Bench::new(Kind::Edge, edge);
    let way = Bench::new(Kind::Local, direct).way;
    bench.lane.beside = vec![Beside { vantage: Vantage::path("here", "local"), way, peer: Some(direct), source: None }];
    bench
}

fn number(row: &Row, field: &str) -> f64 {
    match row.cell(field).and_then(Cell::get) {
        Some(Value::Ms(ms)) => *ms,
        other => panic!("{field}: {other:?}"),
    }
}

/// The median of twenty pairs, by a gateway that drifts so.
async fn measured(drift: Duration) -> (f64, Bench) {
    let direct = gateway(drift).await;
    let mut bench = bench(relay(direct).await, direct);
    let done = run(&mut bench.ask(30_000)).await;
    let row = row(&done.sheets).clone();
    assert_eq!((shown(&row, "n").as_str(), shown(&row, "failed").as_str(), shown(&row, "tls-p50").as_str()), ("20", "0", "-"));
    assert!(number(&row, "p50") - number(&row, "beside-p50") > 40.0 && number(&row, "connect-p50") < 40.0, "{row:?}");
    assert!(number(&row, "min") <= number(&row, "p50") && number(&row, "p95") <= number(&row, "max"), "{row:?}");
    assert_eq!(bench.sockets.available_permits(), 4);
    (number(&row, "added"), bench)
}

/// The same, and once more where a busy machine took longer for something: exactly is for `tests/scenarios/edge-slow.toml`, which has
/// the machine to itself.
async fn fifty(drift: Duration) -> Bench {
    let right = |added: f64| (45.0..=55.0).contains(&added);
    let (first, bench) = measured(drift).await;
    if right(first) {
        return bench;
    }
    println!("repeated: {first} ms");
    let (second, bench) = measured(drift).await;
    assert!(right(second), "{first} ms, and then {second} ms");
    bench
}

#[tokio::test]
async fn fifty_milliseconds_are_measured_as_fifty() {
    let bench = fifty(Duration::ZERO).await;
    let taken = |quantity: &str| bench.lane.taken.iter().find(|t| t.quantity == quantity).map(|t| t.samples.len());
    assert_eq!((taken("after"), taken("beside-after"), taken("added"), taken("tls")), (Some(20), Some(20), Some(10), None));
}

#[tokio::test]
async fn drift_cancels() {
    // Over forty requests the gateway gets slower by 80 ms in all: more than what is looked for.
    fifty(Duration::from_millis(2)).await;
}

#[tokio::test]
async fn a_dead_path_is_left_alone_soon() {
    let direct = gateway(Duration::ZERO).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut bench = bench(closed, direct);
    let done = run(&mut bench.ask(30_000)).await;
    let row = row(&done.sheets);
    assert_eq!((shown(row, "n"), shown(row, "failed"), shown(row, "added")), ("0".into(), "4".into(), "-".into()));
    assert!(bench.lane.taken.is_empty());
}

#[tokio::test]
async fn what_an_edge_says_by_itself_is_not_compared() {
    let direct = gateway(Duration::ZERO).await;
    let maintenance = serve(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.unwrap();
    })
    .await;
    let mut bench = bench(maintenance, direct);
    let done = run(&mut bench.ask(30_000)).await;
    let row = row(&done.sheets);
    assert_eq!((shown(row, "n"), shown(row, "failed"), shown(row, "added")), ("0".into(), "4".into(), "-".into()));
}

#[tokio::test]
async fn a_short_time_gives_fewer_pairs_and_no_half_ones() {
    let direct = gateway(Duration::ZERO).await;
    let mut bench = bench(relay(direct).await, direct);
    let done = run(&mut bench.ask(400)).await;
    let row = row(&done.sheets);
    let Some(Cell::Value { value: Value::Int(pairs) }) = row.cell("n") else { panic!("{row:?}") };
    assert!((2..20).contains(pairs) && pairs % 2 == 0, "{pairs}");
    assert_eq!(shown(row, "failed"), "0", "what the time cut off has not failed");
}

#[tokio::test]
async fn without_another_path_there_is_nothing_to_compare() {
    let mut bench = Bench::new(Kind::Edge, gateway(Duration::ZERO).await);
    let done = run(&mut bench.ask(1_000)).await;
    assert!(done.succeeded && done.sheets.iter().all(|sheet| sheet.rows.is_empty()));
}
