//! From JSON to a [`Document`]: the grammar of the policy language.
//!
//! Every departure is reported, and reading goes on. A finding is fatal when the text has no
//! place in the grammar, so that nothing can be said of what it means; elements that can be
//! read but are not documented stay in the document and are told apart when it is evaluated.

use super::codes;
use super::document::{
    Condition, ConditionValue, Document, Effect, Patterns, Principal, PrincipalKind, Statement,
    Text, Texts,
};
use super::finding::Finding;
use super::json::{Kind, Member, Node, read, shorten};
use super::operator::{OPERATORS, Operator};
use super::span::Span;
use super::suggest::closest;
use std::sync::Arc;

mod conditions;
mod statement;

/// Bytes past which a file is not read at all.
const MAX_BYTES: usize = 1 << 20;
/// Findings past which nothing more is reported: nobody reads on.
const MAX_FINDINGS: usize = 1_000;

/// What came of reading a document.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The document; none when some finding is fatal.
    pub document: Option<Document>,
    /// Every fault, by position.
    pub findings: Vec<Finding>,
}

/// Reads a policy document. Every fault is found in one pass; `document` is none exactly when
/// some finding is fatal. An unknown operator, `NotResource` and a `Statement` that is a bare
/// object are findings, but not fatal ones.
///
/// ```
/// use sesame_fc::ram::parse;
///
/// let parsed = parse(br#"{"Version": "1", "Statement": [{"Effect": "allow", "Action": "fc:*"}]}"#);
/// let names: Vec<&str> = parsed.findings.iter().map(|finding| finding.name).collect();
/// assert_eq!(names, ["MISSING_RESOURCE", "INVALID_EFFECT"]);
/// assert!(parsed.document.is_none());
/// ```
#[must_use]
pub fn parse(source: &[u8]) -> Parsed {
    let refused = |finding: Finding| Parsed {
        document: None,
        findings: vec![finding.fatal()],
    };
    if source.len() > MAX_BYTES {
        let message = format!("{} bytes is more than any policy has", source.len());
        let finding = Finding::new(&codes::DOCUMENT_TOO_BIG, Span::new(0, 0), message);
        return refused(
            finding.with_help("a policy holds 6,144 characters: check which file this is"),
        );
    }
    let text = match std::str::from_utf8(source) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let message = match source {
                [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "the file is UTF-16, not UTF-8".to_owned(),
                _ => format!(
                    "the byte {:#04x} is not UTF-8",
                    source.get(at).copied().unwrap_or(0)
                ),
            };
            let end = at + error.error_len().unwrap_or(source.len() - at);
            return refused(
                Finding::new(&codes::INVALID_ENCODING, Span::new(at, end), message)
                    .with_help("save the file as UTF-8"),
            );
        }
    };
    let mut grammar = Grammar {
        findings: Vec::new(),
    };
    if text.starts_with('\u{feff}') {
        let finding = Finding::new(
            &codes::BYTE_ORDER_MARK,
            Span::new(0, 3),
            "the file begins with a byte order mark",
        );
        grammar
            .findings
            .push(finding.with_help("save the file without it"));
    }
    let root = read(text, &mut grammar.findings);
    let document = grammar.document(&root, text);
    let mut findings = grammar.findings;
    findings.sort_by_key(|finding| finding.span);
    let fatal = findings.iter().any(|finding| finding.fatal);
    Parsed {
        document: document.filter(|_| !fatal),
        findings,
    }
}

struct Grammar {
    findings: Vec<Finding>,
}

const DOCUMENT_ELEMENTS: &[&str] = &["Version", "Statement"];
const STATEMENT_ELEMENTS: &[&str] = &[
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Principal",
    "Sid",
];

