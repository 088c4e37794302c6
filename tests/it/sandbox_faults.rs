//! What a sandbox must bear: clients that speak no HTTP, too much of it, too little, too fast,
//! or go away; many at once; and a signal in the middle of anything. After each of them it
//! still answers a good call, and nothing but the start line is on its stderr.

mod client;
mod ends;
mod patience;

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(target_os = "linux")]
use std::time::Duration;

use client::{Answer, Client, Live, Request, echo, invoke};

/// The largest event of a synchronous call, in bytes.
const LIMIT: usize = 32 * 1024 * 1024;

#[test]
fn garbage_is_refused() {
    let live = Live::start();
    let long = [0xff; 4096];
    for garbage in [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nna me: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"\0\0\0\0\r\n\r\n\r\n\r\n",
        &long,
    ] {
        let mut client = live.client();
        client.send(garbage);
        client.half_close();
        while let Some(answer) = client.answer() {
            let shown = String::from_utf8_lossy(garbage);
            assert!((400..=505).contains(&answer.status), "{shown}: {answer:?}");
        }
    }
    live.is_well();
}

#[test]
fn a_header_block_without_end_is_cut_off() {
    let live = Live::start();
    let many = "x-fc-a: b\r\n".repeat(100_000);
    let long = format!("x-fc-a: {}\r\n", "b".repeat(1_000_000));
    for head in [
        format!("POST / HTTP/1.1\r\n{many}\r\n"),
        format!("POST / HTTP/1.1\r\n{long}\r\n"),
        format!("POST /{} HTTP/1.1\r\n\r\n", "a".repeat(1_000_000)),
    ] {
        let mut client = live.client();
        client.send(head.as_bytes());
        let answer = client.answer().expect("an answer, not a reset");
        assert!([414, 431].contains(&answer.status), "{answer:?}");
        assert!(client.answer().is_none(), "the connection is closed");
    }
    live.is_well();
}

#[test]
fn a_body_over_the_limit_is_refused_however_its_length_is_told() {
    let live = Live::start();
    let refused = |answer: Option<Answer>| {
        let answer = answer.expect("an answer, not a reset");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 400, "{text}");
        assert!(text.contains(r#""ErrorCode":"EntityTooLarge""#), "{text}");
        // Whoever keeps connections must not send the next call on this one.
        assert_eq!(answer.headers.get("connection"), Some("close"));
    };
    let body = vec![b'a'; LIMIT + 1];

    let mut client = live.client();
    client.send(&echo(&body));
    refused(client.answer());

    let mut client = live.client();
    client.send(&Request::invoke("echo").chunked().bytes(b""));
    for chunk in body.chunks(1024 * 1024) {
        client.send(format!("{:x}\r\n", chunk.len()).as_bytes());
        client.send(chunk);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    refused(client.answer());

    // What is told is believed: nobody waits for the rest.
    let mut client = live.client();
    client.send(&Request::invoke("echo").length("1099511627776").bytes(b"a"));
    refused(client.answer());
    let mut client = live.client();
    let asks = Request::invoke("echo").length("33554433");
    client.send(&asks.field("Expect", "100-continue").bytes(b""));
    refused(client.answer());

    let mut client = live.client();
    client.send(&echo(&body[..LIMIT]));
    let answer = client.answer().unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, LIMIT));
    live.is_well();
}

#[test]
fn more_than_the_told_length_is_another_request_s() {
    let live = Live::start();
    let mut client = live.client();
    client.send(&Request::invoke("echo").length("2").bytes(b"abcdef"));
    client.half_close();
    assert_eq!(client.answer().unwrap().body, b"ab");
    if let Some(answer) = client.answer() {
        assert_eq!(answer.status, 400);
    }
    live.is_well();
}

#[test]
fn a_client_may_close_its_side_when_it_has_asked() {
    let live = Live::start();
    let mut client = live.client();
    client.send(&echo(b"asked"));
    client.half_close();
    assert_eq!(client.answer().unwrap().body, b"asked");
    assert!(client.answer().is_none());
    live.is_well();
}

