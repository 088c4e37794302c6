//! Puts what stands near together into refusals: one ends where something is said that
//! contradicts it, or where nothing more is said for a while.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::hits::{self, Field, Hit, Kind, OF_FUNCTION, PHRASES, RAM_DENIAL, Raw};
use super::sentence::{Sentence, read_sentence};
use super::{Found, Shape, classify_function_error, judged};
use crate::diagnosis::{Cause, Reading};
use crate::preflight::Denial;

/// How far apart two pieces of one refusal may stand.
const GAP: usize = 2_000;
/// How much of two messages is compared.
const COMPARED: usize = 150;

/// One refusal, as far as it was read.
#[derive(Debug, Clone, Default)]
struct Record {
    /// How far it was read.
    end: usize,
    /// `Code`, `RequestId`, `HostId` and the fields of the detail, by their names in a body.
    fields: Vec<(&'static str, String)>,
    status: Option<u16>,
    message: Option<String>,
    message_end: usize,
    /// The message's end was not found.
    message_open: bool,
    sentence: Option<Sentence>,
    /// A code is named, or said to be none.
    coded: bool,
    /// Said as an SDK says it.
    sdk: bool,
    /// A field of header was there that says who wrote the error.
    platform: Option<bool>,
    of_function: bool,
    /// A function's log or result holds it.
    in_function: bool,
    quoted_message: bool,
    quoted_error_message: bool,
    /// What repeats what was known, from the last news on.
    repeated: Vec<Hit>,
}

/// Whether a hit goes into the record.
enum Fit {
    New,
    Known,
    Against,
}

fn same_message(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        let text = tidy(hits::bounded(text, 2 * COMPARED));
        let kept = text
            .chars()
            .filter(|one| !one.is_whitespace() && *one != '\\');
        kept.take(COMPARED).collect::<String>()
    };
    let (one, other) = (plain(one), plain(other));
    one.contains(&other) || other.contains(&one)
}

/// A message without what an SDK puts around it.
fn tidy(message: &str) -> String {
    let mut text = message.trim();
    if let Some((_, inner)) = text.split_once("message: ")
        && text.contains(" failed with ")
    {
        text = inner;
    }
    if let Some(rest) = text.strip_prefix("code: ") {
        text = rest
            .get(3..)
            .map_or(rest, |rest| rest.trim_start_matches([',', ' ']));
    }
    for end in [" request id:", " RequestId", " RequestID", " requestid:"] {
        text = text.split(end).next().unwrap_or_default();
    }
    let text = text.trim();
    // An SDK ends the sentence once more.
    match text.strip_suffix("..") {
        Some(text) => format!("{text}."),
        None => text.to_owned(),
    }
}

