//! Patterns of actions and resources, and what a request is matched against.
//!
//! An action is `service:operation`, compared without regard to letter case. A resource is
//! `acs:service:region:account:relative-id`; a pattern is compared field by field, the last
//! field being everything after the fourth colon. A wildcard crosses `/` but not the colon
//! between two fields. Where only a looser reading matches (a `*` that swallows such a colon,
//! or letters that differ by case), the answer is [`Truth::Unknown`], never yes and never no.
//!
//! A request is folded to small letters once, into a [`Scratch`]; nothing is allocated for
//! ASCII names of ordinary length.

use super::glob;
use super::truth::Truth;
use super::value::fold;
use std::sync::Arc;

mod cover;

pub(crate) use cover::{action_covers, resource_covers};

/// Fields of a resource name.
const FIELDS: usize = 5;
/// Folded on the stack up to these lengths.
const ACTION_ROOM: usize = 96;
const RESOURCE_ROOM: usize = 384;

/// Room for the folded names of a request.
pub(crate) struct Scratch {
    action: Folded<ACTION_ROOM>,
    resource: Folded<RESOURCE_ROOM>,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        Scratch {
            action: Folded::Same,
            resource: Folded::Same,
        }
    }
}

/// A text in small letters: the text itself, or on the stack when it is short ASCII, or else
/// on the heap.
enum Folded<const ROOM: usize> {
    Same,
    Stack { room: [u8; ROOM], length: usize },
    Heap(Box<str>),
}

impl<const ROOM: usize> Folded<ROOM> {
    #[inline]
    fn fill(&mut self, text: &str) {
        *self = if !text.is_ascii() {
            Folded::Heap(text.chars().map(fold).collect())
        } else if !has_capitals(text) {
            Folded::Same
        } else {
            let mut room = [0; ROOM];
            match room.get_mut(..text.len()) {
                Some(filled) => {
                    filled.copy_from_slice(text.as_bytes());
                    filled.make_ascii_lowercase();
                    Folded::Stack {
                        room,
                        length: text.len(),
                    }
                }
                None => Folded::Heap(text.to_ascii_lowercase().into()),
            }
        };
    }

    #[inline]
    fn bytes<'t>(&'t self, text: &'t str) -> &'t [u8] {
        match self {
            Folded::Same => text.as_bytes(),
            Folded::Stack { room, length } => &room[..*length],
            Folded::Heap(text) => text.as_bytes(),
        }
    }
}

/// Looks at eight letters of an ASCII text at a time.
#[inline]
fn has_capitals(text: &str) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    // The highest bit of a letter is set by the one sum from `A`, by the other from `[` on.
    let found = words.iter().fold(0, |found, word| {
        let word = u64::from_le_bytes(*word);
        found | (word + EACH * 0x3f) & !(word + EACH * 0x25)
    });
    found & (EACH * 0x80) != 0 || rest.iter().any(u8::is_ascii_uppercase)
}

/// The first bytes of a name, to tell most names apart in one step.
#[inline]
fn head(name: &[u8]) -> u128 {
    let mut head = [0; 16];
    let length = name.len().min(16);
    head[..length].copy_from_slice(&name[..length]);
    u128::from_le_bytes(head)
}

/// The first bytes of every name that a pattern can match.
#[derive(Clone, Copy, Debug)]
struct Head {
    bytes: u128,
    mask: u128,
}

impl Head {
    fn of(pattern: &[u8]) -> Head {
        let literal = literal_prefix(pattern);
        let mask = head(&[0xff; 16][..literal.len().min(16)]);
        Head {
            bytes: head(literal),
            mask,
        }
    }

    #[inline]
    fn fits(self, name: u128) -> bool {
        name & self.mask == self.bytes
    }
}

/// The names of a request, ready to be matched.
pub(crate) struct Probe<'a> {
    pub(crate) action: &'a [u8],
    action_head: u128,
    ascii_action: bool,
    resource: &'a [u8],
    pub(crate) folded_resource: &'a [u8],
    /// Ends of the first four fields, in both spellings of the resource.
    ends: Option<([usize; FIELDS - 1], [usize; FIELDS - 1])>,
    /// More than four colons, so that a loose reading could shift the fields.
    pub(crate) shiftable: bool,
    tail_head: u128,
    small: bool,
}

