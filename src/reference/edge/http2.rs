//! HTTP/2 in front: streams to the gateway's HTTP/1.1, and extended CONNECT (RFC 8441) to its upgrade.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::header::{HeaderName, HeaderValue};
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::upgrade::{self, OnUpgrade};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, client, server};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::door::Guest;
use super::options::{Frames, H2, Upgrade};
use super::product::{Occasion, Said, Why};
use super::relay::{Timers, hold, late, relay};
use super::{Edge, bare, upstream};
use crate::reference::head::Head;
use crate::reference::script::words::End;
use crate::reference::script::{self, Answer};

type Body = BoxBody<Bytes, hyper::Error>;

/// Headers that belong to one HTTP/1.1 connection (RFC 9113, section 8.2.2), and those of a switch.
const OF_A_CONNECTION: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "sec-websocket-accept"];

/// A stream that is reset.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}

/// Sees to every request of a connection.
pub async fn requests(edge: &Arc<Edge>, guest: Guest) {
    let tasks = Tasks::default();
    let mut builder = server::conn::http2::Builder::new(tasks.clone());
    builder.max_header_list_size(edge.options.head_limit.try_into().unwrap_or(u32::MAX));
    if matches!(edge.options.h2, H2::Connect | H2::Keyless | H2::Deaf) {
        builder.enable_connect_protocol();
    }
    let stream = Stream { edge: Arc::clone(edge), client: guest.client, tasks: tasks.clone() };
    let service = service_fn(move |request| stream.clone().answer(request));
    let _ends = Ends(tasks);
    let _ = builder.serve_connection(TokioIo::new(guest.wire), service).await;
}

/// One stream's surroundings.
#[derive(Clone)]
struct Stream {
    edge: Arc<Edge>,
    client: IpAddr,
    tasks: Tasks,
}

impl Stream {
    async fn answer(self, mut request: Request<Incoming>) -> Result<Response<Body>, Reset> {
        if self.edge.options.h2 == H2::Broken {
            return Err(Reset);
        }
        let websocket = request.extensions().get::<Protocol>().is_some_and(|p| p.as_str() == "websocket");
        let head = plain_head(&request, websocket, self.edge.options.h2 != H2::Keyless);
        if let Some(answer) = script::to_request(&self.edge.options.answer, &head) {
            return match bare(answer) {
                Some(status) => self.says(status, &head),
                None => scripted(answer).await,
            };
        }
        if websocket && (self.edge.options.upgrade == Upgrade::Held || self.edge.options.h2 == H2::Deaf) {
            return std::future::pending().await;
        }
        let near = websocket.then(|| upgrade::on(&mut request));
        match self.pass(head.clone(), request.into_body(), near).await {
            Ok(response) => Ok(response),
            Err(why) => self.says(why, &head),
        }
    }

