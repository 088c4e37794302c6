//! The form of actions and resources, service by service unknown.

use super::super::name::{action_covers, resource_covers};
use super::*;
use crate::ram::document::Text;
use crate::ram::json::shorten;

impl Linter<'_> {
    pub(super) fn actions(&mut self, statement: &Statement) {
        for text in &statement.action.patterns.items {
            self.variable(text);
            self.action(text);
        }
    }

    fn action(&mut self, text: &Text) {
        let action = &*text.value;
        if action == "*" {
            return;
        }
        let shown = shorten(action);
        let Some((service, operation)) = action.split_once(':') else {
            let help = "write the service's code before it, as in `fc:InvokeFunction`";
            self.report(
                &codes::INVALID_ACTION,
                text.span,
                format!("`{shown}` has no `service:` before the operation"),
                help,
            );
            return;
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '?');
        if service.is_empty() || !service.chars().all(allowed) {
            let help = "write the service's code, such as `fc`, or `*`";
            self.report(
                &codes::INVALID_SERVICE_IN_ACTION,
                text.span,
                format!("`{shown}` names no service before the colon"),
                help,
            );
        } else if operation.is_empty()
            || !operation
                .chars()
                .all(|c| allowed(c) || matches!(c, ':' | '/' | '.'))
        {
            let help = "write an operation, such as `InvokeFunction`, or `*`";
            self.report(
                &codes::INVALID_ACTION,
                text.span,
                format!("`{shown}` names no operation after the colon"),
                help,
            );
        }
    }

    fn variable(&mut self, text: &Text) {
        if text.value.contains("${") {
            let message = format!(
                "`{}` holds `${{…}}`, which is plain text in RAM",
                shorten(&text.value)
            );
            self.report(
                &codes::VARIABLE_NOT_SUPPORTED,
                text.span,
                message,
                "RAM has no policy variables: write the value, or a wildcard",
            );
        }
    }

    pub(super) fn resources(&mut self, statement: &Statement) {
        let Some(resource) = &statement.resource else {
            return;
        };
        for text in &resource.patterns.items {
            self.variable(text);
            self.resource(text);
            self.pass_role(statement, text);
        }
    }

    fn resource(&mut self, text: &Text) {
        let pattern = &*text.value;
        if pattern == "*" {
            return;
        }
        let shown = shorten(pattern);
        let fields: Vec<&str> = pattern.splitn(5, ':').collect();
        let prefix = fields.first().copied().unwrap_or("");
        let wild = |field: &str| field.contains(['*', '?']);
        if prefix != "acs" && !wild(prefix) {
            if prefix.eq_ignore_ascii_case("acs") {
                self.small_letters(text, prefix);
            } else {
                let help = "write `acs:service:region:account:relative-id`, or `*`";
                self.report(
                    &codes::INVALID_ARN_PREFIX,
                    text.span,
                    format!("`{shown}` does not begin with `acs:`"),
                    help,
                );
                return;
            }
        }
        let [_, service, region, account, _] = fields.as_slice() else {
            let message = format!(
                "`{shown}` has {} of five fields: whether its `*` swallows a colon is not documented",
                fields.len()
            );
            self.report(
                &codes::INVALID_ARN_FIELDS,
                text.span,
                message,
                "write all five, as in `acs:fc:*:*:*`",
            );
            return;
        };
        for field in [service, region] {
            if field.chars().any(|c| c.is_ascii_uppercase()) {
                self.small_letters(text, field);
            }
        }
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?');
        if !region.chars().all(name) {
            let message = format!("`{}` is not a region", shorten(region));
            self.report(
                &codes::INVALID_ARN_REGION,
                text.span,
                message,
                "write a region such as `cn-hangzhou`, or `*`",
            );
        }
        let id = |c: char| c.is_ascii_digit() || matches!(c, '*' | '?');
        if !account.chars().all(id) && *account != "system" {
            let message = format!("`{}` is not an account id", shorten(account));
            self.report(
                &codes::INVALID_ARN_ACCOUNT,
                text.span,
                message,
                "write the digits of the main account's id, or `*`",
            );
        }
    }

    fn small_letters(&mut self, text: &Text, field: &str) {
        let message = format!("`{}` is not in small letters", shorten(field));
        self.report(
            &codes::RESOURCE_CASE,
            text.span,
            message,
            format!("write `{}`", shorten(&field.to_ascii_lowercase())),
        );
    }

    fn pass_role(&mut self, statement: &Statement, text: &Text) {
        let any_role = resource_covers(&text.value, "acs:ram:*:*:role/*");
        let passes =
            |action: &Text| &*action.value != "*" && action_covers(&action.value, "ram:PassRole");
        let to_whom = statement
            .conditions
            .iter()
            .any(|condition| condition.key.value.eq_ignore_ascii_case("acs:Service"));
        if grants(statement)
            && any_role
            && !to_whom
            && statement.action.patterns.items.iter().any(passes)
        {
            let help =
                "name the role, or add `\"StringEquals\": {\"acs:Service\": \"fc.aliyuncs.com\"}`";
            self.report(
                &codes::PASS_ROLE_WITH_STAR_IN_RESOURCE,
                text.span,
                "any role of the account may be passed on".to_owned(),
                help,
            );
        }
    }
}
