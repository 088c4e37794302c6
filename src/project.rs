//! From what the user says to the target of a call. Flags beat everything else; what is
//! missing is named together with every place where it can be given.
//!
//! What the user says may stand in a project file of Serverless Devs (`s.yaml`), of edition
//! 1.0.0 (`services`) or 3.0.0 (`resources`). [`load`] finds and reads it,
//! [`Project::choose`] tells which of its functions are meant, and [`Function`] gives each
//! value when it is asked for: what cannot be filled in is an error only then, with its place
//! and the flag that replaces it. The file is data. No expression, plugin or action in it is
//! ever run, `file()` and `path()` stay inside its folder, and the `.env` beside it fills in
//! `${env(…)}` and nothing else.

mod choose;
mod document;
mod env;
mod error;
mod expression;
mod find;
mod interpolate;
mod order;
mod resolve;

pub use choose::{Chosen, Wanted};
pub use document::{Edition, Loaded, Project, load};
pub use env::EnvFault;
pub use error::{DocumentFault, Field, ProjectError, ValueFault};
pub use expression::SyntaxFault;
pub use find::{Search, current_user};
pub use interpolate::Given;
pub use resolve::{Component, Function, Trigger, Value};

use crate::acs::{Environment, ambient::NotUtf8};
use crate::fc::target::TargetNames;
use crate::fc::{Api, Target, region, target::TargetError};
pub use crate::yaml::{FileFault, MAX_DEPTH, MAX_FILE, MAX_NODES, Place, YamlFault};

/// What the user says about the target.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--region`
    pub region: Option<String>,
    /// `--account-id`
    pub account: Option<String>,
    /// `--service-name`
    pub service: Option<String>,
    /// `--function-name`
    pub function: Option<String>,
    /// `--qualifier`
    pub qualifier: Option<String>,
    /// `--sdk-version`
    pub api: Option<Api>,
}

/// Why there is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No region anywhere.
    #[error("no region is given")]
    NoRegion,
    /// No function anywhere.
    #[error("no function is given")]
    NoFunction,
    /// A name or an API that cannot be.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The region's variable cannot be read.
    #[error(transparent)]
    Environment(#[from] NotUtf8),
}

/// The variable that gives a region.
pub const REGION_VARIABLE: &str = "ALIBABA_CLOUD_REGION_ID";

/// The target, and what may be wrong with it.
///
/// # Errors
/// Something is missing, or cannot be.
pub fn select(
    selection: Selection,
    environment: &dyn Environment,
) -> Result<(Target, Vec<String>), SelectionError> {
    let region = match selection.region {
        Some(region) => region,
        None => environment
            .var(REGION_VARIABLE)?
            .ok_or(SelectionError::NoRegion)?,
    };
    let target = Target::new(TargetNames {
        api: selection.api,
        region,
        account: selection.account,
        service: selection.service,
        function: selection.function.ok_or(SelectionError::NoFunction)?,
        qualifier: selection.qualifier,
    })?;
    let mut warnings = Vec::new();
    if !region::is_known(target.region()) {
        let meant = region::nearest(target.region());
        let meant = meant
            .map(|known| format!(" (did you mean `{known}`?)"))
            .unwrap_or_default();
        warnings.push(format!(
            "region `{}` is not known to sesame{meant}; going on",
            target.region()
        ));
    }
    Ok((target, warnings))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn with(region: Option<&str>, variable: &str) -> Result<(Target, Vec<String>), SelectionError> {
        let environment = BTreeMap::from([(REGION_VARIABLE.to_owned(), variable.to_owned())]);
        let selection = Selection {
            region: region.map(str::to_owned),
            function: Some("f".into()),
            ..Selection::default()
        };
        select(selection, &environment)
    }

    #[test]
    fn a_flag_beats_the_environment() {
        assert_eq!(
            with(Some("cn-beijing"), "cn-shanghai").unwrap().0.region(),
            "cn-beijing"
        );
        assert_eq!(with(None, "cn-shanghai").unwrap().0.region(), "cn-shanghai");
        assert_eq!(with(None, "").unwrap_err(), SelectionError::NoRegion);
    }

    #[test]
    fn an_unknown_region_warns_and_goes_on() {
        let (target, warnings) = with(Some("cn-hangzou"), "").unwrap();
        assert_eq!(target.region(), "cn-hangzou");
        assert!(warnings[0].contains("did you mean `cn-hangzhou`?"));
        assert!(with(Some("cn-hangzhou"), "").unwrap().1.is_empty());
    }
}
