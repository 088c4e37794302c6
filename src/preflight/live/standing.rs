//! What was read of a caller, and what it means for a check.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reader::Why;
use super::{Identity, Permission};
use crate::acs::ram::PolicyKind;
use crate::acs::{Principal, SessionPolicy};
use crate::preflight::{Caller, Source};
use crate::ram::{Document, Layer, Policies, Policy, Reason, ReasonKind, parse};

/// A policy that applies to the caller.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Who wrote it; nobody in particular for a session's.
    pub kind: Option<PolicyKind>,
    /// Where it is bound.
    pub layer: Layer,
    /// The group that it comes through.
    pub through: Option<String>,
    /// The resource group that it is limited to.
    pub resource_group: Option<String>,
    /// Where its text is from.
    pub source: Source,
    /// What it says.
    pub document: Document,
}

/// Something that applies to the caller and was not read.
#[derive(Debug, Clone)]
pub struct Unread {
    /// What it is, in words.
    pub what: String,
    /// Why.
    pub why: String,
    /// The layers that are not known whole for it.
    pub layers: Vec<Layer>,
    /// The permission that is lacking, where that is why.
    pub permission: Option<Permission>,
}

impl Unread {
    pub(super) fn new(what: String, why: Why, layers: &[Layer]) -> Self {
        Self {
            what,
            why: why.text,
            layers: layers.to_vec(),
            permission: why.permission,
        }
    }
}

/// Who calls, and all that could be read of their policies.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Who calls.
    pub principal: Principal,
    /// What kind of caller.
    pub identity: Identity,
    /// The policies that were read.
    pub policies: Vec<Held>,
    /// What was not read.
    pub unread: Vec<Unread>,
    /// The policy that would let the caller read it, where permissions are lacking.
    pub to_read: Option<Value>,
    /// Whether it is known what narrows the session.
    session_known: bool,
}

const ANYTHING: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

impl Standing {
    pub(super) fn new(principal: Principal, identity: Identity) -> Self {
        Self {
            principal,
            identity,
            policies: Vec::new(),
            unread: Vec::new(),
            to_read: None,
            session_known: false,
        }
    }

    /// Adds the policy of the session, when it is ours. Only a role's session can have one.
    pub(super) fn add_session(&mut self, session: &SessionPolicy) {
        self.session_known = true;
        match (&self.identity, session) {
            (Identity::RoleSession { .. }, SessionPolicy::Given(text)) => {
                match parse(text.as_bytes()).document {
                    Some(document) => self.policies.push(Held {
                        name: "session policy".to_owned(),
                        kind: None,
                        layer: Layer::Session,
                        through: None,
                        resource_group: None,
                        source: Source::Credentials,
                        document,
                    }),
                    None => self.unread.push(Unread {
                        what: "the session policy".to_owned(),
                        why: "its text is no policy".to_owned(),
                        layers: vec![Layer::Session],
                        permission: None,
                    }),
                }
            }
            (Identity::RoleSession { .. } | Identity::Other { .. }, SessionPolicy::Unknown) => {
                self.session_known = false;
            }
            _ => {}
        }
    }

    /// Whether a layer is known whole. Nobody can read the control policies that limit it.
    pub fn sees(&self, layer: Layer) -> bool {
        let unread = self.unread.iter().any(|one| one.layers.contains(&layer));
        match (&self.identity, layer) {
            (Identity::MainAccount, _) => true,
            (_, Layer::Control) => false,
            (_, Layer::Session) => self.session_known && !unread,
            (_, Layer::Account | Layer::ResourceGroup) => !unread,
        }
    }

    /// What a check goes by: a layer that the user named counts in place of the one that was
    /// read.
    pub fn caller(self, named: Vec<Policy>) -> Caller {
        let sees: Vec<Layer> = Layer::ALL
            .into_iter()
            .filter(|layer| self.sees(*layer))
            .collect();
        let by_name: BTreeSet<Layer> = named.iter().map(|policy| policy.layer).collect();
        let mut unread: BTreeSet<Layer> = BTreeSet::new();
        let mut reasons = Vec::new();
        for one in &self.unread {
            let open = one.layers.iter().filter(|layer| !by_name.contains(layer));
            let before = reasons.len();
            for layer in open {
                unread.insert(*layer);
                if reasons.len() == before {
                    reasons.push(reason(one, *layer));
                }
            }
        }
        let mut policies = named;
        let mut sources = vec![Source::File; policies.len()];
        let mut doubtful = Vec::new();
        let mut known = BTreeSet::new();
        for held in self.policies {
            if by_name.contains(&held.layer)
                || !known.insert((held.kind, held.name.clone(), held.layer))
            {
                continue;
            }
            if held.layer == Layer::ResourceGroup {
                doubtful.push(policies.len());
            }
            sources.push(held.source);
            policies.push(Policy {
                name: held.name,
                layer: held.layer,
                level: 0,
                document: held.document,
            });
        }
        let is_main = self.identity == Identity::MainAccount;
        if is_main && let Some(document) = parse(ANYTHING.as_bytes()).document {
            sources.push(Source::MainAccount);
            policies.push(Policy {
                name: "the main account".to_owned(),
                layer: Layer::Account,
                level: 0,
                document,
            });
        }
        let seen = |layer: &Layer| by_name.contains(layer) || sees.contains(layer);
        let unread_layers: Vec<Layer> = unread.iter().copied().collect();
        Caller {
            principal: Some(self.principal),
            layers_seen: Layer::ALL.into_iter().filter(seen).collect(),
            policies: Policies::with_doubts(policies, &unread_layers, &doubtful),
            sources,
            to_read: self.to_read.filter(|_| !reasons.is_empty()),
            unread: reasons,
        }
    }
}

fn reason(unread: &Unread, layer: Layer) -> Reason {
    let (kind, flag) = match layer {
        Layer::ResourceGroup => (ReasonKind::UnreadLayer, "--resource-group-policy"),
        Layer::Session => (ReasonKind::UnreadPolicy, "--session-policy"),
        _ => (ReasonKind::UnreadPolicy, "--policy-file"),
    };
    let named = format!("name the policies with `{flag}`");
    Reason {
        kind,
        detail: format!("not read: {}: {}", unread.what, unread.why),
        settle_with: match &unread.permission {
            Some(Permission { action, .. }) => {
                format!("{named}, or grant `{action}` to the caller")
            }
            None => named,
        },
    }
}