impl<'a> Probe<'a> {
    #[inline]
    pub(crate) fn new(action: &'a str, resource: &'a str, scratch: &'a mut Scratch) -> Probe<'a> {
        scratch.action.fill(action);
        scratch.resource.fill(resource);
        let scratch: &'a Scratch = scratch;
        let folded_action = scratch.action.bytes(action);
        let folded_resource = scratch.resource.bytes(resource);
        let resource = resource.as_bytes();
        let small = matches!(scratch.resource, Folded::Same);
        // Folding ASCII moves no byte.
        let ends = match scratch.resource {
            Folded::Heap(_) => field_ends(resource).zip(field_ends(folded_resource)),
            _ => field_ends(resource).map(|ends| (ends, ends)),
        };
        let tail = ends.map_or(0, |(_, ends)| ends[FIELDS - 2] + 1);
        Probe {
            action: folded_action,
            action_head: head(folded_action),
            ascii_action: action.is_ascii(),
            resource,
            folded_resource,
            ends,
            shiftable: folded_resource[tail..].contains(&b':'),
            tail_head: head(&folded_resource[tail..]),
            small,
        }
    }

    /// Everything after the fourth colon, folded.
    pub(crate) fn folded_tail(&self) -> Option<&'a [u8]> {
        self.ends
            .map(|(_, ends)| &self.folded_resource[ends[FIELDS - 2] + 1..])
    }
}

/// Where the first four fields end; none when there are fewer than five.
#[inline]
fn field_ends(text: &[u8]) -> Option<[usize; FIELDS - 1]> {
    let mut ends = [0; FIELDS - 1];
    let mut at = 0;
    for end in &mut ends {
        *end = at + text[at..].iter().position(|byte| *byte == b':')?;
        at = *end + 1;
    }
    Some(ends)
}

#[inline]
fn field<'t>(text: &'t [u8], ends: &[usize; FIELDS - 1], index: usize) -> &'t [u8] {
    let start = if index == 0 { 0 } else { ends[index - 1] + 1 };
    let end = ends.get(index).copied().unwrap_or(text.len());
    &text[start..end]
}

/// How much of a matcher a pattern needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `*`
    Any,
    /// No wildcard.
    Literal,
    /// One `*`, at the end.
    Prefix,
    Glob,
}

impl Shape {
    fn of(pattern: &[u8]) -> Shape {
        match pattern.iter().position(|byte| matches!(byte, b'*' | b'?')) {
            None => Shape::Literal,
            Some(at) if at + 1 == pattern.len() && pattern[at] == b'*' => {
                if at == 0 {
                    Shape::Any
                } else {
                    Shape::Prefix
                }
            }
            Some(_) => Shape::Glob,
        }
    }

    #[inline]
    fn matches(self, pattern: &[u8], text: &[u8]) -> bool {
        match self {
            Shape::Any => true,
            Shape::Literal => pattern == text,
            Shape::Prefix => text.starts_with(&pattern[..pattern.len() - 1]),
            Shape::Glob => glob::matches(pattern, text),
        }
    }
}

/// The pattern in small letters; none when it is so already.
fn folded(pattern: &str) -> Option<Box<str>> {
    if !pattern.is_ascii() {
        let folded: String = pattern.chars().map(fold).collect();
        return (folded != pattern).then(|| folded.into());
    }
    has_capitals(pattern).then(|| pattern.to_ascii_lowercase().into())
}

/// The part of a pattern before its first wildcard.
pub(crate) fn literal_prefix(pattern: &[u8]) -> &[u8] {
    let end = pattern
        .iter()
        .position(|byte| matches!(byte, b'*' | b'?'))
        .unwrap_or(pattern.len());
    &pattern[..end]
}

