//! What an undetermined verdict hangs on, in words.
//!
//! Only statements that matter are named: those of a set and an effect that would change what
//! is possible if all of them were settled, one way or the other.

use super::*;

/// A condition as one line: `IpAddress acs:SourceIp 10.0.0.0/8`.
pub(super) fn in_words(condition: &Condition) -> String {
    let values: Vec<&str> = condition
        .values
        .iter()
        .map(|value| &*value.text.value)
        .collect();
    format!(
        "{} {} {}",
        condition.operator.value,
        condition.key.value,
        values.join(", ")
    )
}

impl Policies {
    /// An implicit denial: a Deny that applies all the same, or may, is named.
    pub(super) fn name_denies(&self, explanation: &mut Explanation, request: &Request<'_>) {
        let denies: Vec<TraceRow> = explanation
            .trace
            .iter()
            .filter(|row| row.effect == Effect::Deny && row.applies != Truth::No)
            .copied()
            .collect();
        for row in denies {
            let place = self.place(&row);
            let reason = match row.applies {
                Truth::Yes => Reason {
                    kind: ReasonKind::Undocumented,
                    detail: format!(
                        "{place} is a Deny that applies: the denial may be reported as explicit"
                    ),
                    settle_with: "nothing: the request is denied either way".to_owned(),
                },
                _ => {
                    let doubt = self.doubts(&row, request).into_iter().next();
                    Reason {
                        kind: doubt
                            .as_ref()
                            .map_or(ReasonKind::Undocumented, |doubt| doubt.kind),
                        detail: format!(
                            "{place} is a Deny that may apply: the denial may be reported as explicit"
                        ),
                        settle_with: "nothing: the request is denied either way".to_owned(),
                    }
                }
            };
            push(&mut explanation.reasons, reason);
        }
    }

    /// An undetermined verdict: what each statement that matters hangs on.
    pub(super) fn name_doubts(
        &self,
        explanation: &mut Explanation,
        tallies: &[(Layer, Tally)],
        outcomes: Outcomes,
        request: &Request<'_>,
    ) {
        let mut rows = explanation.trace.iter();
        for (index, set) in self.sets.iter().enumerate() {
            for row in rows.by_ref().take(set.statements.len()) {
                if row.applies != Truth::Unknown || !matters(tallies, index, row.effect, outcomes) {
                    continue;
                }
                for reason in self.doubts(row, request) {
                    push(&mut explanation.reasons, reason);
                }
                for key in self.missing_keys(row, request) {
                    if !explanation.missing_context.contains(&key) {
                        explanation.missing_context.push(key);
                    }
                }
            }
        }
        self.name_scopes(explanation, tallies);
    }

    /// A Deny at resource-group scope against an Allow at account scope.
    fn name_scopes(&self, explanation: &mut Explanation, tallies: &[(Layer, Tally)]) {
        let outcomes = |wanted: Layer| {
            tallies
                .iter()
                .find(|(layer, _)| *layer == wanted)
                .map(|(_, tally)| tally.outcomes())
        };
        let (Some(account), Some(group)) =
            (outcomes(Layer::Account), outcomes(Layer::ResourceGroup))
        else {
            return;
        };
        if !account.has(Outcomes::ALLOW) || !group.has(Outcomes::EXPLICIT) {
            return;
        }
        let denies = |row: &&TraceRow| {
            row.layer == Layer::ResourceGroup
                && row.effect == Effect::Deny
                && row.applies != Truth::No
        };
        let Some(place) = explanation
            .trace
            .iter()
            .find(denies)
            .map(|row| self.place(row))
        else {
            return;
        };
        let reason = Reason {
            kind: ReasonKind::Undocumented,
            detail: format!(
                "{place} denies at resource-group scope what is allowed at account scope: which of them wins is not documented"
            ),
            settle_with: "bind the Deny at account scope".to_owned(),
        };
        push(&mut explanation.reasons, reason);
    }

