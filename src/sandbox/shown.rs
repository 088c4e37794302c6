//! The world as the page shows it.

use std::sync::Arc;

use super::directory::{Attachment, Directory, PolicyKind, Who};
use super::journal::Journal;
use super::page::view::{IdentityView, PolicyView, RecordedView, StateView, View};
use super::world::World;
use crate::ram::Layer;

impl View for World {
    fn state(&self) -> StateView {
        let directory = self.directory();
        let users = directory.users.iter().map(|(name, user)| {
            let who = Who::User(name.clone());
            let own = policies(&directory, &user.attachments, None);
            let groups = user.groups.keys().filter_map(|group| {
                let attachments = &directory.groups.get(group)?.attachments;
                Some(policies(
                    &directory,
                    attachments,
                    Some(&format!("group {group}")),
                ))
            });
            IdentityView {
                name: name.clone(),
                kind: "user",
                access_key_id: user.keys.first().map(|key| key.id.clone()),
                groups: user.groups.keys().cloned().collect(),
                policies: control(&directory, &who)
                    .into_iter()
                    .chain(own)
                    .chain(groups.flatten())
                    .collect(),
            }
        });
        let roles = directory.roles.iter().map(|(name, role)| IdentityView {
            name: name.clone(),
            kind: "role",
            access_key_id: None,
            groups: Vec::new(),
            policies: policies(&directory, &role.attachments, None),
        });
        let recorded = self.recorder.policies().into_iter();
        StateView {
            account: directory.account.clone(),
            region: self.config.region.clone(),
            soft: self.soft,
            example: self.example(),
            identities: users.chain(roles).collect(),
            recorded: recorded
                .map(|(identity, documents)| RecordedView {
                    identity,
                    documents,
                })
                .collect(),
            recorded_whole: self.recorder.is_complete(),
        }
    }

    fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }
}

impl World {
    /// A command line that makes a call.
    fn example(&self) -> String {
        let function = self.config.functions.first();
        let service = function.and_then(|function| function.service());
        let service = service.map_or(String::new(), |name| format!(" --service-name {name}"));
        let name = function.map_or("NAME", |function| function.name());
        format!("sesame invoke{service} --function-name {name}")
    }
}

fn control(directory: &Directory, who: &Who) -> Vec<PolicyView> {
    let policies = directory.policies_of(who, None).into_iter();
    policies
        .filter(|policy| policy.layer == Layer::Control)
        .map(|policy| PolicyView {
            name: policy.name,
            policy_type: "Custom",
            layer: policy.layer.as_str(),
            through: None,
            text: policy.document.source().to_owned(),
        })
        .collect()
}

fn policies(
    directory: &Directory,
    attachments: &[Attachment],
    through: Option<&str>,
) -> Vec<PolicyView> {
    let views = attachments.iter().filter_map(|attachment| {
        let group = attachment.resource_group.as_ref();
        let group = group.map(|group| format!("resource group {group}"));
        Some(PolicyView {
            name: attachment.policy.name.clone(),
            policy_type: PolicyKind::as_str(attachment.policy.kind),
            layer: match group {
                Some(_) => Layer::ResourceGroup.as_str(),
                None => Layer::Account.as_str(),
            },
            through: match (through, group) {
                (Some(through), Some(group)) => Some(format!("{through}, {group}")),
                (through, group) => through.map(str::to_owned).or(group),
            },
            text: directory.document(&attachment.policy)?.source().to_owned(),
        })
    });
    views.collect()
}
