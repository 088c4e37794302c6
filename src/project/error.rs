//! What can be wrong with a project file, each with its place and the flag that makes the
//! file's value unnecessary.

use std::fmt;
use std::path::PathBuf;

use super::env::EnvFault;
use super::expression::SyntaxFault;
use crate::ram;
use crate::yaml::{FileFault, Place, YamlFault};

/// The longest name, in bytes, that a better one is looked for.
const LONGEST_COMPARED: usize = 128;

/// A value that a call may take from the project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What deploys the resource, and so the shape of its properties.
    Component,
    /// The properties as a whole.
    Props,
    /// The region.
    Region,
    /// The service, in FC 2.0.
    Service,
    /// The function.
    Function,
    /// The function's own timeout.
    Timeout,
    /// The runtime.
    Runtime,
    /// The triggers.
    Trigger,
    /// The address that calls go to.
    Endpoint,
    /// The alias of the credentials.
    Access,
}

impl Field {
    /// The flag that replaces the value, where there is one.
    pub fn flag(self) -> Option<&'static str> {
        match self {
            Self::Region => Some("--region"),
            Self::Service => Some("--service-name"),
            Self::Function => Some("--function-name"),
            Self::Timeout | Self::Runtime => Some("--timeout"),
            Self::Trigger => Some("--trigger-url"),
            Self::Endpoint => Some("--endpoint"),
            Self::Access => Some("--access"),
            Self::Component | Self::Props => None,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Props => "properties",
            Self::Region => "region",
            Self::Service => "service name",
            Self::Function => "function name",
            Self::Timeout => "timeout",
            Self::Runtime => "runtime",
            Self::Trigger => "trigger",
            Self::Endpoint => "endpoint",
            Self::Access => "access alias",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.noun())
    }
}

