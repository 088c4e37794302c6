use super::*;
use crate::sandbox::runtime::RESULT_LIMIT;

/// Runs a shell's words as a function; the folder lives as long as the caller wants.
fn shell(folder: &Path, script: &str) -> Program {
    let argv = argv(&["/bin/sh", "-c", script]);
    program(folder, Code::Command { argv })
}

async fn run_of(script: &str, event: impl Into<Bytes>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let program = Arc::new(shell(folder.path(), script));
    invoke(&runtime(), &program, event).await
}

#[tokio::test]
async fn the_event_is_stdin_and_the_result_is_stdout() {
    let event: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let run = run_of("exec cat", event.clone()).await;
    assert!(run.body == event, "{} bytes came back", run.body.len());
    assert_eq!(run.error_type, None);
}

#[tokio::test]
async fn stderr_is_the_log_and_the_folder_is_where_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("here"), "found").unwrap();
    let program = Arc::new(shell(folder.path(), "echo noted >&2; exec cat here"));
    let run = invoke(&runtime(), &program, "").await;
    assert_eq!(run.body, "found");
    assert_eq!(run.log, b"noted\n");
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_to_a_program_starts_at_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/echo", folder.path().join("echo")).unwrap();
    let argv = argv(&["./echo", "hello"]);
    let program = Arc::new(program(folder.path(), Code::Command { argv }));
    assert_eq!(invoke(&runtime(), &program, "").await.body, "hello\n");
}

#[tokio::test]
async fn no_shell_reads_the_words() {
    let argv = argv(&["printf", "%s|", "$HOME", "*", "a b"]);
    let folder = tempfile::tempdir().unwrap();
    let program = Arc::new(program(folder.path(), Code::Command { argv }));
    assert_eq!(invoke(&runtime(), &program, "").await.body, "$HOME|*|a b|");
}

#[tokio::test]
async fn the_environment_holds_what_a_function_needs_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let argv = argv(&["env"]);
    let mut program = program(folder.path(), Code::Command { argv });
    program.service = Some("demo".to_owned());
    program.memory_mb = 512;
    program.environment = [("LANG", "fr"), ("MINE", "1"), ("FC_REGION", "moon")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let run = invoke(&runtime(), &Arc::new(program), "").await;
    let text = String::from_utf8(run.body.to_vec()).unwrap();
    let mut found: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("PATH="))
        .collect();
    found.sort_unstable();
    let instance = format!("FC_INSTANCE_ID={}", run.instance_id);
    let code = format!("FC_FUNC_CODE_PATH={}", folder.path().display());
    let expected = [
        "FC_ACCOUNT_ID=1234567890123456",
        "FC_FUNCTION_HANDLER=index.handler",
        "FC_FUNCTION_MEMORY_SIZE=512",
        "FC_FUNCTION_NAME=f",
        "FC_FUNCTION_VERSION=LATEST",
        &code,
        &instance,
        "FC_QUALIFIER=LATEST",
        "FC_REGION=cn-hangzhou",
        "FC_REQUEST_ID=1-2-3-4",
        "FC_SERVICE_NAME=demo",
        "FC_VER_ID=LATEST",
        "LANG=fr",
        "MINE=1",
    ];
    assert_eq!(found, expected);
    assert!(text.contains("PATH="));
}

#[tokio::test]
async fn a_bad_end_is_an_error_of_the_function() {
    for script in ["echo half; exit 3", "kill -9 $$"] {
        let run = run_of(script, "").await;
        assert!(exited_unexpectedly(&run), "{run:?}");
    }
}

#[tokio::test]
async fn a_program_need_not_read_its_event() {
    let event = vec![b'x'; 4 << 20];
    for (script, result) in [
        ("echo unread", "unread\n"),
        ("exec 0<&-; echo closed", "closed\n"),
    ] {
        let run = run_of(script, event.clone()).await;
        assert_eq!((run.body, run.error_type), (Bytes::from(result), None));
    }
}

#[tokio::test]
async fn past_its_time_the_whole_group_ends() {
    let folder = tempfile::tempdir().unwrap();
    let script = "sleep 600 & echo $! > below; echo $$ > leader; echo started >&2; sleep 600";
    let mut program = shell(folder.path(), script);
    program.timeout = Duration::from_secs(1);
    let run = invoke(&runtime(), &Arc::new(program), "").await;
    let message = unhandled(&run);
    assert!(
        message.starts_with("Function timed out after 1 seconds (maxMemoryUsage: "),
        "{message}"
    );
    assert_eq!(run.log, b"started\n");
    assert!(is_reaped(pid_in(&folder.path().join("leader")).await));
    let below = pid_in(&folder.path().join("below")).await;
    until("the descendant's end", || is_dead(below)).await;
}

#[tokio::test]
async fn a_descendant_does_not_hold_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let program = shell(folder.path(), "sleep 600 & echo $! > below; echo done");
    let run = invoke(&runtime(), &Arc::new(program), "").await;
    assert_eq!((run.body, run.error_type), (Bytes::from("done\n"), None));
    let below = pid_in(&folder.path().join("below")).await;
    until("the descendant's end", || is_dead(below)).await;
}

