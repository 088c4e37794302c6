//! `sesame policy templates`: what the catalogue has, and what a template becomes for a target.

use serde_json::{Value, json};

use super::{Ended, print};
use crate::acs::Environment;
use crate::catalogue::Template;
use crate::cli::TemplatesArgs;
use crate::commands::input;
use crate::diagnosis::{Failure, codes};
use crate::output::{Format, Printer, Verbosity, json as rendered};
use crate::preflight;

pub(super) fn run(
    args: &TemplatesArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<Ended, Box<Failure>> {
    let catalogue = input::catalogue(args.templates.as_ref())?;
    let Some(name) = &args.name else {
        return list(catalogue.templates(), printer);
    };
    let named: Vec<&Template> = catalogue
        .templates()
        .iter()
        .filter(|template| template.name == *name)
        .collect();
    if named.is_empty() {
        let failure = Failure::new(codes::TEMPLATE, format!("there is no template `{name}`"));
        let near = preflight::near(name, &catalogue);
        return Err(Box::new(failure.hint(match near.is_empty() {
            true => "`sesame policy templates` lists them".to_owned(),
            false => format!("did you mean `{}`?", near.join("`, `")),
        })));
    }
    match args.target.any() || !args.set.is_empty() {
        true => filled(&named, args, environment, printer),
        false => shown(&named, printer),
    }
}

fn list(templates: &[Template], printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    if printer.format() != Format::Json {
        let widest = templates
            .iter()
            .map(|one| one.name.len())
            .max()
            .unwrap_or(0);
        let lines = templates.iter().map(|one| {
            let generation = one.generation.as_str();
            let confidence = one.confidence.as_str();
            format!(
                "{generation}  {:widest$}  {confidence:10}  {}\n",
                one.name, one.title
            )
        });
        print(&lines.collect::<String>(), printer)?;
    }
    let rows: Vec<Value> = templates.iter().map(row).collect();
    Ok(Ended {
        fields: Some(json!({"templates": rows})),
        failure: None,
    })
}

/// The templates of a name with their placeholders, one for each generation.
fn shown(named: &[&Template], printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    let mut rows = Vec::new();
    for template in named {
        if printer.format() != Format::Json {
            print(&format!("{}\n", template.document().trim_end()), printer)?;
            let (generation, source) = (template.generation.as_str(), &template.source);
            let confidence = template.confidence.as_str();
            printer.line(
                Verbosity::Normal,
                &format!("{generation}: {}, {confidence}: {source}", template.title),
            );
        }
        rows.push(row(template));
    }
    Ok(Ended {
        fields: Some(json!({"templates": rows})),
        failure: None,
    })
}

fn filled(
    named: &[&Template],
    args: &TemplatesArgs,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Result<Ended, Box<Failure>> {
    let generation = super::generation(&args.target);
    let template = named
        .iter()
        .find(|template| template.generation == generation);
    let template = template.ok_or_else(|| {
        let name = named
            .first()
            .map(|template| template.name.clone())
            .unwrap_or_default();
        Failure::from(preflight::RequirementError::NoTemplate {
            name,
            generation,
            near: Vec::new(),
        })
    })?;
    let target = super::target(&args.target, &[*template], environment, printer)?;
    let mut values = preflight::values(&target).map_err(Failure::from)?;
    let known = template.placeholders().unwrap_or_default();
    values.extra = input::placeholders(&args.set, &known)?;
    let document = template
        .filled(&values)
        .map_err(|error| Failure::from(preflight::RequirementError::from(error)))?;
    if printer.format() != Format::Json {
        print(&format!("{}\n", rendered::pretty(&document)), printer)?;
    }
    let mut row = row(template);
    row["document"] = document;
    Ok(Ended {
        fields: Some(json!({"templates": [row]})),
        failure: None,
    })
}

fn row(template: &Template) -> Value {
    let statements: Vec<Value> = template
        .statements
        .iter()
        .map(|one| json!({"confidence": one.confidence.as_str(), "source": one.source}))
        .collect();
    json!({
        "name": template.name,
        "generation": template.generation.as_str(),
        "title": template.title,
        "confidence": template.confidence.as_str(),
        "source": template.source,
        "notes": template.notes,
        "system_policies": template.system_policies,
        "system_policies_together": template.system_policies_together,
        "statements": statements,
        "placeholders": template.placeholders().unwrap_or_default(),
        "document": serde_json::from_str::<Value>(template.document()).unwrap_or_default(),
    })
}
