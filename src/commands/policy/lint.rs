//! `sesame policy lint`: every finding in every file, with its place and the way out.

use serde_json::json;

use super::{Ended, print};
use crate::catalogue::actions;
use crate::cli::LintArgs;
use crate::commands::input;
use crate::diagnosis::{Failure, codes};
use crate::output::{Format, Printer, excerpt};
use crate::ram::{Finding, Position, Severity, lint};

pub(super) fn run(args: &LintArgs, printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    let table = actions::for_lint();
    let mut files = Vec::new();
    let (mut errors, mut others) = (0, 0);
    for path in &args.files {
        let name = path.display().to_string();
        let bytes = input::policy_bytes(path, &name)?;
        let findings = lint(&bytes, &table);
        let source = input::readable(&bytes);
        errors += findings
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .count();
        others += findings
            .iter()
            .filter(|one| one.severity != Severity::Error)
            .count();
        for finding in &findings {
            let place = input::place(finding, &name, &source);
            if printer.format() != Format::Json {
                print(
                    &format!("{}\n", printer.for_stdout(&excerpt::render(&place))),
                    printer,
                )?;
            }
        }
        let findings: Vec<_> = findings.iter().map(|one| row(one, &source)).collect();
        files.push(json!({"path": name, "findings": findings}));
    }
    let failure = (errors > 0).then(|| {
        let title = format!(
            "{errors} {} and {others} other findings",
            if errors == 1 { "error" } else { "errors" }
        );
        Failure::new(codes::LINT, title).hint("`sesame explain CODE` says more about each")
    });
    Ok(Ended {
        fields: Some(json!({"files": files})),
        failure,
    })
}

fn row(finding: &Finding, source: &str) -> serde_json::Value {
    let Position { line, column } = Position::of(source, finding.span.start);
    let length = source
        .get(finding.span.start..finding.span.end)
        .map_or(finding.span.len(), |text| text.chars().count());
    json!({
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.as_str(),
        "message": finding.message,
        "line": line,
        "column": column,
        "length": length,
        "help": finding.help,
    })
}
