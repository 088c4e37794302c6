//! Runs the real binary in an empty world: no environment but what a test sets, a folder of
//! its own for home and working folder. Every run is searched for secrets, and every JSON
//! object is held against its schema.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread::JoinHandle;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const KEY_ID: &str = "LTAI-test-key";
pub(crate) const SECRET: &str = "canary-of-the-access-key-secret";
pub(crate) const TOKEN: &str = "canary-of-the-security-token";

/// What may never come out: the canaries, the sandbox's own secrets, and signatures.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)canary-of-the-|sandbox-[a-z]+-secret|signature=[0-9a-f]{8}",
        r"|FC LTAI[a-z-]*:[a-z0-9+/=]{8}|authorization\W{1,4}(?:FC |ACS3)",
    ))
    .unwrap()
});

/// One command line, and the world that it runs in.
pub(crate) struct Sesame {
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    stdout: Option<File>,
    folder: TempDir,
    /// Where it runs, as seen from the folder.
    within: PathBuf,
}

/// `sesame ARGS…`
pub(crate) fn sesame<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Sesame {
    Sesame {
        args: args
            .into_iter()
            .map(|arg| arg.as_ref().to_owned())
            .collect(),
        env: Vec::new(),
        stdin: Vec::new(),
        stdout: None,
        folder: TempDir::new().unwrap(),
        within: PathBuf::new(),
    }
}

/// `sesame` with the words of a line; no word has a space in it.
pub(crate) fn line(line: &str) -> Sesame {
    sesame(line.split_whitespace())
}

impl Sesame {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// An access key of the environment.
    pub(crate) fn key(self) -> Self {
        self.env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    }

    /// A temporary key of the environment.
    pub(crate) fn temporary_key(self) -> Self {
        self.key().env("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN)
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sends stdout there, in place of a pipe.
    pub(crate) fn stdout(mut self, file: File) -> Self {
        self.stdout = Some(file);
        self
    }

    /// Puts a file into the working folder.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    /// Runs in a folder below.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        std::fs::create_dir_all(self.path(folder)).unwrap();
        self.within = folder.into();
        self
    }

    /// A path in the working folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(self) -> Running {
        let bytes = self.stdin.clone();
        let mut running = self.start_with_open_stdin();
        let mut pipe = running.child.stdin.take().unwrap();
        // A command that does not read its stdin closes it: that is no error here.
        running.writer = Some(std::thread::spawn(move || drop(pipe.write_all(&bytes))));
        running
    }

    pub(crate) fn start_with_open_stdin(self) -> Running {
        let child = Command::new(env!("CARGO_BIN_EXE_sesame"))
            .args(&self.args)
            .env_clear()
            .env("HOME", self.folder.path())
            // No test talks to another machine.
            .env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path().join(&self.within))
            .stdin(Stdio::piped())
            .stdout(self.stdout.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running {
            child,
            writer: None,
            args: self.args,
            folder: self.folder,
        }
    }

    pub(crate) fn run(self) -> Run {
        self.start().end()
    }

    /// Starts a sandbox, and waits for the line that says where it listens.
    pub(crate) fn listen(self) -> Listening {
        let mut running = self.start_with_open_stdin();
        let mut stderr = BufReader::new(running.child.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let before = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "no start: {said}");
            if let Some(url) = said[before..].strip_prefix("listening on ") {
                break url.trim().to_owned();
            }
        };
        let rest = std::thread::spawn(move || {
            stderr.read_to_string(&mut said).unwrap();
            said
        });
        Listening { running, url, rest }
    }
}

/// A sandbox in the foreground.
pub(crate) struct Listening {
    pub(crate) running: Running,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    /// What it says on stderr, to its end.
    rest: JoinHandle<String>,
}

impl Listening {
    /// `sesame ARGS…` of one of its identities, against it.
    pub(crate) fn call(&self, identity: &str, args: &str) -> Sesame {
        line(args)
            .env("SESAME_ENDPOINT", &self.url)
            .env("ALIBABA_CLOUD_REGION_ID", "cn-hangzhou")
            .env(
                "ALIBABA_CLOUD_ACCESS_KEY_ID",
                format!("LTAI-sandbox-{identity}"),
            )
            .env(
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                format!("sandbox-{identity}-secret"),
            )
    }

    /// Ends it by a signal.
    pub(crate) fn end(self, signal: &str) -> Run {
        self.running.signal(signal);
        self.wait()
    }

    /// Waits for its own end.
    pub(crate) fn wait(self) -> Run {
        let mut run = self.running.end_unsearched();
        run.stderr = self.rest.join().unwrap();
        // The start tells the keys, which open nothing else.
        let searched = run
            .stderr
            .lines()
            .filter(|line| !line.starts_with("export "));
        run.holds_no_secret(&searched.collect::<Vec<_>>().join("\n"));
        run
    }
}

/// A command that has not ended yet.
pub(crate) struct Running {
    pub(crate) child: Child,
    writer: Option<JoinHandle<()>>,
    args: Vec<OsString>,
    folder: TempDir,
}

impl Running {
    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn end(self) -> Run {
        let run = self.end_unread();
        if run.is_json() {
            run.json();
        }
        run
    }

    /// Waits for the end of a command whose stdout was not read whole.
    pub(crate) fn end_unread(self) -> Run {
        let run = self.end_unsearched();
        run.holds_no_secret(&run.stderr);
        run
    }

