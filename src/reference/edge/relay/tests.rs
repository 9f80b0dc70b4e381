use std::io::ErrorKind;

use tokio::io::{DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;

impl Leg for DuplexStream {
    fn reset(self: Box<Self>) {}
}

/// A relay between a client and a gateway that are both here.
fn between(options: &Options) -> (DuplexStream, DuplexStream, JoinHandle<()>) {
    let (client, near) = duplex(1_000);
    let (gateway, far) = duplex(1_000);
    let task = tokio::spawn(relay(Box::new(near), Box::new(far), Timers::new(options)));
    (client, gateway, task)
}

/// The same over TCP, where ends can be told apart.
async fn over_tcp(options: &Options) -> (TcpStream, TcpStream, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dial = || TcpStream::connect(listener.local_addr().unwrap());
    let (client, near) = tokio::join!(dial(), listener.accept());
    let (far, gateway) = tokio::join!(dial(), listener.accept());
    let task = tokio::spawn(relay(Box::new(near.unwrap().0), Box::new(far.unwrap()), Timers::new(options)));
    (client.unwrap(), gateway.unwrap().0, task)
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 100];
    let count = stream.read(&mut bytes).await?;
    bytes.truncate(count);
    Ok(bytes)
}

#[tokio::test]
async fn one_sides_end_leaves_the_other_direction_open() {
    let (mut client, mut gateway, task) = between(&Options::default());
    client.write_all(b"last").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(read(&mut gateway).await.unwrap(), b"last");
    assert_eq!(read(&mut gateway).await.unwrap(), b"");
    gateway.write_all(b"still").await.unwrap();
    assert_eq!(read(&mut client).await.unwrap(), b"still");
    drop(gateway);
    assert_eq!(read(&mut client).await.unwrap(), b"");
    task.await.unwrap();
}