#[test]
fn a_client_that_closes_its_side_before_it_asked_is_let_go() {
    let live = Live::start();
    let whole = echo(b"0123456789");
    for sent in [0, 1, 20, whole.len() - 11, whole.len() - 1] {
        let mut client = live.client();
        client.send(&whole[..sent]);
        client.half_close();
        // This waits for the end of the connection.
        while let Some(answer) = client.answer() {
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
    }
    live.is_well();
}

#[test]
fn pipelined_requests_are_all_answered_in_order() {
    let live = Live::start();
    let mut client = live.client();
    let requests: Vec<u8> = (0..200)
        .flat_map(|number: u32| echo(number.to_string().as_bytes()))
        .collect();
    client.send(&requests);
    for number in 0..200_u32 {
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, number.to_string().as_bytes());
    }
    live.is_well();
}

#[test]
fn a_refusal_does_not_bring_the_next_pipelined_request_out_of_step() {
    let live = Live::start();
    let mut client = live.client();
    let unsigned = Request::invoke("echo")
        .unsigned()
        .bytes(b"POST / HTTP/1.1\r\n\r\n");
    client.send(&[unsigned, echo(b"next")].concat());
    assert_eq!(client.answer().unwrap().status, 400);
    assert_eq!(client.answer().unwrap().body, b"next");
    live.is_well();
}

#[test]
fn clients_go_away_in_the_middle() {
    let live = Live::start();
    let whole = echo(&vec![b'a'; 1024 * 1024]);
    for round in 0..100 {
        let mut client = live.client();
        client.send(&whole[..whole.len() / 100 * round]);
        drop(client);
        // And with the answer on its way.
        let mut client = live.client();
        client.send(&whole);
        drop(client);
    }
    live.is_well();
}

#[test]
fn older_clients_and_other_methods_are_answered() {
    let live = Live::start();

    let mut client = live.client();
    client.send(&Request::invoke("echo").version("HTTP/1.0").bytes(b"old"));
    assert_eq!(client.answer().unwrap().body, b"old");
    assert!(client.answer().is_none(), "one request, one connection");

    let mut client = live.client();
    let asks = Request::invoke("echo").field("Expect", "100-continue");
    let whole = asks.bytes(b"waited");
    let (head, body) = whole.split_at(whole.len() - 6);
    client.send(head);
    assert_eq!(client.head().unwrap().status, 100);
    client.send(body);
    assert_eq!(client.answer().unwrap().body, b"waited");

    let mut client = live.client();
    client.send(&Request::new("HEAD", "/2016-08-15/services").bytes(b""));
    let head = client.head().unwrap();
    assert!((400..=501).contains(&head.status), "{head:?}");
    client.send(&echo(b"after"));
    assert_eq!(
        client.answer().unwrap().body,
        b"after",
        "no body follows HEAD"
    );
    live.is_well();
}

#[test]
fn every_form_of_request_target_is_answered() {
    let live = Live::start();
    let path = invoke("echo");
    let absolute = format!("http://127.0.0.1{path}");
    let mut client = live.client();
    client.send(
        &Request::new("POST", &path)
            .target(&absolute)
            .bytes(b"whole"),
    );
    assert_eq!(client.answer().unwrap().body, b"whole");

    let long = format!("/{}", "%2f..".repeat(1000));
    for (method, target) in [
        ("OPTIONS", "*"),
        ("GET", "*"),
        ("CONNECT", "127.0.0.1:80"),
        ("CONNECT", "/"),
        ("GET", "http://[::1"),
        ("GET", "//a//b//"),
        ("GET", "/%"),
        ("GET", "/%zz%"),
        ("GET", "/2016-08-15/%ff%fe/%00"),
        (
            "POST",
            "/2016-08-15/services/%E4%B8%AD%FF/functions/%00/invocations",
        ),
        (
            "POST",
            "/2023-03-30/functions/a%2Fb%0d%0aX:y/invocations?qualifier=%ff&%",
        ),
        ("GET", "/?Action=%ff&=&&&Version=2015-05-01"),
        ("GET", "/../../_sandbox/api/calls"),
        ("GET", "/_sandbox/%2e%2e/%ff"),
        ("GET", "/_sandbox/api/calls/99999999999999999999999"),
        ("GET", "/_sandbox/api/calls/%ff"),
        ("BREW", "/"),
        ("GET", &long),
    ] {
        let mut client = live.client();
        client.send(&Request::new(method, target).bytes(b""));
        let answer = client.answer();
        let answer = answer.unwrap_or_else(|| panic!("{method} {target}: closed"));
        assert!(
            (400..=501).contains(&answer.status),
            "{method} {target}: {answer:?}"
        );
    }
    live.is_well();
}

