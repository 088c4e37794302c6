//! YAML as a tree in which everything keeps its place and every scalar the author's own
//! text: `on`, `0777` and a long account id stay what was written.
//!
//! It is built from the events of the very parser that serde-saphyr reads with. An alias
//! shares the node that it names, so a file costs no more memory than it has nodes; what it
//! would expand to is counted, and bounded all the same.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag};

use super::source::{Place, Source};
use crate::ram::Span;

/// The most nodes that a file may have, its aliases expanded.
pub const MAX_NODES: usize = 50_000;
/// The most levels of nesting.
const MAX_DEPTH: usize = 64;

/// A shared node.
pub(super) type Tree = Arc<Node>;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// Nodes from here down, aliases expanded.
    weight: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// As the author wrote it, escapes and folding undone.
    Scalar(String),
    Sequence(Vec<Tree>),
    Mapping(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) value: Tree,
}

impl Node {
    pub(super) fn new(place: Place, kind: Kind) -> Tree {
        let below: usize = match &kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::Sequence(items) => items.iter().map(|item| item.weight).sum(),
            Kind::Mapping(entries) => entries.iter().map(|entry| entry.value.weight).sum(),
        };
        let weight = below.saturating_add(1);
        Arc::new(Self {
            place,
            kind,
            weight,
        })
    }

    /// The entries of a mapping.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Tree> {
        let entry = self.entries().iter().find(|entry| entry.key == key);
        entry.map(|entry| &entry.value)
    }

    /// The same, but for `null`, which counts as absent.
    pub(super) fn present(&self, key: &str) -> Option<&Tree> {
        self.get(key).filter(|node| !node.is_null())
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "empty",
            Kind::Scalar(_) => "a scalar",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}

/// What is wrong with a text that should be YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlFault {
    /// The grammar is not followed.
    #[error("not YAML: {0}")]
    Syntax(String),
    /// Nothing but comments and space.
    #[error("the file is empty")]
    Empty,
    /// A second `---`.
    #[error("a second document begins here, and a project file has one")]
    SecondDocument,
    /// The same key twice in one mapping.
    #[error("`{key}` stands here a second time; the first is on line {first}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line of its first occurrence, from 1.
        first: usize,
    },
    /// A list or a mapping as a key.
    #[error("a key must be text, not {0}")]
    Key(&'static str),
    /// An alias inside the node that it names.
    #[error("this alias stands in what it names")]
    SelfAlias,
    /// More than [`MAX_NODES`].
    #[error("the file has more than {MAX_NODES} nodes, with its aliases expanded")]
    TooMany,
    /// A tag outside YAML's own.
    #[error("the tag `{0}` is not known here")]
    Tag(String),
    /// `<<` with something that has no keys.
    #[error("`<<` takes a mapping or a list of mappings, not {0}")]
    Merge(&'static str),
}

/// A fault and where it is.
pub(super) type Fault = (Place, YamlFault);

/// Reads one document.
pub(super) fn read(source: &Arc<Source>) -> Result<Tree, Fault> {
    let mut builder = Builder {
        source,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        nodes: 0,
    };
    let mut parser = Parser::new_from_str_with_options(source.text(), options());
    let mut documents = 0;
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| builder.syntax(&error))?;
        let place = builder.place(&span);
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                return Err((place, YamlFault::SecondDocument));
            }
        }
        builder.event(event, place)?;
    }
    match builder.root {
        Some(root) if !root.is_null() => Ok(root),
        _ => Err((Place::new(source, Span::new(0, 0)), YamlFault::Empty)),
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options
}

/// A collection whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    weight: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Tree>),
    Mapping(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    /// The index of each key's entry.
    keys: HashMap<String, usize>,
    merged: Vec<Tree>,
    key: Option<Key>,
}

enum Key {
    Text(String, Place),
    Merge,
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    open: Vec<Open>,
    /// None while the anchored node is open.
    anchors: HashMap<usize, Option<Tree>>,
    root: Option<Tree>,
    nodes: usize,
}

