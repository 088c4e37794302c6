//! `sesame event`: a template, changed as the flags say, in a file or on stdout.

use std::path::Path;

use serde_json::{Value, json};

use super::{Ended, finish, input, print};
use crate::cli::EventTemplateArgs;
use crate::diagnosis::failure::shell_quoted;
use crate::diagnosis::{Exit, Failure, codes};
use crate::event::{self, FindError, SetError, TEMPLATES, Template};
use crate::output::{Format, Printer, Verbosity, escape, json as rendered};

pub(super) const SCHEMA: &str = "sesame.event/1";

/// How the path of the file is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Alone, for a script to use.
    Bare,
    /// In the line that `s cli fc-event` prints.
    AsServerlessDevs,
}

pub(super) fn run(args: &EventTemplateArgs, told: Told, printer: &mut Printer) -> Exit {
    let ended = match &args.kind {
        None => list(printer),
        Some(kind) => one(kind, args, told, printer),
    };
    finish(SCHEMA, ended, printer)
}

fn one(
    kind: &str,
    args: &EventTemplateArgs,
    told: Told,
    printer: &mut Printer,
) -> Result<Ended, Box<Failure>> {
    let template = event::find(kind, args.form.as_deref()).map_err(Failure::from)?;
    let mut event = template.event();
    for assignment in &args.set {
        event::set(&mut event, assignment).map_err(Failure::from)?;
    }
    let text = text(&event);
    let path = args.dir.join(template.file);
    if !args.stdout {
        write(&path, &text, args)?;
    }
    if printer.format() != Format::Json {
        let shown = match args.stdout {
            true => text,
            false => told_path(template, &path, told),
        };
        print(&shown, printer)?;
        about(template, args, &path, printer);
    }
    let mut fields = row(template);
    fields["path"] = match args.stdout {
        true => Value::Null,
        false => path.display().to_string().into(),
    };
    fields["event"] = event;
    Ok(Ended {
        fields: Some(fields),
        failure: None,
    })
}

/// The payload's bytes. A message that is no JSON has no line break that it was not given.
fn text(event: &Value) -> String {
    match event {
        Value::String(message) => message.clone(),
        _ => format!("{}\n", rendered::pretty(event)),
    }
}

fn told_path(template: &Template, path: &Path, told: Told) -> String {
    let path = path.display();
    // What the tool of today calls an HTTP trigger's request.
    let what = match template.file {
        "http-parameter.json" => "Parameter",
        _ => "Event",
    };
    match told {
        Told::Bare => format!("{path}\n"),
        Told::AsServerlessDevs => format!("👓 {what} Template Path: {path}\n"),
    }
}

/// What a person should know of the event. A pipe is not disturbed by what only helps.
fn about(template: &Template, args: &EventTemplateArgs, path: &Path, printer: &mut Printer) {
    let helps = match args.stdout {
        true => Verbosity::Verbose,
        false => Verbosity::Normal,
    };
    let (title, source) = (template.title, template.source);
    let confidence = template.confidence.as_str();
    printer.line(helps, &format!("{title}; {confidence}: {source}"));
    if let Some(notes) = template.notes {
        printer.line(Verbosity::Normal, &format!("note: {notes}"));
    }
    let types: Vec<&str> = event::of_kind(template.kind)
        .filter_map(Template::short_form)
        .collect();
    if args.form.is_none() && !types.is_empty() {
        let types = types.join(", ");
        printer.line(helps, &format!("`--type` chooses another of {types}"));
    }
    if !args.stdout {
        let path = shell_quoted(&path.display().to_string());
        let line = format!("to send it: sesame invoke --function-name NAME -f {path}");
        printer.line(helps, &escape::line(&line));
    }
}

