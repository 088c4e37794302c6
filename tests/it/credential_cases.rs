//! The credentials chain against folders of data (`tests/data/credentials/`): `case.json` says
//! what the environment and the flags are, what each HTTP exchange is, and what must come of
//! it; `home/` is the home folder. Each case runs in the library, with a clock that stands at
//! [`NOW`], and in the binary, as a whole call that is signed with what was found. Secrets begin
//! with `canary-of-the-`, and no output may have one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sesame_fc::acs::credentials::{Choice, CredentialsError, Keeper, Limits, World};
use sesame_fc::acs::transport::{Transport, TransportOptions};
use sesame_fc::acs::{Ambient, Credentials, Endpoint, EndpointOverrides, SystemFiles};
use sesame_fc::diagnosis::Failure;
use tempfile::TempDir;

use super::fake::{Fake, Hit, Reply, result};
use super::harness::line;

/// The limits of cases that would wait for their end.
const SHORT: Limits = Limits {
    metadata: Duration::from_millis(250),
    sts: Duration::from_millis(250),
    uri: Duration::from_millis(250),
    process: Duration::from_millis(250),
};

/// Credentials of the cases end in 2020 or in 2099.
const NOW: &str = "2026-01-15T08:30:00Z";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    about: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    profile: Option<String>,
    access: Option<String>,
    #[serde(default)]
    http: Vec<Exchange>,
    /// Ends only at a time limit, which is a short one in the library.
    #[serde(default)]
    waits: bool,
    /// Asks the metadata service, which the binary finds at one address only.
    #[serde(default)]
    metadata: bool,
    expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    request: Option<Value>,
    #[serde(default)]
    status: Option<u16>,
    body: Option<Value>,
    /// Nothing comes back.
    #[serde(default)]
    hangs: bool,
    /// The connection closes without an answer.
    #[serde(default)]
    closes: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    id: Option<String>,
    source: Option<String>,
    #[serde(default)]
    token: bool,
    account: Option<String>,
    expires_at: Option<String>,
    /// The error's stable code, its title, and what else it must say.
    code: Option<String>,
    title: Option<String>,
    #[serde(default)]
    says: Vec<String>,
}

/// A case in a folder of its own, with its endpoint.
struct Stage {
    name: String,
    case: Case,
    home: TempDir,
    fake: Fake,
}

impl Stage {
    fn of(folder: &Path) -> Self {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(folder.join("case.json")).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut script: Vec<Reply> = case.http.iter().map(reply).collect();
        // What comes after the questions for credentials is the call itself.
        script.push(result("done"));
        let stage = Self {
            name,
            home: TempDir::new().unwrap(),
            fake: Fake::script(script),
            case,
        };
        copy(
            &folder.join("home"),
            stage.home.path(),
            &|bytes| match std::str::from_utf8(bytes) {
                Ok(text) => stage.filled(text).into_bytes(),
                Err(_) => bytes.to_vec(),
            },
        );
        stage
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{{url}}", &self.fake.url())
            .replace("{{home}}", self.home.path().to_str().unwrap())
    }

    /// An error's text with the placeholders again.
    fn stable(&self, text: &str) -> String {
        text.replace(&self.fake.url(), "{{url}}")
            .replace(&self.fake.authority(), "{{authority}}")
    }

    fn env(&self) -> BTreeMap<String, String> {
        let mut env: BTreeMap<String, String> = self
            .case
            .env
            .iter()
            .map(|(name, value)| (name.clone(), self.filled(value)))
            .collect();
        env.insert("HOME".into(), self.home.path().to_str().unwrap().into());
        env.insert("PATH".into(), "/usr/bin:/bin".into());
        if !self.case.metadata {
            env.insert("ALIBABA_CLOUD_ECS_METADATA_DISABLED".into(), "true".into());
        }
        env
    }

    fn choice(&self) -> Choice {
        match (&self.case.profile, &self.case.access) {
            (Some(name), None) => Choice::Profile(name.clone()),
            (None, Some(name)) => Choice::Alias(name.clone()),
            _ => Choice::Any,
        }
    }

