//! The queue by itself, with a clock that goes as fast as everything waits.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;

const RULES: Async = Async {
    task: true,
    max_retries: 3,
    max_age: Duration::from_secs(3600),
};

fn tasks() -> Arc<Tasks> {
    Arc::new(Tasks::new(Timestamp::now))
}

fn owner() -> Owner {
    (None, "f".to_owned())
}

fn order(id: impl Into<String>, rules: Async) -> Order {
    Order {
        owner: owner(),
        id: id.into(),
        request_id: "1-2-3-4".to_owned(),
        qualifier: None,
        payload: Bytes::from_static(b"event"),
        rules,
    }
}

fn gave(error: Option<&str>) -> Attempt {
    Attempt {
        result: Bytes::from_static(b"result"),
        error: error.map(str::to_owned),
        instance_id: "c-1".to_owned(),
        duration: Duration::from_millis(1),
    }
}

/// Waits until a task has a state, in whatever time that takes.
async fn reached(tasks: &Tasks, id: &str, status: Status) {
    let reached = async {
        while tasks.table().get(&owner(), id).map(|task| task.status) != Some(status) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10_000), reached).await;
    assert!(waited.is_ok(), "{id} is not {status:?}");
}

/// Calls that stay until they are let go.
fn stay(tasks: &Arc<Tasks>, gate: &Arc<Notify>, ids: impl Iterator<Item = usize>) {
    for id in ids {
        let gate = Arc::clone(gate);
        let attempt = move || {
            let gate = Arc::clone(&gate);
            async move {
                gate.notified().await;
                gave(None)
            }
        };
        tasks
            .submit(order(format!("t{id}"), RULES), attempt)
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_between_two_tries_grows() {
    let tasks = tasks();
    let begun = Instant::now();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&starts);
    let attempt = move || {
        seen.lock().unwrap().push(begun.elapsed().as_millis());
        async { gave(Some("UnhandledInvocationError")) }
    };
    let rules = Async {
        max_retries: 5,
        ..RULES
    };
    tasks.submit(order("t", rules), attempt).unwrap();
    reached(&tasks, "t", Status::Failed).await;
    assert_eq!(*starts.lock().unwrap(), [0, 100, 300, 700, 1500, 2500]);
    assert_eq!(tasks.table().get(&owner(), "t").unwrap().retried, 5);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_succeeds_is_the_last() {
    let tasks = tasks();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let attempt = move || {
        let error = (counted.fetch_add(1, Ordering::SeqCst) < 2).then_some("CAExited");
        async move { gave(error) }
    };
    tasks.submit(order("t", RULES), attempt).unwrap();
    reached(&tasks, "t", Status::Succeeded).await;
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let table = tasks.table();
    let task = table.get(&owner(), "t").unwrap();
    assert_eq!(
        (task.retried, task.last.as_ref().unwrap().error.clone()),
        (2, None)
    );
}

#[tokio::test(start_paused = true)]
async fn so_many_run_at_a_time_and_the_others_in_their_order() {
    let tasks = tasks();
    let gate = Arc::new(Notify::new());
    stay(&tasks, &gate, 0..PLACES + 2);
    reached(&tasks, &format!("t{}", PLACES - 1), Status::Running).await;
    for waiting in [PLACES, PLACES + 1] {
        reached(&tasks, &format!("t{waiting}"), Status::Enqueued).await;
        gate.notify_one();
        reached(&tasks, &format!("t{waiting}"), Status::Running).await;
    }
    gate.notify_waiters();
    reached(&tasks, "t9", Status::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_too_long_is_not_made() {
    let tasks = tasks();
    let gate = Arc::new(Notify::new());
    stay(&tasks, &gate, 0..PLACES);
    reached(&tasks, "t0", Status::Running).await;
    let rules = Async {
        max_age: Duration::from_secs(60),
        ..RULES
    };
    let never = || async { unreachable!("it has expired") };
    tasks.submit(order("late", rules), never).unwrap();
    let submitted = Instant::now();
    reached(&tasks, "late", Status::Expired).await;
    assert_eq!(submitted.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn past_its_age_a_call_is_not_tried_again() {
    let tasks = tasks();
    let rules = Async {
        max_age: Duration::from_millis(500),
        max_retries: 8,
        ..RULES
    };
    let attempt = || async { gave(Some("UnhandledInvocationError")) };
    tasks.submit(order("t", rules), attempt).unwrap();
    reached(&tasks, "t", Status::Failed).await;
    // At 0, 100 and 300 ms; the next would be at 700.
    assert_eq!(tasks.table().get(&owner(), "t").unwrap().retried, 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_and_what_pauses_can_be_stopped() {
    let tasks = tasks();
    let gate = Arc::new(Notify::new());
    let attempt = || async { gave(Some("UnhandledInvocationError")) };
    let rules = Async {
        max_retries: 8,
        ..RULES
    };
    tasks.submit(order("pauses", rules), attempt).unwrap();
    reached(&tasks, "pauses", Status::Retrying).await;
    stay(&tasks, &gate, 0..=PLACES);
    let last = format!("t{PLACES}");
    reached(&tasks, &last, Status::Enqueued).await;
    for id in ["pauses", &last] {
        assert_eq!(tasks.stop(&owner(), id), Ok(()));
        assert_eq!(tasks.stop(&owner(), id), Ok(()), "it is on its way");
        reached(&tasks, id, Status::Stopped).await;
        assert_eq!(tasks.stop(&owner(), id), Err(Unstopped::Ended));
    }
    assert_eq!(tasks.stop(&owner(), "no"), Err(Unstopped::Unknown));
    // Its place in the queue is free for the next one.
    stay(&tasks, &gate, PLACES + 1..PLACES + 2);
    gate.notify_one();
    reached(&tasks, &format!("t{}", PLACES + 1), Status::Running).await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_full_takes_nothing_until_something_has_ended() {
    let tasks = tasks();
    let gate = Arc::new(Notify::new());
    stay(&tasks, &gate, 0..table::QUEUED);
    let one_more = || tasks.submit(order("more", RULES), || async { gave(None) });
    assert_eq!(one_more(), Err(Unqueued::Full));
    reached(&tasks, "t0", Status::Running).await;
    gate.notify_one();
    reached(&tasks, "t0", Status::Succeeded).await;
    assert_eq!(one_more(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_of_what_has_ended_is_forgotten() {
    let tasks = tasks();
    let at_once = |id: usize| {
        let order = order(format!("t{id}"), RULES);
        tasks.submit(order, || async { gave(None) }).unwrap();
    };
    at_once(0);
    reached(&tasks, "t0", Status::Succeeded).await;
    let again = tasks.submit(order("t0", RULES), || async { gave(None) });
    assert_eq!(again, Err(Unqueued::Used));
    for id in 1..=table::ENDED {
        at_once(id);
        if id % 500 == 0 {
            reached(&tasks, &format!("t{id}"), Status::Succeeded).await;
        }
    }
    assert!(tasks.table().get(&owner(), "t0").is_none());
    assert!(tasks.table().get(&owner(), "t1").is_some());
    at_once(0);
}

#[tokio::test(start_paused = true)]
async fn large_results_are_cut_and_soon_forgotten() {
    let tasks = tasks();
    let large = Bytes::from(vec![b'x'; table::RESULT + 1]);
    let count = table::ENDED_BYTES / table::RESULT + 1;
    for id in 0..count {
        let large = large.clone();
        let attempt = move || {
            let result = large.clone();
            async {
                Attempt {
                    result,
                    ..gave(None)
                }
            }
        };
        tasks
            .submit(order(format!("t{id}"), RULES), attempt)
            .unwrap();
        reached(&tasks, &format!("t{id}"), Status::Succeeded).await;
    }
    let table = tasks.table();
    assert!(table.get(&owner(), "t0").is_none());
    let last = table.get(&owner(), &format!("t{}", count - 1)).unwrap();
    assert_eq!(last.last.as_ref().unwrap().result.len(), table::RESULT);
}

#[tokio::test(start_paused = true)]
async fn the_end_breaks_everything_off() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let tasks = tasks();
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dropped);
    let attempt = move || {
        let dropped = Dropped(Arc::clone(&counted));
        async move {
            std::future::pending::<()>().await;
            drop(dropped);
            gave(None)
        }
    };
    tasks.submit(order("t", RULES), attempt).unwrap();
    reached(&tasks, "t", Status::Running).await;
    tasks.end();
    let mut workers = std::mem::take(&mut *tasks.workers());
    while workers.join_next().await.is_some() {}
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}
