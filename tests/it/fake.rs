//! An endpoint that does what a script says and remembers every request: good answers, broken
//! ones, and none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sesame_fc::acs::Headers;

use super::harness::{Sesame, line};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Hit {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// What a request gets.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer(u16, Vec<(String, String)>, Vec<u8>),
    /// The connection closes before any answer.
    Close,
    /// The head promises more bytes than come.
    MidBody(Vec<u8>),
    /// The answer comes a byte at a time, with a pause before each.
    Trickle(Vec<u8>, Duration),
    /// Bytes, as they are.
    Garbage(&'static [u8]),
    /// Nothing, until the caller goes.
    Hang,
}

/// An answer with a body and header fields.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Reply::Answer(status, headers, body.as_ref().to_vec())
}

/// A function's result.
pub(crate) fn result(body: impl AsRef<[u8]>) -> Reply {
    answer(200, &[("X-Fc-Request-Id", REQUEST_ID)], body)
}

/// A refusal in the words of FC 3.0.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = serde_json::json!({"Code": code, "Message": message, "RequestId": REQUEST_ID});
    answer(status, &[("X-Fc-Request-Id", REQUEST_ID)], body.to_string())
}

pub(crate) const REQUEST_ID: &str = "1-00000000-00000000-000000000000";

/// The endpoint. It listens until the tests end.
pub(crate) struct Fake {
    port: u16,
    hits: Arc<Mutex<Vec<Hit>>>,
}

impl Fake {
    /// Answers the first request with the first reply, and so on; the last one stays.
    pub(crate) fn start<const N: usize>(script: [Reply; N]) -> Self {
        Self::script(script.to_vec())
    }

    /// The same, for a script of any length.
    pub(crate) fn script(script: Vec<Reply>) -> Self {
        Self::by(move |_, before| script[before.min(script.len() - 1)].clone())
    }

    /// Answers each request as the function says, which knows how many came before.
    pub(crate) fn by(reply: impl Fn(&Hit, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let hits = Arc::new(Mutex::new(Vec::new()));
        let (seen, reply) = (Arc::clone(&hits), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, reply) = (Arc::clone(&seen), Arc::clone(&reply));
                std::thread::spawn(move || serve(stream, &seen, &*reply));
            }
        });
        Self { port, hits }
    }

    /// The address of `--endpoint`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// What `Host` carries.
    pub(crate) fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Every request so far.
    pub(crate) fn hits(&self) -> Vec<Hit> {
        self.hits.lock().unwrap().clone()
    }

    /// The one request that came.
    pub(crate) fn only_hit(&self) -> Hit {
        let hits = self.hits();
        assert_eq!(hits.len(), 1, "{hits:#?}");
        hits.into_iter().next().unwrap()
    }

    /// Waits until a request came.
    pub(crate) fn wait_for_a_hit(&self) {
        for _ in 0..2_000 {
            if !self.hits.lock().unwrap().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no request came");
    }
}

/// An address at which nothing listens: no program is given a port below 1024 by chance.
pub(crate) const NOBODY: &str = "http://127.0.0.1:1";

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Hit>>,
    script: &(impl Fn(&Hit, usize) -> Reply + ?Sized),
) {
    let Some(hit) = read(&mut BufReader::new(&stream)) else {
        return;
    };
    let reply = {
        let mut seen = seen.lock().unwrap();
        let reply = script(&hit, seen.len());
        seen.push(hit);
        reply
    };
    // The caller may be gone by now, which is no fault of the test's.
    let _ = send(&mut stream, &reply);
}

fn read(reader: &mut impl BufRead) -> Option<Hit> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Headers::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let field = field.trim_end_matches("\r\n");
        if field.is_empty() {
            break;
        }
        let (name, value) = field.split_once(": ")?;
        headers.push(name, value);
    }
    let length = headers.get("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Some(Hit {
        method,
        path,
        query,
        headers,
        body,
    })
}

fn send(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let head = |status: u16, headers: &[(String, String)], length: usize| {
        let fields: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!(
            "HTTP/1.1 {status} Any\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    let from_fc = [("X-Fc-Request-Id".to_owned(), REQUEST_ID.to_owned())];
    match reply {
        Reply::Answer(status, headers, body) => {
            stream.write_all(head(*status, headers, body.len()).as_bytes())?;
            stream.write_all(body)
        }
        Reply::Close => Ok(()),
        Reply::MidBody(body) => {
            stream.write_all(head(200, &from_fc, body.len() + 10).as_bytes())?;
            stream.write_all(body)
        }
        Reply::Trickle(body, pause) => {
            stream.write_all(head(200, &from_fc, body.len()).as_bytes())?;
            for byte in body {
                std::thread::sleep(*pause);
                stream.write_all(&[*byte])?;
                stream.flush()?;
            }
            Ok(())
        }
        Reply::Garbage(bytes) => stream.write_all(bytes),
        Reply::Hang => {
            // Nothing more is sent; this returns when the caller closes.
            let _ = stream.read(&mut [0]);
            Ok(())
        }
    }
}

pub(crate) const ACCOUNT: &str = "1234567890123456";

/// `sesame invoke` of function `hello` at the address, with a key, an account and the words.
pub(crate) fn call(url: &str, words: &str) -> Sesame {
    line("invoke --region cn-hangzhou --function-name hello --account-id")
        .args([ACCOUNT, "--endpoint", url])
        .args(words.split_whitespace())
        .key()
}

impl Fake {
    /// As [`call`], here.
    pub(crate) fn call(&self, words: &str) -> Sesame {
        call(&self.url(), words)
    }
}
