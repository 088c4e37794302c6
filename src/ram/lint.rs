//! What is wrong with a policy document, beyond its grammar.
//!
//! [`lint`] gives everything that [`super::parse`] finds, and for a document that can be read
//! also what its names and conditions most likely do not mean. What a service's actions are
//! is not known here: it comes in as an [`ActionTable`]. Nothing found here changes a verdict.

use super::codes;
use super::document::{Document, Effect, Statement};
use super::finding::Finding;
use super::grammar::parse;
use super::span::Span;
use super::synthesis::MAX_POLICY_LENGTH;

mod conditions;
mod names;
mod overlap;
mod redundancy;
mod table;

/// What kind of operation an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// Lists names; authorised on a literal resource that ends in `/*`.
    List,
    /// Reads one thing.
    Read,
    /// Changes something.
    Write,
    /// Calls something.
    Invoke,
}

/// One operation of a service, and what it is authorised on. An action may have several rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    /// For example `fc:InvokeFunction`.
    pub action: String,
    /// For example `acs:fc:{region}:{account}:functions/{functionName}`. A name in braces
    /// stands for one part of a path, `*` for itself; the bare `*` for all resources.
    pub resources: Vec<String>,
    /// What kind of operation it is.
    pub access: AccessLevel,
}

/// What is known of a service's actions and condition keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionTable {
    /// Its operations.
    pub rows: Vec<ActionRow>,
    /// Its condition keys, for example `fc:EnableHTTPTriggerInternet`.
    pub keys: Vec<String>,
}

impl ActionTable {
    /// Whether the table speaks of a service, named by its code.
    fn knows(&self, service: &str) -> bool {
        self.rows.iter().any(|row| {
            row.action
                .split_once(':')
                .is_some_and(|(known, _)| known.eq_ignore_ascii_case(service))
        })
    }
}

/// Everything that is wrong with a document, by position.
///
/// ```
/// use sesame_fc::ram::{ActionTable, lint};
///
/// let source = br#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:*", "Resource": "acs:fc:*"}]}"#;
/// let names: Vec<&str> = lint(source, &ActionTable::default()).iter().map(|finding| finding.name).collect();
/// assert_eq!(names, ["INVALID_ARN_FIELDS"]);
/// ```
#[must_use]
pub fn lint(source: &[u8], table: &ActionTable) -> Vec<Finding> {
    let parsed = parse(source);
    let Some(document) = parsed.document else {
        return parsed.findings;
    };
    let mut linter = Linter {
        document: &document,
        table,
        findings: parsed.findings,
    };
    linter.document();
    linter.redundant_statements();
    for statement in document.statements() {
        linter.actions(statement);
        linter.resources(statement);
        linter.conditions(statement);
        linter.redundant_elements(statement);
        linter.against_table(statement);
    }
    linter.findings.sort_by_key(|finding| finding.span);
    linter.findings
}

struct Linter<'d> {
    document: &'d Document,
    table: &'d ActionTable,
    findings: Vec<Finding>,
}

impl Linter<'_> {
    fn report(
        &mut self,
        code: &codes::LintCode,
        span: Span,
        message: String,
        help: impl Into<String>,
    ) {
        self.findings
            .push(Finding::new(code, span, message).with_help(help));
    }

    fn document(&mut self) {
        let length = self.document.to_json().to_string().len();
        if length > MAX_POLICY_LENGTH {
            let message = format!(
                "{length} bytes without white space; a custom policy holds {MAX_POLICY_LENGTH} characters"
            );
            self.report(
                &codes::POLICY_TOO_LONG,
                self.document.statement_span,
                message,
                "split it into several policies",
            );
        }
        if self.document.is_trust_policy() {
            return;
        }
        for statement in self.document.statements() {
            if let Some(principal) = &statement.principal {
                let message = "a `Principal` among statements without one".to_owned();
                let help = "keep a role's trust policy and identity policies apart";
                self.report(&codes::UNSUPPORTED_PRINCIPAL, principal.span, message, help);
            }
        }
    }
}

/// Whether the statement names actions that it allows.
fn grants(statement: &Statement) -> bool {
    statement.effect == Effect::Allow && !statement.action.not
}
