//! The action table of Function Compute: which action and which resource RAM is asked about
//! for each operation. It is parsed only when it is asked for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::embedded;
use super::{Confidence, Generation};
use crate::ram::{AccessLevel, ActionRow, ActionTable};

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Shows one thing.
    Read,
    /// Shows many.
    List,
    /// Changes.
    Write,
    /// Calls a function.
    Invoke,
}

impl Access {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Invoke => "invoke",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The generation whose operation it is.
    pub generation: Generation,
    /// The operation, as the API names it; the action's name may differ.
    pub operation: String,
    /// The action, `fc:InvokeFunction` for example.
    #[serde(rename = "action")]
    pub name: String,
    /// The resources that RAM may be asked about, with placeholders.
    pub resources: Vec<String>,
    /// What it does.
    pub access: Access,
    /// Whether a policy can name resources for it; otherwise `*` only.
    pub resource_level: bool,
    /// Condition keys of Function Compute's own that apply to it.
    #[serde(default)]
    pub condition_keys: Vec<String>,
    /// How sure the row is.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: String,
    /// What else is known.
    #[serde(default)]
    pub notes: String,
}

impl Action {
    /// Whether every resource of it names a qualifier: RAM is never asked about a form without
    /// one.
    pub fn is_qualified_only(&self) -> bool {
        self.resources
            .iter()
            .all(|resource| resource.contains("<qualifier>"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Sources are long and shared, so rows name them.
    sources: BTreeMap<String, String>,
    actions: Vec<Action>,
}

impl Table {
    #[expect(
        clippy::expect_used,
        reason = "the table is part of the program, and a test reads it"
    )]
    fn read() -> Self {
        serde_json::from_str(embedded::ACTIONS).expect("policies/actions.json")
    }
}

static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(|| {
    let Table { sources, actions } = Table::read();
    let resolved = actions.into_iter().map(|mut action| {
        if let Some(source) = sources.get(&action.source) {
            action.source.clone_from(source);
        }
        action
    });
    resolved.collect()
});

/// Every row, FC 2.0 first.
pub fn all() -> &'static [Action] {
    &ACTIONS
}

/// The rows of an action in either generation; letter case does not count, as in RAM.
pub fn named(name: &str) -> impl Iterator<Item = &'static Action> {
    all()
        .iter()
        .filter(move |action| action.name.eq_ignore_ascii_case(name))
}

/// The row of an action in a generation.
pub fn find(name: &str, generation: Generation) -> Option<&'static Action> {
    named(name).find(|action| action.generation == generation)
}

/// The row of an operation, by the API's name for it, in a generation.
pub fn operation(name: &str, generation: Generation) -> Option<&'static Action> {
    all()
        .iter()
        .find(|action| action.generation == generation && action.operation == name)
}

/// The table as the lint takes it: its placeholders stand in braces.
pub fn for_lint() -> ActionTable {
    let row = |action: &Action| ActionRow {
        action: action.name.clone(),
        resources: action
            .resources
            .iter()
            .map(|resource| resource.replace('<', "{").replace('>', "}"))
            .collect(),
        access: match action.access {
            Access::Read => AccessLevel::Read,
            Access::List => AccessLevel::List,
            Access::Write => AccessLevel::Write,
            Access::Invoke => AccessLevel::Invoke,
        },
    };
    let mut keys: Vec<String> = all()
        .iter()
        .flat_map(|action| action.condition_keys.iter().cloned())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    ActionTable {
        rows: all().iter().map(row).collect(),
        keys,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::placeholders::{self, Piece};
    use super::*;

    #[test]
    fn the_table_is_whole_and_each_row_says_where_it_comes_from() {
        let table = Table::read();
        assert_eq!(table.actions.len(), 138);
        let count = |mark| {
            all()
                .iter()
                .filter(|action| action.confidence == mark)
                .count()
        };
        let counts = Confidence::ALL.map(count);
        assert_eq!(counts, [113, 2, 2, 21, 0]);
        let used: BTreeSet<_> = table.actions.iter().map(|action| &action.source).collect();
        assert_eq!(used, table.sources.keys().collect());
        assert!(all().iter().all(|action| !action.source.is_empty()));
    }

    #[test]
    fn an_action_and_an_operation_have_one_row_in_a_generation() {
        let mut names = BTreeSet::new();
        let mut operations = BTreeSet::new();
        for action in all() {
            let name = action.name.to_ascii_lowercase();
            assert!(names.insert((action.generation, name)), "{}", action.name);
            assert!(operations.insert((action.generation, &action.operation)));
            assert!(action.name.starts_with("fc:"), "{}", action.name);
        }
    }

    #[test]
    fn every_resource_is_of_the_account_and_holds_documented_placeholders_only() {
        for action in all() {
            assert!(!action.resources.is_empty(), "{}", action.name);
            for resource in &action.resources {
                let scoped = resource.starts_with("acs:fc:<region>:<account-id>:");
                assert_eq!(scoped, action.resource_level, "{resource}");
                assert!(scoped || resource == "*", "{resource}");
                assert!(!resource.contains("services/services"), "{resource}");
                for piece in placeholders::pieces(resource).unwrap() {
                    if let Piece::Placeholder(name) = piece {
                        assert!(placeholders::find(name).is_some(), "{name}");
                    }
                }
            }
            if action.access == Access::Invoke {
                assert_eq!(action.name, "fc:InvokeFunction");
                assert!(action.condition_keys.is_empty());
            }
        }
    }

    #[test]
    fn look_ups_know_letter_case_generation_and_the_names_that_differ() {
        assert_eq!(named("FC:invokefunction").count(), 2);
        let async_config = operation("GetAsyncInvokeConfig", Generation::Fc3).unwrap();
        assert_eq!(async_config.name, "fc:GetFunctionAsyncInvokeConfig");
        assert!(find("fc:DeleteProvisionConfig", Generation::Fc2).is_none());
        assert!(find("fc:DeleteProvisionConfig", Generation::Fc3).is_some());
        assert!(named("fc:Nothing").next().is_none());
        let keys = &find("fc:CreateTrigger", Generation::Fc3)
            .unwrap()
            .condition_keys;
        assert_eq!(keys.len(), 2);
    }

    #[test]
    fn some_actions_of_fc2_are_asked_about_with_a_qualifier_only() {
        let only = |name, generation| find(name, generation).unwrap().is_qualified_only();
        assert!(only("fc:PutProvisionConfig", Generation::Fc2));
        assert!(!only("fc:PutProvisionConfig", Generation::Fc3));
        assert!(!only("fc:InvokeFunction", Generation::Fc2));
        assert!(!only("fc:GetFunction", Generation::Fc3));
    }
}
