//! The `Condition` element: operators, keys and values, and what is wrong with them.
//!
//! A value of the wrong type of JSON is fatal. An unknown operator and a value that does not
//! fit its operator are not: the condition stays, and counts as unknown.

use super::*;
use crate::ram::operator::Test;
use crate::ram::value::{Block, DateReading, Number, read_bool, read_date};
use std::collections::HashMap;

impl Grammar {
    /// The conditions, and the operators that test nothing.
    pub(super) fn conditions(&mut self, node: &Node<'_>) -> (Vec<Condition>, Vec<Text>) {
        let mut conditions = Vec::new();
        let mut idle = Vec::new();
        let Kind::Object(operators) = &node.kind else {
            self.wrong_type(
                node,
                "`Condition`",
                "an object",
                "write `{\"IpAddress\": {\"acs:SourceIp\": [\"203.0.113.0/24\"]}}`",
            );
            return (conditions, idle);
        };
        if operators.is_empty() {
            self.report(
                &codes::EMPTY_OBJECT_CONDITION,
                node.span,
                "`Condition` is empty",
                "remove it, or write what was meant",
            );
        }
        self.similar_keys(operators, "operators");
        for member in operators {
            let operator = Text {
                value: Arc::from(&*member.key),
                span: member.key_span,
            };
            let known = Operator::named(&member.key);
            if known.is_none() {
                self.unknown_operator(&operator);
            }
            let Kind::Object(keys) = &member.value.kind else {
                let what = format!("`{}`", shorten(&member.key));
                self.wrong_type(
                    &member.value,
                    &what,
                    "an object of keys and values",
                    "write `{\"acs:SourceIp\": […]}`",
                );
                continue;
            };
            if keys.is_empty() {
                let message = format!("`{}` has no key and tests nothing", shorten(&member.key));
                self.report(
                    &codes::EMPTY_OBJECT_OPERATOR,
                    member.value.span,
                    message,
                    "remove it, or write what was meant",
                );
                idle.push(operator.clone());
            }
            self.similar_keys(keys, "condition keys");
            for key in keys {
                conditions.extend(self.condition(&operator, known, key));
            }
        }
        (conditions, idle)
    }

