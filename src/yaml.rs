//! YAML as a tree in which everything keeps its place and every scalar the author's own
//! text: `on`, `0777` and a long account id stay what was written.
//!
//! Project files, the sandbox's configuration, files of expectations and Serverless Devs'
//! credentials are read with it; JSON is YAML, so it reads that, too. An alias shares the node
//! that it names, so a file costs no more memory than it has nodes; what it would expand to is
//! counted, and bounded all the same.

mod fields;
mod source;

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag};

use zeroize::Zeroize;

pub(crate) use fields::{
    At, Faults, Fields, at, choice, entries, flag, json, list, number, text, texts,
};
pub(crate) use source::Source;
pub use source::{FileFault, MAX_FILE, Place};

use crate::ram::Span;

/// The most nodes that a file may have, its aliases expanded.
pub const MAX_NODES: usize = 100_000;
/// The most levels of nesting, aliases expanded.
pub const MAX_DEPTH: usize = 64;

/// A shared node.
pub(crate) type Tree = Arc<Node>;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    /// Whether it is a scalar without quotes, which may mean a number or a truth value.
    pub(crate) plain: bool,
    /// Nodes from here down, aliases expanded.
    weight: usize,
    /// Levels from here down.
    depth: usize,
}

/// Some files hold credentials: what was read is wiped from memory.
impl Drop for Node {
    fn drop(&mut self) {
        if let Kind::Scalar(text) = &mut self.kind {
            text.zeroize();
        }
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// As the author wrote it, escapes and folding undone.
    Scalar(String),
    Sequence(Vec<Tree>),
    Mapping(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) value: Tree,
}

impl Node {
    pub(crate) fn new(place: Place, kind: Kind) -> Tree {
        Self::written(place, kind, false)
    }

    fn written(place: Place, kind: Kind, plain: bool) -> Tree {
        let (mut weight, mut depth) = (1_usize, 0);
        let mut add = |node: &Tree| {
            weight = weight.saturating_add(node.weight);
            depth = depth.max(node.depth + 1);
        };
        match &kind {
            Kind::Null | Kind::Scalar(_) => {}
            Kind::Sequence(items) => items.iter().for_each(add),
            Kind::Mapping(entries) => entries.iter().for_each(|entry| add(&entry.value)),
        }
        Arc::new(Self {
            place,
            kind,
            plain,
            weight,
            depth,
        })
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, where this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Tree> {
        let entry = self.entries().iter().find(|entry| entry.key == key);
        entry.map(|entry| &entry.value)
    }

    /// The same, but for `null`, which counts as absent.
    pub(crate) fn present(&self, key: &str) -> Option<&Tree> {
        self.get(key).filter(|node| !node.is_null())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn noun(&self) -> &'static str {
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
    #[error("a second document begins here, and such a file has one")]
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
    /// More levels than [`MAX_DEPTH`].
    #[error("more than {MAX_DEPTH} levels, with the aliases expanded")]
    TooDeep,
    /// A tag outside YAML's own.
    #[error("the tag `{0}` is not known here")]
    Tag(String),
    /// `<<` with something that has no keys.
    #[error("`<<` takes a mapping or a list of mappings, not {0}")]
    Merge(&'static str),
}

/// A fault and where it is.
pub(crate) type Fault = (Place, YamlFault);

/// Reads one document.
pub(crate) fn read(source: &Arc<Source>) -> Result<Tree, Fault> {
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
                self.close(anchor, Node::written(place.clone(), kind, plain), &place)
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
        if self.open.len() + node.depth > MAX_DEPTH {
            return Err((place.clone(), YamlFault::TooDeep));
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