impl Grammar {
    fn fatal(
        &mut self,
        code: &codes::LintCode,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Finding::new(code, span, message).fatal().with_help(help));
    }

    fn report(
        &mut self,
        code: &codes::LintCode,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Finding::new(code, span, message).with_help(help));
    }

    /// Past the bound only the first fatal finding still counts.
    fn push(&mut self, finding: Finding) {
        let full = self.findings.len() >= MAX_FINDINGS;
        if !full || (finding.fatal && self.findings.iter().all(|earlier| !earlier.fatal)) {
            self.findings.push(finding);
        }
    }

    fn wrong_type(&mut self, node: &Node<'_>, what: &str, wanted: &str, help: &str) {
        let found = match &node.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a truth value",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
            // Reported when it was read.
            Kind::Invalid => return,
        };
        self.fatal(
            &codes::DATA_TYPE_MISMATCH,
            node.span,
            format!("{what} is {found}, not {wanted}"),
            help,
        );
    }

    fn document(&mut self, root: &Node<'_>, text: &str) -> Option<Document> {
        let Kind::Object(members) = &root.kind else {
            self.wrong_type(
                root,
                "the document",
                "an object",
                "write `{\"Version\": \"1\", \"Statement\": […]}`",
            );
            return None;
        };
        let misnamed = self.elements(members, DOCUMENT_ELEMENTS, "a document");
        let brace = Span::new(root.span.start, root.span.start + 1);
        match find(members, "Version") {
            Some(version) => self.version(&version.value),
            None if !misnamed.contains(&"Version") => {
                self.fatal(
                    &codes::MISSING_VERSION,
                    brace,
                    "the document has no `Version`",
                    "add `\"Version\": \"1\"`",
                );
            }
            None => {}
        }
        let Some(statement) = find(members, "Statement") else {
            if !misnamed.contains(&"Statement") {
                self.fatal(
                    &codes::MISSING_STATEMENT,
                    brace,
                    "the document has no `Statement`",
                    "add `\"Statement\": […]`",
                );
            }
            return None;
        };
        let (statements, bare) = self.statements(&statement.value)?;
        Some(Document {
            source: Arc::from(text),
            statements,
            bare,
            statement_span: statement.value.span,
        })
    }

    fn version(&mut self, node: &Node<'_>) {
        match &node.kind {
            Kind::String(version) if version == "1" => {}
            Kind::String(version) => {
                let message = format!("`Version` is `{}`, not `1`", shorten(version));
                self.fatal(
                    &codes::INVALID_VERSION,
                    node.span,
                    message,
                    "write `\"Version\": \"1\"`",
                );
            }
            _ => self.wrong_type(
                node,
                "`Version`",
                "a string",
                "write `\"Version\": \"1\"`, quotes included",
            ),
        }
    }

    fn statements(&mut self, node: &Node<'_>) -> Option<(Vec<Statement>, bool)> {
        match &node.kind {
            Kind::Array(items) => {
                if items.is_empty() {
                    self.report(
                        &codes::EMPTY_ARRAY_STATEMENT,
                        node.span,
                        "`Statement` is an empty list",
                        "add a statement",
                    );
                }
                let statements: Vec<Option<Statement>> =
                    items.iter().map(|item| self.statement(item)).collect();
                Some((statements.into_iter().collect::<Option<_>>()?, false))
            }
            Kind::Object(_) => {
                let message = "`Statement` is one object, not a list";
                let brace = Span::new(node.span.start, node.span.start + 1);
                self.report(
                    &codes::STATEMENT_NOT_A_LIST,
                    brace,
                    message,
                    "put the statement between `[` and `]`",
                );
                Some((vec![self.statement(node)?], true))
            }
            _ => {
                self.wrong_type(
                    node,
                    "`Statement`",
                    "a list of statements",
                    "write `\"Statement\": [{…}]`",
                );
                None
            }
        }
    }

    /// Reports what does not belong, and gives the elements that were most likely meant: one
    /// that is there under a wrong name is not missing too.
    fn elements(
        &mut self,
        members: &[Member<'_>],
        known: &[&'static str],
        place: &str,
    ) -> Vec<&'static str> {
        let mut misnamed: Vec<&'static str> = Vec::new();
        for member in members {
            if known.contains(&&*member.key) {
                continue;
            }
            let message = format!("`{}` is not an element of {place}", shorten(&member.key));
            let help = match closest(&member.key, known) {
                Some(meant) => {
                    misnamed.push(meant);
                    format!("did you mean `{meant}`?")
                }
                None => format!("remove it: {place} has {}", listed(known)),
            };
            self.fatal(
                &codes::INVALID_POLICY_ELEMENT,
                member.key_span,
                message,
                help,
            );
        }
        misnamed
    }

    /// A string, or a list of strings.
    fn texts(&mut self, node: &Node<'_>, name: &str) -> Option<Texts> {
        let help = "write a string or a list of strings";
        match &node.kind {
            Kind::String(_) => Some(Texts {
                items: vec![self.text(node)?],
                list: false,
                span: node.span,
            }),
            Kind::Array(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    match self.text(item) {
                        Some(text) => texts.push(text),
                        None => self.wrong_type(
                            item,
                            &format!("an element of `{name}`"),
                            "a string",
                            help,
                        ),
                    }
                }
                Some(Texts {
                    items: texts,
                    list: true,
                    span: node.span,
                })
            }
            _ => {
                self.wrong_type(
                    node,
                    &format!("`{name}`"),
                    "a string or a list of strings",
                    help,
                );
                None
            }
        }
    }

    fn text(&self, node: &Node<'_>) -> Option<Text> {
        match &node.kind {
            Kind::String(value) => Some(Text {
                value: Arc::from(&**value),
                span: node.span,
            }),
            _ => None,
        }
    }
}

fn find<'m, 'a>(members: &'m [Member<'a>], name: &str) -> Option<&'m Member<'a>> {
    members.iter().find(|member| member.key == name)
}

fn listed(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