/// What is wrong with a document that is YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// It is not even YAML.
    #[error(transparent)]
    Yaml(#[from] YamlFault),
    /// Something of the wrong kind.
    #[error("{what} must be {wanted}, not {found}")]
    Shape {
        /// What it is.
        what: String,
        /// What it must be.
        wanted: &'static str,
        /// What it is instead.
        found: &'static str,
    },
    /// No `edition`.
    #[error("no `edition` is given; it is `3.0.0` for `resources` and `1.0.0` for `services`")]
    NoEdition,
    /// An `edition` that does not exist.
    #[error("the edition `{0}` is not known; there are `3.0.0`, `2.0.0` and `1.0.0`")]
    Edition(String),
    /// The other edition's key.
    #[error("edition {edition} has `{wanted}`, not `{found}`")]
    OtherEdition {
        /// The file's edition.
        edition: &'static str,
        /// Its key.
        wanted: &'static str,
        /// The other one's.
        found: &'static str,
    },
    /// Neither `resources` nor `services`.
    #[error("no `{0}` are given")]
    NoResources(&'static str),
    /// A template that does not exist.
    #[error("there is no template `{name}`{}", meant(closest.as_deref()))]
    NoTemplate {
        /// Its name.
        name: String,
        /// What was most likely meant.
        closest: Option<String>,
    },
    /// The file that `extend` names gives no text.
    #[error("`{path}` {fault}")]
    Extended {
        /// The path as written.
        path: String,
        /// Why.
        fault: FileFault,
    },
    /// `extend` leads out of the repository.
    #[error("`{0}` lies outside the repository, or outside the file's folder where there is none")]
    ExtendedOutside(String),
    /// Files that extend each other.
    #[error("`{0}` is extended by itself, or too many files extend each other")]
    ExtendedAgain(String),
}

/// Why a value cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    /// The text between the braces.
    #[error(transparent)]
    Syntax(#[from] SyntaxFault),
    /// A document around or behind the value.
    #[error(transparent)]
    Document(#[from] DocumentFault),
    /// The `.env` beside the file.
    #[error(transparent)]
    DotEnv(#[from] EnvFault),
    /// The `.env` gives no text.
    #[error("`.env` {0}")]
    DotEnvFile(FileFault),
    /// A variable that has no value.
    #[error("the environment variable `{0}` is not set, nor is it in `.env`")]
    NotSet(String),
    /// A variable that holds a credential.
    #[error("`{0}` holds a credential, which has no place in the target of a call")]
    Secret(String),
    /// A name that leads nowhere.
    #[error("`{name}` is not defined{}", meant(closest.as_deref()))]
    Undefined {
        /// The name as far as it goes, and the part that is not there.
        name: String,
        /// What was most likely meant.
        closest: Option<String>,
    },
    /// What only a deployment brings forth.
    #[error("`{0}` is known only to the tool that deployed it")]
    Deployed(String),
    /// `this` outside a resource.
    #[error("`{0}` means a resource, and this stands in none")]
    NoThis(String),
    /// The account is not known yet.
    #[error("the account id is not known")]
    NoAccount,
    /// Something of the credentials other than the account.
    #[error("`config({0})` is not read: of the credentials only `AccountID` is")]
    Credential(String),
    /// A function that does not exist here.
    #[error(
        "`{0}()` is not a function of project files here; `env`, `config`, `file`, `path`, `json` and `yaml` are"
    )]
    NoSuchFunction(String),
    /// Too few arguments or too many.
    #[error("`{name}()` takes {takes}")]
    Arguments {
        /// The function.
        name: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A path that leads out of the folder.
    #[error("`{0}` lies outside the project's folder")]
    Outside(String),
    /// A file that gives no text.
    #[error("`{path}` {fault}")]
    File {
        /// The path as written.
        path: String,
        /// Why.
        fault: FileFault,
    },
    /// Something of the wrong kind.
    #[error("{wanted} is wanted here, not {found}")]
    Shape {
        /// What is wanted.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// Nothing there.
    #[error("it is empty")]
    Empty,
    /// A value made of itself.
    #[error("it is made of itself")]
    Cycle,
    /// Too many values made of values.
    #[error("it takes more than {0} steps to put together")]
    Steps(usize),
    /// A text that grows too long.
    #[error("it grows longer than {0} bytes")]
    Long(usize),
    /// Not a number of seconds. What it is instead is not shown: it may come from a variable
    /// that is nobody's business.
    #[error("it is not a whole number of seconds")]
    Seconds,
    /// Not an address.
    #[error("{0}")]
    Endpoint(String),
    /// A host that the user has not allowed.
    #[error("the file sends the call to `{host}`, which takes `--allow-endpoint {host}`")]
    NotAllowed {
        /// The host.
        host: String,
    },
}

/// The name that was most likely meant. Nobody misspells a very long one, and comparing two
/// of those takes its time.
pub(super) fn closest(name: &str, known: &[&str]) -> Option<String> {
    match name.len() <= LONGEST_COMPARED {
        true => ram::closest(name, known).map(str::to_owned),
        false => None,
    }
}

/// What was probably meant, in brackets.
fn meant(closest: Option<&str>) -> String {
    closest.map_or_else(String::new, |closest| {
        format!(" (did you mean `{closest}`?)")
    })
}

/// Why a project file gives no call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// The file gives no text.
    #[error("`{}` {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: FileFault,
    },
    /// The file as a whole is not a project file.
    #[error("{fault}")]
    Document {
        /// Where.
        place: Place,
        /// What is wrong.
        fault: DocumentFault,
    },
    /// A value that is needed cannot be known.
    #[error("the {field} of `{resource}` cannot be taken from the file: {fault}")]
    Value {
        /// Where it stops, which may be behind some references.
        place: Place,
        /// What was asked for.
        field: Field,
        /// The resource.
        resource: String,
        /// Why.
        fault: ValueFault,
    },
    /// No resource has the name.
    #[error("`{}` has no resource `{name}`{}", path.display(), meant(closest.as_deref()))]
    NoResource {
        /// The file.
        path: PathBuf,
        /// The name that was given.
        name: String,
        /// What was most likely meant.
        closest: Option<String>,
    },
    /// The resource is something else than a function.
    #[error("`{resource}` is not a function: {reason}")]
    NotAFunction {
        /// Where it stands.
        place: Place,
        /// The resource.
        resource: String,
        /// Why.
        reason: String,
    },
    /// No resource is a function.
    #[error("no resource of `{}` is a function: {}", path.display(), reasons.join("; "))]
    NoFunctions {
        /// The file.
        path: PathBuf,
        /// Why not, of the first ones.
        reasons: Vec<String>,
    },
    /// Several resources could be the one that is meant.
    #[error("{} could each be `{function}`", listed(resources))]
    Ambiguous {
        /// Where the first of them stands.
        place: Place,
        /// The function's name that was given.
        function: String,
        /// The resources.
        resources: Vec<String>,
    },
    /// No resource has the function, in a file that the user named.
    #[error("`{}` has no function `{function}`{}", path.display(), meant(closest.as_deref()))]
    NoFunction {
        /// The file.
        path: PathBuf,
        /// The function's name that was given.
        function: String,
        /// What was most likely meant.
        closest: Option<String>,
    },
    /// Resources that need each other, so that none can be first.
    #[error("{} need each other, so none can be first", listed(resources))]
    Circle {
        /// One reference of the circle.
        place: Place,
        /// The resources, in the order of their references.
        resources: Vec<String>,
    },
}

/// Names as a sentence has them.
fn listed(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

impl ProjectError {
    /// Where it is, where it has a place.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Document { place, .. }
            | Self::Value { place, .. }
            | Self::NotAFunction { place, .. }
            | Self::Ambiguous { place, .. }
            | Self::Circle { place, .. } => Some(place),
            _ => None,
        }
    }

    /// The flag that makes the file's value unnecessary.
    pub fn flag(&self) -> Option<&'static str> {
        match self {
            Self::Value { field, fault, .. } => match fault {
                ValueFault::NoAccount => Some("--account-id"),
                ValueFault::NotAllowed { .. } => Some("--allow-endpoint"),
                _ => field.flag(),
            },
            Self::File { .. } | Self::Document { .. } => Some("--template"),
            _ => None,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Value { fault, .. } => match (self.flag(), fault) {
                (Some(flag), ValueFault::NotSet(name)) => {
                    format!("set `{name}`, or pass `{flag}`")
                }
                (Some(flag), ValueFault::NotAllowed { host }) => {
                    format!("pass `{flag} {host}` if the host is yours")
                }
                (Some(flag), _) => format!("pass `{flag}` in its place, or correct the file"),
                (None, _) => "correct the file".to_owned(),
            },
            Self::File { .. } | Self::Document { .. } => {
                "correct the file, or name another one with `--template`".to_owned()
            }
            Self::Ambiguous { .. } | Self::Circle { .. } => {
                "name one of them: `sesame invoke NAME`".to_owned()
            }
            Self::NoResource { .. } | Self::NotAFunction { .. } => {
                "name a resource that is a function, or give `--function-name`".to_owned()
            }
            Self::NoFunctions { .. } => "give `--region` and `--function-name`".to_owned(),
            Self::NoFunction { .. } => {
                "name the resource as well, or leave `--template` out".to_owned()
            }
        }
    }
}
