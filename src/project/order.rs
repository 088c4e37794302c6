//! The order of resources that refer to each other.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Project;
use super::error::ProjectError;
use super::expression::{self, Expression, Piece};
use crate::yaml::{Kind, Node, Place};

impl Project {
    /// The resources, each behind those that its properties refer to, in the file's order
    /// where that leaves a choice.
    pub(super) fn order(&self) -> Result<Vec<usize>, ProjectError> {
        let needs: Vec<_> = (0..self.resources.len())
            .map(|index| self.needs(index))
            .collect();
        let mut waiting: Vec<usize> = needs.iter().map(BTreeMap::len).collect();
        let mut needed_by = vec![Vec::new(); needs.len()];
        for (index, needs) in needs.iter().enumerate() {
            for need in needs.keys() {
                needed_by[*need].push(index);
            }
        }
        let mut ready: BTreeSet<usize> =
            (0..needs.len()).filter(|&one| waiting[one] == 0).collect();
        let mut order = Vec::with_capacity(needs.len());
        while let Some(index) = ready.pop_first() {
            order.push(index);
            for &other in &needed_by[index] {
                waiting[other] -= 1;
                if waiting[other] == 0 {
                    ready.insert(other);
                }
            }
        }
        match waiting.iter().position(|&left| left > 0) {
            None => Ok(order),
            Some(stuck) => Err(self.circle(stuck, &needs, &waiting)),
        }
    }

    /// One circle among the resources that wait for each other.
    fn circle(
        &self,
        stuck: usize,
        needs: &[BTreeMap<usize, Place>],
        waiting: &[usize],
    ) -> ProjectError {
        let mut way = Vec::new();
        let mut at = stuck;
        // Each one that waits needs another one that waits, so the way comes round.
        while !way.contains(&at) {
            way.push(at);
            let next = needs[at].keys().find(|&&need| waiting[need] > 0);
            at = next.copied().unwrap_or(at);
        }
        let start = way.iter().position(|&one| one == at).unwrap_or_default();
        let circle = &way[start..];
        let next = circle.get(1).unwrap_or(&at);
        let place = needs[circle[0]].get(next);
        ProjectError::Circle {
            place: place.unwrap_or(&self.resources[circle[0]].place).clone(),
            resources: circle
                .iter()
                .map(|&one| self.resources[one].name.clone())
                .collect(),
        }
    }

    /// The other resources that the properties refer to, and where first.
    fn needs(&self, index: usize) -> BTreeMap<usize, Place> {
        let mut needs = BTreeMap::new();
        if let Ok(Some(props)) = &self.resources[index].props {
            self.collect(props, &mut needs);
        }
        needs.remove(&index);
        needs
    }

    fn collect(&self, node: &Node, needs: &mut BTreeMap<usize, Place>) {
        match &node.kind {
            Kind::Null => {}
            Kind::Sequence(items) => items.iter().for_each(|item| self.collect(item, needs)),
            Kind::Mapping(entries) => {
                entries
                    .iter()
                    .for_each(|entry| self.collect(&entry.value, needs));
            }
            Kind::Scalar(text) => {
                // What cannot be read refers to nothing that could be known.
                for piece in expression::pieces(text).unwrap_or_default() {
                    if let Piece::Expression(_, expression) = piece {
                        self.refers(&expression, &node.place, needs);
                    }
                }
            }
        }
    }

    fn refers(&self, expression: &Expression, place: &Place, needs: &mut BTreeMap<usize, Place>) {
        match expression {
            Expression::Literal(_) => {}
            Expression::Call { arguments, .. } => {
                arguments
                    .iter()
                    .for_each(|one| self.refers(one, place, needs));
            }
            Expression::Reference { path, default } => {
                let name = match path.first().map(String::as_str) {
                    Some("resources" | "services") => path.get(1),
                    Some("vars" | "env" | "this" | "that") => None,
                    _ => path.first(),
                };
                if let Some(index) = name.and_then(|name| self.index_of(name)) {
                    needs.entry(index).or_insert_with(|| place.clone());
                }
                if let Some(default) = default {
                    self.refers(default, place, needs);
                }
            }
        }
    }
}
