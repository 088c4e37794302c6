//! From a tree to values. Each reader says what it wants and notes what stands there instead;
//! the reading goes on behind a fault, so that everything that is wrong is said at once.

use serde_json::Value;

use super::{Kind, Node, Place};
use crate::ram::closest;

/// What is wrong, each with its place.
pub(crate) type Faults = Vec<(Place, String)>;

/// A value and where it stands.
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// A mapping whose keys are all known. Nothing counts as an empty one.
pub(crate) struct Fields<'a> {
    node: &'a Node,
    known: &'static [&'static str],
    faults: &'a mut Faults,
}

impl<'a> Fields<'a> {
    /// Notes each key that is not known.
    pub(crate) fn of(
        node: &'a Node,
        known: &'static [&'static str],
        faults: &'a mut Faults,
    ) -> Option<Self> {
        if !matches!(node.kind, Kind::Mapping(_) | Kind::Null) {
            return unwanted("a mapping", node, faults);
        }
        for entry in node.entries() {
            if !known.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}`{}", entry.key, or_what(&entry.key, known));
                faults.push((entry.key_place.clone(), message));
            }
        }
        Some(Self {
            node,
            known,
            faults,
        })
    }

    /// The value of a key; an empty one is none.
    pub(crate) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Node, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        debug_assert!(self.known.contains(&key), "{key}");
        read(self.node.present(key)?, self.faults)
    }

    /// The value of a key that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Node, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        if self.node.present(key).is_none() {
            let place = self.node.get(key).map_or(&self.node.place, |it| &it.place);
            let message = format!("`{key}` is missing");
            self.faults.push((place.clone(), message));
        }
        self.optional(key, read)
    }
}

/// What was meant, or what there is.
fn or_what(name: &str, known: &[&str]) -> String {
    match closest(name, known) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => format!("; there are `{}`", known.join("`, `")),
    }
}

fn unwanted<T>(wanted: &str, node: &Node, faults: &mut Faults) -> Option<T> {
    let found = match node.kind {
        Kind::Null => "nothing",
        _ => node.noun(),
    };
    let message = format!("{wanted} is wanted here, not {found}");
    faults.push((node.place.clone(), message));
    None
}

fn scalar<'a>(wanted: &str, node: &'a Node, faults: &mut Faults) -> Option<&'a str> {
    node.scalar().or_else(|| unwanted(wanted, node, faults))
}

/// A text; a number or a truth value is taken as it is written.
pub(crate) fn text(node: &Node, faults: &mut Faults) -> Option<String> {
    scalar("a text", node, faults).map(str::to_owned)
}

/// One text or a list of them.
pub(crate) fn texts(node: &Node, faults: &mut Faults) -> Option<Vec<String>> {
    match node.scalar() {
        Some(text) => Some(vec![text.to_owned()]),
        None if matches!(node.kind, Kind::Sequence(_)) => list(text)(node, faults),
        None => unwanted("a text or a list of them", node, faults),
    }
}

/// A whole number that the type holds.
pub(crate) fn number<T: TryFrom<u64>>(node: &Node, faults: &mut Faults) -> Option<T> {
    let written = scalar("a whole number", node, faults)?;
    let number = written.parse::<u64>().ok();
    let number = number.and_then(|number| T::try_from(number).ok());
    if number.is_none() {
        let message = format!("`{written}` is not a whole number, or is too large a one");
        faults.push((node.place.clone(), message));
    }
    number
}

/// A truth value, in any of YAML's words for it.
pub(crate) fn flag(node: &Node, faults: &mut Faults) -> Option<bool> {
    let written = scalar("`true` or `false`", node, faults)?;
    match written.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => {
            let message = format!("`{written}` is neither `true` nor `false`");
            faults.push((node.place.clone(), message));
            None
        }
    }
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(
    words: &'static [(&'static str, T)],
) -> impl Fn(&Node, &mut Faults) -> Option<T> {
    move |node, faults| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let written = scalar("a word", node, faults)?;
        let found = words.iter().find(|(word, _)| *word == written);
        if found.is_none() {
            let message = format!("`{written}` is not known here{}", or_what(written, &known));
            faults.push((node.place.clone(), message));
        }
        found.map(|(_, value)| *value)
    }
}

/// A list; what is wrong in it is left out.
pub(crate) fn list<T>(
    read: impl Fn(&Node, &mut Faults) -> Option<T>,
) -> impl Fn(&Node, &mut Faults) -> Option<Vec<T>> {
    move |node, faults| match &node.kind {
        Kind::Sequence(items) => {
            let items = items.iter().filter_map(|item| read(item, faults));
            Some(items.collect())
        }
        _ => unwanted("a list", node, faults),
    }
}

/// A mapping from names of the author's choice, in the file's order; nothing counts as an
/// empty one, and what is wrong in it is left out.
pub(crate) fn entries<T>(
    read: impl Fn(&Node, &mut Faults) -> Option<T>,
) -> impl Fn(&Node, &mut Faults) -> Option<Vec<(At<String>, T)>> {
    move |node, faults| {
        if !matches!(node.kind, Kind::Mapping(_) | Kind::Null) {
            return unwanted("a mapping", node, faults);
        }
        let entries = node.entries().iter().filter_map(|entry| {
            let name = At {
                value: entry.key.clone(),
                place: entry.key_place.clone(),
            };
            Some((name, read(&entry.value, faults)?))
        });
        Some(entries.collect())
    }
}

/// The value with its place.
pub(crate) fn at<T>(
    read: impl Fn(&Node, &mut Faults) -> Option<T>,
) -> impl Fn(&Node, &mut Faults) -> Option<At<T>> {
    move |node, faults| {
        let value = read(node, faults)?;
        let place = node.place.clone();
        Some(At { value, place })
    }
}

/// What the node is in JSON: numbers and truth values without quotes are such, all the rest
/// is text.
pub(crate) fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar(text) if node.plain => match text.as_str() {
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            other => other
                .parse()
                .map_or_else(|_| Value::from(other), Value::Number),
        },
        Kind::Scalar(text) => Value::from(text.as_str()),
        Kind::Sequence(items) => items.iter().map(|item| json(item)).collect(),
        Kind::Mapping(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, Tree, read};
    use super::*;

    fn tree(text: &str) -> Tree {
        read(&Source::new("x.yaml", text)).unwrap()
    }

    fn said(faults: &Faults) -> Vec<String> {
        let said = faults.iter().map(|(place, message)| {
            let position = place.position();
            format!("{}:{} {message}", position.line, position.column)
        });
        said.collect()
    }

    #[test]
    fn everything_that_is_wrong_is_noted_and_the_rest_is_read() {
        const KNOWN: &[&str] = &["name", "count", "on", "way", "list", "left"];
        let root = tree("names: x\ncount: 12e\non: maybe\nway: uo\nlist: [a, [b], c]\nname:\n");
        let mut faults = Faults::new();
        let mut fields = Fields::of(&root, KNOWN, &mut faults).unwrap();
        assert_eq!(fields.required("name", text), None);
        assert_eq!(fields.required("left", text), None);
        assert_eq!(fields.optional("count", number::<u64>), None);
        assert_eq!(fields.optional("on", flag), None);
        assert_eq!(
            fields.optional("way", choice(&[("up", 1), ("down", 2)])),
            None
        );
        let list = fields.optional("list", list(text)).unwrap();
        assert_eq!(list, ["a", "c"]);
        assert_eq!(
            said(&faults),
            [
                "1:1 unknown key `names`; did you mean `name`?",
                "6:5 `name` is missing",
                "1:1 `left` is missing",
                "2:8 `12e` is not a whole number, or is too large a one",
                "3:5 `maybe` is neither `true` nor `false`",
                "4:6 `uo` is not known here; there are `up`, `down`",
                "5:11 a text is wanted here, not a list",
            ]
        );
    }

    #[test]
    fn numbers_stay_within_their_type() {
        let root = tree("[65535, 65536, -1, '7', 0x10]");
        let mut faults = Faults::new();
        let read = list(number::<u16>)(&root, &mut faults).unwrap();
        assert_eq!((read, faults.len()), (vec![65535, 7], 3));
    }

    #[test]
    fn in_json_only_what_has_no_quotes_is_a_number() {
        let root = tree(
            "{a: 1, b: '1', c: true, d: \"true\", e: 1.50, f: null, g: [x], h: 1e999, i: 0777, j: !!str 1}",
        );
        let expected = serde_json::json!({
            "a": 1, "b": "1", "c": true, "d": "true", "e": 1.5, "f": null, "g": ["x"],
            "h": "1e999", "i": "0777", "j": "1"
        });
        assert_eq!(json(&root), expected);
    }
}
