//! What `sesame whoami` shows: the identity, its credentials, its policies, and what of them
//! could not be read.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::escape::line;
use super::json;
use crate::acs::ambient::utc;
use crate::acs::ram::PolicyKind;
use crate::preflight::live::{Held, Identity, Standing};
use crate::ram::Layer;

/// `schema` of the object.
pub const SCHEMA: &str = "sesame.whoami/1";

/// What was found out.
#[derive(Debug)]
pub struct Report {
    /// Who calls, and what applies to it.
    pub standing: Standing,
    /// The source of its credentials.
    pub source: String,
    /// Their end, where it is known.
    pub expires_at: Option<Timestamp>,
}

impl Report {
    /// The fields of the object, beside what every object has.
    pub fn to_fields(&self) -> Value {
        let standing = &self.standing;
        let policies = standing.policies.iter().map(|held| {
            json!({
                "name": held.name,
                "type": held.kind.map(PolicyKind::as_str),
                "layer": held.layer.as_str(),
                "through": held.through,
                "resource_group": held.resource_group,
                "source": held.source.as_str(),
            })
        });
        let unread = standing.unread.iter().map(|one| {
            json!({
                "what": one.what,
                "why": one.why,
                "action": one.permission.as_ref().map(|permission| &permission.action),
            })
        });
        json!({
            "principal": json::principal(&standing.principal),
            "credentials": {"source": self.source, "expires_at": self.expires_at.map(utc)},
            "policies": policies.collect::<Vec<Value>>(),
            "unread": unread.collect::<Vec<Value>>(),
            "layers_not_seen": self.not_seen().map(Layer::as_str).collect::<Vec<_>>(),
            "to_read": standing.to_read,
        })
    }

    fn not_seen(&self) -> impl Iterator<Item = Layer> {
        let layers = Layer::ALL.into_iter();
        layers.filter(|layer| !self.standing.sees(*layer))
    }

    /// The same for a person; names from outside are escaped.
    pub fn to_text(&self) -> String {
        let standing = &self.standing;
        let mut text = format!("{}\n", line(&standing.principal.describe()));
        let mut field = |name: &str, value: &str| {
            text.push_str(&format!("  {:<12} {}\n", format!("{name}:"), line(value)));
        };
        if let Some(id) = &standing.principal.id {
            field("id", id);
        }
        field("credentials", &self.source);
        if let Some(end) = self.expires_at {
            field("until", &utc(end));
        }
        match (&standing.identity, standing.policies.is_empty()) {
            (Identity::MainAccount, _) => {
                text.push_str("\nthe main account is not subject to policies\n");
                return text;
            }
            (_, true) if standing.unread.is_empty() => text.push_str("\nno policy is attached\n"),
            (_, true) => {}
            (_, false) => text.push_str(&format!("\npolicies:\n{}", table(&standing.policies))),
        }
        if !standing.unread.is_empty() {
            text.push_str("\nnot read:\n");
        }
        for one in &standing.unread {
            text.push_str(&format!("  {}: {}\n", line(&one.what), line(&one.why)));
        }
        let not_seen: Vec<&str> = self.not_seen().map(Layer::as_str).collect();
        if !not_seen.is_empty() {
            text.push_str(&format!(
                "\nlayers not looked at: {}\n",
                not_seen.join(", ")
            ));
        }
        text
    }
}

fn table(policies: &[Held]) -> String {
    let rows: Vec<[String; 4]> = policies.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let lines = rows.iter().map(|[name, kind, layer, more]| {
        let [a, b, c] = widths;
        let shown = format!("  {name:<a$}  {kind:<b$}  {layer:<c$}  {more}");
        format!("{}\n", shown.trim_end())
    });
    lines.collect()
}

fn row(held: &Held) -> [String; 4] {
    let layer = match &held.resource_group {
        Some(group) => format!("{} {}", held.layer.as_str(), line(group)),
        None => held.layer.as_str().to_owned(),
    };
    let through = held.through.as_ref();
    let through = through.map(|group| format!("through group `{}`", line(group)));
    let copy = held.source == crate::preflight::Source::Embedded;
    let copy = copy.then(|| "sesame's own copy of its text".to_owned());
    let more: Vec<String> = [through, copy].into_iter().flatten().collect();
    [
        line(&held.name).into_owned(),
        held.kind.map_or("-", PolicyKind::as_str).to_owned(),
        layer,
        more.join(", "),
    ]
}
