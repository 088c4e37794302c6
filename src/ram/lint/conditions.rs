//! Condition keys, and what is compared with them.

use super::*;
use crate::ram::document::Condition;
use crate::ram::json::shorten;
use crate::ram::operator::{Operator, Test};
use crate::ram::suggest::closest;
use crate::ram::value::read_bool;

/// What a key of all services holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Text,
    Date,
    Bool,
    Ip,
}

/// The keys that are documented, or seen in official samples, for all services.
const GLOBAL_KEYS: &[(&str, Holds)] = &[
    ("acs:CurrentTime", Holds::Date),
    ("acs:SecureTransport", Holds::Bool),
    ("acs:SourceIp", Holds::Ip),
    ("acs:MFAPresent", Holds::Bool),
    ("acs:PrincipalARN", Holds::Text),
    ("acs:SourceVpc", Holds::Text),
    ("acs:VpcSourceIp", Holds::Ip),
    ("acs:Service", Holds::Text),
    ("acs:UserAgent", Holds::Text),
    ("acs:AccessId", Holds::Text),
    ("acs:PrincipalRDId", Holds::Text),
    ("acs:PrincipalRDPath", Holds::Text),
    ("acs:ResourceGroupId", Holds::Text),
];
/// Keys that go on with a tag's name.
const TAG_KEYS: &[&str] = &["acs:ResourceTag/", "acs:RequestTag/"];

impl Linter<'_> {
    pub(super) fn conditions(&mut self, statement: &Statement) {
        for condition in &statement.conditions {
            self.key(condition);
            self.values(condition);
            self.multi_factor(condition);
        }
    }

    fn key(&mut self, condition: &Condition) {
        let key = &*condition.key.value;
        let shown = shorten(key);
        let well_formed = key
            .split_once(':')
            .is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty());
        if !well_formed || key.chars().any(char::is_whitespace) {
            let help = "write a prefix, a colon and a name, as in `acs:SourceIp`";
            self.report(
                &codes::INVALID_CONDITION_KEY_FORMAT,
                condition.key.span,
                format!("`{shown}` is not a condition key"),
                help,
            );
            return;
        }
        if TAG_KEYS
            .iter()
            .any(|tag| key.len() > tag.len() && key.starts_with(tag))
        {
            return;
        }
        if let Some((_, holds)) = GLOBAL_KEYS.iter().find(|(known, _)| *known == key) {
            self.fits_key(condition, *holds);
            return;
        }
        let prefix = key.split(':').next().unwrap_or("");
        let global = prefix.eq_ignore_ascii_case("acs");
        if self.table.keys.iter().any(|known| known == key)
            || (!global && !self.table.knows(prefix))
        {
            return;
        }
        let mut known: Vec<&str> = GLOBAL_KEYS.iter().map(|(known, _)| *known).collect();
        known.extend(self.table.keys.iter().map(String::as_str));
        let help = match closest(key, &known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "check the key's name: a request that lacks it meets every negated condition on it"
                    .to_owned()
            }
        };
        self.report(
            &codes::UNKNOWN_CONDITION_KEY,
            condition.key.span,
            format!("the condition key `{shown}` is not known"),
            help,
        );
    }

    /// The operator against what the key holds.
    fn fits_key(&mut self, condition: &Condition, holds: Holds) {
        let Some(operator) = condition.known else {
            return;
        };
        let (compares, wanted) = match operator.test {
            Test::Text | Test::TextIgnoringCase | Test::Pattern => (Holds::Text, "text"),
            Test::Number(_) => return,
            Test::Date(_) => (Holds::Date, "dates"),
            Test::Bool => (Holds::Bool, "truth values"),
            Test::Ip => (Holds::Ip, "addresses"),
        };
        if compares == holds {
            return;
        }
        let use_instead = match holds {
            Holds::Text => "StringEquals` or `StringLike",
            Holds::Date => "DateLessThan` or `DateGreaterThan",
            Holds::Bool => "Bool",
            Holds::Ip => "IpAddress` or `NotIpAddress",
        };
        let message = format!(
            "`{}` compares {wanted}, which `{}` does not hold",
            operator.name, condition.key.value
        );
        self.report(
            &codes::TYPE_MISMATCH_KEY,
            condition.operator.span,
            message,
            format!("use `{use_instead}`"),
        );
    }

    fn values(&mut self, condition: &Condition) {
        let literal = matches!(
            condition.known,
            Some(Operator {
                test: Test::Text | Test::TextIgnoringCase,
                ..
            })
        );
        for value in &condition.values {
            let text = &*value.text.value;
            if text.contains("${") {
                let message = format!(
                    "`{}` holds `${{…}}`, which is plain text in RAM",
                    shorten(text)
                );
                self.report(
                    &codes::VARIABLE_NOT_SUPPORTED,
                    value.text.span,
                    message,
                    "RAM has no policy variables: write the value",
                );
            } else if literal && text.contains(['*', '?']) {
                let operator = &condition.operator.value;
                let message = format!(
                    "`{operator}` takes the wildcard in `{}` for itself",
                    shorten(text)
                );
                let like = if operator.contains("Not") {
                    "StringNotLike"
                } else {
                    "StringLike"
                };
                self.report(
                    &codes::WILDCARD_WITHOUT_LIKE_OPERATOR,
                    value.text.span,
                    message,
                    format!("use `{like}`"),
                );
            }
        }
    }

    fn multi_factor(&mut self, condition: &Condition) {
        let tests = condition
            .known
            .is_some_and(|operator| operator.test == Test::Bool)
            && condition.key.value.eq_ignore_ascii_case("acs:MFAPresent");
        let Some(value) = condition
            .values
            .iter()
            .find(|value| matches!(read_bool(&value.text.value), Some((false, _))))
        else {
            return;
        };
        if tests {
            let message =
                "a call with an AccessKey has no `acs:MFAPresent`, so this does not match it"
                    .to_owned();
            let help =
                "to require a second factor, allow with `\"Bool\": {\"acs:MFAPresent\": \"true\"}`";
            self.report(
                &codes::MFA_KEY_ABSENT_FOR_ACCESS_KEY,
                value.text.span,
                message,
                help,
            );
        }
    }
}
