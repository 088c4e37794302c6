//! The project file that the flags name, or that lies on the way up from the working folder.

use std::path::PathBuf;

use crate::acs::Environment;
use crate::cli::GlobalArgs;
use crate::diagnosis::{Failure, codes};
use crate::project::{self, Loaded, Project, ProjectError, Search, current_user};

/// Where a project file is looked for. It holds what it needs, so that a thread can do it: to
/// open a pipe can wait for ever.
pub(super) struct Lookup {
    start: PathBuf,
    home: Option<PathBuf>,
    named: Option<PathBuf>,
}

impl Lookup {
    pub(super) fn new(global: &GlobalArgs, environment: &dyn Environment) -> Self {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let home = environment.var(home).ok().flatten();
        Self {
            start: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            home: home.map(PathBuf::from),
            named: global.template.clone(),
        }
    }

    /// Whether the user names the file.
    pub(super) fn is_named(&self) -> bool {
        self.named.is_some()
    }

    pub(super) fn load(&self) -> Result<Loaded, ProjectError> {
        let search = Search {
            start: &self.start,
            home: self.home.as_deref(),
            user: current_user(),
        };
        project::load(search, self.named.as_deref())
    }
}

/// Nothing was found, and only a project file could have said what is meant.
pub(super) fn none(title: impl Into<String>) -> Failure {
    Failure::new(codes::PROJECT_NONE, title.into())
        .hint("name one with `--template`, or give `--region` and `--function-name`")
}

/// Why the file gives no function, and what it has.
pub(super) fn no_choice(error: ProjectError, project: &Project) -> Failure {
    let names: Vec<_> = project.resources().take(20).collect();
    let more = if project.resources().nth(20).is_some() {
        ", …"
    } else {
        ""
    };
    let lists = matches!(error, ProjectError::NoResource { .. }) && !names.is_empty();
    let failure = Failure::from(error);
    match lists {
        true => failure.because(format!("it has `{}`{more}", names.join("`, `"))),
        false => failure,
    }
}
