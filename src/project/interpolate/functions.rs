//! The functions of the `${…}` language: `env`, `config`, `file`, `path`, `json`, `yaml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{At, Evaluator, Fault, MAX_DEPTH, MAX_TEXT, Settled};
use crate::project::document::{self, DotEnvFault, Edition};
use crate::project::error::{DocumentFault, ValueFault};
use crate::project::expression::Expression;
use crate::yaml::{self, FileFault, Place, Source};

/// What reading a file counts for.
const FILE_STEPS: usize = 100;

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        arguments: &[Expression],
        at: &At,
        here: &Place,
    ) -> Result<Settled, Fault> {
        let fault = |fault| Err((here.clone(), fault));
        let takes = |takes| {
            let name = name.to_owned();
            Err((here.clone(), ValueFault::Arguments { name, takes }))
        };
        // Edition 1.0.0 writes the names with a capital letter, too.
        match (name, arguments) {
            ("env" | "Env", [variable, rest @ ..]) if rest.len() < 2 => {
                let variable = self.string(variable, at, here)?;
                match (self.variable(&variable, here)?, rest) {
                    (Some(value), _) => Ok(Settled::Text(value)),
                    (None, [default]) => self.value(default, at, here),
                    (None, _) => fault(ValueFault::NotSet(variable)),
                }
            }
            ("config" | "Config", [key, rest @ ..]) if rest.len() < 2 => {
                let key = self.string(key, at, here)?;
                match (self.given.account, rest) {
                    _ if key != "AccountID" => fault(ValueFault::Credential(key)),
                    (Some(account), _) => Ok(Settled::Text(account.to_owned())),
                    (None, [default]) => self.value(default, at, here),
                    (None, _) => fault(ValueFault::NoAccount),
                }
            }
            ("path" | "Path", [path]) => {
                let written = self.string(path, at, here)?;
                let real = self.inside(&written, here)?;
                Ok(Settled::Text(real.to_string_lossy().into_owned()))
            }
            ("file" | "File", [path]) => {
                let written = self.string(path, at, here)?;
                let is_document = [".yaml", ".yml", ".json"]
                    .iter()
                    .any(|ending| written.ends_with(ending));
                // Edition 1.0.0 reads documents here, 3.0.0 text.
                match self.project.edition == Edition::V1 && is_document {
                    true => self.document(&written, at, here),
                    false => self.file(&written, here).map(Settled::Text),
                }
            }
            ("json" | "yaml", [Expression::Call { name, arguments }])
                if name == "file" && arguments.len() == 1 =>
            {
                let written = self.string(&arguments[0], at, here)?;
                self.document(&written, at, here)
            }
            ("env" | "Env" | "config" | "Config", _) => takes("a name and perhaps a default"),
            ("path" | "Path" | "file" | "File", _) => takes("a path"),
            ("json" | "yaml", _) => takes("a `file(…)`"),
            _ => fault(ValueFault::NoSuchFunction(name.to_owned())),
        }
    }

    /// The variable's value; an empty one counts as not set.
    pub(super) fn variable(&mut self, name: &str, here: &Place) -> Result<Option<String>, Fault> {
        self.expanded(name, here, 0)
    }

    fn expanded(
        &mut self,
        name: &str,
        here: &Place,
        depth: usize,
    ) -> Result<Option<String>, Fault> {
        self.step(1, here)?;
        if is_credential(name) {
            return Err((here.clone(), ValueFault::Secret(name.to_owned())));
        }
        // What is not UTF-8 is as good as not set: the message then names the variable.
        if let Ok(Some(value)) = self.given.environment.var(name) {
            return Ok(Some(value));
        }
        let project = self.project;
        let dotenv = match &project.dotenv {
            Ok(dotenv) => dotenv,
            Err(DotEnvFault::File(fault)) => {
                return Err((here.clone(), ValueFault::DotEnvFile(fault.clone())));
            }
            Err(DotEnvFault::Outside) => {
                return Err((here.clone(), ValueFault::Outside(".env".to_owned())));
            }
            Err(DotEnvFault::Line(place, fault)) => {
                return Err((place.clone(), fault.clone().into()));
            }
        };
        let Some(variable) = dotenv.get(name) else {
            return Ok(None);
        };
        let value = variable.value.expose();
        let value = match variable.literal || project.edition == Edition::V1 {
            true => value.to_owned(),
            false if depth >= MAX_DEPTH => {
                return Err((variable.place.clone(), ValueFault::Cycle));
            }
            false => self.expand(value, &variable.place, depth)?,
        };
        Ok(Some(value).filter(|value| !value.is_empty()))
    }

    /// A value of `.env` in edition 3.0.0, with its own `$NAME`, `${NAME}` and
    /// `${NAME:-default}` filled in.
    fn expand(&mut self, value: &str, place: &Place, depth: usize) -> Result<String, Fault> {
        let mut expanded = String::new();
        let mut rest = value;
        while let Some(dollar) = rest.find('$') {
            if let Some(before) = rest[..dollar].strip_suffix('\\') {
                expanded.push_str(before);
                expanded.push('$');
                rest = &rest[dollar + 1..];
                continue;
            }
            expanded.push_str(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            let (name, default, next) = match after.strip_prefix('{') {
                Some(inside) => match inside.split_once('}') {
                    Some((inside, next)) => match inside.split_once(":-") {
                        Some((name, default)) => (name, default, next),
                        None => (inside, "", next),
                    },
                    None => (inside, "", ""),
                },
                None => {
                    let end = after
                        .find(|one: char| !one.is_ascii_alphanumeric() && one != '_')
                        .unwrap_or(after.len());
                    (&after[..end], "", &after[end..])
                }
            };
            match name {
                "" => expanded.push('$'),
                _ => match self.expanded(name, place, depth + 1)? {
                    Some(found) => expanded.push_str(&found),
                    None => expanded.push_str(default),
                },
            }
            if expanded.len() > MAX_TEXT {
                return Err((place.clone(), ValueFault::Long(MAX_TEXT)));
            }
            rest = next;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// The real path, if it lies in the folder of the file that names it.
    fn inside(&self, written: &str, here: &Place) -> Result<PathBuf, Fault> {
        let folder = here.source().folder();
        document::within(folder, Path::new(written), folder).map_err(|found| {
            let path = written.to_owned();
            let fault = match found {
                None => ValueFault::Outside(path),
                Some(fault) => ValueFault::File { path, fault },
            };
            (here.clone(), fault)
        })
    }

    /// The text of a file, without the line break at its end.
    fn file(&mut self, written: &str, here: &Place) -> Result<String, Fault> {
        let source = self.open(written, here)?;
        let text = source.text().trim_end_matches(['\r', '\n']);
        match text.len() > MAX_TEXT {
            true => Err((here.clone(), ValueFault::Long(MAX_TEXT))),
            false => Ok(text.to_owned()),
        }
    }

    /// The YAML or JSON in a file.
    fn document(&mut self, written: &str, at: &At, here: &Place) -> Result<Settled, Fault> {
        let source = self.open(written, here)?;
        let node = yaml::read(&source)
            .map_err(|(place, fault)| (place, DocumentFault::from(fault).into()))?;
        Ok(Settled::Tree(At {
            node,
            this: at.this,
        }))
    }

    fn open(&mut self, written: &str, here: &Place) -> Result<Arc<Source>, Fault> {
        self.step(FILE_STEPS, here)?;
        let path = self.inside(written, here)?;
        document::open(&path).map_err(|fault: FileFault| {
            let path = written.to_owned();
            (here.clone(), ValueFault::File { path, fault })
        })
    }
}

/// Whether the variable holds what a call is signed with. A project file has no business
/// putting it where it is sent and shown.
fn is_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    [
        "accesskeysecret",
        "secretkey",
        "securitytoken",
        "serverlessdevskey",
        "serverlessdevsaccess",
    ]
    .iter()
    .any(|ending| plain.ends_with(ending))
}
