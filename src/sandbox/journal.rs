//! The last calls, for the access log and the page: bounded in memory, and followed without
//! ever holding up a call. Who follows too slowly is told how many calls it missed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ram::{Decision, Effect, Layer, Span};

/// How many calls are kept.
pub(super) const KEPT: usize = 1_000;
/// The most bytes of a text that came with the call. A resource has a few hundred.
const MAX_TEXT: usize = 2_048;
/// The most reasons of one call.
const MAX_REASONS: usize = 16;

/// One call, as the access log and the page show it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Counted from 1, in the order in which the calls ended; [`Journal::push`] sets it.
    pub number: u64,
    /// When it arrived.
    pub time: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path on the wire, without its query, which may be signed.
    pub path: String,
    /// Who called, once the signature was found good.
    pub identity: Option<String>,
    /// `fc`, `sts`, `ram` or `resourcemanager`.
    pub product: &'static str,
    /// The operation, as the service names it.
    pub operation: Option<String>,
    /// What was authorised.
    pub action: Option<String>,
    /// On what.
    pub resource: Option<String>,
    /// The verdict, when the call came that far.
    pub verdict: Option<Decision>,
    /// The statement that decided, when one did.
    pub decided_by: Option<Decider>,
    /// Why the verdict is undetermined, and what else is to be said.
    pub reasons: Vec<String>,
    /// Whether the call went on although it was not allowed.
    pub let_through: bool,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The service's code of the refusal.
    pub error_code: Option<String>,
    /// From arrival to answer, in milliseconds.
    pub duration_ms: f64,
    /// The id that the answer carried.
    pub request_id: String,
}

/// The statement that decided a call, in the policy as it was then.
#[derive(Debug, Clone)]
pub struct Decider {
    /// The policy's name.
    pub policy: String,
    /// Where it is bound.
    pub layer: Layer,
    /// The statement, counted from 0.
    pub statement: usize,
    /// What the statement does.
    pub effect: Effect,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// The policy's whole text, shared by all calls that it decided.
    pub text: Arc<str>,
    /// The statement in the text.
    pub span: Span,
}

/// The last calls. Cheap when nobody follows.
#[derive(Debug)]
pub struct Journal {
    calls: Mutex<VecDeque<Arc<Call>>>,
    latest: watch::Sender<Latest>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Latest {
    number: u64,
    closed: bool,
}

/// Follows a journal from one call on.
#[derive(Debug)]
pub struct Follower {
    journal: Arc<Journal>,
    latest: watch::Receiver<Latest>,
    seen: u64,
}

/// The calls since the last look.
#[derive(Debug)]
pub struct News {
    /// How many came and went unseen.
    pub missed: u64,
    /// The others, oldest first.
    pub calls: Vec<Arc<Call>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            latest: watch::Sender::new(Latest::default()),
        }
    }
}

impl Journal {
    /// Keeps the call under the next number, and lets the oldest go.
    pub fn push(&self, mut call: Call) -> Arc<Call> {
        call.bound();
        let mut calls = self.calls();
        call.number = calls.back().map_or(0, |last| last.number) + 1;
        let call = Arc::new(call);
        if calls.len() == KEPT {
            calls.pop_front();
        }
        calls.push_back(Arc::clone(&call));
        // Still under the lock, so that the numbers are told in order.
        self.latest
            .send_modify(|latest| latest.number = call.number);
        call
    }

    /// The calls after a number, oldest first; all that are kept after 0.
    pub fn after(&self, number: u64) -> Vec<Arc<Call>> {
        let calls = self.calls();
        let first = calls.partition_point(|call| call.number <= number);
        calls.iter().skip(first).cloned().collect()
    }

    /// The call of a number, while it is kept.
    pub fn get(&self, number: u64) -> Option<Arc<Call>> {
        let calls = self.calls();
        let place = calls.binary_search_by_key(&number, |call| call.number);
        calls.get(place.ok()?).cloned()
    }

