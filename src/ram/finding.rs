//! A fault in a policy document, with its place, its weight and the way out.

use super::codes::LintCode;
use super::span::Span;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The document is wrong: RAM refuses it, or it cannot mean what it says.
    Error,
    /// It most likely does not do what was meant, or hangs on undocumented behaviour.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One fault in a policy document. `code` is stable (`L…`), `name` is its long form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, for example `L0001`.
    pub code: &'static str,
    /// Stable name, for example `JSON_SYNTAX_ERROR`.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The way out.
    pub help: Option<String>,
    /// True when the document cannot be evaluated because of it (syntax or grammar).
    pub fatal: bool,
}

impl Finding {
    pub(crate) fn new(code: &LintCode, span: Span, message: impl Into<String>) -> Finding {
        Finding {
            code: code.code,
            name: code.name,
            severity: code.severity,
            message: message.into(),
            span,
            help: None,
            fatal: false,
        }
    }

    pub(crate) fn fatal(mut self) -> Finding {
        self.fatal = true;
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }
}