    fn unknown_operator(&mut self, operator: &Text) {
        let names: Vec<&str> = OPERATORS.iter().map(|known| known.name).collect();
        let message = format!(
            "`{}` is not a condition operator of RAM",
            shorten(&operator.value)
        );
        let bare = operator.value.trim_end_matches("IfExists");
        let help = if let Some((_, name)) = operator.value.split_once(':') {
            format!(
                "RAM has no set operators: use `{}`, several values are alternatives",
                shorten(name)
            )
        } else if bare.len() < operator.value.len() {
            format!(
                "RAM has no `…IfExists`: use `{}`, and a statement of its own for requests without the key",
                shorten(bare)
            )
        } else {
            match closest(&operator.value, &names) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "use one of the String, Numeric, Date, Bool and IpAddress operators".to_owned()
                }
            }
        };
        self.report(
            &codes::INVALID_CONDITION_OPERATOR,
            operator.span,
            message,
            help,
        );
    }

    fn similar_keys(&mut self, members: &[Member<'_>], what: &str) {
        if members.len() < 2 {
            return;
        }
        let mut seen: HashMap<String, &str> = HashMap::with_capacity(members.len());
        for member in members {
            let folded = member.key.to_ascii_lowercase();
            let Some(earlier) = seen.insert(folded, &member.key) else {
                continue;
            };
            if earlier != member.key {
                let (earlier, later) = (shorten(earlier), shorten(&member.key));
                let message =
                    format!("the {what} `{earlier}` and `{later}` differ by letter case only");
                self.report(
                    &codes::DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
                    member.key_span,
                    message,
                    "merge the two",
                );
            }
        }
    }

    fn condition(
        &mut self,
        operator: &Text,
        known: Option<Operator>,
        member: &Member<'_>,
    ) -> Option<Condition> {
        let key = Text {
            value: Arc::from(&*member.key),
            span: member.key_span,
        };
        let (nodes, list) = match &member.value.kind {
            Kind::Array(items) => (items.as_slice(), true),
            _ => (std::slice::from_ref(&member.value), false),
        };
        if nodes.is_empty() {
            let message = format!("`{}` has an empty list of values", shorten(&member.key));
            self.report(
                &codes::EMPTY_ARRAY_CONDITION,
                member.value.span,
                message,
                "add a value, or remove the key",
            );
        }
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            let value = self.condition_value(node)?;
            if let Some(known) = known.filter(|_| value.quoted) {
                self.fits(known, &value.text, list);
            }
            values.push(value);
        }
        Some(Condition {
            operator: operator.clone(),
            known,
            key,
            values,
            list,
            span: Span::new(member.key_span.start, member.value.span.end),
        })
    }

    fn condition_value(&mut self, node: &Node<'_>) -> Option<ConditionValue> {
        let bare = match &node.kind {
            Kind::String(_) => {
                return Some(ConditionValue {
                    text: self.text(node)?,
                    quoted: true,
                });
            }
            Kind::Number(raw) => *raw,
            Kind::Bool(true) => "true",
            Kind::Bool(false) => "false",
            _ => {
                self.wrong_type(
                    node,
                    "a condition value",
                    "a string",
                    "write a string, or a list of strings",
                );
                return None;
            }
        };
        let message = format!(
            "the condition value `{}` stands without quotes",
            shorten(bare)
        );
        self.report(
            &codes::UNQUOTED_CONDITION_VALUE,
            node.span,
            message,
            format!("write `\"{}\"`", shorten(bare)),
        );
        Some(ConditionValue {
            text: Text {
                value: bare.into(),
                span: node.span,
            },
            quoted: false,
        })
    }

    /// Reports a value that its operator cannot compare.
    fn fits(&mut self, operator: Operator, text: &Text, list: bool) {
        let (value, shown) = (&*text.value, shorten(&text.value));
        match operator.test {
            Test::Text | Test::TextIgnoringCase | Test::Pattern => {}
            Test::Number(_) => {
                if Number::read(value).is_none() {
                    let message = format!("`{shown}` is not a decimal number");
                    self.report(
                        &codes::TYPE_MISMATCH_NUMBER,
                        text.span,
                        message,
                        "write digits, such as `10` or `-2.5`",
                    );
                }
            }
            Test::Date(_) => match read_date(value) {
                DateReading::Instant(_) => {}
                DateReading::OtherForm => {
                    let message =
                        format!("`{shown}` is a date in a form that RAM does not document");
                    self.report(
                        &codes::DATE_FORM_UNDOCUMENTED,
                        text.span,
                        message,
                        "write it in UTC, such as `2026-11-22T08:30:00Z`",
                    );
                }
                DateReading::NoDate => {
                    let message = format!("`{shown}` is not a date");
                    self.report(
                        &codes::TYPE_MISMATCH_DATE,
                        text.span,
                        message,
                        "write it in UTC, such as `2026-11-22T08:30:00Z`",
                    );
                }
            },
            Test::Bool => match read_bool(value) {
                Some((_, true)) => {}
                Some((truth, false)) => {
                    let message = format!("`{shown}` is not in small letters");
                    self.report(
                        &codes::BOOLEAN_CASE,
                        text.span,
                        message,
                        format!("write `\"{truth}\"`"),
                    );
                }
                None => {
                    let message = format!("`{shown}` is neither `true` nor `false`");
                    self.report(
                        &codes::TYPE_MISMATCH_BOOLEAN,
                        text.span,
                        message,
                        "write `\"true\"` or `\"false\"`",
                    );
                }
            },
            Test::Ip => match Block::read(value) {
                None => {
                    let message = format!("`{shown}` is neither an IP address nor a CIDR block");
                    self.report(
                        &codes::TYPE_MISMATCH_IP_RANGE,
                        text.span,
                        message,
                        "write for example `203.0.113.7` or `203.0.113.0/24`",
                    );
                }
                Some(block) if block.cidr && !list => {
                    let message = format!("the CIDR block `{shown}` does not stand in a list");
                    self.report(
                        &codes::SINGLE_CIDR,
                        text.span,
                        message,
                        format!("write `[\"{shown}\"]`"),
                    );
                }
                Some(_) => {}
            },
        }
    }
}