#[tokio::test]
async fn a_reset_of_either_side_comes_out_at_the_other() {
    let (client, mut gateway, _) = over_tcp(&Options::default()).await;
    Box::new(client).reset();
    assert_eq!(read(&mut gateway).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let (mut client, gateway, _) = over_tcp(&Options::default()).await;
    Box::new(gateway).reset();
    assert_eq!(read(&mut client).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_slow_side_does_not_hold_up_the_other_direction() {
    let (mut client, mut gateway, _) = between(&Options::default());
    // More than all buffers on the way take, and nobody reads it.
    let flood = tokio::spawn(async move {
        let (mut from, mut to) = split(client);
        let _ = tokio::join!(to.write_all(&[0; 100_000]), async {
            assert_eq!(read(&mut from).await.unwrap(), b"through");
        });
        client = from.unsplit(to);
        client
    });
    gateway.write_all(b"through").await.unwrap();
    let mut all = vec![0; 100_000];
    gateway.read_exact(&mut all).await.unwrap();
    flood.await.unwrap();
}

/// After how many milliseconds a relay ends when these sides say something every second; `None` if not within a minute.
async fn dies(options: &Options, client_talks: bool, server_talks: bool) -> Option<u128> {
    let (client, gateway, task) = between(options);
    let begun = clock::now();
    let talk = |stream: DuplexStream, talks: bool| async move {
        let (mut from, mut to) = split(stream);
        let speak = async {
            while talks && to.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { () = drain(&mut from) => {}, () = speak => {} }
        begun.elapsed().as_millis()
    };
    let both = async { tokio::join!(talk(client, client_talks), talk(gateway, server_talks)) };
    let ended = tokio::time::timeout(Duration::from_secs(60), both).await.ok();
    task.abort();
    ended.map(|(client, _)| client)
}

#[tokio::test(start_paused = true)]
async fn an_idle_timer_counts_the_bytes_it_is_told_to() {
    let t = Some(4_000);
    for (counts, silent, server, client, both) in [
        (Counts::Both, t, None, None, None),
        (Counts::Each, t, t, t, None),
        (Counts::Client, t, t, None, None),
        (Counts::Server, t, None, t, None),
    ] {
        let options = Options { idle_ms: 4_000, idle_counts: counts, ..Options::default() };
        assert_eq!(dies(&options, false, false).await, silent, "{counts}, silent");
        assert_eq!(dies(&options, false, true).await, server, "{counts}, only the server talks");
        assert_eq!(dies(&options, true, false).await, client, "{counts}, only the client talks");
        assert_eq!(dies(&options, true, true).await, both, "{counts}, both talk");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_timer_begins_anew_with_every_byte() {
    let options = Options { idle_ms: 4_000, ..Options::default() };
    let (mut client, mut gateway, _task) = between(&options);
    let begun = clock::now();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(3_900)).await;
        client.write_all(b"x").await.unwrap();
        read(&mut gateway).await.unwrap();
    }
    assert_eq!(read(&mut client).await.unwrap(), b"");
    assert_eq!(begun.elapsed().as_millis(), 3 * 3_900 + 4_000);
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_counts_no_bytes() {
    for lifetime_ms in [20, 6_000, 50_000] {
        let options = Options { lifetime_ms, ..Options::default() };
        for (client, server) in [(false, false), (true, false), (false, true), (true, true)] {
            assert_eq!(dies(&options, client, server).await, Some(lifetime_ms.into()));
        }
    }
    assert_eq!(dies(&Options::default(), false, false).await, None, "no timer unless one is set");
    let sooner = Options { lifetime_ms: 6_000, idle_ms: 2_000, ..Options::default() };
    assert_eq!(dies(&sooner, false, false).await, Some(2_000));
    assert_eq!(dies(&sooner, true, true).await, Some(6_000));
}

#[tokio::test]
async fn each_manner_of_death_is_what_it_says_at_both_ends() {
    let dying = |death| Options { idle_ms: 30, death, ..Options::default() };
    let (mut client, mut gateway, _) = over_tcp(&dying(Death::Fin)).await;
    assert_eq!(read(&mut client).await.unwrap(), b"");
    assert_eq!(read(&mut gateway).await.unwrap(), b"");

    let (mut client, mut gateway, _) = over_tcp(&dying(Death::Reset)).await;
    assert_eq!(read(&mut client).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(read(&mut gateway).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

    let (mut client, mut gateway, _) = over_tcp(&dying(Death::CloseFrame)).await;
    assert_eq!(read(&mut client).await.unwrap(), [0x88, 2, 0x03, 0xE9]);
    assert_eq!(read(&mut client).await.unwrap(), b"");
    assert_eq!(read(&mut gateway).await.unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn a_silent_death_swallows_and_ends_with_its_client() {
    let (mut client, mut gateway, task) = between(&Options { idle_ms: 1_000, death: Death::Silence, ..Options::default() });
    tokio::time::sleep(Duration::from_millis(1_001)).await;
    client.write_all(&[0; 5_000]).await.unwrap();
    gateway.write_all(&[0; 5_000]).await.unwrap();
    let hours = Duration::from_secs(10_000);
    assert!(tokio::time::timeout(hours, read(&mut client)).await.is_err(), "nothing comes to the client");
    assert!(tokio::time::timeout(hours, read(&mut gateway)).await.is_err(), "nor to the gateway");
    drop(client);
    task.await.unwrap();
}

#[tokio::test]
async fn a_forgotten_flow_is_silent_until_the_client_speaks_and_then_reset() {
    let options = Options { idle_ms: 50, death: Death::Forget, ..Options::default() };
    let (mut client, mut gateway, _task) = over_tcp(&options).await;
    tokio::time::timeout(Duration::from_millis(200), read(&mut client)).await.expect_err("it says nothing");
    gateway.write_all(b"lost").await.unwrap();
    tokio::time::timeout(Duration::from_millis(50), read(&mut client)).await.expect_err("and passes nothing on");
    client.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut client).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn bursts_let_the_first_bytes_through_and_the_next_ones_together() {
    let options = Options { frames: Frames::Bursts, burst_ms: 3_000, ..Options::default() };
    let (mut client, mut gateway, _task) = between(&options);
    let begun = clock::now();
    gateway.write_all(b"a").await.unwrap();
    assert_eq!((read(&mut client).await.unwrap(), begun.elapsed().as_millis()), (b"a".to_vec(), 0));
    for byte in [b"b", b"c"] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        gateway.write_all(byte).await.unwrap();
    }
    assert_eq!((read(&mut client).await.unwrap(), begun.elapsed().as_millis()), (b"bc".to_vec(), 3_000));
    client.write_all(b"up").await.unwrap();
    assert_eq!((read(&mut gateway).await.unwrap(), begun.elapsed().as_millis()), (b"up".to_vec(), 3_000));
}
