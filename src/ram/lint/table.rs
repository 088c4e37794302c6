//! Actions and resources against what a service says of itself.

use super::overlap::meets;
use super::*;
use crate::ram::document::Text;
use crate::ram::glob;
use crate::ram::json::shorten;
use crate::ram::suggest::closest;

/// Statements with more pairs of action and resource than this are left alone.
const MAX_PAIRS: usize = 10_000;

impl<'d> Linter<'d> {
    pub(super) fn against_table(&mut self, statement: &Statement) {
        let resources = statement
            .resource
            .as_ref()
            .map_or(0, |resource| resource.patterns.items.len());
        let pairs = statement
            .action
            .patterns
            .items
            .len()
            .saturating_mul(resources);
        if statement.action.not || pairs > MAX_PAIRS {
            return;
        }
        let mut all_known = true;
        let mut rows: Vec<&'d ActionRow> = Vec::new();
        let mut alive = true;
        for text in &statement.action.patterns.items {
            let own = self.rows(text);
            let service = text.value.split(':').next().unwrap_or("");
            if own.is_empty() || service.contains(['*', '?']) {
                all_known = false;
                if self.table.knows(service) {
                    self.unknown_action(text);
                }
                continue;
            }
            self.action_case(text, &own);
            alive &= self.has_resource(statement, text, &own);
            rows.extend(own);
        }
        if all_known && alive && !rows.is_empty() {
            self.unused_resources(statement, &rows);
        }
    }

    /// The rows that an action of the policy stands for.
    fn rows(&self, text: &Text) -> Vec<&'d ActionRow> {
        let table = self.table;
        let pattern = text.value.to_ascii_lowercase();
        if !pattern.contains(':') {
            return Vec::new();
        }
        table
            .rows
            .iter()
            .filter(|row| {
                glob::matches(
                    pattern.as_bytes(),
                    row.action.to_ascii_lowercase().as_bytes(),
                )
            })
            .collect()
    }

    fn unknown_action(&mut self, text: &Text) {
        let names: Vec<&str> = self
            .table
            .rows
            .iter()
            .map(|row| row.action.as_str())
            .collect();
        let help = match closest(&text.value, &names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "check the operation's name".to_owned(),
        };
        self.report(
            &codes::UNKNOWN_ACTION,
            text.span,
            format!("no known action is `{}`", shorten(&text.value)),
            help,
        );
    }

    fn action_case(&mut self, text: &Text, rows: &[&ActionRow]) {
        let literal = !text.value.contains(['*', '?']);
        if let Some(row) = rows
            .first()
            .filter(|row| literal && row.action != *text.value)
        {
            let message = format!("`{}` is documented as `{}`", text.value, row.action);
            self.report(
                &codes::ACTION_CASE,
                text.span,
                message,
                format!("write `{}`", row.action),
            );
        }
    }

    /// Whether the action has one of the statement's resources; if not, it is said.
    fn has_resource(&mut self, statement: &Statement, text: &Text, rows: &[&ActionRow]) -> bool {
        let Some(resource) = statement
            .resource
            .as_ref()
            .filter(|resource| !resource.not && !resource.patterns.items.is_empty())
        else {
            return true;
        };
        let items = &resource.patterns.items;
        let on =
            |form: &str, dotted: bool| items.iter().any(|item| meets(&item.value, form, dotted));
        let forms = || rows.iter().flat_map(|row| &row.resources);
        if forms().any(|form| on(form, true)) {
            if grants(statement) && !text.value.contains(['*', '?']) {
                self.qualifier_forms(text, rows, &on);
            }
            return true;
        }
        let listed: Vec<String> = forms().map(|form| format!("`{form}`")).collect();
        let help = format!("it is authorised on {}", listed.join(" or "));
        if rows.iter().all(|row| row.access == AccessLevel::List) {
            let message = format!(
                "`{}` lists, and is not authorised on a single name",
                text.value
            );
            self.report(
                &codes::LIST_ACTION_NEEDS_STAR,
                resource.patterns.span,
                message,
                help,
            );
        } else {
            let services: Vec<&str> = forms().filter_map(|form| form.split(':').nth(1)).collect();
            let foreign = items.iter().all(|item| {
                let service = item.value.split(':').nth(1).unwrap_or("*");
                !service.contains(['*', '?'])
                    && !services.is_empty()
                    && services
                        .iter()
                        .all(|own| !own.eq_ignore_ascii_case(service))
            });
            let code = if foreign {
                &codes::INVALID_ARN_SERVICE
            } else {
                &codes::RESOURCE_NOT_FOR_ACTION
            };
            self.report(
                code,
                resource.patterns.span,
                format!("`{}` is never authorised on such a resource", text.value),
                help,
            );
        }
        false
    }

    fn qualifier_forms(
        &mut self,
        text: &Text,
        rows: &[&ActionRow],
        on: &dyn Fn(&str, bool) -> bool,
    ) {
        for row in rows {
            let (qualified, plain): (Vec<&String>, Vec<&String>) = row
                .resources
                .iter()
                .partition(|form| form.contains("{qualifier}"));
            let (Some(qualified), Some(plain)) = (qualified.first(), plain.first()) else {
                continue;
            };
            let (what, other) = match (on(plain, false), on(qualified, false)) {
                (true, false) => ("with a qualifier", qualified),
                (false, true) => ("without a qualifier", plain),
                _ => continue,
            };
            let message = format!("`{}` {what} is not covered", text.value);
            self.report(
                &codes::QUALIFIER_FORM_UNCOVERED,
                text.span,
                message,
                format!("add the form `{other}` if it is called so"),
            );
        }
    }

    /// Resources on which none of the statement's actions is authorised.
    fn unused_resources(&mut self, statement: &Statement, rows: &[&ActionRow]) {
        let Some(resource) = statement.resource.as_ref().filter(|resource| !resource.not) else {
            return;
        };
        for item in &resource.patterns.items {
            let used = rows
                .iter()
                .flat_map(|row| &row.resources)
                .any(|form| meets(&item.value, form, true));
            if !used {
                let message = format!(
                    "no action of this statement is authorised on `{}`",
                    shorten(&item.value)
                );
                self.report(
                    &codes::RESOURCE_NOT_FOR_ACTION,
                    item.span,
                    message,
                    "remove it, or correct its form",
                );
            }
        }
    }
}