/// Writes the file, and not over what somebody has changed in it.
fn write(path: &Path, text: &str, args: &EventTemplateArgs) -> Result<(), Box<Failure>> {
    let shown = path.display();
    if !args.force
        && let Ok(known) = std::fs::metadata(path)
    {
        let as_long = known.is_file() && known.len() == text.len() as u64;
        if as_long && std::fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes()) {
            return Ok(());
        }
        let title = match known.is_dir() {
            true => format!("`{shown}` is a folder"),
            false => format!("`{shown}` is there already, with other content"),
        };
        let hint = match known.is_dir() {
            true => "choose another folder with `--dir`",
            false => {
                "`--force` writes over it, `--dir` chooses another folder, `--stdout` writes no file"
            }
        };
        return Err(Box::new(Failure::new(codes::FILE_EXISTS, title).hint(hint)));
    }
    let folder = std::fs::create_dir_all(&args.dir);
    let written = folder.and_then(|()| input::write_whole(path, text));
    written.map_err(|error| {
        use std::io::ErrorKind::{AlreadyExists, NotADirectory};
        let why = match error.kind() {
            AlreadyExists | NotADirectory => {
                format!("`{}` is not a folder", args.dir.display())
            }
            _ => input::io_words(&error),
        };
        let title = format!("`{shown}` cannot be written: {why}");
        Box::new(
            Failure::new(codes::OUTPUT, title)
                .hint("choose another folder with `--dir`, or print the event with `--stdout`"),
        )
    })
}

fn list(printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    if printer.format() != Format::Json {
        print(&table(), printer)?;
    }
    let rows: Vec<Value> = TEMPLATES.iter().map(row).collect();
    Ok(Ended {
        fields: Some(json!({"templates": rows})),
        failure: None,
    })
}

/// The templates in columns, then their sources by number.
fn table() -> String {
    let mut table = String::new();
    let mut sources: Vec<&str> = Vec::new();
    for one in TEMPLATES {
        let known = sources.iter().position(|source| *source == one.source);
        let number = known.unwrap_or_else(|| {
            sources.push(one.source);
            sources.len() - 1
        }) + 1;
        let (kind, form) = (one.kind, one.short_form().unwrap_or("-"));
        let confidence = one.confidence.as_str();
        table += &format!(
            "{kind:11}  {form:22}  {confidence:10} [{number}]  {}\n",
            one.title
        );
    }
    table.push('\n');
    for (index, source) in sources.iter().enumerate() {
        table += &format!("[{}] {source}\n", index + 1);
    }
    table
}

fn row(template: &Template) -> Value {
    json!({
        "kind": template.kind,
        "type": template.form,
        "alias": template.alias,
        "file": template.file,
        "title": template.title,
        "confidence": template.confidence.as_str(),
        "source": template.source,
        "notes": template.notes,
    })
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        let hint = match &error {
            FindError::Kind {
                near: Some(near), ..
            }
            | FindError::Type {
                near: Some(near), ..
            } => {
                format!("did you mean `{near}`?")
            }
            FindError::Kind { near: None, .. } => "`sesame event` lists the kinds".to_owned(),
            FindError::Type { known, .. } if known.is_empty() => {
                "it has one form: leave `--type` out".to_owned()
            }
            FindError::Type { known, .. } => format!("its types are `{}`", known.join("`, `")),
        };
        Self::new(codes::EVENT_KIND, &error).hint(hint)
    }
}

impl From<SetError> for Failure {
    fn from(error: SetError) -> Self {
        let hint = match &error {
            SetError::Form { .. } => {
                "write `--set 'events[0].oss.object.key=a.txt'`; a key with a dot stands in double quotes"
                    .to_owned()
            }
            SetError::NoPath { near: Some(near), .. } => format!("did you mean `{near}`?"),
            SetError::NoPath { there, holds, .. } if there.is_empty() => {
                format!("the event {holds}")
            }
            SetError::NoPath { there, holds, .. } => {
                format!("the nearest is `{there}`, which {holds}")
            }
            SetError::Type { .. } => {
                "a value takes the type of what it replaces; a list or an object is JSON".to_owned()
            }
        };
        Self::new(codes::EVENT_PATH, &error).hint(hint)
    }
}