impl Record {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &'static str, value: String) -> Fit {
        match self.get(name) {
            None => {
                self.fields.push((name, value));
                Fit::New
            }
            Some(known) if known.eq_ignore_ascii_case(&value) => Fit::Known,
            Some(_) => Fit::Against,
        }
    }

    fn set_status(&mut self, status: u16) -> Fit {
        match self.status {
            None => {
                self.status = Some(status);
                Fit::New
            }
            Some(known) if known == status => Fit::Known,
            Some(_) => Fit::Against,
        }
    }

    /// Whether so much stands between that it is something else.
    fn is_far(&self, hit: Hit) -> bool {
        self.end > 0 && hit.start > self.end.max(self.message_end) + GAP
    }

    fn take(&mut self, hit: Hit, text: &str) -> Fit {
        match hit.kind {
            Kind::Field(field) => {
                let raw = hits::value(text, hit.end, field);
                let end = raw.end;
                let fit = self.take_field(hit, field, raw);
                // Another field may stand inside a message, and not far behind its start.
                let message = matches!(field, Field::Message | Field::ErrorMessage);
                if !matches!(fit, Fit::Against) {
                    self.end = self.end.max(if message { hit.end } else { end });
                }
                fit
            }
            Kind::Phrase(index) => {
                let sentence = read_sentence(text, hit, index);
                self.take_sentence(sentence, hit)
            }
            Kind::Sdk => {
                let (code, status) = hits::of_sdk(&text[hit.start..hit.end]);
                if code
                    .as_ref()
                    .is_some_and(|code| code.ends_with("InvocationError"))
                {
                    self.of_function = true;
                    return Fit::Known;
                }
                let against = |fit: &Fit| matches!(fit, Fit::Against);
                if let (Some(known), Some(code)) = (self.get("Code"), &code)
                    && !known.eq_ignore_ascii_case(code)
                {
                    return Fit::Against;
                }
                let fit = status.map_or(Fit::Known, |status| self.set_status(status));
                if against(&fit) {
                    return fit;
                }
                self.sdk = true;
                self.end = self.end.max(hit.end);
                match code {
                    Some(code) => {
                        self.coded = true;
                        self.set("Code", code)
                    }
                    None => fit,
                }
            }
        }
    }

    fn take_field(&mut self, hit: Hit, field: Field, raw: Raw) -> Fit {
        // What is cut off is not the value.
        if raw.quoted && raw.open && !matches!(field, Field::Message | Field::ErrorMessage) {
            return Fit::Known;
        }
        let compact =
            |text: String| -> String { text.chars().filter(|one| !one.is_whitespace()).collect() };
        // YAML begins a longer text with a sign.
        let none = matches!(
            &*raw.text,
            "" | "null" | "None" | "nil" | "undefined" | ">" | ">-" | "|" | "|-"
        );
        match field {
            Field::Code => {
                let code = compact(raw.text);
                if none {
                    self.coded |= raw.quoted || !code.is_empty();
                    return Fit::Known;
                }
                if let Ok(status) = code.parse::<u16>() {
                    return match (400..600).contains(&status) {
                        true => self.set_status(status),
                        false => Fit::Known,
                    };
                }
                let plain = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
                if code.len() > 100
                    || !code.starts_with(|one: char| one.is_ascii_alphabetic())
                    || !code.chars().all(plain)
                {
                    return Fit::Known;
                }
                self.coded = true;
                self.set("Code", code)
            }
            _ if none => Fit::Known,
            Field::Status => match raw.text.parse::<u16>() {
                Ok(status) if (400..600).contains(&status) => self.set_status(status),
                _ => Fit::Known,
            },
            Field::RequestId => self.set("RequestId", compact(raw.text)),
            Field::Host => self.set("HostId", compact(raw.text)),
            Field::Detail(name) => self.set(name, compact(raw.text)),
            Field::OfFunction => {
                self.of_function = true;
                Fit::Known
            }
            Field::ErrorTypeHeader => {
                self.platform = Some(raw.text.eq_ignore_ascii_case("FcCommonError"));
                Fit::Known
            }
            Field::Message | Field::ErrorMessage => {
                // What an object carries of an answer is not the object's own word.
                let fit = match &self.message {
                    None => Fit::New,
                    Some(known) if same_message(known, &raw.text) => Fit::Known,
                    Some(_) if hit.start < self.message_end => match self.sentence {
                        Some(_) => return Fit::Known,
                        None => Fit::New,
                    },
                    Some(_) => return Fit::Against,
                };
                if let Some(sentence) = &self.sentence
                    && matches!(fit, Fit::New)
                    && hit.start >= sentence.end
                    && !same_message(&sentence.text, &raw.text)
                {
                    return Fit::Against;
                }
                self.quoted_message |= raw.quoted;
                self.quoted_error_message |= raw.quoted && field == Field::ErrorMessage;
                self.message_end = raw.end.max(self.message_end);
                if matches!(fit, Fit::New) {
                    self.message_open = raw.open;
                    self.message = Some(raw.text);
                }
                fit
            }
        }
    }

    fn take_sentence(&mut self, mut sentence: Sentence, hit: Hit) -> Fit {
        if self.message_open && sentence.index == RAM_DENIAL && sentence.at_end {
            // The action may go on where the text is cut off.
            sentence.action = None;
            PHRASES[RAM_DENIAL].1.clone_into(&mut sentence.text);
        }
        let fit = match &self.sentence {
            Some(known) if known.index == sentence.index => {
                let against = |one: &Option<String>, other: &Option<String>| {
                    one.is_some() && other.is_some() && one != other
                };
                if against(&known.action, &sentence.action)
                    || against(&known.resource, &sentence.resource)
                {
                    return Fit::Against;
                }
                match known.resource.is_none() && sentence.resource.is_some() {
                    true => Fit::New,
                    false => Fit::Known,
                }
            }
            Some(_) => return Fit::Against,
            None => Fit::New,
        };
        if let (Fit::New, Some(message)) = (&fit, &self.message)
            && hit.start >= self.message_end
            && !same_message(message, &sentence.text)
        {
            return Fit::Against;
        }
        self.end = self.end.max(sentence.end);
        if matches!(fit, Fit::New) {
            self.sentence = Some(sentence);
        }
        fit
    }

    /// What the record says, in the form of a body.
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut detail = Map::new();
        for (name, value) in &self.fields {
            let place = match *name {
                "Code" | "RequestId" | "HostId" => &mut body,
                _ => &mut detail,
            };
            place.insert((*name).to_owned(), value.as_str().into());
        }
        let raw = self.message.as_deref().map(tidy);
        let message = match (&self.sentence, raw) {
            (Some(sentence), raw) => {
                let known = sentence.text.trim_end_matches('.');
                // An action that may be cut off must not be read from the message after all.
                let cut = sentence.index == RAM_DENIAL && sentence.action.is_none();
                raw.filter(|raw| !cut && raw.contains(known))
                    .or_else(|| Some(sentence.text.clone()))
            }
            (None, raw) => raw,
        };
        if let Some(message) = message {
            body.insert("Message".to_owned(), message.into());
        }
        if !detail.is_empty() {
            body.insert("AccessDeniedDetail".to_owned(), json!(detail));
        }
        body
    }

    /// The refusal; `None` when too little was said for one.
    fn found(self) -> Option<Found> {
        let of_body = |name: &str| matches!(name, "Code" | "RequestId" | "HostId");
        let detail = self.fields.iter().any(|(name, _)| !of_body(name));
        let sentence = self.sentence.as_ref();
        let ended = sentence.is_some_and(|sentence| OF_FUNCTION.contains(&sentence.index));
        let own = self.platform == Some(false)
            || ended
            || (self.of_function && !self.sdk && !detail)
            || (self.quoted_error_message && !self.coded && !self.sdk && !detail);
        if own && self.platform != Some(true) && (self.message.is_some() || ended) {
            let message = self.message.as_deref().map(tidy);
            let message = message.or_else(|| sentence.map(|one| one.text.clone()));
            return Some(Found {
                status: self.status,
                cause: classify_function_error(message.as_deref().unwrap_or_default()),
                reading: Reading {
                    message,
                    request_id: self.get("RequestId").map(str::to_owned),
                    ..Reading::default()
                },
                shape: Shape::Bare,
                own: None,
            });
        }
        let mut reading = Reading::of_body(&self.body())?;
        if let Some(sentence) = sentence {
            reading.action = reading.action.or_else(|| sentence.action.clone());
            reading.resource = reading.resource.or_else(|| sentence.resource.clone());
            if sentence.explicit && reading.denial.is_none() {
                reading.denial = Some(Denial::Explicit);
            }
        }
        // `FC`'s own SDKs say the status of its own answers.
        let status = self.status.filter(|_| self.sdk || self.platform.is_some());
        let spoken = self.coded || self.sdk || detail || sentence.is_some();
        let cause = match spoken {
            true => judged(status.filter(|status| *status != 403), &reading),
            false => Cause::Unknown,
        };
        let in_function = self.in_function;
        let bare = self.quoted_message && !self.coded && !self.sdk && !detail;
        let shape = match sentence {
            _ if in_function => Shape::OfFunction,
            _ if bare => Shape::Bare,
            Some(sentence) if sentence.broken => Shape::Broken,
            _ => Shape::Whole,
        };
        Some(Found {
            status: self.status,
            reading,
            cause,
            shape,
            own: None,
        })
    }
}

