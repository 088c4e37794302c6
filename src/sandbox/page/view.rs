//! What the page shows. None of these can hold a secret key: there is no field for one.

use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

use crate::sandbox::journal::Journal;

/// What the page looks at.
pub(in crate::sandbox) trait View: Send + Sync + 'static {
    /// Everything but the calls, as it is now.
    fn state(&self) -> StateView;
    /// The calls.
    fn journal(&self) -> &Arc<Journal>;
}

/// The sandbox's world.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct StateView {
    /// The main account's id.
    pub(in crate::sandbox) account: String,
    /// The region.
    pub(in crate::sandbox) region: String,
    /// Whether denials are let through.
    pub(in crate::sandbox) soft: bool,
    /// A command line that makes a call, for a list that has none yet.
    pub(in crate::sandbox) example: String,
    /// Who can call.
    pub(in crate::sandbox) identities: Vec<IdentityView>,
    /// What each identity's calls need, for those that made any.
    pub(in crate::sandbox) recorded: Vec<RecordedView>,
    /// Whether everything that was seen found room in `recorded`.
    pub(in crate::sandbox) recorded_whole: bool,
}

/// A user or a role.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct IdentityView {
    /// Its name.
    pub(in crate::sandbox) name: String,
    /// `user` or `role`.
    pub(in crate::sandbox) kind: &'static str,
    /// The id of its key, never the secret.
    pub(in crate::sandbox) access_key_id: Option<String>,
    /// The groups that it is in.
    pub(in crate::sandbox) groups: Vec<String>,
    /// Every policy that applies to it.
    pub(in crate::sandbox) policies: Vec<PolicyView>,
}

/// A policy of an identity.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct PolicyView {
    /// Its name.
    pub(in crate::sandbox) name: String,
    /// `System` or `Custom`, as RAM has it.
    #[serde(rename = "type")]
    pub(in crate::sandbox) policy_type: &'static str,
    /// `control`, `session`, `account` or `resource-group`.
    pub(in crate::sandbox) layer: &'static str,
    /// How it comes to the identity, for example `group backend`; none when it is attached to
    /// the identity itself.
    pub(in crate::sandbox) through: Option<String>,
    /// The document.
    pub(in crate::sandbox) text: String,
}

/// The smallest policy of what an identity did.
#[derive(Debug, Clone, Serialize)]
pub(in crate::sandbox) struct RecordedView {
    /// Whose.
    pub(in crate::sandbox) identity: String,
    /// The documents; several when one would pass RAM's length.
    pub(in crate::sandbox) documents: Vec<Value>,
}
