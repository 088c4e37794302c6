//! `sesame policy test`: a user's own expectations, for CI.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::{Value, json};

use super::{Ended, print};
use crate::cli::{PolicyArgs, TestArgs};
use crate::commands::input;
use crate::diagnosis::{self, Failure, codes};
use crate::output::{Format, Printer, escape, json as rendered};
use crate::ram::{Context, Decision, Explanation, Policies, Request};

/// A file of expectations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectations {
    policies: Vec<String>,
    #[serde(default)]
    control_policies: Vec<String>,
    #[serde(default)]
    session_policy: Option<String>,
    #[serde(default)]
    resource_group_policies: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    action: String,
    resource: String,
    #[serde(default)]
    context: BTreeMap<String, Values>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    context_complete: bool,
    expect: Expected,
    #[serde(default)]
    decided_by: Option<DecidedBy>,
}

/// One value or several, as text.
#[derive(Debug)]
struct Values(Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Values;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text in quotes, or a list of them")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Values, E> {
                Ok(Values(vec![value.to_owned()]))
            }

            // Whole numbers and truth values read back as they were written.
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Values, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Values, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Values, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element::<String>()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Allowed,
    Denied,
    ExplicitDeny,
    ImplicitDeny,
    Undetermined,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecidedBy {
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    statement: Option<usize>,
}

impl Expected {
    fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::ExplicitDeny => "explicit_deny",
            Self::ImplicitDeny => "implicit_deny",
            Self::Undetermined => "undetermined",
        }
    }

    fn fits(self, decision: Decision) -> bool {
        match self {
            Self::Denied => matches!(decision, Decision::ExplicitDeny | Decision::ImplicitDeny),
            other => other.as_str() == decision.as_str(),
        }
    }
}

pub(super) fn run(args: &TestArgs, printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    let mut rows = Vec::new();
    let mut failed = 0_usize;
    for path in &args.files {
        let file = path.display().to_string();
        let expectations = read(path, &file)?;
        let policies = policies(&expectations, path, printer)?;
        if expectations.cases.is_empty() {
            let failure = Failure::new(codes::EXPECTATIONS_FILE, format!("`{file}` has no case"));
            return Err(Box::new(
                failure.hint("an expectation that is not there cannot fail"),
            ));
        }
        for case in &expectations.cases {
            let (ok, row) = judge(case, &file, &policies, printer)?;
            failed += usize::from(!ok);
            rows.push(row);
        }
    }
    let passed = rows.len() - failed;
    if printer.format() != Format::Json {
        print(&format!("{passed} passed, {failed} failed\n"), printer)?;
    }
    let failure = (failed > 0).then(|| {
        let title = format!("{failed} of {} expectations failed", rows.len());
        Failure::new(codes::EXPECTATION, title)
            .hint("`sesame policy check` with the case's action and resource shows every statement")
    });
    let fields = json!({"passed": passed, "failed": failed, "cases": rows});
    Ok(Ended {
        fields: Some(fields),
        failure,
    })
}

fn read(path: &Path, file: &str) -> Result<Expectations, Box<Failure>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let title = format!("`{file}` cannot be read: {}", input::io_words(&error));
        Box::new(Failure::new(codes::EXPECTATIONS_FILE, title).hint("check the path"))
    })?;
    serde_saphyr::from_str(&text).map_err(|error| {
        let title = format!("`{file}` is not a file of expectations");
        let mut failure = Failure::new(codes::EXPECTATIONS_FILE, title);
        failure
            .excerpts
            .push(diagnosis::yaml::place(&error, file, &text));
        Box::new(failure.hint("`sesame policy test --help` shows one"))
    })
}

/// The policies that the file names, relative to itself.
fn policies(
    expectations: &Expectations,
    path: &Path,
    printer: &mut Printer,
) -> Result<Policies, Box<Failure>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = |names: &[String]| names.iter().map(|name| folder.join(name)).collect();
    let named = input::policies(&PolicyArgs {
        policy_files: beside(&expectations.policies),
        control_policies: beside(&expectations.control_policies),
        session_policy: expectations
            .session_policy
            .as_ref()
            .map(|name| folder.join(name)),
        resource_group_policies: beside(&expectations.resource_group_policies),
    })?;
    for warning in &named.warnings {
        printer.warning(warning);
    }
    Ok(Policies::new(named.policies))
}

fn judge(
    case: &Case,
    file: &str,
    policies: &Policies,
    printer: &mut Printer,
) -> Result<(bool, Value), Box<Failure>> {
    let context = context(case, file)?;
    input::question(&case.action, &case.resource).map_err(|why| in_case(case, file, &why))?;
    let request = Request {
        action: &case.action,
        resource: &case.resource,
        context: &context,
    };
    let explanation = policies.explain(&request);
    let decided = case
        .decided_by
        .as_ref()
        .is_none_or(|wanted| wanted.fits(&explanation, policies));
    let ok = case.expect.fits(explanation.decision) && decided;
    if printer.format() != Format::Json {
        let word = if ok { "ok" } else { "FAILED" };
        let mut line = format!("{word}: {}", escape::line(&case.name));
        if !ok {
            let (expected, actual) = (case.expect.as_str(), explanation.decision.as_str());
            line.push_str(&match case.expect.fits(explanation.decision) {
                true => format!(" ({actual}, but not decided by the expected statement)"),
                false => format!(" (expected {expected}, got {actual})"),
            });
        }
        print(&format!("{line}\n"), printer)?;
        if !ok {
            for place in
                diagnosis::deciding_places(&explanation, request.action, request.resource, policies)
            {
                printer.excerpt(&place);
            }
        }
    }
    let row = json!({
        "file": file,
        "name": case.name,
        "ok": ok,
        "expected": case.expect.as_str(),
        "actual": explanation.decision.as_str(),
        "decided_by": rendered::decided_by(&explanation, policies),
    });
    Ok((ok, row))
}

fn in_case(case: &Case, file: &str, why: &str) -> Box<Failure> {
    let title = format!("case `{}` of `{file}`: {why}", case.name);
    Box::new(Failure::new(codes::EXPECTATIONS_FILE, title).hint("mend the case"))
}

fn context(case: &Case, file: &str) -> Result<Context, Box<Failure>> {
    let mut context = Context::default();
    let keys: Vec<&str> = case.context.keys().map(String::as_str).collect();
    for (key, Values(values)) in &case.context {
        if let Some(other) = input::same_key(&keys, key) {
            let why = format!("`{other}` and `{key}` differ in letter case only");
            return Err(in_case(case, file, &why));
        }
        values.iter().for_each(|value| context.give(key, value));
    }
    for key in &case.absent {
        if context.is_given(key) {
            let why = format!("`{key}` is in `context` and in `absent`");
            return Err(in_case(case, file, &why));
        }
        context.absent(key);
    }
    if case.context_complete {
        context.complete();
    }
    Ok(context)
}

impl DecidedBy {
    fn fits(&self, explanation: &Explanation, policies: &Policies) -> bool {
        let Some(by) = &explanation.decided_by else {
            return false;
        };
        let name = policies
            .list()
            .get(by.policy)
            .map(|policy| policy.name.as_str());
        let named = self
            .policy
            .as_deref()
            .is_none_or(|wanted| name.is_some_and(|name| Path::new(name).ends_with(wanted)));
        named
            && self
                .statement
                .is_none_or(|statement| statement == by.statement)
    }
}
