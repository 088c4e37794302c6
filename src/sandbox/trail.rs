//! What is noted of a request on its way, and the line that becomes of it.

use jiff::Timestamp;

use super::authenticate::Arrived;
use super::authorise::Verdict;
use super::directory::Who;
use super::journal::{Call, Decider};
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

impl Trail {
    /// The call, but for what only its end tells.
    pub(super) fn call(self, arrived: Arrived, operation: &Operation, request_id: String) -> Call {
        let mut call = Call {
            number: 0,
            time: Timestamp::UNIX_EPOCH,
            method: arrived.method,
            path: arrived.path,
            identity: self.who.as_ref().map(Who::label),
            product: operation.product().as_str(),
            operation: Some(operation.name().to_owned()),
            action: None,
            resource: None,
            verdict: None,
            decided_by: None,
            reasons: Vec::new(),
            let_through: self.let_through,
            status: 0,
            error_code: None,
            duration_ms: 0.0,
            request_id,
        };
        if let Some(verdict) = self.verdict {
            call.decided_by = decider(&verdict);
            call.verdict = Some(verdict.explanation.decision);
            let reasons = verdict.explanation.reasons.into_iter();
            call.reasons = reasons.map(|reason| reason.detail).collect();
            call.action = Some(verdict.asked.action);
            call.resource = Some(verdict.asked.resource);
        }
        call
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