    fn end_unsearched(mut self) -> Run {
        // The pipe stays open while it is waited for.
        let stdin = self.child.stdin.take();
        let output = self.child.wait_with_output().unwrap();
        drop(stdin);
        if let Some(writer) = self.writer {
            writer.join().unwrap();
        }
        Run {
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
            exit: output
                .status
                .code()
                .expect("an exit status, not a signal's death"),
            args: self.args,
            folder: self.folder,
        }
    }
}

/// What a run left.
pub(crate) struct Run {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) exit: i32,
    args: Vec<OsString>,
    folder: TempDir,
}

impl Run {
    fn holds_no_secret(&self, stderr: &str) {
        for (stream, text) in [("stdout", &*self.stdout_lossy()), ("stderr", stderr)] {
            if let Some(found) = SECRETS.find(text) {
                panic!(
                    "{stream} of {:?} shows `{}`:\n{text}",
                    self.args,
                    found.as_str()
                );
            }
        }
    }

    /// Whether stdout must be one object; a batch has one a line, and a document is bare.
    fn is_json(&self) -> bool {
        let has = |word: &str| self.args.iter().any(|arg| arg == word);
        let asked = self
            .args
            .windows(2)
            .any(|pair| pair[0] == "-o" && pair[1] == "json");
        asked && !has("--batch") && !has("--emit-policy") && !has("-h") && !has("--help")
    }

    pub(crate) fn stdout_lossy(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// A file of the working folder.
    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(name)).ok()
    }

    /// The object on stdout, which keeps the contract whatever came of the run.
    pub(crate) fn json(&self) -> Value {
        let text = std::str::from_utf8(&self.stdout).expect("JSON is UTF-8");
        let context = || format!("{:?}:\n{text}\n{}", self.args, self.stderr);
        let body = text
            .strip_suffix('\n')
            .unwrap_or_else(|| panic!("no whole line: {}", context()));
        assert!(!body.contains('\n'), "more than one line: {}", context());
        let object: Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {}", context()));
        super::schema::check(&object);
        assert_eq!(object["ok"], self.exit == 0, "{}", context());
        assert_eq!(object["error"].is_null(), self.exit == 0, "{}", context());
        object
    }

    /// Exit status, stdout and stderr in one text, without what differs from run to run.
    pub(crate) fn shown(&self) -> String {
        let whole = format!(
            "exit: {}\n--- stdout\n{}\n--- stderr\n{}",
            self.exit,
            self.stdout_lossy(),
            self.stderr
        );
        let whole = whole.replace(&*self.folder.path().to_string_lossy(), "[folder]");
        stable(&whole)
    }
}

impl Run {
    /// As [`Run::shown`], with the object on several lines.
    pub(crate) fn shown_json(&self) -> String {
        let text = format!("{:#}", self.json());
        format!(
            "exit: {}\n--- stdout\n{}\n--- stderr\n{}",
            self.exit,
            stable(&text),
            stable(&self.stderr)
        )
    }
}

/// The words that a shell makes of a command, without its first.
pub(crate) fn shell_words(command: &str) -> Vec<String> {
    let (_, arguments) = command.split_once(' ').unwrap();
    let script = format!("printf '%s\\0' {arguments}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}");
    assert!(output.stderr.is_empty(), "{command}");
    let words = String::from_utf8(output.stdout).unwrap();
    words.split_terminator('\0').map(str::to_owned).collect()
}

/// The text without what differs from run to run.
pub(crate) fn stable(text: &str) -> String {
    static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}", "[request id]"),
            (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:[port]"),
            (
                r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
                "[date]",
            ),
            (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "[date]"),
            (r"\b[0-9a-f]{64}\b", "[hash]"),
            (r"\b[0-9a-f]{32}\b", "[nonce]"),
            (
                r"Duration: [0-9.]+ ms, Billed Duration: [0-9]+ ms",
                "Duration: [n] ms, Billed Duration: [n] ms",
            ),
            (r#"duration_ms": ?[0-9.]+"#, r#"duration_ms": [n]"#),
            (r#"(invocation-duration)": ?"[0-9.]+""#, r#"$1": "[n]""#),
            (
                r#"(log-result|encoded_diagnostic_message)": ?"[A-Za-z0-9+/=]+""#,
                r#"$1": "[base64]""#,
            ),
        ]
        .map(|(pattern, with)| (Regex::new(pattern).unwrap(), with))
        .into()
    });
    FILTERS.iter().fold(text.to_owned(), |text, (find, with)| {
        find.replace_all(&text, *with).into_owned()
    })
}

#[test]
fn the_search_finds_every_kind_of_secret() {
    for text in [
        SECRET,
        TOKEN,
        "x sandbox-developer-secret y",
        "Credential=LTAI,SignedHeaders=host,Signature=0123456789abcdef",
        "authorization: FC LTAI-test-key:c2lnbmF0dXJl",
        r#""authorization":"ACS3-HMAC-SHA256 Credential=x""#,
    ] {
        assert!(SECRETS.is_match(text), "{text}");
    }
    for text in [
        "authorization: [hidden]",
        "Signature=",
        "sandbox identity `developer`",
    ] {
        assert!(!SECRETS.is_match(text), "{text}");
    }
}
