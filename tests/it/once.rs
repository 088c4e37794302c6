//! Nothing is sent twice, unless it is certain that nothing ran or an id makes a copy harmless.

use super::fake::{Fake, Reply, answer, refusal, result};

fn accepted() -> Reply {
    answer(202, &[("X-Fc-Request-Id", super::fake::REQUEST_ID)], "")
}

#[test]
fn a_synchronous_call_that_breaks_off_is_sent_once() {
    for reply in [
        Reply::Close,
        Reply::MidBody(b"x".to_vec()),
        Reply::Garbage(b"\0\0\0"),
        refusal(500, "InternalServerError", ""),
        answer(502, &[], ""),
        answer(504, &[], ""),
    ] {
        let fake = Fake::start([reply.clone()]);
        let run = fake.call("").run();
        assert_eq!((run.exit, fake.hits().len()), (1, 1), "{reply:?}");
    }
}

#[test]
fn an_id_of_its_own_does_not_make_a_synchronous_call_harmless() {
    let fake = Fake::start([Reply::Close, result("twice")]);
    let run = fake.call("--stateful-async-invocation-id order-7").run();
    assert_eq!((run.exit, fake.hits().len()), (1, 1));
    assert_eq!(fake.only_hit().header("x-fc-async-task-id"), None);
}

#[test]
fn an_asynchronous_call_without_an_id_is_sent_once() {
    let fake = Fake::start([Reply::Close, accepted()]);
    let run = fake.call("--invocation-type async").run();
    assert_eq!((run.exit, fake.hits().len()), (1, 1));
}

#[test]
fn an_asynchronous_call_with_an_id_is_sent_again() {
    let fake = Fake::start([Reply::Close, accepted()]);
    let run = fake
        .call("--invocation-type async --async-task-id order-7 -o json")
        .run();
    assert_eq!((run.exit, fake.hits().len()), (0, 2));
    assert_eq!(run.json()["request"]["attempts"], 2);
    for hit in fake.hits() {
        assert_eq!(hit.header("x-fc-async-task-id"), Some("order-7"));
    }
}

#[test]
fn a_conflict_at_the_second_time_says_that_the_first_arrived() {
    let conflict = || {
        refusal(
            409,
            "StatefulAsyncInvocationAlreadyExists",
            "the id exists already",
        )
    };
    let fake = Fake::start([Reply::Close, conflict()]);
    let run = fake
        .call("--invocation-type async --async-task-id order-7")
        .run();
    assert_eq!((run.exit, fake.hits().len()), (0, 2));
    let warning = "warning: the service had taken this id already";
    assert!(run.stderr.starts_with(warning), "{}", run.stderr);

    // At the first time it is a conflict.
    let fake = Fake::start([conflict()]);
    let run = fake
        .call("--invocation-type async --async-task-id order-7 -o json")
        .run();
    assert_eq!((run.exit, fake.hits().len()), (1, 1));
    assert_eq!(run.json()["error"]["cause"], "conflict");

    // And so it is when the first was certainly not run.
    let throttled = answer(429, &[("X-Acs-Retry-After", "1")], "{}");
    let fake = Fake::start([throttled, conflict()]);
    let run = fake
        .call("--invocation-type async --async-task-id order-7 -o json")
        .run();
    assert_eq!((run.exit, fake.hits().len()), (1, 2));
}

#[test]
fn a_call_that_arrived_counts_as_sent() {
    let fake = Fake::start([Reply::Close]);
    let object = fake.call("-o json").run().json();
    assert_eq!(fake.hits().len(), 1);
    assert_eq!(object["request"]["sent"], true);
    assert_eq!(object["request"]["attempts"], 1);
}

#[test]
fn a_conflict_at_the_second_time_leaves_stdout_empty() {
    let conflict = refusal(
        409,
        "StatefulAsyncInvocationAlreadyExists",
        "the id exists already",
    );
    let fake = Fake::start([Reply::Close, conflict]);
    let run = fake
        .call("--invocation-type async --async-task-id order-7")
        .run();
    assert_eq!((run.exit, &*run.stdout), (0, &b""[..]));
}

#[test]
fn a_call_that_may_have_been_taken_counts_as_sent() {
    // The only answer breaks off; then nothing listens any more.
    let fake = Fake::start([Reply::Close]);
    let url = fake.url();
    let running = super::fake::call(
        &url,
        "--invocation-type async --async-task-id order-8 -o json",
    )
    .start();
    fake.wait_for_a_hit();
    drop(fake);
    let run = running.end();
    assert_eq!(
        (run.exit, &run.json()["request"]["sent"]),
        (1, &serde_json::json!(true))
    );
}

#[test]
fn a_doubt_stands_whatever_the_last_answer_says() {
    let room = refusal(503, "ServiceUnavailable", "no room");
    let fake = Fake::start([Reply::Close, room.clone(), room.clone(), room]);
    let run = fake
        .call("--invocation-type async --async-task-id order-9")
        .run();
    assert_eq!(run.exit, 1);
    assert!(run.stderr.contains("may have been taken"), "{}", run.stderr);
    assert!(!run.stderr.contains("did not run"), "{}", run.stderr);
}