    fn place(&self, row: &TraceRow) -> String {
        let name = self
            .list()
            .get(row.policy)
            .map_or("", |policy| policy.name.as_str());
        format!("statement {} of `{name}`", row.statement)
    }

    /// Why a statement is not known to apply.
    fn doubts(&self, row: &TraceRow, request: &Request<'_>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let (Some(written), Some(compiled)) =
            (self.written(row.policy, row.statement), self.find(row))
        else {
            return reasons;
        };
        let place = self.place(row);
        let mut undocumented = |detail: String, settle_with: &str| {
            reasons.push(Reason {
                kind: ReasonKind::Undocumented,
                detail,
                settle_with: settle_with.to_owned(),
            });
        };
        let source = self
            .list()
            .get(row.policy)
            .map_or("", |policy| policy.document.source());
        let quoted = |span: Option<Span>| {
            span.map_or("", |span| span.of(source))
                .trim_matches('"')
                .to_owned()
        };
        if row.action == Truth::Unknown {
            if written.action.patterns.items.is_empty() {
                undocumented(
                    format!("{place} has an empty list of actions"),
                    "name an action, or remove the statement",
                );
            } else {
                let pattern = quoted(row.action_span);
                undocumented(
                    format!(
                        "{place}: whether `{pattern}` matches `{}` is not documented",
                        request.action
                    ),
                    "write the action as `service:operation`",
                );
            }
        }
        if row.resource == Truth::Unknown {
            let (detail, settle) = match &written.resource {
                _ if written.principal.is_some() => (
                    "has a `Principal`, which an identity policy does not".to_owned(),
                    "give the identity's policies, not a role's trust policy",
                ),
                Some(resource) if resource.not => (
                    "uses `NotResource`, which is not documented".to_owned(),
                    "name the resources in `Resource`",
                ),
                Some(resource) if resource.patterns.items.is_empty() => (
                    "has an empty list of resources".to_owned(),
                    "name a resource, or remove the statement",
                ),
                _ => (
                    format!(
                        "whether `{}` matches `{}` is not documented",
                        quoted(row.resource_span),
                        request.resource
                    ),
                    "write the resource with its five fields and in the letter case that the service uses, as in `acs:fc:*:*:functions/hello`",
                ),
            };
            undocumented(format!("{place}: {detail}"), settle);
        }
        if row.condition == Truth::Unknown {
            let idle = written.condition_span.is_some() || !compiled.doubtful;
            if idle && written.conditions.is_empty() && written.idle_operators.is_empty() {
                undocumented(
                    format!("{place}: `Condition` is empty"),
                    "remove it, or write what was meant",
                );
            }
            for operator in &written.idle_operators {
                undocumented(
                    format!("{place}: `{}` tests no key", operator.value),
                    "remove the operator, or give it a key",
                );
            }
            for (condition, prepared) in written.conditions.iter().zip(&compiled.conditions) {
                if let (Truth::Unknown, Some(doubt)) = prepared.evaluate(request.context) {
                    reasons.push(condition_doubt(&place, condition, doubt, request));
                }
            }
        }
        if compiled.doubtful {
            let name = self
                .list()
                .get(row.policy)
                .map_or("", |policy| &policy.name);
            reasons.push(Reason {
                kind: ReasonKind::UnreadLayer,
                detail: format!(
                    "`{name}` is attached to one resource group, and it is not known whether the resource is in it"
                ),
                settle_with: "name the policies of the resource's own group with `--resource-group-policy`".to_owned(),
            });
        }
        reasons
    }