    /// Follows from after a number on: what is kept first, then what comes.
    pub fn follow(self: &Arc<Self>, number: u64) -> Follower {
        Follower {
            journal: Arc::clone(self),
            latest: self.latest.subscribe(),
            seen: number,
        }
    }

    /// Ends every follower, so that nothing holds up the end of the sandbox.
    pub fn close(&self) {
        self.latest.send_modify(|latest| latest.closed = true);
    }

    fn calls(&self) -> MutexGuard<'_, VecDeque<Arc<Call>>> {
        // Each change is whole before anything in it could panic.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Waits for calls that were not seen yet; none once the journal is closed.
    /// Nothing is lost when this is dropped while it waits.
    pub async fn next(&mut self) -> Option<News> {
        let seen = self.seen;
        let latest = self
            .latest
            .wait_for(|latest| latest.closed || latest.number > seen)
            .await
            .ok()?;
        if latest.number <= seen {
            return None; // closed, and all was seen
        }
        drop(latest);
        let calls = self.journal.after(seen);
        let first = calls.first()?.number;
        self.seen = calls.last()?.number;
        Some(News {
            missed: first - seen - 1,
            calls,
        })
    }
}

impl Call {
    /// What came with the request may be of any length; what is kept is not.
    fn bound(&mut self) {
        let optional = [
            &mut self.identity,
            &mut self.operation,
            &mut self.action,
            &mut self.resource,
            &mut self.error_code,
        ];
        let texts = [&mut self.method, &mut self.path, &mut self.request_id];
        let texts = texts.into_iter().chain(optional.into_iter().flatten());
        self.reasons.truncate(MAX_REASONS);
        for text in texts.chain(&mut self.reasons) {
            shorten(text);
        }
    }

    /// The call for programs: what a line of the access log and the page have in common.
    pub fn to_fields(&self) -> Value {
        let (verdict, denial) = match self.verdict {
            None => (None, None),
            Some(Decision::Allowed) => (Some("allowed"), None),
            Some(Decision::ExplicitDeny) => (Some("denied"), Some("explicit")),
            Some(Decision::ImplicitDeny) => (Some("denied"), Some("implicit")),
            Some(Decision::Undetermined) => (Some("undetermined"), None),
        };
        json!({
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            "method": self.method,
            "path": self.path,
            "identity": self.identity,
            "product": self.product,
            "operation": self.operation,
            "action": self.action,
            "resource": self.resource,
            "verdict": verdict,
            "denial": denial,
            "decided_by": self.decided_by.as_ref().map(Decider::to_json),
            "reasons": self.reasons,
            "let_through": self.let_through,
            "status": self.status,
            "error_code": self.error_code,
            // A clock is no finer than a microsecond.
            "duration_ms": (self.duration_ms * 1000.0).round() / 1000.0,
            "request_id": self.request_id,
        })
    }
}

impl Decider {
    fn to_json(&self) -> Value {
        json!({
            "policy": self.policy,
            "layer": self.layer.as_str(),
            "statement": self.statement,
            "effect": self.effect.as_str(),
            "line": self.line,
            "column": self.column,
        })
    }
}

