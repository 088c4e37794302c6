//! The platform's own sentences, and what they name: the action, the resource, the condition,
//! the dates. A terminal may have broken them anywhere.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::hits::{self, DENIAL, Hit, PHRASES, RAM_DENIAL, SKEW};

/// How far behind its beginning a sentence is read.
const SENTENCE: usize = 3 * 1024;

const QUOTE: &str = r#"\\*['"`‘’]"#;
const INNER: &str = r#"[^'"`‘’\\]*"#;

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles them"
)]
static TAILS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let fill = |pattern: &str| {
        let pattern = pattern.replace('~', r"[ \t\n]*").replace("QUOTE", QUOTE);
        Regex::new(&pattern.replace("INNER", INNER)).expect("a constant pattern")
    };
    [
        fill(concat!(
            "^~QUOTE(?P<action>INNER)QUOTE~o~n~r~e~s~o~u~r~c~e~QUOTE(?P<resource>INNER)QUOTE",
            r"(?P<denied>~w~i~t~h~c~o~n~d~i~t~i~o~n(?:~QUOTE~\[(?P<condition>[^\]'‘’]*)\])?)?",
        )),
        fill("^~QUOTE(?P<action>INNER)QUOTE"),
        fill(concat!(
            r#"^\.?~Resource:~(?P<resource>[^ \t\n"'\\,}<]+)[ \t\n]+"#,
            "Action:~(?P<action>[A-Za-z0-9*:_-]+)",
        )),
        fill("^~QUOTE(?P<sent>INNER)QUOTE~and~the~current~time~QUOTE(?P<now>INNER)QUOTE"),
    ]
});

/// A sentence of the platform, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Sentence {
    pub(super) index: usize,
    /// As the platform writes it.
    pub(super) text: String,
    pub(super) action: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) explicit: bool,
    pub(super) broken: bool,
    pub(super) end: usize,
    /// Nothing stands behind it.
    pub(super) at_end: bool,
}

/// Reads the sentence that begins at a place.
pub(super) fn read_sentence(text: &str, hit: Hit, index: usize) -> Sentence {
    let tail = hits::bounded(&text[hit.end..], SENTENCE);
    let mut sentence = Sentence {
        index,
        text: PHRASES[index].1.to_owned(),
        end: hit.end,
        ..Sentence::default()
    };
    let [whole, action, of_ram, skew] = &*TAILS;
    let found = match index {
        DENIAL => whole.captures(tail).or_else(|| action.captures(tail)),
        RAM_DENIAL => of_ram.captures(tail),
        SKEW => skew.captures(tail),
        _ => None,
    };
    let Some(found) = found else {
        if index == DENIAL || index == SKEW {
            sentence.text = PHRASES[index].0.to_owned();
        }
        return sentence;
    };
    sentence.end += found.get(0).map_or(0, |whole| whole.end());
    sentence.at_end = text[sentence.end..].trim().is_empty();
    let joined = |name: &str| {
        let group = found.name(name)?;
        let text: String = group
            .as_str()
            .chars()
            .filter(|one| !one.is_whitespace())
            .collect();
        Some((text.len() != group.len(), text))
    };
    if index == SKEW {
        let day = |name: &str| found.name(name).map_or("", |group| group.as_str());
        sentence.text = format!(
            "{} '{}' and the current time '{}' is too large",
            PHRASES[SKEW].0,
            day("sent").split_whitespace().collect::<Vec<_>>().join(" "),
            day("now").split_whitespace().collect::<Vec<_>>().join(" "),
        );
        return sentence;
    }
    for (name, place) in [
        ("action", &mut sentence.action),
        ("resource", &mut sentence.resource),
    ] {
        if let Some((broken, text)) = joined(name).filter(|(_, text)| !text.is_empty()) {
            sentence.broken |= broken;
            *place = Some(text);
        }
    }
    sentence.explicit = index == DENIAL && found.name("denied").is_some();
    if let (Some(action), Some(resource)) = (&sentence.action, &sentence.resource) {
        sentence.text = match (index, joined("condition")) {
            (RAM_DENIAL, _) => {
                format!(
                    "You are not authorized to do this action. Resource: {resource} Action: {action}"
                )
            }
            (_, Some((_, condition))) => format!(
                "{} '{action}' on resource '{resource}' with condition '[{condition}]'",
                PHRASES[DENIAL].0
            ),
            _ => format!("{} '{action}' on resource '{resource}'", PHRASES[DENIAL].0),
        };
    } else {
        sentence.text = PHRASES[index].0.to_owned();
    }
    sentence
}
