//! `sesame explain`: why a text says that something was refused, or what an error code means.
//! Nothing leaves this machine unless `--decode` asks for it.

mod decode;
mod text;

use serde_json::{Value, json};

use super::calling::Outside;
use super::{Ended, finish, print};
use crate::acs::{Ambient, Environment};
use crate::cli::{ExplainArgs, GlobalArgs};
use crate::diagnosis::{Code, Exit, Failure, codes};
use crate::output::{Format, Printer};
use crate::ram::{self, LintCode};

pub(super) fn run(
    args: &ExplainArgs,
    global: &GlobalArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    let subject = args.subject.as_deref();
    // A code is a code, whatever files are there: a script must not depend on the folder.
    let known = subject.and_then(Known::find);
    let ended = match (subject, known) {
        (None, _) | (_, Some(_)) if args.decode => Err(Box::new(
            Failure::new(
                codes::USAGE,
                "`--decode` is about a text, and none is given",
            )
            .hint("give it a file, or `-` for stdin"),
        )),
        (None, _) => list(printer),
        (Some(_), Some(known)) => explain(&known, printer),
        (Some(subject), None) => {
            let asking = args.decode.then_some(Outside {
                global,
                ambient,
                environment,
            });
            match text::explain(subject, asking, printer) {
                Ok(ended) => Ok(ended),
                Err(Halt::Failure(failure)) => Err(failure),
                Err(Halt::Signal(exit)) => return exit,
            }
        }
    };
    finish("sesame.explain/1", ended, printer)
}

/// Why a text is not explained.
enum Halt {
    Failure(Box<Failure>),
    Signal(Exit),
}

impl From<Box<Failure>> for Halt {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failure(failure)
    }
}

/// A code of either register.
enum Known {
    Own(&'static Code),
    Lint(&'static LintCode),
}

impl Known {
    fn find(id: &str) -> Option<Self> {
        codes::find(id)
            .map(Self::Own)
            .or_else(|| ram::find_code(id).map(Self::Lint))
    }

    fn id(&self) -> &'static str {
        match self {
            Self::Own(code) => code.id,
            Self::Lint(code) => code.code,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Own(code) => code.title,
            Self::Lint(code) => code.title,
        }
    }

    fn text(&self) -> String {
        let (id, title) = (self.id(), self.title());
        match self {
            Self::Own(code) => format!(
                "{id}: {title}\n\n{}\n\ncause {}, exit status {}\n",
                code.explanation,
                code.cause.as_str(),
                code.exit.status()
            ),
            Self::Lint(code) => format!(
                "{id} {}: {title}\n\n{}\n\nexample:\n  {}\n\nseverity {}\n",
                code.name,
                code.explanation,
                code.example.replace('\n', "\n  "),
                code.severity.as_str()
            ),
        }
    }

    fn row(&self) -> Value {
        match self {
            Self::Own(code) => json!({
                "code": code.id, "cause": code.cause.as_str(), "title": code.title,
                "explanation": code.explanation, "exit_status": code.exit.status(),
            }),
            Self::Lint(code) => json!({
                "code": code.code, "name": code.name, "cause": "invalid_input",
                "title": code.title, "explanation": code.explanation,
                "example": code.example, "severity": code.severity.as_str(),
            }),
        }
    }
}

fn explain(known: &Known, printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    if printer.format() != Format::Json {
        print(&known.text(), printer)?;
    }
    Ok(Ended {
        fields: Some(known.row()),
        failure: None,
    })
}

fn list(printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    let all: Vec<Known> = codes::ALL
        .iter()
        .map(|code| Known::Own(code))
        .chain(ram::CODES.iter().map(Known::Lint))
        .collect();
    if printer.format() != Format::Json {
        let lines = all
            .iter()
            .map(|known| format!("{}  {}\n", known.id(), known.title()));
        print(&lines.collect::<String>(), printer)?;
    }
    let rows: Vec<Value> = all.iter().map(Known::row).collect();
    Ok(Ended {
        fields: Some(json!({"cause": null, "codes": rows})),
        failure: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_something_to_say() {
        let own = codes::ALL.iter().map(|code| code.id);
        for id in own.chain(ram::CODES.iter().map(|code| code.code)) {
            let known = Known::find(&id.to_lowercase()).unwrap();
            assert_eq!(known.id(), id);
            assert!(known.text().len() > 60, "{id}");
        }
    }
}
