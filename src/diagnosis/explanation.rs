//! Somebody's text, explained: what was refused, to whom, why, and the way out.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::answers::{Facts, diagnosed, of_function};
use super::failure::Hint;
use super::pasted::{self, Found, Own, Pasted, Shape};
use super::permission::{self, Origin};
use super::refusal::classify;
use super::{Cause, Decoded, Failure, MatchedPolicy, Reading, grant};
use crate::acs::Principal;
use crate::catalogue::actions;
use crate::preflight::Denial;

#[expect(
    clippy::expect_used,
    reason = "the pattern is a constant, and a test compiles it"
)]
/// What a service repeats of a request and nobody should see again.
static SECRETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i-u)((?:security-?token|accesskeysecret|signature)(?:=|%3D|:[ ]*)",
        r#"|authorization[ "':=]{1,4}(?:FC|acs) [A-Za-z0-9.*_-]+:)"#,
        r"[A-Za-z0-9%+/=_.-]{8,}",
    ))
    .expect("a constant pattern")
});

/// What a text holds, before it is explained.
#[derive(Debug)]
pub struct Evidence {
    found: Found,
    count: usize,
    decoded: Option<Decoded>,
}

/// A text, explained.
#[derive(Debug)]
pub struct Explanation {
    /// Why it was refused.
    pub cause: Cause,
    /// The product that refused, as actions name it.
    pub product: Option<String>,
    /// The HTTP status, where the text has one.
    pub http_status: Option<u16>,
    /// What the text says.
    pub reading: Reading,
    /// The same in words, with the way out.
    pub failure: Failure,
    /// What is to be kept in mind.
    pub warnings: Vec<String>,
    /// How many refusals the text holds; the last is explained.
    pub count: usize,
    /// RAM's word on it, where it was asked.
    pub decoded: Option<Decoded>,
}

impl Evidence {
    /// Reads a body, an answer, or any text that holds one. The time is linear in its length.
    pub fn read(text: &str) -> Self {
        let Pasted { found, count } = pasted::find(text);
        let mut found = found.unwrap_or_else(|| pasted::unknown(text));
        if let Some(message) = &mut found.reading.message {
            *message = SECRETS.replace_all(message, "$1[hidden]").into_owned();
        }
        Self {
            found,
            count,
            decoded: None,
        }
    }

    /// What RAM could decode, if the text has it whole.
    pub fn encoded(&self) -> Option<&str> {
        let message = self.found.reading.encoded_diagnostic_message.as_deref();
        message.filter(|message| permission::is_encoded(message))
    }

    /// The command that an administrator decodes it with.
    pub fn decode_command(&self) -> Option<String> {
        self.encoded().map(permission::decode_command)
    }

    /// Adds RAM's word, which counts for more than the text's.
    #[must_use]
    pub fn decoded(mut self, decoded: Decoded) -> Self {
        let reading = &mut self.found.reading;
        let differ = |said: &Option<String>, known: &Option<String>| {
            said.is_some() && known.is_some() && said != known
        };
        if differ(&decoded.action, &reading.action) || differ(&decoded.resource, &reading.resource)
        {
            self.found.shape = Shape::Contradicted;
        } else if decoded.action.is_some() && decoded.resource.is_some() {
            self.found.shape = Shape::Whole;
        }
        for (said, known) in [
            (&decoded.action, &mut reading.action),
            (&decoded.resource, &mut reading.resource),
            (&decoded.policy_type, &mut reading.policy_type),
        ] {
            if said.is_some() {
                known.clone_from(said);
            }
        }
        reading.denial = decoded.denial.or(reading.denial);
        if decoded.principal.is_some() {
            reading.principal.clone_from(&decoded.principal);
        }
        self.found.cause = classify(None, reading);
        self.decoded = Some(decoded);
        self
    }

    /// The explanation.
    pub fn explain(self) -> Explanation {
        let Found {
            status,
            reading,
            cause,
            shape,
            own,
        } = self.found;
        let mut failure = match cause {
            Cause::FunctionError | Cause::FunctionTimeout | Cause::FunctionExited => {
                of_function(cause, &reading)
            }
            _ => {
                let facts = Facts {
                    status,
                    ..Facts::default()
                };
                diagnosed(cause, &reading, facts, Origin::Text(shape))
            }
        };
        if let Some(own) = own {
            add_own(&mut failure, &reading, own);
        }
        if let Some(decoded) = &self.decoded {
            add_decoded(&mut failure, decoded);
        }
        let mut warnings = Vec::new();
        if self.count > 1 {
            warnings.push(format!(
                "the text holds {} refusals: the last one is explained",
                self.count
            ));
        }
        let action = reading.action.as_deref().unwrap_or_default();
        if failure.suggested_policy.is_some() && actions::named(action).next().is_none() {
            warnings.push(format!(
                "`{action}` is not in sesame's table of Function Compute's actions: make sure of what it grants"
            ));
        }
        if cause == Cause::Unknown {
            "nothing in the text has the form of a refusal that sesame knows"
                .clone_into(&mut failure.title);
            failure.hints.push(Hint::text(
                "give it the whole body, or the lines of the log around the error; what could be read is shown",
            ));
        }
        Explanation {
            cause,
            product: reading.product(),
            http_status: status,
            reading,
            failure,
            warnings,
            count: self.count,
            decoded: self.decoded,
        }
    }
}

/// What sesame said is said again as it was.
fn add_own(failure: &mut Failure, reading: &Reading, own: Own) {
    let who = reading.principal.as_ref().map(Principal::describe);
    failure.who = failure.who.take().or(who);
    failure.principal = failure
        .principal
        .take()
        .or_else(|| reading.principal.clone());
    failure.code = own.code;
    failure.title = SECRETS.replace_all(&own.title, "$1[hidden]").into_owned();
    if failure.hints.is_empty() {
        failure.hints.push(Hint::text(format!(
            "`sesame explain {}` says more",
            own.code.id
        )));
    }
}

/// RAM's words beside the text's. The command that asks for them has done its work.
fn add_decoded(failure: &mut Failure, decoded: &Decoded) {
    failure.hints.retain(|hint| {
        let command = hint.command.as_deref().unwrap_or_default();
        !command.starts_with("aliyun ram DecodeDiagnosticMessage")
    });
    if decoded.action.is_some() && decoded.resource.is_some() {
        failure.why.retain(|why| why != grant::TEXTS_OWN);
    }
    for policy in &decoded.policies {
        failure.why.push(policy.describe());
    }
    let denies = |policy: &&MatchedPolicy| policy.effect.as_deref() == Some("Deny");
    let denying = decoded.policies.iter().filter(denies);
    let denying: Vec<String> = denying.map(|policy| format!("`{}`", policy.name)).collect();
    if failure.denial == Some(Denial::Explicit) && !denying.is_empty() {
        failure
            .hints
            .retain(|hint| hint.text != permission::WHICH_DENY);
        failure.hints.push(Hint::text(format!(
            "an Allow does not lift a Deny: ask whoever owns {} for an exception",
            denying.join(" and ")
        )));
    }
    if decoded.policies.is_empty() {
        failure.why.push("RAM names no policy".to_owned());
    }
    for (key, value) in &decoded.conditions {
        failure
            .why
            .push(format!("in the request: {key} is {value}"));
    }
}
