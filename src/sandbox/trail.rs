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

/// The status of a call whose caller went away; no answer has it.
const GONE: u16 = 499;

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
            end: (GONE, None),
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
        self.journal.push(Call {
            time: self.time,
            status,
            error_code,
            duration_ms: self.started.elapsed().as_secs_f64() * 1000.0,
            ..trail.call(&self.arrived, &self.operation, self.request_id.clone())
        });
    }
}

impl Trail {
    /// The call, but for what only its end tells.
    fn call(self, arrived: &Arrived, operation: &Operation, request_id: String) -> Call {
        let verdict = self.verdict.as_ref();
        let reasons = verdict.map(|verdict| {
            let reasons = verdict.explanation.reasons.iter();
            reasons.map(|reason| reason.detail.clone()).collect()
        });
        Call {
            number: 0,
            time: Timestamp::UNIX_EPOCH,
            method: arrived.method.clone(),
            path: arrived.path.clone(),
            identity: self.who.as_ref().map(Who::label),
            product: operation.product().as_str(),
            operation: Some(operation.name().to_owned()),
            action: verdict.map(|verdict| verdict.asked.action.clone()),
            resource: verdict.map(|verdict| verdict.asked.resource.clone()),
            verdict: verdict.map(|verdict| verdict.explanation.decision),
            decided_by: verdict.and_then(decider),
            reasons: reasons.unwrap_or_default(),
            let_through: self.let_through,
            status: 0,
            error_code: None,
            duration_ms: 0.0,
            request_id,
        }
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