    fn missing_keys(&self, row: &TraceRow, request: &Request<'_>) -> Vec<String> {
        let (Some(written), Some(compiled)) =
            (self.written(row.policy, row.statement), self.find(row))
        else {
            return Vec::new();
        };
        let unknown = |prepared: &super::super::condition::Prepared| {
            prepared.evaluate(request.context).1 == Some(Doubt::MissingKey)
        };
        let open = written
            .conditions
            .iter()
            .zip(&compiled.conditions)
            .filter(|(_, prepared)| unknown(prepared));
        open.map(|(condition, _)| condition.key.value.to_string())
            .collect()
    }

    fn find(&self, row: &TraceRow) -> Option<&Compiled> {
        self.compiled()
            .find(|compiled| (compiled.policy, compiled.statement) == (row.policy, row.statement))
    }
}

/// Whether settling the open statements of a set, all either way, changes what is possible.
fn matters(tallies: &[(Layer, Tally)], index: usize, effect: Effect, outcomes: Outcomes) -> bool {
    [Truth::Yes, Truth::No].into_iter().any(|settled| {
        let sets = tallies.iter().enumerate().map(|(at, (layer, tally))| {
            let tally = if at == index {
                tally.settled(effect, settled)
            } else {
                *tally
            };
            (*layer, tally)
        });
        combine(sets) != outcomes
    })
}

fn push(reasons: &mut Vec<Reason>, reason: Reason) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

fn condition_doubt(
    place: &str,
    condition: &Condition,
    doubt: Doubt,
    request: &Request<'_>,
) -> Reason {
    let (key, operator) = (&condition.key.value, &condition.operator.value);
    let undocumented = |detail: String, settle_with: String| Reason {
        kind: ReasonKind::Undocumented,
        detail: format!("{place}: {detail}"),
        settle_with,
    };
    let given = || {
        let values: Vec<&str> = request
            .context
            .given()
            .filter(|(known, _)| *known == &**key)
            .flat_map(|(_, values)| values)
            .map(|value| &**value)
            .collect();
        values.join(", ")
    };
    match doubt {
        Doubt::MissingKey => Reason {
            kind: ReasonKind::MissingContext,
            detail: format!("the value of `{key}` is not known"),
            settle_with: format!(
                "`--context {key}=VALUE`, or `--absent {key}` when the request does not have it"
            ),
        },
        Doubt::UnknownOperator => undocumented(
            format!("`{operator}` is not an operator of RAM"),
            "use one of RAM's 21 condition operators".to_owned(),
        ),
        Doubt::PolicyValue => undocumented(
            format!("`{key}` under `{operator}` has a malformed value"),
            "correct the value in the policy".to_owned(),
        ),
        Doubt::UnquotedValue => undocumented(
            format!("`{key}` under `{operator}` has a value without quotes"),
            "put the value in quotes".to_owned(),
        ),
        Doubt::NoValues => undocumented(
            format!("`{key}` under `{operator}` has no values"),
            "add a value, or remove the key".to_owned(),
        ),
        Doubt::KeyCase => undocumented(
            format!(
                "whether the letter case of the condition key `{key}` counts is not documented"
            ),
            format!("give the key as `{key}`, or write it in the policy as the service does"),
        ),
        Doubt::RequestValue => undocumented(
            format!(
                "`{key}` was given as `{}`, which `{operator}` cannot compare",
                given()
            ),
            format!("give a value of the right type: `--context {key}=VALUE`"),
        ),
        Doubt::ManyValues => undocumented(
            format!("`{key}` has several values, of which `{operator}` matches some"),
            "ask with one value at a time".to_owned(),
        ),
        Doubt::LetterCase => undocumented(
            format!("`{key}` under `{operator}` matches only without regard to letter case"),
            "write both values in small letters".to_owned(),
        ),
        Doubt::Precision => undocumented(
            format!("`{key}` under `{operator}` compares numbers too long for a double"),
            "use numbers of at most 15 digits".to_owned(),
        ),
        Doubt::MappedAddress => undocumented(
            format!("`{key}` under `{operator}` compares an IPv4 address written as IPv6"),
            "write the address as IPv4".to_owned(),
        ),
    }
}