    /// Every question was the one that the case names, in its order.
    fn check_questions(&self, hits: &[Hit]) {
        assert_eq!(hits.len(), self.case.http.len(), "{}: {hits:#?}", self.name);
        for (exchange, hit) in self.case.http.iter().zip(hits) {
            let Some(request) = &exchange.request else {
                continue;
            };
            let name = &self.name;
            for (field, wanted) in request.as_object().unwrap() {
                let text = wanted.as_str().unwrap_or_default();
                match field.as_str() {
                    "method" => assert_eq!(hit.method, text, "{name}"),
                    "path" => assert_eq!(hit.path, text, "{name}"),
                    "query" => {
                        for pair in wanted.as_array().unwrap() {
                            let pair = pair.as_str().unwrap();
                            let found = hit.query.split('&').any(|given| given == pair);
                            assert!(found, "{name}: no `{pair}` in {}", hit.query);
                        }
                    }
                    "headers" => {
                        for (field, value) in wanted.as_object().unwrap() {
                            assert_eq!(hit.header(field), value.as_str(), "{name}: {field}");
                        }
                    }
                    "signed_by" => {
                        let field = hit.header("authorization").unwrap_or_default();
                        let by = format!("Credential={text},");
                        assert!(field.contains(&by), "{name}: not signed by {text}");
                    }
                    other => panic!("{name}: `{other}` in a request"),
                }
            }
        }
    }
}

fn reply(exchange: &Exchange) -> Reply {
    if exchange.hangs {
        return Reply::Hang;
    }
    if exchange.closes {
        return Reply::Close;
    }
    let body = match &exchange.body {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    Reply::Answer(exchange.status.unwrap_or(200), Vec::new(), body.into())
}

fn copy(from: &Path, to: &Path, filled: &dyn Fn(&[u8]) -> Vec<u8>) {
    let Ok(entries) = std::fs::read_dir(from) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&path, &to, filled);
        } else {
            std::fs::write(&to, filled(&std::fs::read(&path).unwrap())).unwrap();
        }
    }
}

fn folders() -> Vec<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/credentials");
    let entries = std::fs::read_dir(root).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// What the library finds.
async fn found(stage: &Stage) -> Result<Credentials, CredentialsError> {
    let transport = Transport::new(TransportOptions::default());
    let here = Endpoint::parse(&stage.fake.url(), false).unwrap();
    let endpoints = EndpointOverrides {
        sts: Some(here.clone()),
        ..EndpointOverrides::default()
    };
    let env = stage.env();
    let world = World {
        environment: &env,
        files: &SystemFiles,
        transport: &transport,
        endpoints: &endpoints,
        metadata: here,
        region: Some("cn-hangzhou".to_owned()),
        vpc: false,
        allow_http: false,
        offline: false,
        limits: match stage.case.waits {
            true => SHORT,
            false => Limits::default(),
        },
        ambient: Ambient {
            now: || NOW.parse().unwrap(),
            nonce: || "nonce".to_owned(),
        },
        notices: RefCell::default(),
    };
    let mut keeper = Keeper::new(stage.choice());
    let found = keeper.credentials(&world).await.cloned();
    // What is fresh is not fetched twice.
    if found.is_ok() {
        keeper.credentials(&world).await?;
    }
    found
}

