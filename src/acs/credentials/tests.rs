//! What the folders of data (`tests/data/credentials/`) cannot show: time that goes on, the
//! addresses of Alibaba Cloud, and what happens to a program that is left behind.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::*;
use crate::acs::files::FileError;
use crate::acs::transport::{Transport, TransportOptions};
use crate::acs::{Ambient, Endpoint, EndpointOverrides, Files};

/// Files at paths of a home folder `/home`.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<&'static str, String>>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<Option<Zeroizing<String>>, FileError> {
        let path = path.to_str().unwrap().trim_start_matches("/home/");
        Ok(self.0.borrow().get(path).cloned().map(Zeroizing::new))
    }

    fn others_may_read(&self, path: &Path) -> bool {
        path.ends_with("open.json")
    }
}

const CONFIG: &str = ".aliyun/config.json";

/// Everything that a world borrows.
struct Outside {
    environment: BTreeMap<String, String>,
    files: Memory,
    transport: Transport,
    endpoints: EndpointOverrides,
}

impl Outside {
    fn new(config: &str) -> Self {
        let files = Memory::default();
        files.0.borrow_mut().insert(CONFIG, config.to_owned());
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let environment = [(home, "/home"), ("PATH", "/usr/bin:/bin")];
        Self {
            environment: environment
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            files,
            transport: Transport::new(TransportOptions::default()),
            endpoints: EndpointOverrides::default(),
        }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn world(&self) -> World<'_> {
        World {
            environment: &self.environment,
            files: &self.files,
            transport: &self.transport,
            endpoints: &self.endpoints,
            metadata: Endpoint::metadata(),
            region: Some("cn-hangzhou".to_owned()),
            vpc: false,
            allow_http: false,
            offline: false,
            limits: Limits::default(),
            ambient: Ambient {
                now: Timestamp::now,
                nonce: String::new,
            },
            notices: RefCell::default(),
        }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

fn token(id: &str, end: i64) -> String {
    format!(
        r#"{{"profiles":[{{"name":"default","mode":"StsToken","access_key_id":"{id}",
            "access_key_secret":"canary","sts_token":"canary","sts_expiration":{end}}}]}}"#
    )
}

#[test]
fn temporary_credentials_are_renewed_before_their_end() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    const START: i64 = 1_800_000_000;
    const HOUR: i64 = 3600;
    let outside = Outside::new(&token("first", START + HOUR));
    let mut world = outside.world();
    world.ambient.now = || Timestamp::from_second(NOW.load(Ordering::SeqCst)).unwrap();
    let mut keeper = Keeper::default();
    let mut at = |minutes: i64| {
        NOW.store(START + minutes * 60, Ordering::SeqCst);
        let found = block_on(keeper.credentials(&world));
        found.map(|found| found.access_key_id.clone())
    };
    let write = |text: String| outside.files.0.borrow_mut().insert(CONFIG, text);

    assert_eq!(at(0).unwrap(), "first");
    write(token("second", START + 2 * HOUR));
    assert_eq!(
        at(44).unwrap(),
        "first",
        "nothing is asked while nothing is due"
    );
    assert_eq!(at(45).unwrap(), "second", "15 minutes before the end");
    write("{".to_owned());
    assert_eq!(
        at(110).unwrap(),
        "second",
        "what still holds serves to its end"
    );
    assert_eq!(world.notices.take().len(), 1, "and it is said");
    assert!(matches!(at(120), Err(CredentialsError::Broken { .. })));
    write(token("third", START + 9 * HOUR));
    assert_eq!(at(121).unwrap(), "third");
}

/// Where STS would be asked for the role of a profile with these fields.
fn sts(outside: &Outside, vpc: bool) -> Result<String, String> {
    let mut world = outside.world();
    world.vpc = vpc;
    let region = role::endpoint(&world, "test", None);
    region
        .map(|found| found.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn sts_is_asked_at_alibaba_cloud_s_own_addresses() {
    let outside = || Outside::new("");
    let region = ("ALIBABA_CLOUD_STS_REGION", "cn-beijing");
    let vpc = ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true");
    assert_eq!(sts(&outside(), false).unwrap(), "https://sts.aliyuncs.com");
    assert_eq!(
        sts(&outside(), true).unwrap(),
        "https://sts-vpc.cn-hangzhou.aliyuncs.com"
    );
    assert_eq!(
        sts(&outside().set(region.0, region.1), false).unwrap(),
        "https://sts.cn-beijing.aliyuncs.com"
    );
    assert_eq!(
        sts(&outside().set(region.0, region.1).set(vpc.0, vpc.1), false).unwrap(),
        "https://sts-vpc.cn-beijing.aliyuncs.com"
    );
    for evil in ["evil.example/", "evil.example#", "a@evil", "CN"] {
        assert!(
            sts(&outside().set(region.0, evil), false).is_err(),
            "{evil}"
        );
    }
}

#[test]
fn a_file_cannot_send_a_signed_request_elsewhere() {
    for (host, taken) in [
        ("sts.cn-hangzhou.aliyuncs.com", true),
        ("https://sts.aliyuncs.com", true),
        ("sts.evil.example", false),
        ("evil.example/.aliyuncs.com", false),
        ("http://sts.aliyuncs.com", false),
        ("evilaliyuncs.com", false),
    ] {
        let outside = Outside::new(&format!(
            r#"{{"profiles":[{{"name":"default","mode":"RamRoleArn","access_key_id":"x",
                "access_key_secret":"canary","ram_role_arn":"acs:ram::1:role/r",
                "sts_endpoint":"{host}"}}]}}"#
        ));
        // Offline: it is enough to see whether STS would be asked.
        let mut world = outside.world();
        world.offline = true;
        let error = block_on(find(&world, &Choice::Any)).unwrap_err();
        let asks = matches!(error, CredentialsError::NotAsked { .. });
        assert_eq!(asks, taken, "{host}: {error}");
    }
}