    /// Hands a request on; `near` is what becomes of the client's stream if the gateway switches.
    async fn pass(&self, head: Head, body: Incoming, near: Option<OnUpgrade>) -> Result<Response<Body>, Why> {
        let edge = &self.edge;
        let inner = edge.admit(head, self.client, true)?;
        late(Duration::from_millis(edge.options.delay_ms)).await;
        let far = upstream::dial(edge, self.client).await.map_err(|error| upstream::why(&error))?;
        let broken = |_| Why::Broken;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(far)).await.map_err(broken)?;
        self.tasks.execute(async {
            let _ = connection.with_upgrades().await;
        });
        let body = if near.is_some() { Empty::new().map_err(|never| match never {}).boxed() } else { body.boxed() };
        let patience = Duration::from_millis(edge.options.patience_ms);
        let sent = tokio::time::timeout(patience, sender.send_request(asked(&inner, body)?)).await;
        let response = sent.map_err(|_| Why::Silent)?.map_err(broken)?;
        match near {
            Some(near) if response.status() == StatusCode::SWITCHING_PROTOCOLS => self.switch(response, near).await,
            // To a CONNECT that would mean that the switch was made.
            Some(_) if response.status().is_success() => Err(Why::Broken),
            _ => self.plain(response).await,
        }
    }

    /// Answers that the stream is the gateway's from now on.
    async fn switch(&self, mut response: Response<Incoming>, near: OnUpgrade) -> Result<Response<Body>, Why> {
        if self.edge.options.buffers {
            return std::future::pending().await;
        }
        let far = upgrade::on(&mut response).await.map_err(|_| Why::Broken)?;
        let (timers, held) = (Timers::of(&self.edge), self.edge.options.frames == Frames::Held);
        self.tasks.execute(async move {
            let Ok(near) = near.await else { return };
            let (near, far) = (Box::new(TokioIo::new(near)), Box::new(TokioIo::new(far)));
            if held { hold(near, far).await } else { relay(near, far, timers).await }
        });
        Ok(self.dressed(&response, StatusCode::OK, Empty::new().map_err(|never| match never {}).boxed()))
    }

    async fn plain(&self, response: Response<Incoming>) -> Result<Response<Body>, Why> {
        let status = response.status();
        let (parts, body) = response.into_parts();
        let whole = if self.edge.options.buffers {
            Full::new(body.collect().await.map_err(|_| Why::Broken)?.to_bytes()).map_err(|never| match never {}).boxed()
        } else {
            body.boxed()
        };
        Ok(self.dressed(&Response::from_parts(parts, ()), status, whole))
    }

    /// An answer of the gateway's in the product's dress.
    fn dressed<B>(&self, response: &Response<B>, status: StatusCode, body: Body) -> Response<Body> {
        let lines = response.headers().iter().map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
        let mut head =
            Head { first: format!("HTTP/1.1 {}", response.status().as_str()), lines: lines.collect(), rest: Vec::new() };
        self.edge.product.dress(&mut head);
        built(status, &head.lines, body)
    }

    /// What the edge says for itself.
    fn says(&self, occasion: impl Into<Occasion>, asked: &Head) -> Result<Response<Body>, Reset> {
        let Said { head, body } = self.edge.product.page(occasion.into(), Some(asked));
        let head = head.ok_or(Reset)?;
        Ok(built(head.status().and_then(|s| StatusCode::from_u16(s).ok()).ok_or(Reset)?, &head.lines, full(body)))
    }
}

/// A scripted answer on a stream. Bytes and frames as given are of HTTP/1.1: there the stream is reset.
async fn scripted(answer: &Answer) -> Result<Response<Body>, Reset> {
    if answer.end == Some(End::Silence) {
        return std::future::pending().await;
    }
    if answer.end == Some(End::Reset) || answer.raw.is_some() || answer.frames.is_some() {
        return Err(Reset);
    }
    let status = answer.status.as_ref().map_or(200, |status| status.code);
    let lines: Vec<_> = answer.headers.iter().map(|line| (line.name.as_str(), line.value.as_str())).collect();
    let lines: Vec<_> = lines.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(built(StatusCode::from_u16(status).map_err(|_| Reset)?, &lines, full(answer.body.clone())))
}

/// A stream's request as HTTP/1.1; an extended CONNECT as the upgrade it stands for.
fn plain_head<B>(request: &Request<B>, websocket: bool, key: bool) -> Head {
    let method = if websocket { &Method::GET } else { request.method() };
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let lines = request.headers().iter().map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let mut head = Head { first: format!("{method} {target} HTTP/1.1"), lines: lines.collect(), rest: Vec::new() };
    if let Some(authority) = request.uri().authority() {
        head.set("host", authority.as_str());
    }
    if websocket {
        head.set("connection", "Upgrade");
        head.set("upgrade", "websocket");
        head.remove("sec-websocket-key");
        if key {
            head.set("sec-websocket-key", generate_key());
        }
    }
    head
}

/// A head as hyper sends it.
fn asked(head: &Head, body: Body) -> Result<Request<Body>, Why> {
    let mut request = Request::builder().method(head.method()).uri(head.target()).body(body).map_err(|_| Why::Junk)?;
    put(request.headers_mut(), &head.lines);
    Ok(request)
}

fn built(status: StatusCode, lines: &[(String, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    put(response.headers_mut(), lines);
    OF_A_CONNECTION.iter().for_each(|name| drop(response.headers_mut().remove(*name)));
    response
}

fn put(headers: &mut HeaderMap, lines: &[(String, String)]) {
    for (name, value) in lines {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            headers.append(name, value);
        }
    }
}

fn full(body: String) -> Body {
    Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed()
}

/// Runs what hyper spawns for a connection, so that all of it ends with the connection.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

/// Ends what runs, which may hold the very set it is in.
struct Ends(Tasks);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while all.try_join_next().is_some() {}
        all.spawn(task);
    }
}
