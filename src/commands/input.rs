//! Files and flags that several commands read: policies and condition keys.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::acs::ambient::random_hex;
use crate::catalogue::Catalogue;
use crate::cli::{ContextArgs, PolicyArgs, TargetArgs};
use crate::diagnosis::failure::Weight;
pub(super) use crate::diagnosis::failure::io_words;
use crate::diagnosis::{Excerpt, Failure, codes};
use crate::fc::Api;
use crate::output::{Printer, Verbosity};
use crate::project::{Selection, SelectionError};
use crate::ram::{Context, Document, Finding, Layer, Policy, Position, Severity, closest, parse};
use crate::sandbox::{Config, ConfigError};

/// Policies that the user named, and what is odd in them without keeping them from use.
#[derive(Debug, Default)]
pub(super) struct NamedPolicies {
    pub(super) policies: Vec<Policy>,
    pub(super) warnings: Vec<String>,
}

/// Reads every policy file; all that is wrong with all of them is said at once.
pub(super) fn policies(args: &PolicyArgs) -> Result<NamedPolicies, Box<Failure>> {
    let control = args.control_policies.iter().enumerate();
    let control = control.map(|(level, path)| (Layer::Control, level, path));
    let others = args
        .session_policy
        .iter()
        .map(|path| (Layer::Session, path))
        .chain(args.policy_files.iter().map(|path| (Layer::Account, path)))
        .chain(
            args.resource_group_policies
                .iter()
                .map(|path| (Layer::ResourceGroup, path)),
        )
        .map(|(layer, path)| (layer, 0, path));
    let mut named = NamedPolicies::default();
    let mut faults = Vec::new();
    for (layer, level, path) in control.chain(others) {
        let name = path.display().to_string();
        let (document, excerpts) = policy(path, &name, &mut named.warnings)?;
        faults.extend(excerpts);
        if let Some(document) = document {
            named.policies.push(Policy {
                name,
                layer,
                level,
                document,
            });
        }
    }
    if faults.is_empty() {
        return Ok(named);
    }
    let mut files: Vec<String> = faults
        .iter()
        .map(|fault| format!("`{}`", fault.path))
        .collect();
    files.dedup();
    let plural = if files.len() == 1 {
        "is not a policy"
    } else {
        "are not policies"
    };
    let mut failure = Failure::new(
        codes::POLICY_INVALID,
        format!("{} {plural}", files.join(", ")),
    );
    failure.excerpts = faults;
    Err(Box::new(failure.hint(
        "a policy is `{\"Version\":\"1\",\"Statement\":[{\"Effect\":…,\"Action\":…,\"Resource\":…}]}`",
    )))
}

fn policy(
    path: &Path,
    name: &str,
    warnings: &mut Vec<String>,
) -> Result<(Option<Document>, Vec<Excerpt>), Box<Failure>> {
    let bytes = policy_bytes(path, name)?;
    let parsed = parse(&bytes);
    let source = readable(&bytes);
    if parsed.document.is_some() {
        for finding in parsed
            .findings
            .iter()
            .filter(|one| one.severity != Severity::Note)
        {
            let Position { line, column } = Position::of(&source, finding.span.start);
            let help = finding.help.as_ref();
            let help = help.map(|help| format!("; {help}")).unwrap_or_default();
            warnings.push(format!("{name}:{line}:{column}: {}{help}", finding.message));
        }
        return Ok((parsed.document, Vec::new()));
    }
    let places = parsed
        .findings
        .iter()
        .map(|finding| place(finding, name, &source));
    Ok((None, places.collect()))
}

/// The sandbox's configuration.
pub(super) fn sandbox(path: &Path) -> Result<Config, Box<Failure>> {
    Config::read(path).map_err(|error| {
        let mut failure = Failure::new(codes::SANDBOX_CONFIG, &error);
        if let ConfigError::Invalid { places, .. } = error {
            failure.excerpts = places;
        }
        Box::new(failure.hint("`docs/reference/sandbox.md` shows every key"))
    })
}

