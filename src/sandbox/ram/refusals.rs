//! What cannot be done, with RAM's own codes and texts.

use crate::sandbox::answer::Refused;
use crate::sandbox::directory::Fault;

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        let (status, group, what) = match fault {
            Fault::NotExist(what) => (404, "EntityNotExist", what),
            Fault::AlreadyExists(what) => (409, "EntityAlreadyExists", what),
            Fault::DeleteConflict(what) => (409, "DeleteConflict", what),
            Fault::LimitExceeded(what) => (409, "LimitExceeded", what),
        };
        Self::new(status, format!("{group}.{what}"), message(fault))
    }
}

fn message(fault: Fault) -> String {
    match fault {
        Fault::NotExist(what) => match what {
            "User.AccessKey" => "The user access key does not exist.".to_owned(),
            "User.Group" => "The user has not joined the group.".to_owned(),
            "User.Policy" => "The indicate policy of the user does not exist.".to_owned(),
            "Group.Policy" | "Role.Policy" => {
                let entity = entity(what);
                format!("The indicate policy attached to the {entity} does not exist.")
            }
            "Policy.Version" => "The policy version does not exist.".to_owned(),
            _ => format!("The {} does not exist.", entity(what)),
        },
        Fault::AlreadyExists(what) => match what {
            "User.Group" => "The user has already joined the group.".to_owned(),
            "User.Policy" | "Group.Policy" | "Role.Policy" => {
                format!(
                    "The {} has already been attached this policy.",
                    entity(what)
                )
            }
            _ => format!("The {} does already EXIST.", entity(what)),
        },
        Fault::DeleteConflict(what) => delete_conflict(what),
        Fault::LimitExceeded(what) => match what {
            "User.AccessKey" => {
                "The access key count of the user access keys beyond the current limits.".to_owned()
            }
            "User.Group" => {
                "The count of groups the target user joined beyond the current limits.".to_owned()
            }
            "User.Policy" => {
                "The policy count of the user attached policies beyond the current limits."
                    .to_owned()
            }
            "Group.Policy" => "The policy count of the group beyond the current limits.".to_owned(),
            "Role.Policy" => {
                "The count of policies attached to the role beyond the current limits.".to_owned()
            }
            "Policy" => "The count of policy beyond the current limits.".to_owned(),
            "Policy.Version" => "The count of policy version beyond the current limits.".to_owned(),
            _ => format!("The count of {}s beyond the current limits.", entity(what)),
        },
    }
}

fn delete_conflict(what: &str) -> String {
    let cannot = match what {
        "User.Group" => "The user CAN NOT be in any group while deleting the user.",
        "User.AccessKey" => "The user CAN NOT has any access key while deleting the user.",
        "User.Policy" => "The user CAN NOT has any attached policy while deleting the user.",
        "Group.User" => "The group CAN NOT has any user member while deleting the group.",
        "Group.Policy" => "The entity CAN NOT has any attached policy while deleting the group.",
        "Role.Policy" => "The role CAN NOT has any attached policy while deleting the role.",
        "Policy.User" => "The policy CAN NOT been attached to any user while deleting the policy.",
        "Policy.Group" => {
            "The policy CAN NOT been attached to any group while deleting the policy."
        }
        "Policy.Role" => "The policy CAN NOT been attached to any role while deleting the policy.",
        "Policy.Version" => "The policy CAN NOT has any version except the default version.",
        _ => "The default policy version CAN NOT been deleted directly.",
    };
    cannot.to_owned()
}

/// What the code's first part names, in words.
fn entity(what: &str) -> String {
    let first = what.split('.').next().unwrap_or(what);
    first.to_ascii_lowercase()
}
