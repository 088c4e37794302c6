//! Which of the file's functions are meant.

use std::sync::Arc;

use super::document::Project;
use super::error::{Field, ProjectError, closest};
use super::interpolate::{At, Evaluator, Given};
use super::resolve::{Component, Function, Value, value_error};
use super::source::Place;

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
        /// Resources that are no functions, and why: to be shown to the user.
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
    /// else the only one whose own name is not known, and never more than one. Without
    /// either it is every function of the file.
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
            return Ok(only(function, Vec::new()));
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
        if wanted.function.is_none() && functions.is_empty() {
            return Err(match others.len() {
                1 => others.remove(0),
                _ => ProjectError::NoFunctions {
                    path: self.path().to_owned(),
                    reasons: others.iter().take(3).map(ProjectError::to_string).collect(),
                },
            });
        }
        let skipped = others
            .iter()
            .map(|why| format!("{why}; it is skipped"))
            .collect();
        match wanted.function {
            Some(name) => self.matching(name, wanted, functions, skipped),
            None => Ok(Chosen::Functions { functions, skipped }),
        }
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
        skipped: Vec<String>,
    ) -> Result<Chosen<'p>, ProjectError> {
        let text = |value: Result<Option<Value>, ProjectError>| value.ok().flatten();
        // A name that cannot be told is one that the flag may stand in for.
        let (mut same, mut open, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for function in functions {
            match text(function.function()) {
                Some(value) if value.text == name => same.push(function),
                Some(value) => known.push(value.text),
                None => open.push(function),
            }
        }
        let fits = |function: &Function<'_>| {
            let agrees = |wanted: Option<&str>, value: Option<Value>| match (wanted, value) {
                (Some(wanted), Some(value)) => value.text == wanted,
                _ => true,
            };
            let service = match (wanted.service, function.component) {
                (Some(_), Component::Fc3) => false,
                (service, _) => agrees(service, text(function.service())),
            };
            service && agrees(wanted.region, text(function.region()))
        };
        // Region and service only tell several apart, but a service is part of the name.
        same.retain(|function| wanted.service.is_none() || fits(function));
        if same.len() > 1 {
            let fitting: Vec<_> = same.iter().copied().filter(fits).collect();
            if fitting.len() == 1 {
                same = fitting;
            }
        }
        let certain = !same.is_empty();
        if !certain {
            open.retain(|function| wanted.service.is_none() || fits(function));
            same = open;
        }
        match &same[..] {
            [function] => Ok(only(*function, skipped)),
            [_, ..] if !certain && self.found_by_search() => Ok(Chosen::Aside(format!(
                "`{}` does not tell which of its functions is `{name}`, so it is left aside",
                self.path().display()
            ))),
            [first, ..] => Err(ProjectError::Ambiguous {
                place: first.place().clone(),
                function: name.to_owned(),
                resources: same.iter().map(|one| one.resource().to_owned()).collect(),
            }),
            [] if self.found_by_search() => Ok(Chosen::Aside(format!(
                "`{}` has no function `{name}`, so it is left aside",
                self.path().display()
            ))),
            [] => {
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                Err(ProjectError::NoFunction {
                    path: self.path().to_owned(),
                    function: name.to_owned(),
                    closest: closest(name, &known),
                })
            }
        }
    }
}

fn only(function: Function<'_>, skipped: Vec<String>) -> Chosen<'_> {
    Chosen::Functions {
        functions: vec![function],
        skipped,
    }
}
