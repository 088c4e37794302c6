//! Both editions as one model: what the file, and the files that it extends, say about each
//! resource. Nothing is filled in here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::env::{self, DotEnv, EnvFault};
use super::error::{DocumentFault, ProjectError, closest};
use super::find::{self, Search};
use crate::ram::Span;
use crate::yaml::{self, Entry, FileFault, Kind, MAX_NODES, Node, Place, Source, Tree, YamlFault};

/// Files that extend one another.
const MAX_EXTENDED: usize = 8;

/// The edition of a project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// `services` (1.0.0, and 2.0.0, which reads the same).
    V1,
    /// `resources`, `template`.
    V3,
}

impl Edition {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V3 => "3.0.0",
        }
    }

    /// The key that holds the resources.
    fn key(self) -> &'static str {
        match self {
            Self::V1 => "services",
            Self::V3 => "resources",
        }
    }

    fn other_key(self) -> &'static str {
        match self {
            Self::V1 => Self::V3.key(),
            Self::V3 => Self::V1.key(),
        }
    }
}

/// A project file, read but not filled in.
#[derive(Debug)]
pub struct Project {
    pub(super) edition: Edition,
    pub(super) found: bool,
    pub(super) root: Tree,
    pub(super) resources: Vec<Resource>,
    /// The index of each resource.
    names: HashMap<String, usize>,
    pub(super) dotenv: Result<DotEnv, DotEnvFault>,
    path: PathBuf,
}

/// Why the `.env` beside the file gives no values. Nobody hears of it until one is needed.
#[derive(Debug)]
pub(super) enum DotEnvFault {
    File(FileFault),
    Outside,
    Line(Place, EnvFault),
}

/// One resource, its template and the files below put under its own properties.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) node: Tree,
    pub(super) props: Result<Option<Tree>, (Place, DocumentFault)>,
}

/// What a look for a project file gave.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The project, where there is one.
    pub project: Option<Project>,
    /// Files that were passed over, and why: to be shown to the user.
    pub notices: Vec<String>,
}

/// Reads the project file: the one that the user named, else the first one that the search
/// comes upon. No file found is no error.
///
/// # Errors
/// The file cannot be read, or is not a project file.
pub fn load(search: Search<'_>, explicit: Option<&Path>) -> Result<Loaded, ProjectError> {
    let (path, notices) = match explicit {
        Some(path) => (path.to_owned(), Vec::new()),
        None => {
            let found = find::upward(search);
            match found.path {
                Some(path) => (path, found.passed),
                None => {
                    return Ok(Loaded {
                        project: None,
                        notices: found.passed,
                    });
                }
            }
        }
    };
    let source = Source::open(&path).map_err(|fault| ProjectError::File { path, fault })?;
    let dotenv = beside(&source);
    let project = Project::build(&source, dotenv, explicit.is_none())?;
    Ok(Loaded {
        project: Some(project),
        notices,
    })
}

impl Project {
    /// The project of a text. The path stands in messages, and its folder is where relative
    /// paths start; `dotenv` is the text of the `.env` beside it.
    ///
    /// # Errors
    /// The text is not a project file.
    pub fn from_text(
        path: impl Into<PathBuf>,
        text: impl Into<String>,
        dotenv: &str,
    ) -> Result<Self, ProjectError> {
        let source = Source::new(path, text);
        let dotenv = Source::new(source.folder().join(".env"), dotenv);
        let dotenv = env::read(&dotenv).map_err(|(place, fault)| DotEnvFault::Line(place, fault));
        Self::build(&source, dotenv, false)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The edition.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// Whether the file was found by search, not named by the user.
    pub fn found_by_search(&self) -> bool {
        self.found
    }

    /// The names of the resources, in the file's order.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|resource| resource.name.as_str())
    }

    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The resource's name that was most likely meant.
    pub(super) fn closest(&self, name: &str) -> Option<String> {
        let names: Vec<_> = self.resources().collect();
        closest(name, &names)
    }

    fn build(
        source: &Arc<Source>,
        dotenv: Result<DotEnv, DotEnvFault>,
        found: bool,
    ) -> Result<Self, ProjectError> {
        let whole = |(place, fault)| ProjectError::Document { place, fault };
        let mut merger = Merger { left: MAX_NODES };
        let root = extended(source, &mut merger, 0).map_err(whole)?;
        let edition = edition(&root).map_err(whole)?;
        let resources = resources(&root, edition, &mut merger).map_err(whole)?;
        let names = resources.iter().enumerate();
        let names = names
            .map(|(index, resource)| (resource.name.clone(), index))
            .collect();
        Ok(Self {
            edition,
            found,
            root,
            resources,
            names,
            dotenv,
            path: source.path().to_owned(),
        })
    }
}

