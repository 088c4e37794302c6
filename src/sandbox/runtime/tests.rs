mod bootstrap;
mod command;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{Call, Code, Fault, Invocation, Program, Run, Runtime};
use crate::acs::Ambient;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    let path = std::env::var("PATH").unwrap();
    let environment = BTreeMap::from([
        ("PATH".to_owned(), path),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        (
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(),
            "secret".to_owned(),
        ),
    ]);
    Runtime::new(
        "1234567890123456",
        "cn-hangzhou",
        Ambient::system(),
        &environment,
    )
}

fn call() -> Call {
    Call {
        request_id: "1-2-3-4".to_owned(),
        qualifier: None,
        version: "LATEST".to_owned(),
    }
}

fn program(folder: &Path, code: Code) -> Program {
    Program {
        folder: folder.to_owned(),
        timeout: PATIENCE,
        ..Program::new("f", code)
    }
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

async fn try_invoke(
    runtime: &Runtime,
    program: &Program,
    event: impl Into<Bytes>,
) -> Result<Run, Fault> {
    let event = event.into();
    let invocation = Invocation {
        call: call(),
        event,
    };
    let run = runtime.invoke(program, invocation);
    tokio::time::timeout(PATIENCE * 2, run).await.unwrap()
}

async fn invoke(runtime: &Runtime, program: &Program, event: impl Into<Bytes>) -> Run {
    try_invoke(runtime, program, event).await.unwrap()
}

/// What `errorMessage` says of a run that failed without being caught.
fn unhandled(run: &Run) -> String {
    assert_eq!(run.error_type, Some("UnhandledInvocationError"), "{run:?}");
    let body: Value = serde_json::from_slice(&run.body).unwrap();
    body["errorMessage"].as_str().unwrap().to_owned()
}

fn exited_unexpectedly(run: &Run) -> bool {
    let message = unhandled(run);
    message.starts_with("Process exited unexpectedly before completing request (duration: ")
        && message.contains("ms, maxMemoryUsage: ")
        && message.ends_with("MB)")
}

/// Waits for what a child brings about.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "{what} did not come about");
}

/// The number that a child wrote into a file, once it is there.
async fn pid_in(path: &Path) -> u32 {
    let read = || std::fs::read_to_string(path).unwrap_or_default();
    until("the pid", || read().ends_with('\n')).await;
    read().trim().parse().unwrap()
}

/// The state letter of a process, if there is such a process.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// No zombie either: for a child of this very process.
fn is_reaped(pid: u32) -> bool {
    state(pid).is_none()
}

/// For a descendant, which is another's to reap.
fn is_dead(pid: u32) -> bool {
    matches!(state(pid), None | Some('Z' | 'X'))
}