impl Builder<'_> {
    fn place(&self, span: &granit_parser::Span) -> Place {
        let range = span.byte_range().unwrap_or_default();
        Place::new(self.source, Span::new(range.start, range.end))
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        let start = error.marker().byte_offset().unwrap_or_default();
        let place = Place::new(self.source, Span::new(start, start));
        (place, YamlFault::Syntax(error.info()))
    }

    fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(&place)?;
                let named = check_tag(tag.as_deref(), &place)?;
                let plain = style == ScalarStyle::Plain && !named;
                if plain && text == "<<" && self.awaits_key() {
                    return self.key(Key::Merge);
                }
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let kind = match null {
                    // A key called `null` is a key like any other.
                    true if !self.awaits_key() => Kind::Null,
                    _ => Kind::Scalar(text.into_owned()),
                };
                self.close(anchor, Node::new(place.clone(), kind), &place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), &place)?;
                self.start(place, anchor, Content::Sequence(Vec::new()), "a list")
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), &place)?;
                let content = Content::Mapping(Mapping::default());
                self.start(place, anchor, content, "a mapping")
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => {
                self.count(&place)?;
                match self.anchors.get(&id) {
                    Some(Some(node)) => {
                        let node = Arc::clone(node);
                        self.attach(node, &place)
                    }
                    _ => Err((place, YamlFault::SelfAlias)),
                }
            }
            _ => Ok(()),
        }
    }

    /// One node more than there were.
    fn count(&mut self, place: &Place) -> Result<(), Fault> {
        self.nodes += 1;
        match self.nodes > MAX_NODES {
            true => Err((place.clone(), YamlFault::TooMany)),
            false => Ok(()),
        }
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open { content: Content::Mapping(mapping), .. }) if mapping.key.is_none()
        )
    }

    fn key(&mut self, key: Key) -> Result<(), Fault> {
        if let Some(Open {
            content: Content::Mapping(mapping),
            ..
        }) = self.open.last_mut()
        {
            if let Key::Text(text, place) = &key
                && let Some(first) = mapping.keys.get(text)
            {
                let first = mapping.entries[*first].key_place.position().line;
                let key = text.clone();
                return Err((place.clone(), YamlFault::DuplicateKey { key, first }));
            }
            mapping.key = Some(key);
        }
        Ok(())
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        content: Content,
        noun: &'static str,
    ) -> Result<(), Fault> {
        self.count(&place)?;
        if self.awaits_key() {
            return Err((place, YamlFault::Key(noun)));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.open.push(Open {
            place,
            anchor,
            weight: 1,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let kind = match open.content {
            Content::Sequence(items) => Kind::Sequence(items),
            Content::Mapping(mapping) => Kind::Mapping(self.merge(mapping, &open.place)?),
        };
        let node = Node::new(open.place.clone(), kind);
        self.close(open.anchor, node, &open.place)
    }

    /// The entries with those that `<<` brings: a key of its own beats a merged one, an
    /// earlier merge beats a later one.
    fn merge(&mut self, mapping: Mapping, place: &Place) -> Result<Vec<Entry>, Fault> {
        let Mapping {
            mut entries,
            mut keys,
            merged,
            ..
        } = mapping;
        for node in merged {
            for entry in node.entries() {
                self.count(place)?;
                if !keys.contains_key(&entry.key) {
                    keys.insert(entry.key.clone(), entries.len());
                    entries.push(entry.clone());
                }
            }
        }
        Ok(entries)
    }

    /// The node is complete: it can be named from now on.
    fn close(&mut self, anchor: usize, node: Tree, place: &Place) -> Result<(), Fault> {
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Arc::clone(&node)));
        }
        self.attach(node, place)
    }

    /// Puts the node where it stands; the place is the alias's when it comes from one.
    fn attach(&mut self, node: Tree, place: &Place) -> Result<(), Fault> {
        if self.awaits_key() {
            return match node.scalar() {
                Some(text) => self.key(Key::Text(text.to_owned(), place.clone())),
                None => Err((place.clone(), YamlFault::Key(node.noun()))),
            };
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.weight = open.weight.saturating_add(node.weight);
        if open.weight > MAX_NODES {
            return Err((place.clone(), YamlFault::TooMany));
        }
        match &mut open.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(mapping) => match mapping.key.take() {
                Some(Key::Text(key, key_place)) => {
                    mapping.keys.insert(key.clone(), mapping.entries.len());
                    mapping.entries.push(Entry {
                        key,
                        key_place,
                        value: node,
                    });
                }
                Some(Key::Merge) => mapping.merged.extend(mappings(&node, place)?),
                None => {}
            },
        }
        Ok(())
    }
}

/// Whether the tag says that a scalar is text, whatever it looks like.
fn check_tag(tag: Option<&Tag>, place: &Place) -> Result<bool, Fault> {
    match tag {
        None => Ok(false),
        // A lone `!` is YAML's own way to say: text.
        Some(tag) if tag.original() == "!" => Ok(true),
        Some(tag) if tag.is_yaml_core_schema() => Ok(tag.is_yaml_core_schema_tag("str")),
        Some(tag) => Err((place.clone(), YamlFault::Tag(tag.original()))),
    }
}

/// The mappings that `<<` names.
fn mappings(node: &Tree, place: &Place) -> Result<Vec<Tree>, Fault> {
    let refuse = |node: &Tree| Err((place.clone(), YamlFault::Merge(node.noun())));
    match &node.kind {
        Kind::Mapping(_) => Ok(vec![Arc::clone(node)]),
        Kind::Sequence(items) => {
            match items
                .iter()
                .find(|item| !matches!(item.kind, Kind::Mapping(_)))
            {
                Some(other) => refuse(other),
                None => Ok(items.clone()),
            }
        }
        Kind::Null | Kind::Scalar(_) => refuse(node),
    }
}

#[cfg(test)]
mod tests;
