//! `sesame policy generate`: the smallest documents for a target's operations or for pairs of
//! action and resource. What is printed was evaluated first.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ended, print, render};
use crate::acs::Environment;
use crate::cli::{GenerateArgs, GlobalArgs, PolicyFormat, TargetArgs};
use crate::commands::input;
use crate::commands::project::{Lookup, no_choice, none};
use crate::diagnosis::failure::policy_name;
use crate::diagnosis::{Failure, codes};
use crate::output::{Format, Printer, Verbosity};
use crate::preflight::{self, prove};
use crate::project::{Chosen, Given, Wanted};
use crate::ram::{Pair, synthesise};

pub(super) fn run(
    args: &GenerateArgs,
    global: &GlobalArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<Ended, Box<Failure>> {
    if global.template.is_some() && !args.all {
        let title = "`--template` without `--all` says nothing here";
        let hint = "pass `--all` for each function of the file, or leave `--template` out";
        return Err(Box::new(Failure::new(codes::USAGE, title).hint(hint)));
    }
    let (pairs, name) = match &args.pairs {
        Some(path) => (read_pairs(path)?, "sesame".to_owned()),
        None if args.all => of_project(args, global, environment, printer)?,
        None => of_target(args, environment, printer)?,
    };
    let name = match &args.policy_name {
        Some(name) => checked_name(name)?,
        None => name,
    };
    let documents = synthesise(&pairs);
    prove(&pairs, &documents).map_err(|error| {
        let title = format!("the policy does not hold what was asked: {error}");
        Box::new(
            Failure::new(codes::NOT_SYNTHESISED, title)
                .hint("name the resources without wildcards"),
        )
    })?;
    if printer.format() != Format::Json {
        let count = documents.len();
        if count > 1 {
            let line = format!("split into {count} documents: RAM takes 6,144 characters in each");
            printer.line(Verbosity::Normal, &line);
        }
        print(&rendered(args.format, &name, &documents), printer)?;
    }
    Ok(Ended {
        fields: Some(json!({"documents": documents})),
        failure: None,
    })
}

fn rendered(format: PolicyFormat, name: &str, documents: &[Value]) -> String {
    let named = documents.iter().enumerate().map(|(index, document)| {
        let numbered = match documents.len() {
            1 => name.to_owned(),
            _ => format!("{name}-{}", index + 1),
        };
        (numbered, document)
    });
    match format {
        PolicyFormat::Json => render::json(documents),
        PolicyFormat::Terraform => render::terraform(named),
        PolicyFormat::Ros => render::ros(named),
        PolicyFormat::AliyunCli => render::aliyun_cli(named),
    }
}

fn of_target(
    args: &GenerateArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<(Vec<Pair>, String), Box<Failure>> {
    let pairs = pairs(args, &args.target, environment, printer)?;
    let named = [&args.target.service_name, &args.target.function_name];
    let mut parts = vec!["sesame".to_owned(), args.operations.join("-")];
    parts.extend(named.into_iter().flatten().cloned());
    let name = policy_name(&parts.join("-"));
    Ok((pairs, name))
}

/// Each function of the project file, each of its own generation.
fn of_project(
    args: &GenerateArgs,
    global: &GlobalArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<(Vec<Pair>, String), Box<Failure>> {
    let loaded = Lookup::new(global, environment).load();
    let loaded = loaded.map_err(Failure::from)?;
    for notice in &loaded.notices {
        printer.warning(notice);
    }
    let Some(project) = loaded.project else {
        let failure = none("`--all` means each function of a project file, and there is none");
        return Err(Box::new(failure));
    };
    let wanted = Wanted {
        region: args.target.region.as_deref(),
        ..Wanted::default()
    };
    let given = Given {
        environment,
        account: args.target.account_id.as_deref(),
    };
    let chosen = project.choose(wanted, given);
    let chosen = chosen.map_err(|error| no_choice(error, &project))?;
    let Chosen::Functions { functions, skipped } = chosen else {
        // Only a function that is named can be missing.
        return Err(Box::new(none("the project file has no function")));
    };
    for notice in &skipped {
        printer.warning(notice);
    }
    let mut all = Vec::new();
    for function in functions {
        let mut flags = args.target.clone();
        let mut selection = input::selection(&flags);
        function.complete(&mut selection).map_err(Failure::from)?;
        flags.region = selection.region;
        flags.service_name = selection.service;
        flags.function_name = selection.function;
        let pairs = pairs(args, &flags, environment, printer).map_err(|failure| {
            let of = format!("this is the resource `{}`", function.resource());
            Box::new(failure.because(of))
        })?;
        all.extend(pairs);
    }
    let parts = ["sesame", &args.operations.join("-"), "all"];
    Ok((all, policy_name(&parts.join("-"))))
}

fn pairs(
    args: &GenerateArgs,
    flags: &TargetArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<Vec<Pair>, Box<Failure>> {
    let catalogue = input::catalogue(args.templates.as_ref())?;
    let generation = super::generation(flags);
    let mut templates = Vec::new();
    for name in &args.operations {
        let template = catalogue.find(name, generation);
        let missing = || preflight::RequirementError::NoTemplate {
            name: name.clone(),
            generation,
            near: preflight::near(name, &catalogue),
        };
        templates.push(template.ok_or_else(|| Box::new(Failure::from(missing())))?);
    }
    let target = super::target(flags, &templates, environment, printer)?;
    let mut values = preflight::values(&target).map_err(Failure::from)?;
    if args.any_qualifier {
        values.qualifiers = vec![None, Some("*")];
    }
    let known: Vec<String> = templates
        .iter()
        .flat_map(|template| template.placeholders().unwrap_or_default())
        .collect();
    values.extra = input::placeholders(&args.set, &known)?;
    let mut pairs = Vec::new();
    for operation in &args.operations {
        let required = preflight::required(operation, generation, &values, &catalogue);
        pairs.extend(required.map_err(Failure::from)?.pairs());
    }
    Ok(pairs)
}

/// A policy's name, as RAM takes it.
fn checked_name(name: &str) -> Result<String, Box<Failure>> {
    let allowed = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if allowed && (1..=120).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    let title = format!("`{name}` cannot be a policy's name");
    Err(Box::new(Failure::new(codes::NAME, title).hint(
        "change `--policy-name`: letters, digits and `-`, at most 120 of them",
    )))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairLine {
    action: String,
    resource: String,
}

fn read_pairs(path: &Path) -> Result<Vec<Pair>, Box<Failure>> {
    let shown = path.display();
    let fault =
        |title: String| {
            Box::new(Failure::new(codes::PAIRS, title).hint(
                "each line is `{\"action\":\"fc:InvokeFunction\",\"resource\":\"acs:fc:…\"}`",
            ))
        };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| {
        fault(format!(
            "`{shown}` cannot be read: {}",
            input::io_words(&error)
        ))
    })?;
    let mut pairs = Vec::new();
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let number = index + 1;
        let pair: PairLine = serde_json::from_str(line)
            .map_err(|error| fault(format!("{shown}:{number}: {error}")))?;
        if pair.action.is_empty() || pair.resource.is_empty() {
            return Err(fault(format!(
                "{shown}:{number}: an empty action or resource"
            )));
        }
        pairs.push(Pair {
            action: pair.action,
            resource: pair.resource,
        });
    }
    if pairs.is_empty() {
        return Err(fault(format!("`{shown}` has no pair in it")));
    }
    Ok(pairs)
}
