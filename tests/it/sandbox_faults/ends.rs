//! A signal ends a sandbox, whatever it is in the middle of, and its status says success.

use std::io::Read;

use super::client::{Client, Live, Request, STUCK, echo};

/// Both signals, with what a case opens held open meanwhile.
fn ends<T>(flags: &[&str], open: impl Fn(&Live) -> T) {
    for signal in ["INT", "TERM"] {
        let live = Live::start_with(flags);
        let held = open(&live);
        let (status, stderr) = live.end(signal);
        drop(held);
        assert_eq!(status, Some(0), "{signal}: {stderr}");
        assert!(!stderr.contains("error"), "{stderr}");
    }
}

#[test]
fn when_nothing_goes_on() {
    ends(&["-q"], |_| ());
}

#[test]
fn with_idle_connections() {
    ends(&["-q"], |live| {
        let mut idle: Vec<Client> = (0..50).map(|_| live.client()).collect();
        for client in idle.iter_mut().step_by(2) {
            client.send(&echo(b"once"));
            assert_eq!(client.answer().unwrap().body, b"once");
        }
        idle
    });
}

#[test]
fn with_half_a_request() {
    let whole = echo(b"0123456789");
    for sent in [20, whole.len() - 5] {
        ends(&["-q"], |live| {
            let mut client = live.client();
            client.send(&whole[..sent]);
            live.is_well();
            client
        });
    }
}

#[test]
fn with_a_client_that_does_not_read() {
    ends(&["-q"], |live| {
        let mut client = live.client();
        client.send(&echo(&vec![b'a'; 32 * 1024 * 1024]));
        live.is_well();
        client
    });
}

#[test]
fn with_a_call_that_runs() {
    let config = tempfile::NamedTempFile::new().unwrap();
    let text = r#"
account: "1234567890123456"
region: cn-hangzhou
users:
  developer:
    access_key: { id: LTAI-sandbox-developer, secret: sandbox-developer-secret }
    policies: [AliyunFCInvocationAccess]
functions:
  - { service: demo, name: echo, builtin: echo }
  - { service: demo, name: sleep, builtin: sleep, timeout: 60 }
"#;
    std::fs::write(config.path(), text).unwrap();
    ends(
        &["-q", "--config", config.path().to_str().unwrap()],
        |live| {
            let mut client = live.client();
            client.send(&Request::invoke("sleep").bytes(br#"{"ms":50000}"#));
            live.is_well();
            client
        },
    );
}

#[test]
fn with_the_page_open() {
    ends(&[], |live| {
        let line = live.said.recv_timeout(STUCK).unwrap();
        let token = line.split_once("#token=").expect("the page's address").1;
        let mut client = live.client();
        client.send(
            format!(
                "GET /_sandbox/api/events HTTP/1.1\r\nHost: {}\r\nX-Sandbox-Token: {token}\r\n\r\n",
                live.address
            )
            .as_bytes(),
        );
        assert_eq!(client.head().unwrap().status, 200);
        client
    });
}

#[test]
fn with_an_access_log_that_nobody_reads() {
    ends(&["-q", "-o", "json"], |live| {
        let mut client = live.client();
        // More than a pipe holds.
        for _ in 0..500 {
            client.send(&echo(b"logged"));
            assert_eq!(client.answer().unwrap().status, 200);
        }
    });
}

#[test]
fn when_the_reader_of_the_access_log_leaves() {
    let mut live = Live::start_with(&["-q", "-o", "json"]);
    let mut client = live.client();
    client.send(&echo(b"logged"));
    assert_eq!(client.answer().unwrap().status, 200);
    let mut first = [0];
    live.stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    assert_eq!(&first, b"{");
    drop(live.stdout.take());
    client.send(&echo(b"unread"));
    // The sandbox ends of itself, perhaps before it has answered.
    drop(client.answer());
    assert!(client.rest().is_empty());
}