/// A pattern of `Action` or `NotAction`.
#[derive(Debug)]
pub(crate) struct ActionPattern {
    folded: Box<str>,
    shape: Shape,
    /// Where the service's code ends.
    colon: Option<usize>,
    head: Head,
    ascii: bool,
}

impl ActionPattern {
    pub(crate) fn new(pattern: &str) -> ActionPattern {
        let folded = folded(pattern).unwrap_or_else(|| pattern.into());
        let colon = folded.find(':');
        ActionPattern {
            shape: Shape::of(folded.as_bytes()),
            colon,
            head: Head::of(folded.as_bytes()),
            ascii: pattern.is_ascii(),
            folded,
        }
    }

    pub(crate) fn folded(&self) -> &[u8] {
        self.folded.as_bytes()
    }

    /// Whether it is `*` or `service:operation`: what RAM makes of anything else is not known.
    pub(crate) fn is_well_formed(&self) -> bool {
        let named = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        let parts = self.folded.split_once(':');
        self.shape == Shape::Any
            || parts.is_some_and(|(service, operation)| named(service) && named(operation))
    }

    #[inline]
    pub(crate) fn matches(&self, probe: &Probe<'_>) -> Truth {
        if !self.head.fits(probe.action_head) {
            return Truth::No;
        }
        match self.folded_match(probe.action) {
            // No action has other letters than ASCII, and how the service folds them is not known.
            Truth::Yes if self.shape != Shape::Any && !(self.ascii && probe.ascii_action) => {
                Truth::Unknown
            }
            truth => truth,
        }
    }

    #[inline]
    fn folded_match(&self, text: &[u8]) -> Truth {
        let pattern = self.folded.as_bytes();
        match (self.shape, self.colon) {
            (Shape::Any, _) => Truth::Yes,
            (Shape::Literal, _) => Truth::from(pattern == text),
            (Shape::Prefix, Some(_)) => {
                Truth::from(text.starts_with(&pattern[..pattern.len() - 1]))
            }
            (_, Some(colon)) => {
                let fields = text
                    .iter()
                    .position(|byte| *byte == b':')
                    .is_some_and(|end| {
                        glob::matches(&pattern[..colon], &text[..end])
                            && glob::matches(&pattern[colon + 1..], &text[end + 1..])
                    });
                if fields {
                    Truth::Yes
                } else {
                    loose(pattern, text)
                }
            }
            (_, None) => loose(pattern, text),
        }
    }
}

/// A match of the whole text, with `*` free to swallow colons.
fn loose(pattern: &[u8], text: &[u8]) -> Truth {
    if glob::matches(pattern, text) {
        Truth::Unknown
    } else {
        Truth::No
    }
}

/// A pattern of `Resource`.
#[derive(Debug)]
pub(crate) struct ResourcePattern {
    exact: Arc<str>,
    /// None when the pattern is in small letters already.
    folded: Option<Box<str>>,
    /// None for `*` and for patterns without five fields.
    fields: Option<Fields>,
}

#[derive(Debug)]
struct Fields {
    ends: [usize; FIELDS - 1],
    folded_ends: [usize; FIELDS - 1],
    shapes: [Shape; FIELDS],
    /// How many of them come before the first with a wildcard.
    lead: usize,
    tail_head: Head,
}

