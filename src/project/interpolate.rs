//! Fills `${…}` in, only where a value is asked for.
//!
//! What comes out of the environment or of a file is text and is not looked through again,
//! so nobody but the author of the project file writes expressions. Steps, and the length of
//! what comes out, are bounded; a value that is made of itself is a fault.

use std::sync::Arc;

use super::document::{Edition, Project};
use super::error::{ValueFault, closest};
use super::expression::{self, Expression, Piece};
use crate::acs::Environment;
use crate::ram::Span;
use crate::yaml::{Kind, Node, Place, Tree};

mod functions;

/// Expressions that may be filled in for one value.
const MAX_STEPS: usize = 1_000;
/// Values that may stand behind one another.
const MAX_DEPTH: usize = 32;
/// The longest text that comes out, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// What the file is filled in with.
#[derive(Clone, Copy)]
pub struct Given<'g> {
    /// Where `${env(…)}` looks first; the `.env` beside the file comes second.
    pub environment: &'g dyn Environment,
    /// The caller's main account, for `${config(AccountID)}`, where it is known.
    pub account: Option<&'g str>,
}

/// A node and the resource that `this` means in it.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) node: Tree,
    pub(super) this: Option<usize>,
}

/// A value that has nothing left to fill in; below a tree there may still be something.
#[derive(Debug)]
pub(super) enum Settled {
    Null,
    Text(String),
    /// A list or a mapping.
    Tree(At),
}

impl Settled {
    fn noun(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Text(_) => "text",
            Self::Tree(at) => at.node.noun(),
        }
    }
}

pub(super) type Fault = (Place, ValueFault);

/// Puts one value together.
pub(super) struct Evaluator<'p> {
    project: &'p Project,
    given: Given<'p>,
    steps: usize,
    /// The scalars that are being filled in, outermost first.
    trail: Vec<(*const Node, Option<usize>)>,
}

impl<'p> Evaluator<'p> {
    pub(super) fn new(project: &'p Project, given: Given<'p>) -> Self {
        Self {
            project,
            given,
            steps: 0,
            trail: Vec::new(),
        }
    }

    /// The value of the node.
    pub(super) fn settle(&mut self, at: &At) -> Result<Settled, Fault> {
        let text = match &at.node.kind {
            Kind::Null => return Ok(Settled::Null),
            Kind::Sequence(_) | Kind::Mapping(_) => return Ok(Settled::Tree(at.clone())),
            Kind::Scalar(text) if !expression::is_template(text) => {
                return Ok(Settled::Text(text.clone()));
            }
            Kind::Scalar(text) => text,
        };
        let place = &at.node.place;
        let step = (Arc::as_ptr(&at.node), at.this);
        if self.trail.contains(&step) {
            return Err((place.clone(), ValueFault::Cycle));
        }
        if self.trail.len() >= MAX_DEPTH {
            return Err((place.clone(), ValueFault::Steps(MAX_DEPTH)));
        }
        self.trail.push(step);
        let settled = self.fill(text, at);
        self.trail.pop();
        settled
    }

    /// The value of the node as text; none where it is empty.
    pub(super) fn text(&mut self, at: &At) -> Result<Option<String>, Fault> {
        match self.settle(at)? {
            Settled::Null => Ok(None),
            Settled::Text(text) => Ok(Some(text)),
            Settled::Tree(tree) => {
                let fault = ValueFault::Shape {
                    wanted: "text",
                    found: tree.node.noun(),
                };
                Err((at.node.place.clone(), fault))
            }
        }
    }

    /// The value under a key; none where it is absent or empty.
    pub(super) fn member(&mut self, at: &At, key: &str) -> Result<Option<At>, Fault> {
        match self.settle(at)? {
            Settled::Null => Ok(None),
            Settled::Tree(tree) if matches!(tree.node.kind, Kind::Mapping(_)) => {
                Ok(tree.node.present(key).map(|node| At {
                    node: Arc::clone(node),
                    this: tree.this,
                }))
            }
            other => Err((
                at.node.place.clone(),
                ValueFault::Shape {
                    wanted: "a mapping",
                    found: other.noun(),
                },
            )),
        }
    }