#[test]
fn bytes_that_are_no_text_are_borne_everywhere() {
    let live = Live::start();
    let head = |line: &[u8], fields: &[u8]| {
        [line, b" HTTP/1.1\r\nContent-Length: 0\r\n", fields, b"\r\n"].concat()
    };
    for request in [
        head(b"GET /\xff\xfe", b""),
        head(b"GET /?a=\xff", b""),
        head("GET /2016-08-15/services/中".as_bytes(), b""),
        head(b"GET /", b"Authorization: \xff\xfe\r\n"),
        head(
            b"POST /2016-08-15/services",
            b"Date: \xff\r\nAuthorization: FC \xff:\xfe\r\n",
        ),
        head(
            b"POST /2023-03-30/functions",
            b"x-acs-date: \xff\r\nAuthorization: ACS3-HMAC-SHA256 \xc3\x28\r\n",
        ),
        head(b"GET /", b"Host:\r\n"),
        head(b"GET /_sandbox/", b"Host:\r\n"),
        head(b"GET /_sandbox/", b"Host: \xff\r\n"),
        head(b"GET /_sandbox/", b""),
        head(b"GET /", b"Host: a\r\nHost: b\r\n"),
        head(
            b"GET /",
            b"Authorization: FC :\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
        ),
        head(
            b"GET /2016-08-15/services",
            b"Date: 9999999999999999\r\nAuthorization: FC a:b\r\n",
        ),
    ] {
        let mut client = live.client();
        client.send(&request);
        let answer = client.answer().expect("an answer");
        let shown = String::from_utf8_lossy(&request);
        assert!((400..=501).contains(&answer.status), "{shown}: {answer:?}");
    }
    // A field that is not UTF-8 is no reason to refuse a call that does not sign it.
    let mut client = live.client();
    let whole = echo(b"fine");
    let line = whole.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
    let odd = [&whole[..line], b"X-Odd: \xff\xfe\r\n", &whole[line..]].concat();
    client.send(&odd);
    assert_eq!(client.answer().unwrap().body, b"fine");
    live.is_well();
}

/// How many connections a test may hold: two ends of each, and the other tests want some.
fn room() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = files.and_then(|line| line.split_whitespace().nth(3));
    match soft.and_then(|soft| soft.parse::<usize>().ok()) {
        Some(soft) => 1_000.min(soft / 4),
        None => 60,
    }
}

#[test]
fn idle_connections_hold_up_nobody() {
    let live = Live::start();
    let mut idle: Vec<Client> = (0..room()).map(|_| live.client()).collect();
    // Half of them have asked once, some have begun to.
    for (number, client) in idle.iter_mut().enumerate() {
        match number % 4 {
            0 | 1 => {
                client.send(&echo(b"once"));
                assert_eq!(client.answer().unwrap().body, b"once");
            }
            2 => client.send(b"POST /2016-08-15/ser"),
            _ => {}
        }
    }
    for _ in 0..20 {
        live.is_well();
    }
    // They are as good as before.
    let client = idle.first_mut().unwrap();
    client.send(&echo(b"again"));
    assert_eq!(client.answer().unwrap().body, b"again");
}

/// Elsewhere the system's own limit may be lower.
#[cfg(target_os = "linux")]
#[test]
fn a_burst_of_connections_waits_its_turn() {
    let live = Live::start();
    live.signal("STOP");
    // The system answers for it. A connection too many would be tried again after a second.
    let burst = (0..room().min(500)).map(|_| {
        TcpStream::connect_timeout(&live.address, Duration::from_millis(900)).expect("a place")
    });
    let mut burst: Vec<Client> = burst.map(Client::new).collect();
    live.signal("CONT");
    for client in &mut burst {
        client.send(&echo(b"waited"));
        assert_eq!(client.answer().unwrap().body, b"waited");
    }
    live.is_well();
}

#[test]
fn a_storm_of_connections_passes() {
    let live = Live::start();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..150 {
                    let mut stream = match TcpStream::connect(live.address) {
                        // The machine may be out of ports or files for a moment.
                        Err(error) if error.kind() != ErrorKind::ConnectionRefused => continue,
                        stream => stream.unwrap(),
                    };
                    match number % 3 {
                        0 => drop(stream.shutdown(Shutdown::Both)),
                        1 => drop(stream.write_all(b"GET / HT")),
                        _ => {
                            let mut client = Client::new(stream);
                            client.send(&echo(b"storm"));
                            assert_eq!(client.answer().unwrap().body, b"storm");
                        }
                    }
                }
            });
        }
    });
    live.is_well();
}
