//! Words on stderr: errors, warnings, the log, the result line.

use owo_colors::OwoColorize;

use super::escape::{line, lines};
use super::{Format, Printer, Verbosity, excerpt, json};
use crate::diagnosis::{Excerpt, Failure, Hint};

impl Printer {
    /// An error: who, which action, which resource, why, and what to do next.
    pub fn failure(&mut self, failure: &Failure) {
        let head = format!("error[{}]", failure.code.id);
        let title = line(&failure.title);
        self.line(
            Verbosity::Quiet,
            &format!("{}: {}", head.red().bold(), title.bold()),
        );
        if self.format() == Format::Json {
            // The object on stdout says the rest.
            return;
        }
        let fields = [
            ("who", &failure.who),
            ("action", &failure.action),
            ("resource", &failure.resource),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                self.field(name, &line(value));
            }
        }
        for why in &failure.why {
            self.field("why", &line(why));
        }
        if let Some(said) = &failure.said {
            let code = failure.service_code.as_ref();
            let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
            self.field("said", &line(&format!("{code}{said}")));
        }
        if let Some(id) = &failure.request_id {
            self.field("request", &line(id));
        }
        for place in &failure.excerpts {
            self.line(Verbosity::Quiet, &excerpt::render(place));
        }
        if let Some(policy) = &failure.suggested_policy {
            let target = failure.attach_to.as_ref();
            let target = target
                .map(|target| format!(", to attach to {}", line(target)))
                .unwrap_or_default();
            self.line(Verbosity::Quiet, "");
            self.line(
                Verbosity::Quiet,
                &format!("the smallest policy that allows this call{target}:")
                    .bold()
                    .to_string(),
            );
            self.line(Verbosity::Quiet, &json::pretty(policy));
        }
        if !failure.hints.is_empty() {
            self.line(Verbosity::Quiet, "");
        }
        for hint in &failure.hints {
            self.hint(Verbosity::Quiet, hint);
        }
    }

    /// A next step.
    pub fn hint(&mut self, at_least: Verbosity, hint: &Hint) {
        let name = "hint:".cyan().to_string();
        self.line(at_least, &format!("{name} {}", line(&hint.text)));
        if let Some(command) = &hint.command {
            self.line(at_least, &format!("      {}", line(command)));
        }
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(
            Verbosity::Quiet,
            &format!("  {:<9} {value}", format!("{name}:")),
        );
    }

    /// Something that may be wrong; the command goes on.
    pub fn warning(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
        let shown = self.wants(Verbosity::Normal) && self.format() != Format::Json;
        if shown {
            let name = "warning:".yellow().bold().to_string();
            self.line(Verbosity::Quiet, &format!("{name} {}", line(text)));
        }
    }

    /// A place in a file that is worth seeing.
    pub fn excerpt(&mut self, place: &Excerpt) {
        self.line(Verbosity::Normal, &excerpt::render(place));
    }

    /// The function's log, between the lines that people know.
    pub fn log(&mut self, log: &str) {
        self.line(
            Verbosity::Normal,
            "========= FC invoke Logs begin =========",
        );
        self.line(Verbosity::Normal, lines(log).trim_end_matches('\n'));
        self.line(Verbosity::Normal, "========= FC invoke Logs end =========");
    }

    /// The line before the function's bytes.
    pub fn result_line(&mut self, status: u16) {
        self.line(Verbosity::Normal, "");
        let head = "FC Invoke Result".green().to_string();
        self.line(Verbosity::Normal, &format!("{head}[code: {status}]:"));
    }
}