#[tokio::test]
async fn a_descendant_that_left_the_group_does_not_hold_the_call_either() {
    let folder = tempfile::tempdir().unwrap();
    // It is no longer in the group by the time that the leader ends.
    let script = "setsid sh -c 'echo $$ > below; exec sleep 600' & \
                  until [ -s below ]; do :; done; echo done";
    let program = shell(folder.path(), script);
    let run = invoke(&runtime(), &Arc::new(program), "").await;
    assert_eq!((run.body, run.error_type), (Bytes::from("done\n"), None));
    let below = pid_in(&folder.path().join("below")).await;
    let ended = std::process::Command::new("kill")
        .arg(below.to_string())
        .status();
    assert!(ended.unwrap().success());
}

#[tokio::test]
async fn a_result_may_be_as_large_as_the_limit_and_no_larger() {
    let script = |bytes: usize| format!("exec head -c {bytes} /dev/zero");
    let run = run_of(&script(RESULT_LIMIT), "").await;
    assert_eq!((run.body.len(), run.error_type), (RESULT_LIMIT, None));
    let run = run_of(&script(RESULT_LIMIT + 1), "").await;
    let expected = "response payload size exceeds maximum allowed size (33554432 bytes)";
    assert_eq!(unhandled(&run), expected);
}

#[tokio::test]
async fn output_without_end_ends() {
    let expected = "response payload size exceeds maximum allowed size (33554432 bytes)";
    assert_eq!(unhandled(&run_of("exec yes", "").await), expected);
    let folder = tempfile::tempdir().unwrap();
    let mut program = shell(folder.path(), "exec yes >&2");
    program.timeout = Duration::from_millis(300);
    let run = invoke(&runtime(), &Arc::new(program), "").await;
    assert!(unhandled(&run).starts_with("Function timed out after 0.3 seconds"));
    assert_eq!(run.log.len(), 64 * 1024);
}

#[tokio::test]
async fn what_cannot_be_started_is_the_services_own_refusal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text"), "no program").unwrap();
    let start = "The function cannot be started. Failed to start function instance. Error: ";
    for (program_name, code, why) in [
        (
            "./missing",
            "CAFileNotFound",
            "the file ./missing is not exist",
        ),
        (
            "no-such-name-here",
            "CAFileNotFound",
            "the file no-such-name-here is not exist",
        ),
        (
            "./text",
            "CAFilePermission",
            "the file ./text is not executable",
        ),
    ] {
        let argv = argv(&[program_name]);
        let program = Arc::new(program(folder.path(), Code::Command { argv }));
        let fault = try_invoke(&runtime(), &program, "").await.unwrap_err();
        let message = format!("{start}{why}");
        let expected = Fault {
            status: 412,
            code,
            message,
        };
        assert_eq!(fault, expected);
    }
    let gone = folder.path().join("gone");
    let fault = try_invoke(&runtime(), &Arc::new(shell(&gone, "true")), "")
        .await
        .unwrap_err();
    assert_eq!(fault.code, "CAFileNotFound");
    assert!(fault.message.contains("gone"), "{fault}");
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let script = "sleep 600 & echo $! > below; echo $$ > leader; wait";
    let program = Arc::new(shell(folder.path(), script));
    let runtime = Arc::new(runtime());
    let task = tokio::spawn({
        let runtime = Arc::clone(&runtime);
        async move { invoke(&runtime, &program, "").await }
    });
    let leader = pid_in(&folder.path().join("leader")).await;
    let below = pid_in(&folder.path().join("below")).await;
    assert!(!is_dead(leader) && !is_dead(below));
    task.abort();
    until("the leader's reaping", || is_reaped(leader)).await;
    until("the descendant's end", || is_dead(below)).await;
}

#[tokio::test]
async fn the_sandboxs_end_is_the_end_of_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let program = Arc::new(shell(folder.path(), "echo $$ > leader; exec sleep 600"));
    let runtime = Arc::new(runtime());
    let task = tokio::spawn({
        let runtime = Arc::clone(&runtime);
        let program = Arc::clone(&program);
        async move { invoke(&runtime, &program, "").await }
    });
    let leader = pid_in(&folder.path().join("leader")).await;
    runtime.stop().await;
    assert!(is_reaped(leader));
    assert!(exited_unexpectedly(&task.await.unwrap()));
    // Whoever comes late does not stay.
    assert!(exited_unexpectedly(&invoke(&runtime, &program, "").await));
}

#[test]
fn a_runtime_that_is_dropped_takes_its_children_along() {
    let folder = tempfile::tempdir().unwrap();
    let script = "sleep 600 & echo $! > below; echo $$ > leader; wait";
    let program = Arc::new(shell(folder.path(), script));
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pids = executor.block_on(async {
        let runtime = runtime();
        tokio::spawn(async move { invoke(&runtime, &program, "").await });
        let leader = pid_in(&folder.path().join("leader")).await;
        (leader, pid_in(&folder.path().join("below")).await)
    });
    drop(executor);
    let watcher = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    watcher.block_on(until("the end of both", || {
        is_dead(pids.0) && is_dead(pids.1)
    }));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_peak_of_memory_is_measured() {
    let script = "import time; block = bytearray(64 << 20); time.sleep(0.1)";
    let argv = argv(&["python3", "-c", script]);
    let folder = tempfile::tempdir().unwrap();
    let program = Arc::new(program(folder.path(), Code::Command { argv }));
    let run = invoke(&runtime(), &program, "").await;
    assert_eq!(run.error_type, None);
    assert!(
        (64.0..512.0).contains(&run.max_memory_mb),
        "{} MB",
        run.max_memory_mb
    );
}