    /// The items of a list; an empty value has none.
    pub(super) fn items(&mut self, at: &At) -> Result<Vec<At>, Fault> {
        let settled = self.settle(at)?;
        if let Settled::Tree(tree) = &settled
            && let Kind::Sequence(items) = &tree.node.kind
        {
            let item = |node: &Tree| At {
                node: Arc::clone(node),
                this: tree.this,
            };
            return Ok(items.iter().map(item).collect());
        }
        match settled {
            Settled::Null => Ok(Vec::new()),
            other => Err((
                at.node.place.clone(),
                ValueFault::Shape {
                    wanted: "a list",
                    found: other.noun(),
                },
            )),
        }
    }

    fn step(&mut self, steps: usize, here: &Place) -> Result<(), Fault> {
        self.steps += steps;
        match self.steps > MAX_STEPS {
            true => Err((here.clone(), ValueFault::Steps(MAX_STEPS))),
            false => Ok(()),
        }
    }

    fn fill(&mut self, text: &str, at: &At) -> Result<Settled, Fault> {
        let place = &at.node.place;
        if text.len() > MAX_TEXT {
            return Err((place.clone(), ValueFault::Long(MAX_TEXT)));
        }
        let pieces = expression::pieces(text)
            .map_err(|(range, fault)| (part(place, text, range.start, range.end), fault.into()))?;
        if let [Piece::Expression(range, expression)] = &pieces[..] {
            let here = part(place, text, range.start, range.end);
            return self.value(expression, at, &here);
        }
        let mut filled = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Expression(range, expression) => {
                    let here = part(place, text, range.start, range.end);
                    filled.push_str(&self.string(&expression, at, &here)?);
                }
            }
            if filled.len() > MAX_TEXT {
                return Err((place.clone(), ValueFault::Long(MAX_TEXT)));
            }
        }
        Ok(Settled::Text(filled))
    }

    /// The value of an expression as text.
    fn string(&mut self, expression: &Expression, at: &At, here: &Place) -> Result<String, Fault> {
        match self.value(expression, at, here)? {
            Settled::Text(text) => Ok(text),
            Settled::Null => Err((here.clone(), ValueFault::Empty)),
            Settled::Tree(tree) => {
                let fault = ValueFault::Shape {
                    wanted: "text",
                    found: tree.node.noun(),
                };
                Err((here.clone(), fault))
            }
        }
    }

    fn value(&mut self, expression: &Expression, at: &At, here: &Place) -> Result<Settled, Fault> {
        self.step(1, here)?;
        match expression {
            Expression::Literal(text) => Ok(Settled::Text(text.clone())),
            Expression::Call { name, arguments } => self.call(name, arguments, at, here),
            Expression::Reference { path, default } => {
                let found = self.refer(path, at, here)?;
                match (found, default) {
                    (Ok(Settled::Null), Some(default)) | (Err(_), Some(default)) => {
                        self.value(default, at, here)
                    }
                    (Ok(settled), _) => Ok(settled),
                    (Err(fault), None) => Err((here.clone(), fault)),
                }
            }
        }
    }

    /// Follows a reference. The inner fault means that it leads nowhere, for which a default
    /// can stand in; the outer one, that the way there is broken.
    fn refer(
        &mut self,
        path: &[String],
        at: &At,
        here: &Place,
    ) -> Result<Result<Settled, ValueFault>, Fault> {
        let Some((head, rest)) = path.split_first() else {
            return Ok(Err(ValueFault::Empty));
        };
        let project = self.project;
        let from_root = |key: &str| {
            project.root.get(key).map(|node| At {
                node: Arc::clone(node),
                this: at.this,
            })
        };
        match head.as_str() {
            "env" => match rest {
                [name] => Ok(match self.variable(name, here)? {
                    Some(value) => Ok(Settled::Text(value)),
                    None => Err(ValueFault::NotSet(name.clone())),
                }),
                _ => Ok(Err(undefined(path, path.len(), None))),
            },
            "vars" => match from_root("vars") {
                Some(vars) => self.walk(vars, path, 1, here),
                None => Ok(Err(undefined(path, 1, None))),
            },
            "this" | "that" => match at.this {
                Some(this) => self.resource(this, path, 1, here),
                None => Ok(Err(ValueFault::NoThis(path.join(".")))),
            },
            "resources" | "services" => match rest.first().map(|name| project.index_of(name)) {
                Some(Some(index)) => self.resource(index, path, 2, here),
                Some(None) => {
                    let closest = rest.first().and_then(|name| project.closest(name));
                    Ok(Err(undefined(path, 2, closest)))
                }
                None => Ok(Err(undefined(path, 1, None))),
            },
            name => match project.index_of(name) {
                Some(index) => self.resource(index, path, 1, here),
                // Edition 1.0.0 knows every key of the file by its name.
                None => match from_root(name).filter(|_| project.edition == Edition::V1) {
                    Some(node) => self.walk(node, path, 1, here),
                    None => Ok(Err(undefined(path, 1, project.closest(name)))),
                },
            },
        }
    }

    /// Something of a resource.
    fn resource(
        &mut self,
        index: usize,
        path: &[String],
        from: usize,
        here: &Place,
    ) -> Result<Result<Settled, ValueFault>, Fault> {
        let project = self.project;
        let resource = &project.resources[index];
        let at = |node: &Tree| At {
            node: Arc::clone(node),
            this: Some(index),
        };
        let node = match path.get(from).map(String::as_str) {
            Some("name") => return Ok(Ok(Settled::Text(resource.name.clone()))),
            Some("output" | "info") => return Ok(Err(ValueFault::Deployed(path.join(".")))),
            Some("props") => match &resource.props {
                Ok(props) => props.as_ref().map(at),
                Err((place, fault)) => return Err((place.clone(), fault.clone().into())),
            },
            Some("component") => resource.node.get("component").map(at),
            Some("access") => project.access(index).map(|node| at(&node)),
            _ => None,
        };
        match node {
            Some(node) => self.walk(node, path, from + 1, here),
            None => Ok(Err(undefined(path, from + 1, None))),
        }
    }

    /// Goes down the rest of the path.
    fn walk(
        &mut self,
        mut at: At,
        path: &[String],
        from: usize,
        here: &Place,
    ) -> Result<Result<Settled, ValueFault>, Fault> {
        for (index, name) in path.iter().enumerate().skip(from) {
            self.step(1, here)?;
            let Settled::Tree(tree) = self.settle(&at)? else {
                return Ok(Err(undefined(path, index + 1, None)));
            };
            let next = match &tree.node.kind {
                Kind::Sequence(items) => name.parse().ok().and_then(|at: usize| items.get(at)),
                _ => tree.node.get(name),
            };
            let Some(next) = next else {
                let known: Vec<_> = tree
                    .node
                    .entries()
                    .iter()
                    .map(|entry| entry.key.as_str())
                    .take(1_000)
                    .collect();
                let closest = closest(name, &known);
                return Ok(Err(undefined(path, index + 1, closest)));
            };
            at = At {
                node: Arc::clone(next),
                this: tree.this,
            };
        }
        self.settle(&at).map(Ok)
    }
}

/// The path as far as it goes, with the part that is not there.
fn undefined(path: &[String], length: usize, closest: Option<String>) -> ValueFault {
    ValueFault::Undefined {
        name: path[..length.min(path.len())].join("."),
        closest,
    }
}

/// Where a part of the scalar's text stands in the file. The text differs from what is
/// written where it has escapes or is folded, so the part is looked for; if it cannot be
/// found, it is the whole scalar.
fn part(place: &Place, text: &str, start: usize, end: usize) -> Place {
    let wanted = &text[start..end];
    let nth = text[..start].matches(wanted).count();
    let written = place.written();
    match written.match_indices(wanted).nth(nth) {
        Some((offset, _)) => {
            let start = place.span().start + offset;
            place.at(Span::new(start, start + wanted.len()))
        }
        None => place.clone(),
    }
}