#[test]
fn offline_nothing_is_asked_and_nothing_runs() {
    let profile = |fields: &str| format!(r#"{{"profiles":[{{"name":"default",{fields}}}]}}"#);
    let uri = "ALIBABA_CLOUD_CREDENTIALS_URI";
    let outsides = [
        Outside::new(&profile(r#""mode":"External","process_command":"/none""#)),
        Outside::new(&profile(r#""mode":"EcsRamRole""#)),
        Outside::new(&profile(
            r#""mode":"CredentialsURI","credentials_uri":"http://[::1]:1""#,
        )),
        Outside::new(&profile(r#""mode":"AK""#)).set(uri, "http://127.0.0.1:1/"),
        Outside::new(&profile(r#""mode":"AK""#)).set("ALIBABA_CLOUD_ECS_METADATA", "role"),
    ];
    for outside in outsides {
        let mut world = outside.world();
        world.offline = true;
        let error = block_on(find(&world, &Choice::Any)).unwrap_err();
        assert!(
            matches!(error, CredentialsError::NotAsked { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_others_may_read_is_worth_a_notice() {
    let mut outside = Outside::new("").set("ALIBABACLOUD_CONFIG", "/home/open.json");
    let text = token("first", 9_000_000_000);
    outside.files.0.get_mut().insert("open.json", text);
    let world = outside.world();
    block_on(find(&world, &Choice::Any)).unwrap();
    let notices = world.notices.take();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("`~/open.json`"), "{notices:?}");
}

/// The files of the chain, each with a secret in it.
const FILES: [(&str, &str); 3] = [
    (
        CONFIG,
        r#"{"current":"a","profiles":[{"name":"a","mode":"RamRoleArn","access_key_id":"x",
            "access_key_secret":"canary","ram_role_arn":"acs:ram::1:role/r"}]}"#,
    ),
    (
        ".alibabacloud/credentials.ini",
        "[default]\r\ntype = access_key\r\naccess_key_id = x\r\naccess_key_secret = canary\r\n",
    ),
    (
        ".s/access.yaml",
        "default:\n  AccountID: 1\n  AccessKeyID: x\n  AccessKeySecret: 'canary'\n",
    ),
];

#[test]
fn whatever_becomes_of_a_file_no_error_shows_its_secret() {
    let sound = |error: &CredentialsError| {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("canary"), "{text}");
    };
    for (path, text) in FILES {
        let mut outside = Outside::new(r#"{"profiles":[]}"#);
        for at in 0..text.len() {
            // Cut off, a byte lost, and a byte turned into another.
            let damaged = [
                text[..at].to_owned(),
                format!("{}{}", &text[..at], &text[at + 1..]),
                format!("{}\"{}", &text[..at], &text[at + 1..]),
                format!("{}[{}", &text[..at], &text[at + 1..]),
                format!("{}\n{}", &text[..at], &text[at + 1..]),
            ];
            for damaged in damaged {
                outside.files.0.get_mut().insert(path, damaged);
                let mut world = outside.world();
                world.offline = true;
                if let Err(error) = block_on(find(&world, &Choice::Any)) {
                    sound(&error);
                }
                for choice in [Choice::Profile("a".into()), Choice::Alias("default".into())] {
                    if let Err(error) = block_on(find(&world, &choice)) {
                        sound(&error);
                    }
                }
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_program_that_is_left_ends_with_all_that_it_started() {
    use std::io::Read;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // Both the program and its child hold the pipe; the byte says that both run.
    let script = folder.path().join("script");
    std::fs::write(
        &script,
        "exec 3>\"$1\"\nsleep 600 &\necho x >&3\nsleep 600\n",
    )
    .unwrap();
    let command = format!("sh {} {}", script.display(), pipe.display());
    let outside = Outside::new("");
    let world = outside.world();
    let (started, starts) = tokio::sync::oneshot::channel();
    let (ended, ends) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut pipe = std::fs::File::open(pipe).unwrap();
        let mut byte = [0];
        pipe.read_exact(&mut byte).unwrap();
        started.send(()).unwrap();
        // The end comes when nobody holds the pipe any more.
        pipe.read_to_end(&mut Vec::new()).unwrap();
        ended.send(()).unwrap();
    });
    block_on(async {
        tokio::select! {
            _ = process::run(&world, &command, "test", "test") => panic!("it ended by itself"),
            running = starts => running.unwrap(),
        }
    });
    ends.recv_timeout(Duration::from_secs(30))
        .expect("all of them ended");
}