/// The bytes of a policy file.
pub(super) fn policy_bytes(path: &Path, name: &str) -> Result<Vec<u8>, Box<Failure>> {
    std::fs::read(path).map_err(|error| {
        let title = format!(
            "the policy file `{name}` cannot be read: {}",
            io_words(&error)
        );
        Box::new(Failure::new(codes::POLICY_UNREADABLE, title).hint("check the path"))
    })
}

/// How much of a file is kept to be shown: the parser takes no longer one.
const SHOWN: usize = 2 * 1024 * 1024;

/// The bytes as text, at the same offsets: a byte that is not UTF-8 becomes a `?`.
pub(super) fn readable(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(SHOWN)];
    let pieces = bytes
        .utf8_chunks()
        .flat_map(|chunk| [chunk.valid().to_owned(), "?".repeat(chunk.invalid().len())]);
    pieces.collect()
}

/// Where a finding stands.
pub(super) fn place(finding: &Finding, name: &str, source: &str) -> Excerpt {
    Excerpt {
        weight: match finding.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Note => Weight::Note,
        },
        code: Some(finding.code),
        title: finding.message.clone(),
        path: name.to_owned(),
        source: source.to_owned(),
        labels: vec![(finding.span.start..finding.span.end, String::new())],
        help: finding.help.clone(),
    }
}

/// What the flags say about the target.
pub(super) fn selection(flags: &TargetArgs) -> Selection {
    Selection {
        region: flags.region.clone(),
        account: flags.account_id.clone(),
        service: flags.service_name.clone(),
        function: flags.function_name.clone(),
        qualifier: flags.qualifier.clone(),
        api: match flags.sdk_version.as_deref() {
            Some("2016-08-15") => Some(Api::V20160815),
            Some("2021-04-06") => Some(Api::V20210406),
            Some(_) => Some(Api::V20230330),
            None => None,
        },
    }
}

/// The templates in use.
pub(super) fn catalogue(
    directory: Option<&PathBuf>,
) -> Result<Cow<'static, Catalogue>, Box<Failure>> {
    let embedded = Catalogue::embedded();
    match directory {
        None => Ok(Cow::Borrowed(embedded)),
        Some(directory) => embedded
            .with_directory(directory)
            .map(Cow::Owned)
            .map_err(|error| Box::new(error.into())),
    }
}

/// Placeholders that the user gives a value; `known` are those of the templates in use.
pub(super) fn placeholders<'s>(
    set: &'s [String],
    known: &[String],
) -> Result<BTreeMap<&'s str, &'s str>, Box<Failure>> {
    let mut values = BTreeMap::new();
    for pair in set {
        let fault = |why: &str| {
            let failure = Failure::new(codes::TEMPLATE, format!("`--set {pair}` {why}"));
            Box::new(failure.hint("write `--set triggerName=http`"))
        };
        match pair.split_once('=') {
            Some((name, _)) if !name.is_empty() && !known.iter().any(|one| one == name) => {
                const BY_FLAG: [&str; 5] = [
                    "region",
                    "account-id",
                    "serviceName",
                    "functionName",
                    "qualifier",
                ];
                let known = known.iter().map(String::as_str);
                let known: Vec<&str> = known.filter(|one| !BY_FLAG.contains(one)).collect();
                let meant = closest(name, &known);
                let hint = match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if known.is_empty() => "the flags give all that it needs".to_owned(),
                    None => format!("there are `{}`", known.join("`, `")),
                };
                let title = format!("`--set {pair}`: no such placeholder in the template");
                return Err(Box::new(Failure::new(codes::TEMPLATE, title).hint(hint)));
            }
            Some((name, value)) if !name.is_empty() => {
                if values.insert(name, value).is_some() {
                    return Err(fault("gives the placeholder a second value"));
                }
            }
            _ => return Err(fault("is not `NAME=VALUE`")),
        }
    }
    Ok(values)
}

impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::NoRegion => Self::new(codes::REGION, &error).hint(
                "pass `--region`, write it into the project file, set `ALIBABA_CLOUD_REGION_ID`, or give the aliyun CLI's profile a region",
            ),
            SelectionError::NoFunction => {
                Self::new(codes::NAME, &error).hint("pass `--function-name`, or name a project file with `--template`")
            }
            SelectionError::Target(error) => error.into(),
            SelectionError::Environment(error) => {
                Self::new(codes::ENVIRONMENT, &error).hint("set it to text in UTF-8, or unset it")
            }
        }
    }
}

/// Whether the action and the resource can be asked about, and if not, why.
pub(super) fn question(action: &str, resource: &str) -> Result<(), String> {
    let named = |part: &str| {
        !part.is_empty() && !part.contains(|one: char| one.is_whitespace() || "*?".contains(one))
    };
    let exact = action.split_once(':').is_some_and(|(service, operation)| {
        named(service) && named(operation) && !operation.contains(':')
    });
    if !exact {
        return Err(format!(
            "`{action}` is not one action, like `fc:InvokeFunction`"
        ));
    }
    if resource.trim().is_empty() {
        return Err("no resource is named".to_owned());
    }
    Ok(())
}

/// Says which layers an allowance does not speak of.
pub(super) fn not_looked_at(layers: &[Layer], printer: &mut Printer) {
    let names: Vec<&str> = layers.iter().map(|layer| layer.as_str()).collect();
    if !names.is_empty() {
        let line = format!("not looked at: {} policies", names.join(", "));
        printer.line(Verbosity::Normal, &line);
    }
}

/// A key that was given before in other letters: whether RAM tells the two apart is not known.
pub(super) fn same_key<'k>(known: &[&'k str], key: &str) -> Option<&'k str> {
    let same = known
        .iter()
        .find(|one| **one != key && one.eq_ignore_ascii_case(key));
    same.copied()
}

/// The condition keys that the user gave.
pub(super) fn context(args: &ContextArgs) -> Result<Context, Box<Failure>> {
    let mut context = Context::default();
    let fault =
        |title: String, hint: &str| Err(Box::new(Failure::new(codes::CONTEXT, title).hint(hint)));
    let mut known: Vec<&str> = Vec::new();
    for pair in &args.context {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                if let Some(other) = same_key(&known, key) {
                    let title = format!("`{other}` and `{key}` differ in letter case only");
                    return fault(title, "write the key in one way");
                }
                known.push(key);
                context.give(key, value);
            }
            _ => {
                let title = format!("`--context {pair}` is not `KEY=VALUE`");
                return fault(title, "write `--context acs:SourceIp=203.0.113.7`");
            }
        }
    }
    for key in &args.absent {
        if key.is_empty() {
            return fault(
                "`--absent` names no key".into(),
                "write `--absent acs:SourceVpc`",
            );
        }
        if context.is_given(key) {
            let title = format!("`{key}` is given with `--context` and absent with `--absent`");
            return fault(
                title,
                "a request carries a key or it does not: keep one of the two",
            );
        }
        context.absent(key);
    }
    if args.context_complete {
        context.complete();
    }
    Ok(context)
}

/// Writes a file whole or not at all, with the mode that it has; a link stays a link, and what
/// is no file of its own (a pipe, a terminal, a stream of this process) is written to as it is.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let known = std::fs::metadata(path).ok();
    let stream = path.starts_with("/dev") || path.starts_with("/proc");
    if stream || known.as_ref().is_some_and(|known| !known.is_file()) {
        let mut open = File::options().append(true).open(path)?;
        return open.write_all(text.as_bytes());
    }
    let path = match (&known, std::fs::read_link(path)) {
        (Some(_), _) => std::fs::canonicalize(path)?,
        // A link to what is not there yet.
        (None, Ok(target)) => path.parent().unwrap_or(Path::new("")).join(target),
        (None, Err(_)) => path.to_owned(),
    };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", random_hex()));
    let beside = path.with_file_name(name);
    let mut open = File::options();
    let written = open
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| {
            known.map_or(Ok(()), |known| file.set_permissions(known.permissions()))?;
            file.write_all(text.as_bytes())?;
            std::fs::rename(&beside, &path)
        });
    if written.is_err() {
        // What is left of it helps nobody.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
