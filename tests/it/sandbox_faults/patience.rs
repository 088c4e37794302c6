//! Clients that stop in the middle are waited for only so long. The sandbox is in this
//! process, so that its patience can be short.

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use sesame_fc::acs::{Ambient, ProcessEnvironment};
use sesame_fc::sandbox::{Config, Options, Sandbox};

use super::client::{Client, echo};

/// Runs the test beside a sandbox with little patience.
fn with_sandbox(test: impl FnOnce(SocketAddr)) {
    let (started, address) = channel();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let options = Options {
                patience: Duration::from_millis(300),
                ..Options::default()
            };
            let (demo, ambient) = (Config::demo(), Ambient::system());
            let mut sandbox = Sandbox::start(demo, options, ambient, &ProcessEnvironment)
                .await
                .unwrap();
            started.send(sandbox.address()).unwrap();
            drop(ended.await);
            sandbox.stop().await.unwrap();
        });
    });
    test(address.recv().unwrap());
    drop(end);
    server.join().unwrap();
}

fn client(address: SocketAddr) -> Client {
    Client::new(TcpStream::connect(address).unwrap())
}

fn is_well(address: SocketAddr) {
    let mut client = client(address);
    client.send(&echo(b"well"));
    assert_eq!(client.answer().unwrap().body, b"well");
}

#[test]
fn a_client_that_stops_in_its_request_is_let_go() {
    with_sandbox(|address| {
        let whole = echo(b"0123456789");
        for sent in [
            0,
            1,
            20,
            whole.len() - 12,
            whole.len() - 10,
            whole.len() - 1,
        ] {
            let mut client = client(address);
            client.send(&whole[..sent]);
            let answer = client.answer();
            let status = answer.map_or(408, |answer| answer.status);
            assert_eq!(status, 408, "{sent}");
            assert!(client.answer().is_none(), "{sent}: closed");
        }
        is_well(address);
    });
}

#[test]
fn a_client_that_trickles_is_let_go_as_well() {
    with_sandbox(|address| {
        let mut client = client(address);
        let whole = echo(&[b'a'; 2048]);
        // A byte every 10 ms would take twenty seconds.
        for byte in &whole {
            client.send(&[*byte]);
            std::thread::sleep(Duration::from_millis(10));
            if client.is_closed() {
                is_well(address);
                return;
            }
        }
        panic!("it was waited for");
    });
}

#[test]
fn a_client_that_does_not_read_is_let_go() {
    with_sandbox(|address| {
        let mut client = client(address);
        // More than the system takes on the sandbox's behalf, and small enough to be sent
        // whole within its patience.
        let body = vec![b'a'; 24 * 1024 * 1024];
        client.send(&echo(&body));
        // Its own end is not noticed before it reads: by then the sandbox has given up.
        is_well(address);
        std::thread::sleep(Duration::from_millis(1_200));
        assert!(client.rest().len() < body.len(), "it was waited for");
        is_well(address);
    });
}
