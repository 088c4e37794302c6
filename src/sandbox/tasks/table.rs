//! What is remembered of asynchronous calls. Time comes in as an argument.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot};

use super::{Attempt, Order, Owner, PLACES, Unqueued, Unstopped};

/// How many calls of one function may wait and run, and how many bytes all of them may have.
pub(super) const QUEUED: usize = 1_000;
const QUEUED_BYTES: usize = 256 * 1024 * 1024;
/// How many ended tasks are remembered, and how many bytes they may have; past it the oldest
/// are forgotten, and their ids can be used again.
pub(super) const ENDED: usize = 10_000;
pub(super) const ENDED_BYTES: usize = 64 * 1024 * 1024;
/// How much of a result a task shows: the service's own limit.
pub(super) const RESULT: usize = 1024 * 1024;

/// Where a task is, by the service's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Enqueued,
    Running,
    Retrying,
    Stopping,
    Succeeded,
    Failed,
    Stopped,
    Expired,
    /// Its function is gone; nothing in the sandbox makes it so.
    Invalid,
}

impl Status {
    pub(super) const ALL: [Self; 9] = [
        Self::Enqueued,
        Self::Running,
        Self::Retrying,
        Self::Stopping,
        Self::Succeeded,
        Self::Failed,
        Self::Stopped,
        Self::Expired,
        Self::Invalid,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enqueued => "Enqueued",
            Self::Running => "Running",
            Self::Retrying => "Retrying",
            Self::Stopping => "Stopping",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
            Self::Expired => "Expired",
            Self::Invalid => "Invalid",
        }
    }

    fn is_end(self) -> bool {
        !matches!(
            self,
            Self::Enqueued | Self::Running | Self::Retrying | Self::Stopping
        )
    }
}

/// A step in a task's life.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) status: Status,
    pub(super) time: Timestamp,
    pub(super) detail: String,
}

/// An asynchronous call.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) order: Order,
    pub(super) status: Status,
    /// When it was taken in.
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) events: Vec<Event>,
    pub(super) retried: u32,
    /// What the last try gave.
    pub(super) last: Option<Attempt>,
    stop: Option<oneshot::Sender<()>>,
}

impl Task {
    fn reach(&mut self, status: Status, now: Timestamp) {
        let error = self.last.as_ref().and_then(|last| last.error.as_deref());
        let detail = match (status, error) {
            (Status::Failed | Status::Retrying, Some(error)) => {
                serde_json::json!({ "Error": error }).to_string()
            }
            _ => String::new(),
        };
        self.status = status;
        self.events.push(Event {
            status,
            time: now,
            detail,
        });
    }

    fn bytes(&self) -> usize {
        let result = self.last.as_ref().map_or(0, |last| last.result.len());
        self.order.payload.len() + result
    }
}

/// Every task that is remembered, by its number.
#[derive(Debug, Default)]
pub(super) struct Table {
    tasks: BTreeMap<u64, Task>,
    ids: HashMap<(Owner, String), u64>,
    lines: HashMap<Owner, Line>,
    queued_bytes: usize,
    ended: VecDeque<u64>,
    ended_bytes: usize,
    next: u64,
}

/// A function's calls that have not ended.
#[derive(Debug)]
struct Line {
    length: usize,
    places: Arc<Semaphore>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            length: 0,
            places: Arc::new(Semaphore::new(PLACES)),
        }
    }
}

impl Table {
    /// Takes a call in: its number, and the places that it waits for.
    pub(super) fn accept(
        &mut self,
        order: Order,
        stop: oneshot::Sender<()>,
        now: Timestamp,
    ) -> Result<(u64, Arc<Semaphore>), Unqueued> {
        let id = (order.owner.clone(), order.id.clone());
        if self.ids.contains_key(&id) {
            return Err(Unqueued::Used);
        }
        let line = self.lines.entry(order.owner.clone()).or_default();
        let bytes = self.queued_bytes + order.payload.len();
        if line.length >= QUEUED || bytes > QUEUED_BYTES {
            return Err(Unqueued::Full);
        }
        line.length += 1;
        self.queued_bytes = bytes;
        let places = Arc::clone(&line.places);
        let mut task = Task {
            order,
            status: Status::Enqueued,
            started: now,
            ended: None,
            events: Vec::new(),
            retried: 0,
            last: None,
            stop: Some(stop),
        };
        task.reach(Status::Enqueued, now);
        let number = self.next;
        self.next += 1;
        self.tasks.insert(number, task);
        self.ids.insert(id, number);
        Ok((number, places))
    }

