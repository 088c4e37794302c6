//! The smallest documents that allow exactly the pairs that were asked for.
//!
//! A statement grants each of its actions on each of its resources, so pairs are put together
//! only where the whole rectangle was asked for. The result is deterministic, does not depend
//! on the order of the pairs, and no document passes RAM's limit unless one pair alone does.

use super::name::{action_covers, resource_covers};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a custom policy may hold. RAM says characters; bytes without white space are counted,
/// which is never less.
pub const MAX_POLICY_LENGTH: usize = 6_144;

/// An action to be allowed on a resource; either may hold wildcards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// For example `fc:InvokeFunction`.
    pub action: String,
    /// For example `acs:fc:cn-hangzhou:1234567890123456:functions/hello`.
    pub resource: String,
}

/// Actions and resources, each allowed on each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rectangle<'p> {
    actions: BTreeSet<&'p str>,
    resources: BTreeSet<&'p str>,
}

/// The smallest documents that allow exactly the pairs; none for no pairs.
#[must_use]
pub fn synthesise(pairs: &[Pair]) -> Vec<Value> {
    let needed = without_covered(pairs);
    let by_action = rectangles(
        needed
            .iter()
            .map(|pair| (pair.action.as_str(), pair.resource.as_str())),
    );
    let by_resource: Vec<Rectangle<'_>> = rectangles(
        needed
            .iter()
            .map(|pair| (pair.resource.as_str(), pair.action.as_str())),
    )
    .into_iter()
    .map(|turned| Rectangle {
        actions: turned.resources,
        resources: turned.actions,
    })
    .collect();
    let length =
        |rectangles: &[Rectangle<'_>]| -> usize { rectangles.iter().map(Rectangle::length).sum() };
    let mut best = if length(&by_resource) < length(&by_action) {
        by_resource
    } else {
        by_action
    };
    best.sort();
    documents(best)
}

/// The pairs that no other pair covers, sorted; of equal ones the first.
fn without_covered(pairs: &[Pair]) -> Vec<&Pair> {
    let sorted: BTreeSet<&Pair> = pairs.iter().collect();
    let sorted: Vec<&Pair> = sorted.into_iter().collect();
    let covers = |outer: &Pair, inner: &Pair| {
        action_covers(&outer.action, &inner.action)
            && resource_covers(&outer.resource, &inner.resource)
    };
    // Only a wildcard covers anything but itself.
    let is_wide =
        |pair: &&Pair| pair.action.contains(['*', '?']) || pair.resource.contains(['*', '?']);
    let wide: Vec<&Pair> = sorted.iter().copied().filter(is_wide).collect();
    let needed = sorted.iter().filter(|pair| {
        !wide.iter().any(|outer| {
            outer != *pair && covers(outer, pair) && (!covers(pair, outer) || outer < *pair)
        })
    });
    needed.copied().collect()
}

/// Groups left sides that have the same right sides.
fn rectangles<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<Rectangle<'p>> {
    let mut rights: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (left, right) in pairs {
        rights.entry(left).or_default().insert(right);
    }
    let mut lefts: BTreeMap<BTreeSet<&str>, BTreeSet<&str>> = BTreeMap::new();
    for (left, rights) in rights {
        lefts.entry(rights).or_default().insert(left);
    }
    lefts
        .into_iter()
        .map(|(resources, actions)| Rectangle { actions, resources })
        .collect()
}

impl Rectangle<'_> {
    fn to_json(&self) -> Value {
        json!({"Effect": "Allow", "Action": scalar_or_list(&self.actions), "Resource": scalar_or_list(&self.resources)})
    }

    fn length(&self) -> usize {
        self.to_json().to_string().len()
    }

    /// What of it fits into the room, along the longer side, and the rest; itself when nothing
    /// does.
    fn take(self, room: usize) -> Result<(Self, Self), Self> {
        let by_resource = self.resources.len() >= self.actions.len();
        let longer = if by_resource {
            &self.resources
        } else {
            &self.actions
        };
        let part = |range: std::ops::Range<usize>| {
            let items = longer.iter().copied();
            let items = items.skip(range.start).take(range.len()).collect();
            match by_resource {
                true => Rectangle {
                    actions: self.actions.clone(),
                    resources: items,
                },
                false => Rectangle {
                    actions: items,
                    resources: self.resources.clone(),
                },
            }
        };
        // The most items that fit; one more item is never shorter.
        let (mut fits, mut too_many) = (0, longer.len());
        while fits + 1 < too_many {
            let middle = fits.midpoint(too_many);
            match part(0..middle).length() <= room {
                true => fits = middle,
                false => too_many = middle,
            }
        }
        if fits == 0 {
            return Err(self);
        }
        let both = (part(0..fits), part(fits..longer.len()));
        Ok(both)
    }

    /// Two halves, along the longer side; none when there is only one pair.
    fn split(self) -> Result<[Self; 2], Self> {
        let Rectangle { actions, resources } = self;
        if resources.len() > 1 && resources.len() >= actions.len() {
            let (left, right) = halves(resources);
            Ok([
                Rectangle {
                    actions: actions.clone(),
                    resources: left,
                },
                Rectangle {
                    actions,
                    resources: right,
                },
            ])
        } else if actions.len() > 1 {
            let (left, right) = halves(actions);
            Ok([
                Rectangle {
                    actions: left,
                    resources: resources.clone(),
                },
                Rectangle {
                    actions: right,
                    resources,
                },
            ])
        } else {
            Err(Rectangle { actions, resources })
        }
    }
}

fn halves<T: Ord>(set: BTreeSet<T>) -> (BTreeSet<T>, BTreeSet<T>) {
    let middle = set.len() / 2;
    let mut items = set.into_iter();
    let left = items.by_ref().take(middle).collect();
    (left, items.collect())
}

fn scalar_or_list(texts: &BTreeSet<&str>) -> Value {
    match texts.first() {
        Some(only) if texts.len() == 1 => Value::from(*only),
        _ => texts.iter().copied().collect(),
    }
}

fn documents(rectangles: Vec<Rectangle<'_>>) -> Vec<Value> {
    let frame = document(Vec::new()).to_string().len();
    let mut documents = Vec::new();
    let mut statements = Vec::new();
    let mut length = frame;
    let mut waiting: Vec<Rectangle<'_>> = rectangles.into_iter().rev().collect();
    while let Some(rectangle) = waiting.pop() {
        let own = rectangle.length() + usize::from(!statements.is_empty());
        if length + own <= MAX_POLICY_LENGTH {
            length += own;
            statements.push(rectangle.to_json());
            continue;
        }
        let room = MAX_POLICY_LENGTH.saturating_sub(length + usize::from(!statements.is_empty()));
        let rectangle = match rectangle.take(room) {
            Ok((fitting, rest)) => {
                statements.push(fitting.to_json());
                rest
            }
            Err(whole) => whole,
        };
        if !statements.is_empty() {
            documents.push(document(std::mem::take(&mut statements)));
            length = frame;
            waiting.push(rectangle);
            continue;
        }
        match rectangle.split() {
            Ok([first, second]) => waiting.extend([second, first]),
            // One pair that is too long by itself: it cannot be made smaller.
            Err(single) => documents.push(document(vec![single.to_json()])),
        }
    }
    if !statements.is_empty() {
        documents.push(document(statements));
    }
    documents
}

fn document(statements: Vec<Value>) -> Value {
    json!({"Version": "1", "Statement": statements})
}