/// The `.env` beside the file.
fn beside(source: &Source) -> Result<DotEnv, DotEnvFault> {
    let path = source.folder().join(".env");
    let Ok(metadata) = path.metadata() else {
        return Ok(DotEnv::default());
    };
    if !metadata.is_file() {
        return Err(DotEnvFault::File(FileFault::NotAFile));
    }
    let real = within(source.folder(), &path, source.folder());
    let path = real.map_err(|fault| fault.map_or(DotEnvFault::Outside, DotEnvFault::File))?;
    let source = Source::open(&path).map_err(DotEnvFault::File)?;
    env::read(&source).map_err(|(place, fault)| DotEnvFault::Line(place, fault))
}

/// The real path of what is written, if it lies in the boundary, links followed; the fault
/// is none when it lies outside.
pub(super) fn within(
    folder: &Path,
    written: &Path,
    boundary: &Path,
) -> Result<PathBuf, Option<FileFault>> {
    let fault = |error: std::io::Error| Some(FileFault::from(error));
    let boundary = boundary.canonicalize().map_err(fault)?;
    // Decided by the names alone first: what lies outside is not even looked for.
    let folder = folder.canonicalize().map_err(fault)?;
    if !lexical(&folder.join(written)).starts_with(&boundary) {
        return Err(None);
    }
    let real = folder.join(written).canonicalize().map_err(fault)?;
    match real.starts_with(&boundary) {
        true => Ok(real),
        false => Err(None),
    }
}

/// The path without `.` and `..`, by its names.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            std::path::Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

type Fault = (Place, DocumentFault);

fn shape(what: impl Into<String>, wanted: &'static str, node: &Node) -> Fault {
    let fault = DocumentFault::Shape {
        what: what.into(),
        wanted,
        found: node.noun(),
    };
    (node.place.clone(), fault)
}

/// The document on top of the one that it extends.
fn extended(source: &Arc<Source>, merger: &mut Merger, depth: usize) -> Result<Tree, Fault> {
    let root = yaml::read(source).map_err(|(place, fault)| (place, fault.into()))?;
    if !matches!(root.kind, Kind::Mapping(_)) {
        return Err(shape("a project file", "a mapping", &root));
    }
    let Some((written, place)) = extends(&root)? else {
        return Ok(root);
    };
    if depth >= MAX_EXTENDED {
        return Err((place, DocumentFault::ExtendedAgain(written)));
    }
    let folder = source.folder();
    let fault = |path: &str, fault: Option<FileFault>| {
        let path = path.to_owned();
        match fault {
            Some(fault) => DocumentFault::Extended { path, fault },
            None => DocumentFault::ExtendedOutside(path),
        }
    };
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let boundary = find::repository(&real).unwrap_or(&real);
    let base =
        within(folder, Path::new(&written), boundary).and_then(|path| open(&path).map_err(Some));
    let base = base.map_err(|found| (place, fault(&written, found)))?;
    let base = extended(&base, merger, depth + 1)?;
    merger.merge(&base, &root)
}

/// The file that the document extends: `extend`, or the first one of `extends`.
fn extends(root: &Node) -> Result<Option<(String, Place)>, Fault> {
    let first = |node: &Tree| match &node.kind {
        Kind::Sequence(items) => items.first().map(Arc::clone),
        _ => Some(Arc::clone(node)),
    };
    let named = root.present("extend").map(Arc::clone);
    let Some(node) = named.or_else(|| root.present("extends").and_then(first)) else {
        return Ok(None);
    };
    match node.scalar() {
        Some(path) => Ok(Some((path.to_owned(), node.place.clone()))),
        None => Err(shape("`extend`", "a path", &node)),
    }
}

fn edition(root: &Node) -> Result<Edition, Fault> {
    let Some(node) = root.present("edition") else {
        let place = root
            .place
            .at(Span::new(root.place.span().start, root.place.span().start));
        return Err((place, DocumentFault::NoEdition));
    };
    match node.scalar() {
        Some("3.0.0") => Ok(Edition::V3),
        Some("1.0.0" | "2.0.0") => Ok(Edition::V1),
        Some(other) => Err((node.place.clone(), DocumentFault::Edition(other.to_owned()))),
        None => Err(shape("`edition`", "a version", node)),
    }
}

fn resources(root: &Node, edition: Edition, merger: &mut Merger) -> Result<Vec<Resource>, Fault> {
    let Some(node) = root.present(edition.key()) else {
        let other = |entry: &&Entry| entry.key == edition.other_key();
        if let Some(entry) = root.entries().iter().find(other) {
            let fault = DocumentFault::OtherEdition {
                edition: edition.as_str(),
                wanted: edition.key(),
                found: edition.other_key(),
            };
            return Err((entry.key_place.clone(), fault));
        }
        let place = root
            .place
            .at(Span::new(root.place.span().start, root.place.span().start));
        return Err((place, DocumentFault::NoResources(edition.key())));
    };
    if !matches!(node.kind, Kind::Mapping(_)) {
        return Err(shape(format!("`{}`", edition.key()), "a mapping", node));
    }
    let mut resources = Vec::with_capacity(node.entries().len());
    for entry in node.entries() {
        if !matches!(entry.value.kind, Kind::Mapping(_)) {
            return Err(shape(format!("`{}`", entry.key), "a mapping", &entry.value));
        }
        resources.push(Resource {
            name: entry.key.clone(),
            place: entry.key_place.clone(),
            node: Arc::clone(&entry.value),
            props: props(root, edition, &entry.value, merger),
        });
    }
    Ok(resources)
}

