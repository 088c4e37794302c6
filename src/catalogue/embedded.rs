//! The files of `policies/`, part of the program. A test holds the list against the folder.

/// Path below `policies/` and text of each file.
type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../policies/", $file)))),*]
    };
}

/// The action table.
pub(super) const ACTIONS: &str = include_str!("../../policies/actions.json");

/// The index of the templates.
pub(super) const INDEX: &str = include_str!("../../policies/index.json");

/// The index of the system policies.
pub(super) const SYSTEM_INDEX: &str = include_str!("../../policies/system/index.json");

/// The templates' documents.
pub(super) const TEMPLATES: Files = files![
    "fc2/alias-get.json",
    "fc2/alias-list.json",
    "fc2/alias-publish.json",
    "fc2/async-list.json",
    "fc2/async-status.json",
    "fc2/async-stop.json",
    "fc2/async.json",
    "fc2/deploy-async-config.json",
    "fc2/deploy-custom-domain-auto.json",
    "fc2/deploy-custom-domain.json",
    "fc2/deploy-function.json",
    "fc2/deploy-log-auto.json",
    "fc2/deploy-log.json",
    "fc2/deploy-nas-auto.json",
    "fc2/deploy-nas.json",
    "fc2/deploy-pass-role.json",
    "fc2/deploy-role.json",
    "fc2/deploy-service.json",
    "fc2/deploy-tracing.json",
    "fc2/deploy-trigger-cdn.json",
    "fc2/deploy-trigger-http.json",
    "fc2/deploy-trigger-log.json",
    "fc2/deploy-trigger-mns.json",
    "fc2/deploy-trigger-oss.json",
    "fc2/deploy-trigger-tablestore.json",
    "fc2/deploy-trigger-timer.json",
    "fc2/deploy-vpc-auto.json",
    "fc2/deploy-vpc.json",
    "fc2/discover-trigger.json",
    "fc2/discover.json",
    "fc2/http-trigger.json",
    "fc2/invoke.json",
    "fc2/layer-acl.json",
    "fc2/layer-get.json",
    "fc2/layer-list.json",
    "fc2/layer-publish.json",
    "fc2/layer-versions.json",
    "fc2/logs.json",
    "fc2/metrics.json",
    "fc2/on-demand-get.json",
    "fc2/on-demand-list.json",
    "fc2/on-demand-put.json",
    "fc2/provision-get.json",
    "fc2/provision-list.json",
    "fc2/provision-put.json",
    "fc2/remove-alias.json",
    "fc2/remove-async-config.json",
    "fc2/remove-domain.json",
    "fc2/remove-function.json",
    "fc2/remove-layer-version.json",
    "fc2/remove-layer.json",
    "fc2/remove-on-demand.json",
    "fc2/remove-provision.json",
    "fc2/remove-service-local.json",
    "fc2/remove-service.json",
    "fc2/remove-trigger.json",
    "fc2/remove-version.json",
    "fc2/role-async-mns.json",
    "fc2/role-log.json",
    "fc2/role-trigger-log.json",
    "fc2/role-trigger-tablestore.json",
    "fc2/role-trigger.json",
    "fc2/version-list.json",
    "fc2/version-publish.json",
    "fc3/alias-get.json",
    "fc3/alias-list.json",
    "fc3/alias-publish.json",
    "fc3/async-list.json",
    "fc3/async-status.json",
    "fc3/async-stop.json",
    "fc3/async.json",
    "fc3/deploy-async-config.json",
    "fc3/deploy-custom-domain.json",
    "fc3/deploy-function.json",
    "fc3/deploy-log-auto.json",
    "fc3/deploy-log.json",
    "fc3/deploy-nas-auto.json",
    "fc3/deploy-nas.json",
    "fc3/deploy-pass-role.json",
    "fc3/deploy-role.json",
    "fc3/deploy-tracing.json",
    "fc3/deploy-trigger-cdn.json",
    "fc3/deploy-trigger-http.json",
    "fc3/deploy-trigger-log.json",
    "fc3/deploy-trigger-mns.json",
    "fc3/deploy-trigger-oss.json",
    "fc3/deploy-trigger-tablestore.json",
    "fc3/deploy-trigger-timer.json",
    "fc3/deploy-vpc-auto.json",
    "fc3/deploy-vpc.json",
    "fc3/discover-trigger.json",
    "fc3/discover.json",
    "fc3/http-trigger.json",
    "fc3/invoke.json",
    "fc3/layer-acl.json",
    "fc3/layer-get.json",
    "fc3/layer-list.json",
    "fc3/layer-publish.json",
    "fc3/layer-versions.json",
    "fc3/logs.json",
    "fc3/metrics.json",
    "fc3/on-demand-get.json",
    "fc3/on-demand-list.json",
    "fc3/on-demand-put.json",
    "fc3/provision-get.json",
    "fc3/provision-list.json",
    "fc3/provision-put.json",
    "fc3/remove-alias.json",
    "fc3/remove-async-config.json",
    "fc3/remove-domain.json",
    "fc3/remove-function-all.json",
    "fc3/remove-function.json",
    "fc3/remove-layer-version.json",
    "fc3/remove-layer.json",
    "fc3/remove-on-demand.json",
    "fc3/remove-provision.json",
    "fc3/remove-trigger.json",
    "fc3/remove-version.json",
    "fc3/role-async-mns.json",
    "fc3/role-log.json",
    "fc3/role-trigger-log.json",
    "fc3/role-trigger-tablestore.json",
    "fc3/role-trigger.json",
    "fc3/version-list.json",
    "fc3/version-publish.json",
];

/// The system policies' documents.
pub(super) const SYSTEM: Files = files![
    "system/AdministratorAccess.json",
    "system/AliyunCAMSChatFlowAccessingFCRolePolicy.json",
    "system/AliyunDevsFullAccess.json",
    "system/AliyunFCFullAccess.json",
    "system/AliyunFCInvocationAccess.json",
    "system/AliyunFCReadOnlyAccess.json",
    "system/AliyunRAMReadOnlyAccess.json",
    "system/AliyunServiceRolePolicyForAlbFc.json",
    "system/AliyunServiceRolePolicyForIDaaSCiamFc.json",
    "system/ReadOnlyAccess.json",
];

/// The text of a file in a list.
pub(super) fn text(files: Files, file: &str) -> Option<&'static str> {
    let found = files.iter().find(|(known, _)| *known == file);
    found.map(|(_, text)| *text)
}
