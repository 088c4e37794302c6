//! One statement: its elements, each in its own form, and which of them go together.

use super::*;

impl Grammar {
    pub(super) fn statement(&mut self, node: &Node<'_>) -> Option<Statement> {
        let Kind::Object(members) = &node.kind else {
            self.wrong_type(
                node,
                "a statement",
                "an object",
                "write `{\"Effect\": …, \"Action\": …, \"Resource\": …}`",
            );
            return None;
        };
        let misnamed = self.elements(members, STATEMENT_ELEMENTS, "a statement");
        let brace = Span::new(node.span.start, node.span.start + 1);
        let effect = match find(members, "Effect") {
            Some(member) => self.effect(&member.value),
            None => {
                if !misnamed.contains(&"Effect") {
                    let help = "add `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`";
                    self.fatal(
                        &codes::MISSING_EFFECT,
                        brace,
                        "the statement has no `Effect`",
                        help,
                    );
                }
                None
            }
        };
        let action = self.either(members, "Action", "NotAction", &codes::EMPTY_ARRAY_ACTION);
        if find(members, "Action")
            .or(find(members, "NotAction"))
            .is_none()
            && !misnamed.contains(&"Action")
            && !misnamed.contains(&"NotAction")
        {
            let help = "add `\"Action\": \"…\"`, for example `fc:InvokeFunction`";
            self.fatal(
                &codes::MISSING_ACTION,
                brace,
                "the statement has no `Action`",
                help,
            );
        }
        let resource = self.resource(members, &misnamed, brace);
        let principal =
            find(members, "Principal").and_then(|member| self.principal(member, members));
        let condition = find(members, "Condition");
        let (conditions, idle_operators) = condition
            .map(|member| self.conditions(&member.value))
            .unwrap_or_default();
        let sid = find(members, "Sid").and_then(|member| {
            self.report(
                &codes::SID_NOT_IN_GRAMMAR,
                member.key_span,
                "`Sid` is not in RAM's grammar",
                "remove it: it has no effect",
            );
            match &member.value.kind {
                Kind::String(_) => self.text(&member.value),
                _ => {
                    self.wrong_type(&member.value, "`Sid`", "a string", "remove it");
                    None
                }
            }
        });
        let (effect, effect_span) = effect?;
        Some(Statement {
            span: node.span,
            effect,
            effect_span,
            action: action?,
            resource,
            conditions,
            idle_operators,
            condition_span: condition.map(|member| member.value.span),
            principal,
            sid,
        })
    }

    fn effect(&mut self, node: &Node<'_>) -> Option<(Effect, Span)> {
        let help = "write `\"Allow\"` or `\"Deny\"`";
        match &node.kind {
            Kind::String(effect) => match &**effect {
                "Allow" => Some((Effect::Allow, node.span)),
                "Deny" => Some((Effect::Deny, node.span)),
                other => {
                    let help = closest(other, &["Allow", "Deny"])
                        .map_or(help.to_owned(), |meant| format!("did you mean `{meant}`?"));
                    let message = format!(
                        "`Effect` is `{}`, neither `Allow` nor `Deny`",
                        shorten(other)
                    );
                    self.fatal(&codes::INVALID_EFFECT, node.span, message, help);
                    None
                }
            },
            _ => {
                self.wrong_type(node, "`Effect`", "a string", help);
                None
            }
        }
    }

    fn either(
        &mut self,
        members: &[Member<'_>],
        name: &str,
        not_name: &str,
        empty: &codes::LintCode,
    ) -> Option<Patterns> {
        let (plain, not) = (find(members, name), find(members, not_name));
        if let (Some(plain), Some(not)) = (plain, not) {
            let later = plain.key_span.max(not.key_span);
            let message = format!("a statement has one of `{name}` and `{not_name}`, not both");
            self.fatal(
                &codes::UNSUPPORTED_ELEMENT_COMBINATION,
                later,
                message,
                "split the statement in two, or remove one of them",
            );
        }
        let member = plain.or(not)?;
        let patterns = self.texts(&member.value, &member.key)?;
        if patterns.items.is_empty() {
            self.report(
                empty,
                member.value.span,
                format!("`{}` is an empty list", member.key),
                "name what the statement is about, or remove it",
            );
        }
        Some(Patterns {
            not: plain.is_none(),
            name_span: member.key_span,
            patterns,
        })
    }

    fn resource(
        &mut self,
        members: &[Member<'_>],
        misnamed: &[&str],
        brace: Span,
    ) -> Option<Patterns> {
        let resource = self.either(
            members,
            "Resource",
            "NotResource",
            &codes::EMPTY_ARRAY_RESOURCE,
        );
        if let Some(resource) = resource.as_ref().filter(|resource| resource.not) {
            let message = "`NotResource` is not documented: no verdict relies on this statement";
            self.report(
                &codes::NOT_RESOURCE_UNDOCUMENTED,
                resource.name_span,
                message,
                "name the resources in `Resource` instead",
            );
        }
        let named = ["Resource", "NotResource"]
            .iter()
            .any(|name| misnamed.contains(name) || find(members, name).is_some());
        if !named && find(members, "Principal").is_none() && !misnamed.contains(&"Principal") {
            let help = "add `\"Resource\": \"*\"`, or better the resources that are meant";
            self.fatal(
                &codes::MISSING_RESOURCE,
                brace,
                "the statement has no `Resource`",
                help,
            );
        }
        resource
    }

    fn principal(&mut self, member: &Member<'_>, members: &[Member<'_>]) -> Option<Principal> {
        if find(members, "Resource")
            .or(find(members, "NotResource"))
            .is_some()
        {
            let message = "`Principal` and `Resource` cannot stand in one statement";
            let help = "remove `Principal` from an identity policy, or `Resource` from a role's trust policy";
            self.fatal(
                &codes::UNSUPPORTED_PRINCIPAL,
                member.key_span,
                message,
                help,
            );
        }
        let help = "write `{\"RAM\": …}`, `{\"Service\": …}` or `{\"Federated\": …}`";
        let Kind::Object(kinds) = &member.value.kind else {
            self.wrong_type(&member.value, "`Principal`", "an object", help);
            return None;
        };
        if kinds.is_empty() {
            self.fatal(
                &codes::UNSUPPORTED_PRINCIPAL,
                member.value.span,
                "`Principal` names nobody",
                help,
            );
        }
        let mut entries = Vec::new();
        for entry in kinds {
            let kind = match &*entry.key {
                "RAM" => PrincipalKind::Ram,
                "Service" => PrincipalKind::Service,
                "Federated" => PrincipalKind::Federated,
                other => {
                    let message = format!("`{}` is not a kind of principal", shorten(other));
                    self.fatal(&codes::UNSUPPORTED_PRINCIPAL, entry.key_span, message, help);
                    continue;
                }
            };
            if let Some(texts) = self.texts(&entry.value, &entry.key) {
                if texts.items.is_empty() {
                    self.fatal(
                        &codes::UNSUPPORTED_PRINCIPAL,
                        entry.value.span,
                        "an empty list of principals",
                        help,
                    );
                }
                entries.push((kind, texts));
            }
        }
        Some(Principal {
            entries,
            span: member.value.span,
        })
    }
}