/// The refusals of a cleaned text, in order.
pub(super) fn records(text: &str) -> Vec<Found> {
    let hits = hits::hits(text);
    let blocks = hits::blocks(text);
    let mut reader = Reader {
        text,
        of_functions: hits::of_functions(text),
        record: Record::default(),
        found: Vec::new(),
    };
    let mut rest = &hits[..];
    while let Some(first) = rest.first() {
        let block = region(&blocks, first.start);
        let inside = |block: &Range<usize>| {
            let inside = rest.iter().take_while(|hit| hit.start < block.end);
            inside.count()
        };
        let (now, later) = rest.split_at(block.map_or(1, inside));
        reader.take_together(now);
        rest = later;
    }
    reader.close();
    reader.found
}

/// The region that a place is in.
pub(super) fn region(regions: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let after = regions.partition_point(|region| region.start <= at);
    let before = after.checked_sub(1)?;
    Some(&regions[before]).filter(|region| region.contains(&at))
}

struct Reader<'a> {
    text: &'a str,
    of_functions: Vec<Range<usize>>,
    record: Record,
    found: Vec<Found>,
}

impl Reader<'_> {
    /// What stands in one object is of one refusal, or none of it is.
    fn take_together(&mut self, hits: &[Hit]) {
        if let [hit] = hits {
            self.take(*hit);
            return;
        }
        // Whatever comes of it, they are of no use any more.
        self.record.repeated.clear();
        let mut trial = self.record.clone();
        let fits = |record: &mut Record, hit: &Hit| {
            !record.is_far(*hit) && !matches!(record.take(*hit, self.text), Fit::Against)
        };
        if hits.iter().all(|hit| fits(&mut trial, hit)) {
            let inside = |hit: &Hit| region(&self.of_functions, hit.start).is_some();
            trial.in_function |= hits.iter().any(inside);
            self.record = trial;
            return;
        }
        self.close();
        for hit in hits {
            self.take(*hit);
        }
    }

    fn take(&mut self, hit: Hit) {
        let inside = |hit: Hit| region(&self.of_functions, hit.start).is_some();
        let far = self.record.is_far(hit);
        let fit = match far {
            true => Fit::Against,
            false => self.record.take(hit, self.text),
        };
        match fit {
            Fit::New => {
                self.record.in_function |= inside(hit);
                self.record.repeated.clear();
            }
            Fit::Known => self.record.repeated.push(hit),
            Fit::Against => {
                let mut again = std::mem::take(&mut self.record.repeated);
                if far {
                    again.clear();
                }
                let mut next = Record::default();
                for hit in again.into_iter().chain([hit]) {
                    next.take(hit, self.text);
                    next.in_function |= inside(hit);
                }
                self.close();
                self.record = next;
            }
        }
    }

    fn close(&mut self) {
        self.found.extend(std::mem::take(&mut self.record).found());
    }
}
