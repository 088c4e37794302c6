//! Which functions are meant: those of the project file, as far as there is one, or the one
//! that the flags name.

use super::setting::Setting;
use super::{Command, Stop};
use crate::commands::input;
use crate::commands::project::{Lookup, no_choice, none};
use crate::diagnosis::{Failure, codes};
use crate::output::Printer;
use crate::project::{
    Chosen, Component, Function, Given, Project, ProjectError, Selection, ValueFault, Wanted,
};

impl Command<'_> {
    /// What the flags say, and where they say nothing, the properties.
    pub(super) fn selection(&self) -> Selection {
        let mut selection = input::selection(&self.args.target);
        self.props.complete(&mut selection);
        selection
    }

    /// The project file, unless it has no say. One that was only found and is broken is left
    /// aside where the flags say all that it could.
    pub(super) async fn project(
        &self,
        setting: &Setting,
        printer: &mut Printer,
    ) -> Result<Option<Project>, Stop> {
        let lookup = Lookup::new(self.global, self.environment);
        let is_named = lookup.is_named();
        let asks = self.args.project.as_deref();
        let alone = match (setting.world(), self.component) {
            (Some(_), _) => Some("`--sandbox` takes no project file that was only found"),
            (_, Some(_)) => Some("`sesame cli` takes no project file that was only found"),
            _ => None,
        };
        if let (Some(why), false) = (alone, is_named) {
            return match asks {
                Some(name) => Err(no_resource(name).because(why).into()),
                None => Ok(None),
            };
        }
        let loaded = tokio::task::spawn_blocking(move || lookup.load()).await;
        let loaded = loaded.map_err(|error| Failure::new(codes::PROJECT_FILE, error))?;
        let selection = self.selection();
        let suffices = selection.region.is_some() && selection.function.is_some();
        match loaded {
            Ok(loaded) => {
                for notice in &loaded.notices {
                    printer.warning(notice);
                }
                match (loaded.project, asks) {
                    (None, Some(name)) => Err(no_resource(name).into()),
                    (project, _) => Ok(project),
                }
            }
            Err(error) if !is_named && asks.is_none() && suffices => {
                let place = error.place().map(|place| format!("{place}: "));
                let place = place.unwrap_or_default();
                printer.warning(&format!("{place}{error}; the project file is left aside"));
                Ok(None)
            }
            Err(error) => {
                let failure = Failure::from(error);
                Err(match is_named || asks.is_some() {
                    true => failure.into(),
                    false => failure
                        .hint("with `--region` and `--function-name` it is left aside")
                        .into(),
                })
            }
        }
    }

    /// The functions of the file that are meant; none in the list is the one of the flags.
    pub(super) fn functions<'p>(
        &'p self,
        project: &'p Project,
        account: Option<&'p str>,
        printer: &mut Printer,
    ) -> Result<Vec<Option<Function<'p>>>, Stop> {
        let selection = self.selection();
        let wanted = Wanted {
            resource: self.args.project.as_deref(),
            function: selection.function.as_deref(),
            service: selection.service.as_deref(),
            region: selection.region.as_deref(),
        };
        let given = Given {
            environment: self.environment,
            account,
        };
        match project.choose(wanted, given) {
            Ok(Chosen::Functions { functions, skipped }) => {
                for notice in &skipped {
                    printer.warning(notice);
                }
                Ok(functions.into_iter().map(Some).collect())
            }
            Ok(Chosen::Aside(notice)) => {
                printer.warning(&notice);
                Ok(vec![None])
            }
            Err(error) => Err(no_choice(error, project).into()),
        }
    }

    /// Puts the file's word where nobody else has spoken.
    pub(super) async fn complete(
        &self,
        selection: &mut Selection,
        function: &Function<'_>,
        setting: &mut Setting,
        printer: &mut Printer,
    ) -> Result<(), Stop> {
        match function.complete(selection) {
            Err(ProjectError::Value {
                fault: ValueFault::NoAccount,
                ..
            }) => {
                // `${config(AccountID)}`: the credentials may record it.
                let account = match &selection.account {
                    Some(account) => Some(account.clone()),
                    None => setting.recorded_account(self, printer).await,
                };
                let function = function.in_account(account.as_deref());
                Ok(function.complete(selection)?)
            }
            ended => Ok(ended?),
        }
    }

    /// `sesame cli fc` and `fc3` call functions of their own generation only.
    pub(super) fn check_component(&self, selection: &Selection) -> Result<(), Stop> {
        let fault = |title: &str, hint: &str| {
            Err(Failure::new(codes::API_VERSION, title).hint(hint).into())
        };
        match (self.component, &selection.service) {
            (Some(Component::Fc), None) => fault(
                "`cli fc` calls functions of FC 2.0, and no service is given",
                "pass `--service-name`, or use `sesame cli fc3 invoke` for a function of FC 3.0",
            ),
            (Some(Component::Fc3), Some(_)) => fault(
                "`cli fc3` calls functions of FC 3.0, which have no service",
                "leave `--service-name` out, or use `sesame cli fc invoke` for a function of FC 2.0",
            ),
            _ => Ok(()),
        }
    }
}

fn no_resource(name: &str) -> Failure {
    none(format!(
        "`{name}` is a resource of a project file, and there is none"
    ))
}
