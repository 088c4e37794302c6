//! The operations on tasks, in both generations' words.
//!
//! Documented are the fields, the states, 409 for an id that was used and 412 for a task that
//! has ended. `StatefulAsyncInvocationAlreadyExists`, `StatefulAsyncInvocationNotFound` and
//! `AsyncTaskNotFound` are reported from the service; `AsyncTaskAlreadyExists` is formed after
//! them, and the texts of all are guesses.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};

use super::super::answer::{Refused, json_answer};
use super::super::authenticate::Arrived;
use super::super::functions;
use super::super::operation::{FcCall, FcKind, Product, parameters};
use super::super::world::World;
use super::table::{Status, Table, Task, duration_ms, milliseconds};
use super::{Owner, Unqueued, Unstopped};
use crate::catalogue::Generation;

/// The most entries of a list.
const LONGEST_PAGE: usize = 100;

/// GetAsyncTask, ListAsyncTasks, StopAsyncTask, and what FC 2.0 calls them.
pub(in crate::sandbox) fn answer(
    world: &World,
    call: &FcCall,
    arrived: &Arrived,
    request_id: &str,
) -> Result<Response<Body>, Refused> {
    let function = functions::find(world, call)?;
    let owner = (call.service.clone(), function.name().to_owned());
    let told = Told { world, call };
    let id = call.item.as_deref().unwrap_or_default();
    let table = world.tasks.table();
    let body = match call.kind {
        FcKind::ListTasks => told.list(&table, &owner, &Wanted::of(call, &arrived.query)?),
        kind => {
            let task = table.get(&owner, id).filter(|task| is_of(task, call));
            let task = task.ok_or_else(|| not_found(call, id))?;
            if kind == FcKind::StopTask {
                drop(table);
                let stopped = world.tasks.stop(&owner, id);
                stopped.map_err(|why| cannot_stop(call, id, why))?;
                json!({})
            } else {
                told.task(task, true)
            }
        }
    };
    Ok(json_answer(200, Product::Fc(call.api), request_id, &body))
}

/// Why a call was not queued, as the service says it.
pub(in crate::sandbox) fn refuse(call: &FcCall, id: &str, why: Unqueued) -> Refused {
    match why {
        Unqueued::Used => {
            let code = match call.generation() {
                Generation::Fc2 => "StatefulAsyncInvocationAlreadyExists",
                Generation::Fc3 => "AsyncTaskAlreadyExists",
            };
            Refused::new(409, code, format!("{} already exists", named(call, id)))
        }
        Unqueued::Full => {
            let message = "too many asynchronous invocations are waiting, please retry later";
            Refused::new(429, "ResourceExhausted", message)
        }
    }
}

fn not_found(call: &FcCall, id: &str) -> Refused {
    let code = match call.generation() {
        Generation::Fc2 => "StatefulAsyncInvocationNotFound",
        Generation::Fc3 => "AsyncTaskNotFound",
    };
    Refused::new(404, code, format!("{} does not exist", named(call, id)))
}

fn cannot_stop(call: &FcCall, id: &str, why: Unstopped) -> Refused {
    match why {
        Unstopped::Unknown => not_found(call, id),
        Unstopped::Ended => {
            let message = format!("{} has already finished", named(call, id));
            Refused::new(412, "PreconditionFailed", message)
        }
    }
}

fn named(call: &FcCall, id: &str) -> String {
    let what = match call.generation() {
        Generation::Fc2 => "stateful async invocation",
        Generation::Fc3 => "async task",
    };
    format!("{what} '{id}'")
}

/// Whether a task is of the version that a call names; a call that names none means any.
fn is_of(task: &Task, call: &FcCall) -> bool {
    let wanted = call.qualifier.as_deref();
    wanted.is_none_or(|wanted| wanted == qualifier(task))
}

fn qualifier(task: &Task) -> &str {
    task.order.qualifier.as_deref().unwrap_or("LATEST")
}

/// Which tasks of a list are wanted.
struct Wanted {
    prefix: String,
    status: Option<Status>,
    /// From when to when they were taken in, in milliseconds.
    times: (i64, i64),
    newest_first: bool,
    payload: bool,
    limit: usize,
    /// Where the page begins: the token that the last one ended with.
    start: Option<u64>,
}

