use super::*;

fn answer(status: &str, lines: &[(&str, &str)]) -> Head {
    let lines = lines.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    Head { first: format!("HTTP/1.1 {status}"), lines, rest: Vec::new() }
}

fn names(head: &Head) -> String {
    head.lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
}

const SWITCH: &[(&str, &str)] = &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "mine")];

#[test]
fn the_head_of_a_switch_is_each_products_own() {
    for (brand, expected) in [
        (Brand::Plain, "Upgrade Connection Sec-WebSocket-Accept"),
        (Brand::Nginx, "Server Date Connection Upgrade Sec-WebSocket-Accept"),
        (Brand::Caddy, "Connection Sec-Websocket-Accept Server Upgrade"),
        (Brand::Haproxy, "upgrade connection sec-websocket-accept"),
        (Brand::Apache, "Sec-WebSocket-Accept Connection Upgrade"),
        (Brand::Envoy, "upgrade connection sec-websocket-accept date server"),
        (Brand::Traefik, "Connection Sec-Websocket-Accept Upgrade"),
        (Brand::Lighttpd, "Upgrade Sec-WebSocket-Accept Connection Date Server"),
        (Brand::Varnish, "Upgrade Connection Sec-WebSocket-Accept"),
        (Brand::Cloudflare, "Date Connection Upgrade Sec-WebSocket-Accept CF-Cache-Status Server CF-RAY"),
    ] {
        let mut head = answer("101 Switching Protocols", SWITCH);
        Product::of(brand).dress(&mut head);
        assert_eq!(names(&head), expected, "{brand}");
        assert_eq!(head.get("sec-websocket-accept"), Some("mine"), "{brand}");
    }
}

#[test]
fn the_head_of_a_plain_answer_is_each_products_own() {
    let own = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("Server", "inner"),
        ("Connection", "keep-alive"),
        ("Keep-Alive", "timeout=5"),
        ("Content-Length", "2"),
    ];
    for (brand, expected, server) in [
        (Brand::Plain, "X-Content-Type-Options Cache-Control Server Content-Length Connection", "inner"),
        (Brand::Nginx, "Server Date Content-Length Connection X-Content-Type-Options Cache-Control", "nginx/1.22.1"),
        (Brand::Caddy, "Cache-Control Content-Length Server Server X-Content-Type-Options Connection", "inner"),
        (Brand::Haproxy, "x-content-type-options cache-control server keep-alive content-length connection", "inner"),
        (Brand::Traefik, "Cache-Control Content-Length Server X-Content-Type-Options Connection", "inner"),
    ] {
        let mut head = answer("200 OK", &own);
        Product::of(brand).dress(&mut head);
        assert_eq!((names(&head).as_str(), head.get("server")), (expected, Some(server)), "{brand}");
        assert_eq!(head.get("connection"), Some("close"), "{brand}");
    }
}

#[test]
fn a_page_is_the_products_to_the_byte() {
    let asked = Head { first: "GET /x HTTP/1.1".into(), lines: vec![("Host".into(), "gw.example".into())], rest: Vec::new() };
    let said = |brand, occasion| {
        let page = Product::of(brand).page(occasion, Some(&asked));
        String::from_utf8(page.bytes()).unwrap().replace(&date(), "NOW")
    };
    assert_eq!(
        said(Brand::Nginx, Occasion::Why(Why::Silent)),
        "HTTP/1.1 504 Gateway Time-out\r\nServer: nginx/1.22.1\r\nDate: NOW\r\nContent-Type: text/html\r\nContent-Length: 167\r\n\
         Connection: close\r\n\r\n<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
         <center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
    );
    assert_eq!(
        said(Brand::Haproxy, Occasion::Why(Why::Refused)),
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n\
         connection: close\r\n\r\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n\
         </body></html>\n"
    );
    assert_eq!(said(Brand::Haproxy, Occasion::Why(Why::PlainOnTls)), "", "it ends without a word");
    assert_eq!(
        said(Brand::Caddy, Occasion::Status(301)),
        "HTTP/1.1 301 Moved Permanently\r\nLocation: https://gw.example/x\r\nServer: Caddy\r\nDate: NOW\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    assert_eq!(
        said(Brand::Plain, Occasion::Why(Why::LongHead)),
        "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
}

#[test]
fn a_page_for_head_is_its_head() {
    let asked = Head { first: "HEAD / HTTP/1.1".into(), lines: Vec::new(), rest: Vec::new() };
    let said = Product::of(Brand::Nginx).page(Occasion::Status(404), Some(&asked));
    assert_eq!((said.head.unwrap().get("content-length"), said.body.as_str()), (Some("153"), ""));
}

/// Every status of the issue, of every product, is a whole answer: a known status, a length that is right, no hole left open.
#[test]
fn every_page_of_every_product_is_whole() {
    let statuses = [200, 301, 302, 400, 401, 403, 404, 405, 413, 426, 429, 431, 502, 503, 504];
    for label in Brand::ALL {
        let brand: Brand = label.name.parse().unwrap();
        let product = Product::of(brand);
        let keys = product.says.keys().map(|why| Occasion::Why(*why)).chain(statuses.map(Occasion::Status));
        for occasion in keys.collect::<Vec<_>>() {
            let said = product.page(occasion, None);
            let bytes = String::from_utf8(said.bytes()).unwrap();
            assert!(bytes.starts_with("HTTP/1."), "{brand} {occasion:?}: {bytes}");
            let holes = ["{status}", "{reason}", "{title}", "{date}", "{length}", "{host}", "{target}"];
            assert!(holes.iter().all(|hole| !bytes.contains(hole)), "{brand} {occasion:?}: {bytes}");
            if let Some(head) = &said.head {
                assert_eq!(head.get("content-length"), Some(said.body.len().to_string().as_str()), "{brand} {occasion:?}");
                assert_eq!(head.get("connection"), Some("close"), "{brand} {occasion:?}");
                if let Occasion::Status(status) = occasion {
                    assert_eq!(head.status(), Some(status), "{brand}");
                }
            }
        }
    }
}

#[test]
fn the_date_is_one_of_rfc_9110() {
    let date = date();
    assert!(date.ends_with(" GMT") && date.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len(), "{date}");
}
