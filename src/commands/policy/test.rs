//! `sesame policy test`: a user's own expectations, for CI.

use std::path::Path;

use serde_json::{Value, json};

use super::{Ended, print};
use crate::cli::{PolicyArgs, TestArgs};
use crate::commands::input;
use crate::diagnosis::{self, Failure, codes};
use crate::output::{Format, Printer, escape, json as rendered};
use crate::ram::{Context, Decision, Explanation, Policies, Request};
use crate::yaml::{
    self, Faults, Fields, Node, Source, choice, entries, flag, list, number, text, texts,
};

/// A file of expectations.
struct Expectations {
    policies: Vec<String>,
    control_policies: Vec<String>,
    session_policy: Option<String>,
    resource_group_policies: Vec<String>,
    cases: Vec<Case>,
}

fn expectations(node: &Node, faults: &mut Faults) -> Option<Expectations> {
    const KNOWN: &[&str] = &[
        "policies",
        "control_policies",
        "session_policy",
        "resource_group_policies",
        "cases",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    let policies = fields.required("policies", list(text));
    let control_policies = fields.optional("control_policies", list(text));
    let session_policy = fields.optional("session_policy", text);
    let resource_group_policies = fields.optional("resource_group_policies", list(text));
    let cases = fields.required("cases", list(case));
    Some(Expectations {
        policies: policies?,
        control_policies: control_policies.unwrap_or_default(),
        session_policy,
        resource_group_policies: resource_group_policies.unwrap_or_default(),
        cases: cases?,
    })
}

struct Case {
    name: String,
    action: String,
    resource: String,
    /// Each key with its values.
    context: Vec<(String, Vec<String>)>,
    absent: Vec<String>,
    context_complete: bool,
    expect: Expected,
    decided_by: Option<DecidedBy>,
}

fn case(node: &Node, faults: &mut Faults) -> Option<Case> {
    const KNOWN: &[&str] = &[
        "name",
        "action",
        "resource",
        "context",
        "absent",
        "context_complete",
        "expect",
        "decided_by",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    let name = fields.required("name", text);
    let action = fields.required("action", text);
    let resource = fields.required("resource", text);
    let context = fields.optional("context", entries(texts));
    let context = context.unwrap_or_default().into_iter();
    let absent = fields.optional("absent", list(text));
    let context_complete = fields.optional("context_complete", flag);
    let expect = fields.required("expect", choice(EXPECTED));
    let decided_by = fields.optional("decided_by", decided_by);
    Some(Case {
        name: name?,
        action: action?,
        resource: resource?,
        context: context.map(|(key, values)| (key.value, values)).collect(),
        absent: absent.unwrap_or_default(),
        context_complete: context_complete.unwrap_or(false),
        expect: expect?,
        decided_by,
    })
}

#[derive(Clone, Copy)]
enum Expected {
    Allowed,
    Denied,
    ExplicitDeny,
    ImplicitDeny,
    Undetermined,
}

const EXPECTED: &[(&str, Expected)] = &[
    ("allowed", Expected::Allowed),
    ("denied", Expected::Denied),
    ("explicit_deny", Expected::ExplicitDeny),
    ("implicit_deny", Expected::ImplicitDeny),
    ("undetermined", Expected::Undetermined),
];

struct DecidedBy {
    policy: Option<String>,
    statement: Option<usize>,
}

fn decided_by(node: &Node, faults: &mut Faults) -> Option<DecidedBy> {
    let mut fields = Fields::of(node, &["policy", "statement"], faults)?;
    Some(DecidedBy {
        policy: fields.optional("policy", text),
        statement: fields.optional("statement", number),
    })
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
    let source = Source::open(path).map_err(|fault| {
        let title = format!("`{file}` {fault}");
        Box::new(Failure::new(codes::EXPECTATIONS_FILE, title).hint("check the path"))
    })?;
    let mut faults = Faults::new();
    let read = match yaml::read(&source) {
        Ok(root) => expectations(&root, &mut faults),
        Err((place, fault)) => {
            faults.push((place, fault.to_string()));
            None
        }
    };
    match read {
        Some(expectations) if faults.is_empty() => Ok(expectations),
        _ => {
            let title = format!("`{file}` is not a file of expectations");
            let mut failure = Failure::new(codes::EXPECTATIONS_FILE, title);
            failure.excerpts = diagnosis::yaml::excerpts(faults, source.text());
            Err(Box::new(
                failure.hint("`sesame policy test --help` shows one"),
            ))
        }
    }
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
    let keys: Vec<&str> = case.context.iter().map(|(key, _)| key.as_str()).collect();
    for (key, values) in &case.context {
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