/// The resource's properties on top of its template's.
fn props(
    root: &Node,
    edition: Edition,
    resource: &Node,
    merger: &mut Merger,
) -> Result<Option<Tree>, Fault> {
    let own = resource.present("props");
    let extend = match edition {
        Edition::V3 => resource.present("extend"),
        Edition::V1 => None,
    };
    let Some(extend) = extend else {
        return Ok(own.map(Arc::clone));
    };
    let Some(name) = extend.present("name") else {
        return Err(shape(
            "`extend` of a resource",
            "a mapping with a `name`",
            extend,
        ));
    };
    let written = name.scalar().ok_or_else(|| shape("`name`", "text", name))?;
    let templates = root.present("template");
    let Some(template) = templates.and_then(|all| all.present(written)) else {
        let known: Vec<_> = templates
            .map_or(&[][..], |all| all.entries())
            .iter()
            .map(|entry| entry.key.as_str())
            .collect();
        let fault = DocumentFault::NoTemplate {
            name: written.to_owned(),
            closest: closest(written, &known),
        };
        return Err((name.place.clone(), fault));
    };
    let mut template = Arc::clone(template);
    for path in ignored(extend)? {
        template = merger.without(&template, &path)?;
    }
    match own {
        None => Ok(Some(template)),
        Some(own) if !matches!(own.kind, Kind::Mapping(_)) => {
            Err(shape("`props` on top of a template", "a mapping", own))
        }
        Some(own) => merger.merge(&template, own).map(Some),
    }
}

/// The paths in `extend.ignore`.
fn ignored(extend: &Node) -> Result<Vec<String>, Fault> {
    let Some(node) = extend.present("ignore") else {
        return Ok(Vec::new());
    };
    let Kind::Sequence(items) = &node.kind else {
        return Err(shape("`ignore`", "a list", node));
    };
    let path = |item: &Tree| match item.scalar() {
        Some(path) => Ok(path.to_owned()),
        None => Err(shape("an entry of `ignore`", "a path", item)),
    };
    items.iter().map(path).collect()
}

/// Puts trees on top of each other, as often as the budget allows: many resources on one
/// large template must not cost more than a large file does.
struct Merger {
    left: usize,
}

impl Merger {
    fn spend(&mut self, entries: usize, place: &Place) -> Result<(), Fault> {
        match self.left.checked_sub(entries) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err((place.clone(), YamlFault::TooMany.into())),
        }
    }

    /// Mappings key by key, everything else replaced.
    fn merge(&mut self, base: &Tree, over: &Tree) -> Result<Tree, Fault> {
        let (Kind::Mapping(below), Kind::Mapping(above)) = (&base.kind, &over.kind) else {
            return Ok(Arc::clone(over));
        };
        self.spend(below.len() + above.len() + 1, &over.place)?;
        let mut entries = below.clone();
        let keys: HashMap<_, _> = below
            .iter()
            .enumerate()
            .map(|(index, entry)| (entry.key.as_str(), index))
            .collect();
        for entry in above {
            match keys.get(entry.key.as_str()) {
                Some(index) => {
                    let value = self.merge(&below[*index].value, &entry.value)?;
                    entries[*index] = Entry {
                        value,
                        ..entry.clone()
                    };
                }
                None => entries.push(entry.clone()),
            }
        }
        Ok(Node::new(over.place.clone(), Kind::Mapping(entries)))
    }

    /// The tree without what the dotted path names.
    fn without(&mut self, tree: &Tree, path: &str) -> Result<Tree, Fault> {
        let Kind::Mapping(entries) = &tree.kind else {
            return Ok(Arc::clone(tree));
        };
        self.spend(entries.len() + 1, &tree.place)?;
        let (head, rest) = match path.split_once('.') {
            // A key that has a dot of its own is meant as a whole.
            Some((head, rest)) if tree.get(path).is_none() => (head, Some(rest)),
            _ => (path, None),
        };
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = match rest {
                _ if entry.key != head => Arc::clone(&entry.value),
                None => continue,
                Some(rest) => self.without(&entry.value, rest)?,
            };
            kept.push(Entry {
                value,
                ..entry.clone()
            });
        }
        Ok(Node::new(tree.place.clone(), Kind::Mapping(kept)))
    }
}

/// A regular file's text; reading from a pipe could wait forever.
pub(super) fn open(path: &Path) -> Result<Arc<Source>, FileFault> {
    match path.metadata()?.is_file() {
        true => Source::open(path),
        false => Err(FileFault::NotAFile),
    }
}