#[test]
fn every_case_in_the_library() {
    let folders = folders();
    assert!(folders.len() >= 60, "{} cases", folders.len());
    for folder in folders {
        let stage = Stage::of(&folder);
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        let found = runtime.block_on(found(&stage));
        runtime.shutdown_timeout(Duration::ZERO);
        let name = format!("{} ({})", stage.name, stage.case.about);
        let shown = format!("{found:?}");
        assert!(!shown.contains("canary-of-the-"), "{name}: {shown}");
        let wanted = &stage.case.expect;
        match (&found, &wanted.id) {
            (Ok(found), Some(id)) => {
                assert_eq!(&found.access_key_id, id, "{name}");
                assert_eq!(Some(&found.source), wanted.source.as_ref(), "{name}");
                assert_eq!(found.security_token.is_some(), wanted.token, "{name}");
                assert_eq!(found.account_id, wanted.account, "{name}");
                let end = found.expires_at.map(|end| end.to_string());
                assert_eq!(end, wanted.expires_at, "{name}");
                let secret = found.access_key_secret.expose();
                assert!(secret.starts_with("canary-of-the-"), "{name}");
            }
            (Err(error), None) => {
                let failure = Failure::from(error.clone());
                let shown = format!("{failure:?}");
                assert!(!shown.contains("canary-of-the-"), "{name}: {shown}");
                let title = stage.stable(&failure.title);
                assert_eq!(Some(&title), wanted.title.as_ref(), "{name}");
                assert_eq!(Some(failure.code.id), wanted.code.as_deref(), "{name}");
                let hints = failure.hints.iter().map(|hint| &hint.text);
                let all: Vec<&String> = failure.why.iter().chain(hints).collect();
                assert!(!all.is_empty(), "{name}: no way out");
                let all = stage.stable(&format!("{all:?}"));
                for text in &wanted.says {
                    assert!(all.contains(text), "{name}: no `{text}` in {all}");
                }
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
        stage.check_questions(&stage.fake.hits());
    }
}

#[test]
fn every_case_in_the_binary() {
    for folder in folders() {
        let stage = Stage::of(&folder);
        let (name, case) = (&stage.name, &stage.case);
        // A limit of a minute is not waited for, and the metadata service has one address.
        if case.waits || case.metadata {
            continue;
        }
        let url = stage.fake.url();
        let mut run = line("invoke --region cn-hangzhou --function-name f --debug")
            .args(["--account-id", "1234567890123456"])
            .args(["--fc-endpoint", &url, "--sts-endpoint", &url]);
        if let Some(profile) = &case.profile {
            run = run.args(["--profile", profile]);
        }
        if let Some(alias) = &case.access {
            run = run.args(["-a", alias]);
        }
        for (variable, value) in stage.env() {
            run = run.env(&variable, value);
        }
        let run = run.run();
        let mut hits = stage.fake.hits();
        match &case.expect.id {
            Some(id) => {
                assert_eq!(
                    (run.exit, &*run.stdout),
                    (0, &b"done"[..]),
                    "{name}: {}",
                    run.stderr
                );
                let source = case.expect.source.as_deref().unwrap();
                let line = format!("signed with `{id}` from {source}\n");
                assert!(run.stderr.contains(&line), "{name}: {}", run.stderr);
                let call = hits.pop().unwrap();
                let by = format!("Credential={id},");
                assert!(
                    call.header("authorization").unwrap().contains(&by),
                    "{name}"
                );
                let token = call.header("x-acs-security-token").is_some();
                assert_eq!(token, case.expect.token, "{name}");
            }
            None => {
                let code = case.expect.code.as_deref().unwrap();
                let title = stage.filled(case.expect.title.as_deref().unwrap());
                let title = title.replace("{{authority}}", &stage.fake.authority());
                // The binary's clock goes on.
                let (title, end) = match title.split_once(NOW) {
                    Some((title, _)) => (title, ""),
                    None => (&*title, "\n"),
                };
                let first = format!("error[{code}]: {title}{end}");
                assert!(run.stderr.contains(&first), "{name}: {}", run.stderr);
                assert!(run.stdout.is_empty(), "{name}");
                let exit = match code {
                    "I0010" => 2,
                    "P0001" | "P0002" | "P0004" => 5,
                    code if code.starts_with('C') => 4,
                    _ => 1,
                };
                assert_eq!(run.exit, exit, "{name}: {}", run.stderr);
            }
        }
        stage.check_questions(&hits);
    }
}

/// What the official library asked, recorded before its transport.
#[derive(Deserialize)]
struct Recorded {
    name: String,
    request: RecordedRequest,
}

#[derive(Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
}

#[test]
fn the_questions_are_those_of_the_official_library() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let text = std::fs::read_to_string(format!("{root}/vectors/credentials_providers.json"));
    let recorded: Vec<Recorded> = serde_json::from_str(&text.unwrap()).unwrap();
    let hits = |case: &str| {
        let stage = Stage::of(&Path::new(root).join("credentials").join(case));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(found(&stage)).unwrap();
        stage.fake.hits()
    };
    let (ecs, uri, oidc) = (hits("ecs"), hits("uri"), hits("oidc"));
    let mut seen = 0;
    for Recorded { name, request } in recorded {
        let ours = match &*name {
            "cred_credentials_uri" => &uri,
            "cred_oidc" => &oidc,
            ecs_role if ecs_role.starts_with("cred_ecs_") => &ecs,
            // STS takes more than one signature; here it is ACS3 (`signatures.rs`).
            _ => continue,
        };
        seen += 1;
        let found = ours.iter().find(|hit| {
            let fields = request
                .headers
                .iter()
                .filter(|(field, _)| field.starts_with("X-"));
            let mut fields = fields.map(|(field, _)| field);
            // STS itself posts; the library asks it the old way.
            let method = hit.method == request.method || name == "cred_oidc";
            method && hit.path == request.path && fields.all(|field| hit.header(field).is_some())
        });
        let hit = found.unwrap_or_else(|| panic!("{name}: {ours:#?}"));
        for key in request.query.keys() {
            let given = hit
                .query
                .split('&')
                .any(|pair| pair.split('=').next() == Some(key));
            assert!(given, "{name}: no `{key}` in {}", hit.query);
        }
    }
    assert_eq!(seen, 6);
}
