//! Exits 8, 124, 130 and 143, and a reader that leaves: throttling, time limits, signals.

use std::fs::File;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::fake::{Fake, REQUEST_ID, Reply, answer, result};
use super::harness::line;

/// A refusal for want of quota, to be asked again at once.
fn throttled() -> Reply {
    let body = r#"{"Code":"ResourceThrottled","Message":"the request is throttled, please try again later","RequestId":"1-00000000-00000000-000000000000"}"#;
    let headers = [("X-Fc-Request-Id", REQUEST_ID), ("X-Acs-Retry-After", "1")];
    answer(429, &headers, body)
}

#[test]
fn throttled_four_times_is_the_end() {
    let fake = Fake::start([throttled()]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 4);
    insta::assert_snapshot!(run.shown(), @"
    exit: 8
    --- stdout

    --- stderr
    error[S0006]: the service takes no more calls for now
      why:      tried 4 times
      said:     ResourceThrottled: the request is throttled, please try again later
      request:  [request id]

    hint: call again later, or ask for a higher limit
    ");
}

#[test]
fn throttled_twice_is_a_success_at_the_third() {
    let fake = Fake::start([throttled(), throttled(), result("done")]);
    let run = fake.call("-o json").run();
    let object = run.json();
    assert_eq!((run.exit, fake.hits().len()), (0, 3));
    assert_eq!(object["request"]["attempts"], 3);
    assert_eq!(object["response"]["body"], "done");
}

#[test]
fn every_attempt_is_signed_anew() {
    let fake = Fake::start([throttled(), throttled(), result("done")]);
    fake.call("").run();
    let nonces: std::collections::BTreeSet<_> = fake
        .hits()
        .iter()
        .map(|hit| hit.header("x-acs-signature-nonce").unwrap().to_owned())
        .collect();
    assert_eq!(nonces.len(), 3);
}

#[test]
fn a_429_of_the_function_s_own_making_is_not_sent_again() {
    let headers = [
        ("X-Fc-Request-Id", REQUEST_ID),
        ("X-Fc-Error-Type", "UnhandledInvocationError"),
    ];
    let fake = Fake::start([answer(429, &headers, "{}")]);
    fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
}

#[test]
fn the_time_limit_is_exact() {
    let fake = Fake::start([Reply::Hang]);
    let begun = Instant::now();
    let run = fake.call("--timeout 1").run();
    let took = begun.elapsed();
    assert!(
        (Duration::from_millis(900)..Duration::from_secs(3)).contains(&took),
        "{took:?}"
    );
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 124
    --- stdout

    --- stderr
    error[N0005]: no whole answer within 1 s
      why:      the function may run on: a call that was sent is not taken back

    hint: `--timeout` waits longer; for long work there is `--invocation-type async`
    ");
}

#[test]
fn the_time_limit_covers_the_whole_body() {
    let body = vec![b'x'; 100];
    let fake = Fake::start([Reply::Trickle(body, Duration::from_millis(200))]);
    let begun = Instant::now();
    let run = fake.call("--timeout 1 -o json").run();
    assert!(begun.elapsed() < Duration::from_secs(3));
    let object = run.json();
    assert_eq!(
        (run.exit, &object["error"]["cause"]),
        (124, &"client_timeout".into())
    );
    assert_eq!(object["request"]["sent"], true);
    assert_eq!(object["response"]["status"], 200);
}

#[test]
fn the_time_limit_covers_the_retries() {
    let later = answer(
        429,
        &[("X-Fc-Request-Id", REQUEST_ID), ("Retry-After", "60")],
        "{}",
    );
    let fake = Fake::start([later]);
    let begun = Instant::now();
    let run = fake.call("--timeout 1").run();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!((run.exit, fake.hits().len()), (124, 1));
}

#[test]
fn an_interrupt_ends_the_call() {
    let fake = Fake::start([Reply::Hang]);
    let running = fake.call("").start();
    fake.wait_for_a_hit();
    let begun = Instant::now();
    running.signal("INT");
    let run = running.end();
    assert!(begun.elapsed() < Duration::from_secs(2));
    insta::assert_snapshot!(run.shown(), @r"
    exit: 130
    --- stdout

    --- stderr
    error[N0006]: interrupted

    hint: the function may run on: a call that was sent is not taken back
    ");
}

#[test]
fn a_termination_ends_the_call() {
    let fake = Fake::start([Reply::Hang]);
    let running = fake.call("-o json").start();
    fake.wait_for_a_hit();
    running.signal("TERM");
    let run = running.end();
    let object = run.json();
    assert_eq!(
        (run.exit, &object["error"]["cause"]),
        (143, &"client_canceled".into())
    );
    assert_eq!(object["target"]["function"], "hello");
    let fake = Fake::start([Reply::Hang]);
    let running = fake.call("").start();
    fake.wait_for_a_hit();
    running.signal("TERM");
    insta::assert_snapshot!(running.end().shown(), @r"
    exit: 143
    --- stdout

    --- stderr
    error[N0006]: terminated

    hint: the function may run on: a call that was sent is not taken back
    ");
}

#[test]
fn an_interrupt_ends_a_wait_for_stdin() {
    let mut running = line("invoke --sandbox --function-name echo -s -v").start_with_open_stdin();
    // A pipe holds 64 KiB, so once more than that went in, stdin is being read and the
    // handlers, which come first, are there.
    let stdin = running.child.stdin.as_mut().unwrap();
    stdin.write_all(&[b'x'; 256 * 1024]).unwrap();
    assert!(running.child.try_wait().unwrap().is_none(), "it waits");
    running.signal("INT");
    assert_eq!(running.end().exit, 130);
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let body = vec![b'x'; 4 * 1024 * 1024];
    for form in ["text", "raw"] {
        let fake = Fake::start([result(&body)]);
        let mut running = fake.call("-q -o").arg(form).start();
        let mut stdout = running.child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let run = running.end();
        assert_eq!((run.exit, &*run.stderr), (0, ""), "{form}");
    }
}

#[test]
fn a_reader_of_the_object_that_leaves_ends_it_quietly() {
    let fake = Fake::start([result(vec![b'x'; 4 * 1024 * 1024])]);
    let mut running = fake.call("-o json").start();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let run = running.end_unread();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
}

#[test]
fn a_full_disk_is_an_error() {
    for words in ["-q", "-o raw", "--emit-policy", "--dry-run"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = line("invoke --sandbox --function-name hello")
            .args(words.split(' '))
            .stdout(full)
            .run();
        assert_eq!(run.exit, 1, "{words}: {}", run.stderr);
        assert!(
            run.stderr
                .contains("error[I0015]: stdout cannot be written"),
            "{words}"
        );
    }
}

#[test]
fn an_interrupted_call_counts_as_sent() {
    let fake = Fake::start([Reply::Hang]);
    let running = fake.call("-o json").start();
    fake.wait_for_a_hit();
    running.signal("INT");
    let object = running.end().json();
    assert_eq!(object["request"]["sent"], true);
    assert_eq!(object["request"]["attempts"], 1);
}

#[test]
fn a_full_disk_is_an_error_for_the_object_too() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let run = line("invoke --sandbox --function-name hello -o json")
        .stdout(full)
        .start()
        .end_unread();
    assert_eq!(run.exit, 1);
}

#[test]
#[cfg(unix)]
fn a_pipe_that_never_ends_does_not_hold_a_signal_up() {
    for flag in ["-f", "--policy-file"] {
        let sesame = line("invoke --sandbox --function-name echo").arg(flag);
        let pipe = sesame.path("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let running = sesame.arg(&pipe).start();
        std::thread::sleep(Duration::from_millis(300));
        running.signal("INT");
        let run = running.end();
        assert_eq!(run.exit, 130, "{flag}: {}", run.stderr);
        assert!(run.stderr.contains("nothing was sent"), "{}", run.stderr);
    }
}

#[test]
fn a_reader_that_does_not_read_does_not_hold_the_time_limit_up() {
    let began = Instant::now();
    let sesame = line("invoke --sandbox --function-name echo --timeout 1 -q -f event");
    // More than a pipe holds.
    let mut running = sesame.file("event", vec![b'x'; 2_000_000]).start();
    assert_eq!(running.child.wait().unwrap().code(), Some(124));
    assert!(began.elapsed() < Duration::from_secs(10));
}