impl ResourcePattern {
    pub(crate) fn new(pattern: &Arc<str>) -> ResourcePattern {
        let folded = folded(pattern);
        let ends = field_ends(pattern.as_bytes());
        let folded_ends = folded
            .as_ref()
            .map_or(ends, |folded| field_ends(folded.as_bytes()));
        let fields = ends.zip(folded_ends).map(|(ends, folded_ends)| {
            let shape = |index| Shape::of(field(pattern.as_bytes(), &ends, index));
            let shapes: [Shape; FIELDS] = std::array::from_fn(shape);
            let lead = shapes
                .iter()
                .take_while(|shape| **shape == Shape::Literal)
                .count();
            let tail = field(
                folded.as_deref().unwrap_or(pattern).as_bytes(),
                &folded_ends,
                FIELDS - 1,
            );
            Fields {
                ends,
                folded_ends,
                shapes,
                lead,
                tail_head: Head::of(tail),
            }
        });
        ResourcePattern {
            exact: Arc::clone(pattern),
            folded,
            fields,
        }
    }

    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        &*self.exact == "*"
    }

    pub(crate) fn folded(&self) -> &[u8] {
        self.folded.as_deref().unwrap_or(&self.exact).as_bytes()
    }

    /// Everything after the fourth colon, folded.
    pub(crate) fn folded_tail(&self) -> Option<&[u8]> {
        self.fields
            .as_ref()
            .map(|fields| field(self.folded(), &fields.folded_ends, FIELDS - 1))
    }

    #[inline]
    pub(crate) fn matches(&self, probe: &Probe<'_>) -> Truth {
        if self.is_any() {
            return Truth::Yes;
        }
        let (Some(fields), Some((ends, folded_ends))) = (&self.fields, &probe.ends) else {
            return loose(self.folded(), probe.folded_resource);
        };
        if !probe.shiftable && !fields.tail_head.fits(probe.tail_head) {
            return Truth::No;
        }
        let similar = fields.all(
            self.folded(),
            &fields.folded_ends,
            probe.folded_resource,
            folded_ends,
        );
        if similar {
            let small = self.folded.is_none() && probe.small;
            let exact =
                small || fields.all(self.exact.as_bytes(), &fields.ends, probe.resource, ends);
            return if exact { Truth::Yes } else { Truth::Unknown };
        }
        // With four colons on either side no field can shift.
        if probe.shiftable {
            loose(self.folded(), probe.folded_resource)
        } else {
            Truth::No
        }
    }

    /// How many fields match, for telling a near miss from a far one.
    pub(crate) fn closeness(&self, probe: &Probe<'_>) -> usize {
        let (Some(fields), Some((_, ends))) = (&self.fields, &probe.ends) else {
            return 0;
        };
        let matching = (0..FIELDS).filter(|index| {
            fields.one(
                *index,
                self.folded(),
                &fields.folded_ends,
                probe.folded_resource,
                ends,
            )
        });
        let tail = field(self.folded(), &fields.folded_ends, FIELDS - 1);
        let text = field(probe.folded_resource, ends, FIELDS - 1);
        let shared = tail
            .iter()
            .zip(text)
            .take_while(|(left, right)| left == right)
            .count();
        matching.count() * 1_000 + shared.min(999)
    }
}

impl Fields {
    /// From the last field to the first: the last tells most patterns apart.
    #[inline]
    fn all(
        &self,
        pattern: &[u8],
        ends: &[usize; FIELDS - 1],
        text: &[u8],
        text_ends: &[usize; FIELDS - 1],
    ) -> bool {
        (self.lead..FIELDS)
            .rev()
            .all(|index| self.one(index, pattern, ends, text, text_ends))
            && self.leading(pattern, ends) == self.leading(text, text_ends)
    }

    /// The fields before the first with a wildcard, as one text.
    #[inline]
    fn leading<'t>(&self, text: &'t [u8], ends: &[usize; FIELDS - 1]) -> &'t [u8] {
        match self.lead {
            0 => &[],
            FIELDS => text,
            lead => &text[..ends[lead - 1]],
        }
    }

    #[inline]
    fn one(
        &self,
        index: usize,
        pattern: &[u8],
        ends: &[usize; FIELDS - 1],
        text: &[u8],
        text_ends: &[usize; FIELDS - 1],
    ) -> bool {
        match self.shapes[index] {
            Shape::Any => true,
            shape => shape.matches(field(pattern, ends, index), field(text, text_ends, index)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capital_is_seen_wherever_it_stands() {
        for letter in (0..0x80_u8).map(char::from) {
            for before in 0..20 {
                let text = format!("{}{letter}{}", "z".repeat(before), "{".repeat(19 - before));
                assert_eq!(has_capitals(&text), letter.is_ascii_uppercase(), "{text:?}");
            }
        }
    }
}
