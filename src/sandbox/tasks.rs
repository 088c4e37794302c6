//! Asynchronous calls: a queue for each function, tries again, and tasks that can be looked up
//! and stopped. All of it ends with the sandbox.

mod answer;
mod table;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

pub(super) use self::answer::{answer, refuse};
use self::table::{Status, Table};
use super::config::Async;

/// How many asynchronous calls of one function run at a time.
const PLACES: usize = 8;
/// How long after a failure the next try comes; twice as long after each, up to the longest.
/// The service waits minutes, which nobody wants to see out in a sandbox.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A function by its service and name.
pub(super) type Owner = (Option<String>, String);

/// The asynchronous calls of one sandbox.
#[derive(Debug)]
pub(super) struct Tasks {
    table: Mutex<Table>,
    /// What is under way, so that it can be ended.
    workers: Mutex<JoinSet<()>>,
    now: fn() -> Timestamp,
}

/// A call to be queued.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) owner: Owner,
    /// The caller's id, or one made for the call.
    pub(super) id: String,
    pub(super) request_id: String,
    pub(super) qualifier: Option<String>,
    pub(super) payload: Bytes,
    pub(super) rules: Async,
}

/// What one try gave.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) result: Bytes,
    /// The kind of error, when it failed.
    pub(super) error: Option<String>,
    pub(super) instance_id: String,
    pub(super) duration: Duration,
}

/// Why a call was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unqueued {
    #[error("the id was used before")]
    Used,
    #[error("the queue is full")]
    Full,
}

/// Why a task was not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unstopped {
    #[error("there is no such task")]
    Unknown,
    #[error("the task has ended")]
    Ended,
}

impl Tasks {
    pub(super) fn new(now: fn() -> Timestamp) -> Self {
        Self {
            table: Mutex::default(),
            workers: Mutex::default(),
            now,
        }
    }

    /// Queues a call. Each try calls `attempt` anew; when the task is stopped, or the sandbox
    /// ends, its future is dropped wherever it stands.
    ///
    /// # Errors
    /// The id was used before, or too much is waiting.
    pub(super) fn submit<F, R>(self: &Arc<Self>, order: Order, attempt: F) -> Result<(), Unqueued>
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Attempt> + Send,
    {
        let rules = order.rules;
        let (stop, stopped) = oneshot::channel();
        let (number, places) = self.table().accept(order, stop, (self.now)())?;
        let tasks = Arc::clone(self);
        let work = async move {
            let tries = tasks.tries(number, rules, &places, attempt);
            let status = tokio::select! {
                biased;
                Ok(()) = stopped => Status::Stopped,
                status = tries => status,
            };
            tasks.table().finish(number, status, (tasks.now)());
        };
        let mut workers = self.workers();
        while workers.try_join_next().is_some() {}
        workers.spawn(work);
        Ok(())
    }

    /// Tries until it is done, may not be tried again, or has become too old.
    async fn tries<F, R>(&self, number: u64, rules: Async, places: &Semaphore, attempt: F) -> Status
    where
        F: Fn() -> R,
        R: Future<Output = Attempt>,
    {
        let too_old = Instant::now() + rules.max_age;
        let mut pause = PAUSE;
        let mut retried = 0;
        loop {
            let Ok(place) = timeout_at(too_old, places.acquire()).await else {
                return match retried {
                    0 => Status::Expired,
                    _ => Status::Failed,
                };
            };
            self.table().begin(number, retried, (self.now)());
            let attempt = attempt().await;
            let failed = attempt.error.is_some();
            self.table().note(number, attempt);
            if !failed {
                return Status::Succeeded;
            }
            if retried == rules.max_retries || Instant::now() + pause >= too_old {
                return Status::Failed;
            }
            self.table().will_retry(number, (self.now)());
            drop(place);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            retried += 1;
        }
    }

    /// Ends a task: one that waits is not run, one that runs is broken off. A command ends with
    /// all that it started; a web server stays for other calls.
    ///
    /// # Errors
    /// There is none, or it has ended.
    pub(super) fn stop(&self, owner: &Owner, id: &str) -> Result<(), Unstopped> {
        self.table().stop(owner, id, (self.now)())
    }

    /// Breaks off everything.
    pub(super) fn end(&self) {
        self.workers().abort_all();
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn workers(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