impl Wanted {
    fn of(call: &FcCall, query: &str) -> Result<Self, Refused> {
        // 50 is on FC 2.0's page, 20 on the latest of FC 3.0.
        let (prefix, limit) = match call.generation() {
            Generation::Fc2 => ("invocationIdPrefix", 50),
            Generation::Fc3 => ("prefix", 20),
        };
        let mut wanted = Self {
            prefix: String::new(),
            status: None,
            times: (i64::MIN, i64::MAX),
            newest_first: true,
            payload: false,
            limit,
            start: None,
        };
        for (key, value) in parameters(query) {
            let bad = || Refused::invalid_argument(format!("invalid {key} '{value}'"));
            let number = || value.parse::<i64>().map_err(|_| bad());
            match key.as_str() {
                _ if value.is_empty() => {}
                key if key == prefix => wanted.prefix = value,
                "status" => {
                    let mut all = Status::ALL.into_iter();
                    let status = all.find(|status| status.as_str() == value);
                    wanted.status = Some(status.ok_or_else(bad)?);
                }
                "startedTimeBegin" => wanted.times.0 = number()?,
                "startedTimeEnd" => wanted.times.1 = number()?,
                "sortOrderByTime" => {
                    wanted.newest_first = match value.as_str() {
                        "asc" => false,
                        "desc" => true,
                        _ => return Err(bad()),
                    }
                }
                "includePayload" => wanted.payload = value.parse().map_err(|_| bad())?,
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LONGEST_PAGE).contains(limit));
                    wanted.limit = limit.ok_or_else(bad)?;
                }
                "nextToken" => wanted.start = Some(value.parse().map_err(|_| bad())?),
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn has(&self, number: u64, task: &Task) -> bool {
        let in_page = self.start.is_none_or(|start| match self.newest_first {
            true => number <= start,
            false => number >= start,
        });
        let time = task.started.as_millisecond();
        in_page
            && task.order.id.starts_with(&self.prefix)
            && self.status.is_none_or(|status| status == task.status)
            && (self.times.0..=self.times.1).contains(&time)
    }
}

/// Tasks as they are told.
struct Told<'a> {
    world: &'a World,
    call: &'a FcCall,
}

impl Told<'_> {
    fn list(&self, table: &Table, owner: &Owner, wanted: &Wanted) -> Value {
        let is_wanted =
            |(number, task): &(u64, &Task)| wanted.has(*number, task) && is_of(task, self.call);
        let tasks = table.of(owner).filter(is_wanted);
        // One more than a page says where the next one begins.
        let mut page: Vec<(u64, &Task)> = match wanted.newest_first {
            true => tasks.rev().take(wanted.limit + 1).collect(),
            false => tasks.take(wanted.limit + 1).collect(),
        };
        let next = page.get(wanted.limit).map(|(number, _)| number.to_string());
        page.truncate(wanted.limit);
        let shown = page.iter().map(|(_, task)| self.task(task, wanted.payload));
        let name = match self.call.generation() {
            Generation::Fc2 => "invocations",
            Generation::Fc3 => "tasks",
        };
        let mut list = Map::from_iter([(name.to_owned(), shown.collect())]);
        if let Some(next) = next {
            list.insert("nextToken".to_owned(), next.into());
        }
        Value::Object(list)
    }

    fn task(&self, task: &Task, with_payload: bool) -> Value {
        let order = &task.order;
        let last = task.last.as_ref();
        let events = task.events.iter().zip(1..).map(|(event, id)| {
            json!({
                "eventId": id,
                "status": event.status.as_str(),
                "timestamp": event.time.as_millisecond(),
                "eventDetail": event.detail,
            })
        });
        let mut told = json!({
            "status": task.status.as_str(),
            "requestId": order.request_id,
            "qualifier": qualifier(task),
            "startedTime": task.started.as_millisecond(),
            "endTime": milliseconds(task.ended),
            "durationMs": last.map_or(0, |last| duration_ms(last.duration)),
            "alreadyRetriedTimes": task.retried,
            "instanceId": last.map_or("", |last| &last.instance_id),
            "returnPayload": last.map_or_else(String::new, |last| text(&last.result)),
            "events": events.collect::<Vec<_>>(),
        });
        let error = last.and_then(|last| last.error.as_deref());
        let error = error.unwrap_or_default();
        let (id_key, error_key, payload_key) = match self.call.generation() {
            Generation::Fc2 => {
                told["serviceName"] = order.owner.0.clone().into();
                told["functionName"] = order.owner.1.clone().into();
                (
                    "invocationId",
                    "invocationErrorMessage",
                    "invocationPayload",
                )
            }
            Generation::Fc3 => {
                let config = &self.world.config;
                let (region, account) = (&config.region, &config.account);
                told["functionArn"] =
                    format!("acs:fc:{region}:{account}:functions/{}", order.owner.1).into();
                ("taskId", "taskErrorMessage", "taskPayload")
            }
        };
        told[id_key] = order.id.clone().into();
        told[error_key] = error.into();
        if with_payload {
            told[payload_key] = text(&order.payload).into();
        }
        told
    }
}

/// JSON has text only; what is none is shown as far as it is.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
