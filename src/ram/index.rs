//! Which statements of a large set can concern a request at all.
//!
//! Each statement is filed under the literal beginnings of its patterns: those of the last
//! resource field, or those of its actions, whichever it shares with fewer others. A request
//! is looked up by every beginning of its own names that is on file. What comes back may hold
//! statements that do not match, and some twice, but never lacks one that could, in any
//! reading of a pattern: names are folded to small letters, and requests whose fields could
//! shift are not looked up at all.

use super::name::{Probe, literal_prefix};
use super::policies::{Compiled, Resources};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::ControlFlow;

/// Sets up to this size are read through.
const SCANNED: usize = 32;

type Drawers<T> = HashMap<u64, T, BuildHasherDefault<Hashed>>;

#[derive(Debug)]
pub(super) struct Index {
    by_resource: Cabinet,
    by_action: Cabinet,
    /// Statements that cannot be told apart by their names.
    rest: Vec<u32>,
}

/// Statements by the hash of a beginning.
#[derive(Debug, Default)]
struct Cabinet {
    /// Lengths of the beginnings on file, ascending.
    lengths: Vec<usize>,
    drawers: Drawers<Vec<u32>>,
}

impl Index {
    /// None for a set that is as quickly read through.
    pub(super) fn new(statements: &[Compiled]) -> Option<Index> {
        if statements.len() <= SCANNED {
            return None;
        }
        let mut resource_load = Drawers::<usize>::default();
        let mut action_load = Drawers::<usize>::default();
        for statement in statements {
            count(&mut resource_load, resource_beginnings(statement));
            count(&mut action_load, action_beginnings(statement));
        }
        let mut index = Index {
            by_resource: Cabinet::default(),
            by_action: Cabinet::default(),
            rest: Vec::new(),
        };
        for (number, statement) in (0u32..).zip(statements) {
            let resource = cost(&resource_load, resource_beginnings(statement));
            let action = cost(&action_load, action_beginnings(statement));
            match (resource, action) {
                (None, None) => index.rest.push(number),
                (Some(resource), action) if action.is_none_or(|action| resource <= action) => {
                    index
                        .by_resource
                        .add(resource_beginnings(statement), number);
                }
                _ => index.by_action.add(action_beginnings(statement), number),
            }
        }
        index.by_resource.close();
        index.by_action.close();
        Some(index)
    }

    /// Shows each statement that could concern the request, until told to stop.
    pub(super) fn visit(
        &self,
        probe: &Probe<'_>,
        visit: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        // Without five fields no pattern on file under its last field can match.
        if let Some(tail) = probe.folded_tail() {
            self.by_resource.visit(tail, visit)?;
        }
        self.by_action.visit(probe.action, visit)?;
        self.rest
            .iter()
            .try_for_each(|number| visit(*number as usize))
    }
}

impl Cabinet {
    fn add<'p>(&mut self, beginnings: impl Iterator<Item = &'p [u8]>, number: u32) {
        for beginning in beginnings {
            self.lengths.push(beginning.len());
            self.drawers
                .entry(hash(beginning))
                .or_default()
                .push(number);
        }
    }

    fn close(&mut self) {
        self.lengths.sort_unstable();
        self.lengths.dedup();
    }

    fn visit(
        &self,
        name: &[u8],
        visit: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut hash = SEED;
        let mut at = 0;
        for &length in &self.lengths {
            let Some(more) = name.get(at..length) else {
                break;
            };
            hash = more.iter().fold(hash, step);
            at = length;
            if let Some(drawer) = self.drawers.get(&hash) {
                drawer
                    .iter()
                    .try_for_each(|number| visit(*number as usize))?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn count<'p>(load: &mut Drawers<usize>, beginnings: impl Iterator<Item = &'p [u8]>) {
    beginnings.for_each(|beginning| *load.entry(hash(beginning)).or_default() += 1);
}

/// How many statements share the beginnings; none when a beginning is empty or there is none.
fn cost<'p>(load: &Drawers<usize>, beginnings: impl Iterator<Item = &'p [u8]>) -> Option<usize> {
    let mut shared = 0;
    for beginning in beginnings {
        if beginning.is_empty() {
            return None;
        }
        shared += load.get(&hash(beginning)).copied().unwrap_or(0);
    }
    (shared > 0).then_some(shared)
}

/// The beginnings of the last field of every resource, an empty one where there is none.
fn resource_beginnings(statement: &Compiled) -> impl Iterator<Item = &[u8]> {
    let patterns = match &statement.resources {
        Resources::Patterns(patterns) => patterns.as_ref(),
        Resources::Undocumented => &[],
    };
    patterns
        .iter()
        .map(|pattern| pattern.folded_tail().map_or(&[][..], literal_prefix))
}

/// The beginnings of every action; none for `NotAction`.
fn action_beginnings(statement: &Compiled) -> impl Iterator<Item = &[u8]> {
    let patterns = if statement.not_action {
        &[]
    } else {
        statement.actions.as_ref()
    };
    patterns
        .iter()
        .map(|pattern| literal_prefix(pattern.folded()))
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn hash(beginning: &[u8]) -> u64 {
    beginning.iter().fold(SEED, step)
}

/// FNV-1a, which can go on from where a shorter beginning ended.
fn step(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// The keys are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, step);
    }

    fn write_u64(&mut self, hash: u64) {
        // The table takes its tags from the upper bits, where FNV is weakest.
        self.0 = hash ^ hash.rotate_left(32);
    }
}