fn shorten(text: &mut String) {
    const MARK: char = '…';
    if text.len() <= MAX_TEXT {
        return;
    }
    let mut end = MAX_TEXT - MARK.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push(MARK);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::sandbox) fn call(path: &str) -> Call {
        Call {
            number: 0,
            time: "2026-11-22T12:03:11.042Z".parse().unwrap(),
            method: "POST".into(),
            path: path.into(),
            identity: Some("developer".into()),
            product: "fc",
            operation: Some("InvokeFunction".into()),
            action: Some("fc:InvokeFunction".into()),
            resource: Some("acs:fc:cn-hangzhou:1234567890123456:functions/hello".into()),
            verdict: Some(Decision::Allowed),
            decided_by: None,
            reasons: Vec::new(),
            let_through: false,
            status: 200,
            error_code: None,
            duration_ms: 1.2504,
            request_id: "1-0-0-0".into(),
        }
    }

    fn numbers(calls: &[Arc<Call>]) -> (u64, u64, usize) {
        let number = |call: Option<&Arc<Call>>| call.unwrap().number;
        (number(calls.first()), number(calls.last()), calls.len())
    }

    #[test]
    fn the_last_thousand_are_kept() {
        let journal = Journal::default();
        assert!(journal.after(0).is_empty());
        for _ in 0..KEPT + 5 {
            journal.push(call("/"));
        }
        assert_eq!(numbers(&journal.after(0)), (6, 1_005, KEPT));
        assert_eq!(numbers(&journal.after(1_003)), (1_004, 1_005, 2));
        assert!(journal.after(1_005).is_empty());
        assert!(journal.get(5).is_none());
        assert_eq!(journal.get(6).unwrap().number, 6);
        assert!(journal.get(1_006).is_none());
    }

    #[test]
    fn no_text_is_kept_at_any_length() {
        let journal = Journal::default();
        let kept = journal.push(Call {
            reasons: vec!["中".repeat(10_000); 100],
            resource: Some("r".repeat(MAX_TEXT + 1)),
            operation: Some("o".repeat(MAX_TEXT)),
            ..call(&"/é".repeat(10_000))
        });
        let shortened = |text: &str| text.len() <= MAX_TEXT && text.ends_with('…');
        assert!(shortened(&kept.path) && shortened(kept.resource.as_deref().unwrap()));
        assert_eq!(kept.reasons.len(), MAX_REASONS);
        assert!(kept.reasons.iter().all(|reason| shortened(reason)));
        assert_eq!(kept.operation.as_ref().unwrap().len(), MAX_TEXT);
    }

    #[tokio::test]
    async fn a_follower_sees_what_was_kept_and_what_comes() {
        let journal = Arc::new(Journal::default());
        journal.push(call("/1"));
        journal.push(call("/2"));
        let mut follower = journal.follow(1);
        let news = follower.next().await.unwrap();
        assert_eq!((news.missed, numbers(&news.calls)), (0, (2, 2, 1)));
        let (news, _) = tokio::join!(follower.next(), async { journal.push(call("/3")) });
        assert_eq!(numbers(&news.unwrap().calls), (3, 3, 1));
    }

    #[tokio::test]
    async fn a_slow_follower_is_told_what_it_missed() {
        let journal = Arc::new(Journal::default());
        let mut follower = journal.follow(0);
        for _ in 0..KEPT + 7 {
            journal.push(call("/"));
        }
        let news = follower.next().await.unwrap();
        assert_eq!((news.missed, news.calls.len()), (7, KEPT));
    }

    #[tokio::test]
    async fn closing_ends_followers_after_the_last_call() {
        let journal = Arc::new(Journal::default());
        let mut follower = journal.follow(0);
        journal.push(call("/"));
        journal.close();
        assert_eq!(follower.next().await.unwrap().calls.len(), 1);
        assert!(follower.next().await.is_none());
        assert!(journal.follow(9).next().await.is_none());
    }

    #[test]
    fn a_verdict_is_a_word_and_a_kind() {
        let of = |verdict| {
            let fields = Call {
                verdict,
                ..call("/")
            }
            .to_fields();
            (fields["verdict"].clone(), fields["denial"].clone())
        };
        assert_eq!(of(None), (json!(null), json!(null)));
        assert_eq!(
            of(Some(Decision::Undetermined)),
            (json!("undetermined"), json!(null))
        );
        assert_eq!(
            of(Some(Decision::ImplicitDeny)),
            (json!("denied"), json!("implicit"))
        );
        let fields = call("/").to_fields();
        assert_eq!(fields["time"], "2026-11-22T12:03:11.042Z");
        assert_eq!(fields["duration_ms"], 1.25);
    }
}