    pub(super) fn begin(&mut self, number: u64, retried: u32, now: Timestamp) {
        if let Some(task) = self.unstopped(number) {
            task.retried = retried;
            task.reach(Status::Running, now);
        }
    }

    pub(super) fn will_retry(&mut self, number: u64, now: Timestamp) {
        if let Some(task) = self.unstopped(number) {
            task.reach(Status::Retrying, now);
            // Nobody can ask for it, and what waits is bounded.
            if let Some(last) = &mut task.last {
                last.result = Bytes::new();
            }
        }
    }

    /// A task that somebody stops is on its way to its end, whatever it does until then.
    fn unstopped(&mut self, number: u64) -> Option<&mut Task> {
        let task = self.tasks.get_mut(&number);
        task.filter(|task| task.status != Status::Stopping)
    }

    pub(super) fn note(&mut self, number: u64, mut attempt: Attempt) {
        if attempt.result.len() > RESULT {
            attempt.result = Bytes::copy_from_slice(&attempt.result[..RESULT]);
        }
        if let Some(task) = self.tasks.get_mut(&number) {
            task.last = Some(attempt);
        }
    }

    pub(super) fn finish(&mut self, number: u64, status: Status, now: Timestamp) {
        let Some(task) = self.tasks.get_mut(&number) else {
            return;
        };
        task.reach(status, now);
        task.ended = Some(now);
        task.stop = None;
        self.queued_bytes -= task.order.payload.len();
        self.ended_bytes += task.bytes();
        if let Some(line) = self.lines.get_mut(&task.order.owner) {
            line.length -= 1;
        }
        self.ended.push_back(number);
        while self.ended.len() > ENDED || self.ended_bytes > ENDED_BYTES {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.ended.pop_front();
        if let Some(task) = oldest.and_then(|number| self.tasks.remove(&number)) {
            self.ended_bytes -= task.bytes();
            self.ids.remove(&(task.order.owner, task.order.id));
        }
    }

    pub(super) fn stop(
        &mut self,
        owner: &Owner,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Unstopped> {
        let number = self.ids.get(&(owner.clone(), id.to_owned()));
        let task = number.and_then(|number| self.tasks.get_mut(number));
        let task = task.ok_or(Unstopped::Unknown)?;
        if task.status.is_end() {
            return Err(Unstopped::Ended);
        }
        // One that is being stopped already stays so.
        if let Some(stop) = task.stop.take() {
            task.reach(Status::Stopping, now);
            // Nobody listens when it has just come to its end by itself.
            let _ended = stop.send(());
        }
        Ok(())
    }

    /// A task that can be looked up.
    pub(super) fn get(&self, owner: &Owner, id: &str) -> Option<&Task> {
        let number = self.ids.get(&(owner.clone(), id.to_owned()))?;
        self.tasks.get(number).filter(|task| task.order.rules.task)
    }

    /// The tasks of a function that can be looked up, with their numbers, the oldest first.
    pub(super) fn of<'a>(
        &'a self,
        owner: &'a Owner,
    ) -> impl DoubleEndedIterator<Item = (u64, &'a Task)> {
        let tasks = self.tasks.iter().map(|(number, task)| (*number, task));
        tasks.filter(move |(_, task)| task.order.rules.task && task.order.owner == *owner)
    }
}

/// Milliseconds, as the service counts time; 0 stands for what has not come.
pub(super) fn milliseconds(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_millisecond)
}

/// The same of a duration.
pub(super) fn duration_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
