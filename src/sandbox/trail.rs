//! What is noted of a request on its way, and the line that becomes of it.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::authenticate::Arrived;
use super::authorise::Verdict;
use super::directory::Who;
use super::journal::{Call, Decider, Journal};
use super::operation::Operation;

/// What is noted of a request on its way.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Who signed it.
    pub(super) who: Option<Who>,
    /// What was asked of RAM, and what it said.
    pub(super) verdict: Option<Verdict>,
    /// It was denied, and let pass all the same.
    pub(super) let_through: bool,
}

/// The status of a call that the sandbox's end cut off; no answer has it.
const CUT_OFF: u16 = 499;

/// A request under way. However it ends, it is noted.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) arrived: Arrived,
    pub(super) operation: Operation,
    pub(super) request_id: String,
    pub(super) trail: Trail,
    journal: Arc<Journal>,
    time: Timestamp,
    started: Instant,
    end: (u16, Option<String>),
}

impl UnderWay {
    pub(super) fn new(
        arrived: Arrived,
        operation: Operation,
        request_id: String,
        journal: &Arc<Journal>,
        (time, started): (Timestamp, Instant),
    ) -> Self {
        Self {
            arrived,
            operation,
            request_id,
            trail: Trail::default(),
            journal: Arc::clone(journal),
            time,
            started,
            end: (CUT_OFF, None),
        }
    }

    /// It came to an answer, and with a refusal to a code.
    pub(super) fn end(&mut self, status: u16, error_code: Option<String>) {
        self.end = (status, error_code);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let trail = std::mem::take(&mut self.trail);
        let (status, error_code) = std::mem::take(&mut self.end);
        let noted = Call {
            time: self.time,
            status,
            error_code,
            duration_ms: self.started.elapsed().as_secs_f64() * 1000.0,
            ..trail.call(self)
        };
        self.journal.push(noted);
    }
}

impl Trail {
    /// The call, but for what only its end tells.
    fn call(self, call: &mut UnderWay) -> Call {
        let arrived = &mut call.arrived;
        let mut noted = Call {
            number: 0,
            time: Timestamp::UNIX_EPOCH,
            method: std::mem::take(&mut arrived.method),
            path: std::mem::take(&mut arrived.path),
            identity: self.who.as_ref().map(Who::label),
            product: call.operation.product().as_str(),
            operation: Some(call.operation.name().to_owned()),
            action: None,
            resource: None,
            verdict: None,
            decided_by: None,
            reasons: Vec::new(),
            let_through: self.let_through,
            status: 0,
            error_code: None,
            duration_ms: 0.0,
            request_id: std::mem::take(&mut call.request_id),
        };
        if let Some(verdict) = self.verdict {
            noted.decided_by = decider(&verdict);
            noted.verdict = Some(verdict.explanation.decision);
            let reasons = verdict.explanation.reasons.into_iter();
            noted.reasons = reasons.map(|reason| reason.detail).collect();
            noted.action = Some(verdict.asked.action);
            noted.resource = Some(verdict.asked.resource);
        }
        noted
    }
}

fn decider(verdict: &Verdict) -> Option<Decider> {
    let by = verdict.explanation.decided_by.as_ref()?;
    let policy = verdict.policies.list().get(by.policy)?;
    Some(Decider {
        policy: policy.name.clone(),
        layer: by.layer,
        statement: by.statement,
        effect: by.effect,
        line: by.position.line,
        column: by.position.column,
        text: policy.document.shared_source(),
        span: by.span,
    })
}
