//! Which of the file's functions are meant.

use std::sync::Arc;

use super::document::Project;
use super::error::{Field, ProjectError, closest};
use super::interpolate::{At, Evaluator, Given};
use super::resolve::{Component, Function, Value, value_error};
use crate::yaml::Place;

/// Which of the file's functions the user means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// The resource, by its name in the file.
    pub resource: Option<&'w str>,
    /// `--function-name`
    pub function: Option<&'w str>,
    /// `--service-name`
    pub service: Option<&'w str>,
    /// `--region`
    pub region: Option<&'w str>,
}

/// What the file has to say to it.
#[derive(Debug)]
pub enum Chosen<'p> {
    /// These functions, each to be called once, those that others refer to first.
    Functions {
        /// At least one.
        functions: Vec<Function<'p>>,
        /// Resources that are no functions, and why: to be shown to the user. Empty where
        /// one function was asked for.
        skipped: Vec<String>,
    },
    /// The file was found by search and does not have the function: the flags must do
    /// without it. The text says so to the user.
    Aside(String),
}

impl Project {
    /// The functions that are meant.
    ///
    /// A named resource is that one. A `--function-name` picks the resource that has it, or
    /// else the only one whose own name cannot be told; in a file that the user named, the
    /// only function there is takes any name. It never picks two. Without either it is every
    /// function of the file.
    ///
    /// # Errors
    /// There is no such resource, it is no function, several could be meant, or resources
    /// need each other.
    pub fn choose<'p>(
        &'p self,
        wanted: Wanted<'_>,
        given: Given<'p>,
    ) -> Result<Chosen<'p>, ProjectError> {
        if let Some(name) = wanted.resource {
            let function = self.named(name, given)?;
            return Ok(only(function));
        }
        let order = match wanted.function {
            Some(_) => (0..self.resources.len()).collect(),
            None => self.order()?,
        };
        let mut functions = Vec::new();
        let mut others = Vec::new();
        for index in order {
            match self.function(index, given) {
                // A service or a domain alone has nothing to call, unless a flag names it.
                Ok(function)
                    if wanted.function.is_none() && matches!(function.function(), Ok(None)) =>
                {
                    let reason = "it names no function".to_owned();
                    others.push(self.no_function(index, function.place(), reason));
                }
                Ok(function) => functions.push(function),
                Err(why) => others.push(why),
            }
        }
        if let Some(name) = wanted.function {
            return self.matching(name, wanted, functions);
        }
        if functions.is_empty() {
            return Err(match others.len() {
                1 => others.remove(0),
                _ => ProjectError::NoFunctions {
                    path: self.path().to_owned(),
                    reasons: others.iter().take(3).map(ProjectError::to_string).collect(),
                },
            });
        }
        let skipped = others.iter().map(|why| format!("{why}; it is skipped"));
        let skipped = skipped.collect();
        Ok(Chosen::Functions { functions, skipped })
    }

    fn no_function(&self, index: usize, place: &Place, reason: String) -> ProjectError {
        ProjectError::NotAFunction {
            place: place.clone(),
            resource: self.resources[index].name.clone(),
            reason,
        }
    }

    fn named<'p>(&'p self, name: &str, given: Given<'p>) -> Result<Function<'p>, ProjectError> {
        let Some(index) = self.index_of(name) else {
            return Err(ProjectError::NoResource {
                path: self.path().to_owned(),
                name: name.to_owned(),
                closest: self.closest(name),
            });
        };
        self.function(index, given)
    }

    /// The resource as a function.
    fn function<'p>(
        &'p self,
        index: usize,
        given: Given<'p>,
    ) -> Result<Function<'p>, ProjectError> {
        let resource = &self.resources[index];
        let Some(node) = resource.node.present("component") else {
            return Err(self.no_function(
                index,
                &resource.place,
                "it has no `component`".to_owned(),
            ));
        };
        let at = At {
            node: Arc::clone(node),
            this: Some(index),
        };
        let name = Evaluator::new(self, given).text(&at);
        let name = name.map_err(|fault| value_error(resource, Field::Component, fault))?;
        let name = name.unwrap_or_default();
        match Component::of(&name) {
            Some(component) => Ok(Function {
                project: self,
                given,
                index,
                component,
            }),
            None => Err(self.no_function(
                index,
                &node.place,
                format!("its component is `{name}`, not `fc` or `fc3`"),
            )),
        }
    }

    /// The one function of the name.
    fn matching<'p>(
        &'p self,
        name: &str,
        wanted: Wanted<'_>,
        functions: Vec<Function<'p>>,
    ) -> Result<Chosen<'p>, ProjectError> {
        // A function without a service is none of those that a service is given for.
        let functions: Vec<_> = functions
            .into_iter()
            .filter(|function| match (wanted.service, function.component) {
                (Some(_), Component::Fc3) => false,
                (service, _) => agrees(service, function.service()),
            })
            .collect();
        let names: Vec<_> = functions.iter().map(|one| told(one.function())).collect();
        let those = |wanted: &dyn Fn(Option<&str>) -> bool| -> Vec<Function<'p>> {
            let named = functions.iter().zip(&names);
            let fitting = named.filter(|(_, name)| wanted(name.as_deref()));
            fitting.map(|(function, _)| *function).collect()
        };
        let mut same = those(&|found| found == Some(name));
        if same.len() > 1 {
            let in_region = |function: &&Function<'p>| agrees(wanted.region, function.region());
            let fitting: Vec<_> = same.iter().filter(in_region).copied().collect();
            if fitting.len() == 1 {
                same = fitting;
            }
        }
        let open = those(&|found| found.is_none());
        match (&same[..], &open[..], &functions[..]) {
            ([function], ..) => Ok(only(*function)),
            ([_, ..], ..) => Err(ambiguous(name, &same)),
            // A name that cannot be told is one that the flag stands in for.
            (_, [function], _) => Ok(only(*function)),
            (_, [_, ..], _) if !self.found_by_search() => Err(ambiguous(name, &open)),
            // In a file that the user named, the flag beats the only name there is.
            (_, _, [function]) if !self.found_by_search() => Ok(only(*function)),
            (_, open, _) if self.found_by_search() => Ok(Chosen::Aside(format!(
                "`{}` {} `{name}`, so it is left aside",
                self.path().display(),
                match open.is_empty() {
                    true => "has no function",
                    false => "does not tell which of its functions is",
                }
            ))),
            _ => {
                let known: Vec<_> = names.iter().flatten().map(String::as_str).collect();
                Err(ProjectError::NoFunction {
                    path: self.path().to_owned(),
                    function: name.to_owned(),
                    closest: closest(name, &known),
                })
            }
        }
    }
}

/// The text of a value that can be told.
fn told(value: Result<Option<Value>, ProjectError>) -> Option<String> {
    value.ok().flatten().map(|value| value.text)
}

/// Whether nothing else is known than what is wanted.
fn agrees(wanted: Option<&str>, value: Result<Option<Value>, ProjectError>) -> bool {
    match (wanted, wanted.and_then(|_| told(value))) {
        (Some(wanted), Some(found)) => found == wanted,
        _ => true,
    }
}

fn ambiguous(name: &str, functions: &[Function<'_>]) -> ProjectError {
    let names = functions.iter().map(|one| one.resource().to_owned());
    ProjectError::Ambiguous {
        place: functions[0].place().clone(),
        function: name.to_owned(),
        resources: names.collect(),
    }
}

fn only(function: Function<'_>) -> Chosen<'_> {
    Chosen::Functions {
        functions: vec![function],
        skipped: Vec::new(),
    }
}
