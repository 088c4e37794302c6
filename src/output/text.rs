//! Words on stderr: errors, warnings, the log, the result line.

use owo_colors::OwoColorize;

use super::escape::{line, lines};
use super::{Format, Printer, Verbosity, excerpt, json};
use crate::diagnosis::{Excerpt, Explanation, Failure, Hint};
use crate::preflight::Denial;

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
        for line in details(failure) {
            self.line(Verbosity::Quiet, &line);
        }
    }

    /// A next step.
    pub fn hint(&mut self, at_least: Verbosity, hint: &Hint) {
        for line in step(hint) {
            self.line(at_least, &line);
        }
    }

    /// Somebody's text, explained, as stdout takes it.
    pub fn explanation(&self, explanation: &Explanation) -> String {
        let cause = explanation.cause.as_str();
        let title = line(&explanation.failure.title);
        let mut shown = format!("{}: {}\n", cause.cyan().bold(), title.bold());
        for line in details(&explanation.failure) {
            shown.push_str(&line);
            shown.push('\n');
        }
        self.for_stdout(&shown)
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

fn field(name: &str, value: &str) -> String {
    format!("  {:<9} {value}", format!("{name}:"))
}

/// Who, which action, which resource, why, and what to do next, line by line.
fn details(failure: &Failure) -> Vec<String> {
    let mut shown = Vec::new();
    let fields = [
        ("who", &failure.who),
        ("action", &failure.action),
        ("resource", &failure.resource),
    ];
    for (name, value) in fields {
        shown.extend(value.as_ref().map(|value| field(name, &line(value))));
    }
    shown.extend(failure.why.iter().map(|why| field("why", &line(why))));
    if let Some(said) = &failure.said {
        let code = failure.service_code.as_ref();
        let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
        // No line of it can be taken for one of ours.
        let said = format!("{code}{said}").replace("\r\n", "\n");
        let mut said = said.trim_end_matches('\n').split('\n');
        let first = said.next().unwrap_or_default();
        shown.push(field("said", &line(first)));
        shown.extend(said.map(|more| format!("{:12}{}", "", line(more))));
    }
    let id = failure.request_id.as_ref();
    shown.extend(id.map(|id| field("request", &line(id))));
    shown.extend(failure.excerpts.iter().map(excerpt::render));
    if let Some(policy) = &failure.suggested_policy {
        let target = failure.attach_to.as_ref();
        let target = target
            .map(|target| format!(", to attach to {}", line(target)))
            .unwrap_or_default();
        // Only where RAM says that nothing allows it does no Deny stand in the way.
        let head = match failure.denial {
            Some(Denial::Implicit) => format!("the smallest policy that allows this call{target}:"),
            _ => format!("the smallest policy for this call{target}, if no Deny applies:"),
        };
        shown.extend([String::new(), head.bold().to_string(), json::pretty(policy)]);
    }
    if !failure.hints.is_empty() {
        shown.push(String::new());
    }
    shown.extend(failure.hints.iter().flat_map(step));
    shown
}

/// A next step, and the command that does it.
fn step(hint: &Hint) -> impl Iterator<Item = String> {
    let name = "hint:".cyan().to_string();
    let command = hint.command.as_ref();
    let command = command.map(|command| format!("      {}", line(command)));
    std::iter::once(format!("{name} {}", line(&hint.text))).chain(command)
}
