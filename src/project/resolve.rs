//! Which resources are meant, in which order, and what the file says about each. Nothing is
//! put together before it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::document::{Edition, Project, Resource};
use super::error::{Field, ProjectError, ValueFault};
use super::expression::{self, Expression, Piece};
use super::interpolate::{At, Evaluator, Fault, Given};
use super::source::Place;
use super::yaml::{Kind, Node, Tree};
use crate::acs::endpoint::Endpoint;
use crate::ram::closest;

/// A text from the file, filled in, and where the author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The text: the author's own, whatever type YAML might see in it.
    pub text: String,
    /// Where it stands, before anything is filled in.
    pub place: Place,
}

/// What deploys a function, which decides the shape of its properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// FC 2.0: `props.service`, `props.function`.
    Fc,
    /// FC 3.0: `props.functionName`.
    Fc3,
}

impl Component {
    /// The component of a name such as `fc3`, `fc@0.1.2` or `devsapp/fc3@dev`.
    fn of(name: &str) -> Option<Self> {
        let bare = name.split('@').next().unwrap_or_default();
        match bare.strip_prefix("devsapp/").unwrap_or(bare) {
            "fc" => Some(Self::Fc),
            "fc3" => Some(Self::Fc3),
            _ => None,
        }
    }

    /// The name without a version.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fc => "fc",
            Self::Fc3 => "fc3",
        }
    }
}

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

/// One resource that is a function.
#[derive(Clone, Copy)]
pub struct Function<'p> {
    project: &'p Project,
    given: Given<'p>,
    index: usize,
    component: Component,
}

impl fmt::Debug for Function<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Function");
        shown.field("resource", &self.resource());
        shown
            .field("component", &self.component)
            .finish_non_exhaustive()
    }
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
        let mut skipped = Vec::new();
        for index in order {
            match self.function(index, given) {
                Ok(function) => functions.push(function),
                Err(why) => skipped.push(format!("{why}; it is skipped")),
            }
        }
        match wanted.function {
            Some(name) => self.matching(name, wanted, functions, skipped),
            None if functions.is_empty() => Err(ProjectError::NoFunctions {
                path: self.path().to_owned(),
            }),
            None => Ok(Chosen::Functions { functions, skipped }),
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
        let refuse = |place: &Place, reason: String| ProjectError::NotAFunction {
            place: place.clone(),
            resource: resource.name.clone(),
            reason,
        };
        let Some(node) = resource.node.present("component") else {
            return Err(refuse(&resource.place, "it has no `component`".to_owned()));
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
            None => Err(refuse(
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
        if same.is_empty() {
            open.retain(|function| wanted.service.is_none() || fits(function));
            same = open;
        }
        match &same[..] {
            [function] => Ok(only(*function, skipped)),
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
                    closest: closest(name, &known).map(str::to_owned),
                })
            }
        }
    }

    /// The alias of the credentials for the resource. Edition 3.0.0 reads only the file's.
    pub(super) fn access(&self, index: usize) -> Option<Tree> {
        let own = match self.edition {
            Edition::V1 => self.resources[index].node.present("access"),
            Edition::V3 => None,
        };
        own.or_else(|| self.root.present("access")).map(Arc::clone)
    }

    /// The resources, each behind those that its properties refer to, in the file's order
    /// where that leaves a choice.
    fn order(&self) -> Result<Vec<usize>, ProjectError> {
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

fn only(function: Function<'_>, skipped: Vec<String>) -> Chosen<'_> {
    Chosen::Functions {
        functions: vec![function],
        skipped,
    }
}

/// The host of a host and perhaps a port.
fn host(authority: &str) -> &str {
    match authority.find(']') {
        Some(bracket) => &authority[..=bracket],
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn value_error(resource: &Resource, field: Field, (place, fault): Fault) -> ProjectError {
    ProjectError::Value {
        place,
        field,
        resource: resource.name.clone(),
        fault,
    }
}

impl<'p> Function<'p> {
    /// The resource's name in the file.
    pub fn resource(&self) -> &'p str {
        &self.own().name
    }

    /// Where the resource stands.
    pub fn place(&self) -> &'p Place {
        &self.own().place
    }

    /// What deploys it.
    pub fn component(&self) -> Component {
        self.component
    }

    /// `props.region`
    ///
    /// # Errors
    /// The value is there and cannot be known; so for the others.
    pub fn region(&self) -> Result<Option<Value>, ProjectError> {
        self.value(Field::Region, &["region"])
    }

    /// `props.service.name`, in FC 2.0.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn service(&self) -> Result<Option<Value>, ProjectError> {
        match self.component {
            Component::Fc => self.value(Field::Service, &["service", "name"]),
            Component::Fc3 => Ok(None),
        }
    }

    /// `props.function.name`, or `props.functionName`.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn function(&self) -> Result<Option<Value>, ProjectError> {
        self.of_function(Field::Function, "name", "functionName")
    }

    /// The function's own timeout in seconds.
    ///
    /// # Errors
    /// As for [`Self::region`], and it is no whole number.
    pub fn timeout(&self) -> Result<Option<u32>, ProjectError> {
        let Some(value) = self.of_function(Field::Timeout, "timeout", "timeout")? else {
            return Ok(None);
        };
        let digits = value.text.bytes().all(|byte| byte.is_ascii_digit());
        match value.text.parse() {
            Ok(seconds) if digits => Ok(Some(seconds)),
            _ => {
                let fault = ValueFault::Seconds(value.text);
                Err(value_error(
                    self.own(),
                    Field::Timeout,
                    (value.place, fault),
                ))
            }
        }
    }

    /// The runtime.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn runtime(&self) -> Result<Option<Value>, ProjectError> {
        self.of_function(Field::Runtime, "runtime", "runtime")
    }

    /// Whether the runtime is an image, which takes longer to start.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn is_custom_container(&self) -> Result<bool, ProjectError> {
        let runtime = self.runtime()?;
        Ok(runtime.is_some_and(|runtime| runtime.text == "custom-container"))
    }

    /// The alias of the credentials.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn access(&self) -> Result<Option<Value>, ProjectError> {
        match self.project.access(self.index) {
            Some(node) => self.text(Field::Access, &self.at(&node)),
            None => Ok(None),
        }
    }

    /// `props.endpoint`, if the user allows its host with `--allow-endpoint`. A host that
    /// only the file names would receive what the user signs.
    ///
    /// # Errors
    /// As for [`Self::region`]; it is no endpoint, is plain http to another machine without
    /// `allow_http`, or its host is not among the allowed ones.
    pub fn endpoint(
        &self,
        allowed: &[String],
        allow_http: bool,
    ) -> Result<Option<Endpoint>, ProjectError> {
        let Some(value) = self.value(Field::Endpoint, &["endpoint"])? else {
            return Ok(None);
        };
        let refuse = |fault| {
            let place = value.place.clone();
            Err(value_error(self.own(), Field::Endpoint, (place, fault)))
        };
        // An address without a scheme is https, as the component has it.
        let address = match value.text.contains("://") {
            true => value.text.clone(),
            false => format!("https://{}", value.text),
        };
        let host = match Endpoint::parse(&address, true) {
            Ok(endpoint) => host(&endpoint.authority()).to_owned(),
            Err(error) => return refuse(ValueFault::Endpoint(error.to_string())),
        };
        if !allowed.iter().any(|one| one.eq_ignore_ascii_case(&host)) {
            return refuse(ValueFault::NotAllowed { host });
        }
        match Endpoint::parse(&address, allow_http) {
            Ok(endpoint) => Ok(Some(endpoint)),
            Err(error) => refuse(ValueFault::Endpoint(error.to_string())),
        }
    }

    /// The triggers, in the file's order.
    ///
    /// # Errors
    /// As for [`Self::region`].
    pub fn triggers(&self) -> Result<Vec<Trigger<'p>>, ProjectError> {
        let mut evaluator = self.evaluator();
        let found = self.find(&mut evaluator, &["triggers"]);
        let items = match found {
            Ok(Some(at)) => evaluator.items(&at),
            Ok(None) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        };
        let items = items.map_err(|fault| value_error(self.own(), Field::Trigger, fault))?;
        let trigger = |at| Trigger {
            function: *self,
            at,
        };
        Ok(items.into_iter().map(trigger).collect())
    }

    fn own(&self) -> &'p Resource {
        &self.project.resources[self.index]
    }

    fn at(&self, node: &Tree) -> At {
        At {
            node: Arc::clone(node),
            this: Some(self.index),
        }
    }

    fn evaluator(&self) -> Evaluator<'p> {
        Evaluator::new(self.project, self.given)
    }

    fn of_function(
        &self,
        field: Field,
        in_fc: &str,
        in_fc3: &str,
    ) -> Result<Option<Value>, ProjectError> {
        match self.component {
            Component::Fc => self.value(field, &["function", in_fc]),
            Component::Fc3 => self.value(field, &[in_fc3]),
        }
    }

    /// The property at the path, as text.
    fn value(&self, field: Field, path: &[&str]) -> Result<Option<Value>, ProjectError> {
        let found = self.find(&mut self.evaluator(), path);
        match found.map_err(|fault| value_error(self.own(), field, fault))? {
            Some(at) => self.text(field, &at),
            None => Ok(None),
        }
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &[&str]) -> Result<Option<At>, Fault> {
        let props = match &self.own().props {
            Ok(Some(props)) => props,
            Ok(None) => return Ok(None),
            Err((place, fault)) => return Err((place.clone(), fault.clone().into())),
        };
        let mut at = self.at(props);
        for key in path {
            match evaluator.member(&at, key)? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    fn text(&self, field: Field, at: &At) -> Result<Option<Value>, ProjectError> {
        let text = self.evaluator().text(at);
        let text = text.map_err(|fault| value_error(self.own(), field, fault))?;
        Ok(text.map(|text| Value {
            text,
            place: at.node.place.clone(),
        }))
    }
}

/// A trigger as the file describes it.
#[derive(Debug, Clone)]
pub struct Trigger<'p> {
    function: Function<'p>,
    at: At,
}

impl Trigger<'_> {
    /// Its name.
    ///
    /// # Errors
    /// The value is there and cannot be known; so for the others.
    pub fn name(&self) -> Result<Option<Value>, ProjectError> {
        self.value(&[self.key("name", "triggerName")])
    }

    /// Its type: `http`, `timer`, `oss`, …
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn kind(&self) -> Result<Option<Value>, ProjectError> {
        self.value(&[self.key("type", "triggerType")])
    }

    /// The version or alias that it calls; none means LATEST.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn qualifier(&self) -> Result<Option<Value>, ProjectError> {
        self.value(&["qualifier"])
    }

    /// The `authType` of an HTTP trigger: `anonymous` or `function`; none means `function`.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn auth_type(&self) -> Result<Option<Value>, ProjectError> {
        self.value(&[self.key("config", "triggerConfig"), "authType"])
    }

    /// The methods of an HTTP trigger, as written.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn methods(&self) -> Result<Vec<Value>, ProjectError> {
        let mut evaluator = self.function.evaluator();
        let found = self.find(
            &mut evaluator,
            &[self.key("config", "triggerConfig"), "methods"],
        );
        let items = match found {
            Ok(Some(at)) => evaluator.items(&at),
            Ok(None) => Ok(Vec::new()),
            Err(fault) => Err(fault),
        };
        let items = items.map_err(|fault| self.error(fault))?;
        let methods = items.iter().map(|at| {
            self.function
                .text(Field::Trigger, at)
                .map(Option::into_iter)
        });
        let methods: Vec<_> = methods.collect::<Result<_, _>>()?;
        Ok(methods.into_iter().flatten().collect())
    }

    /// The address that the file gives for it, as the service would in `urlInternet`. It is
    /// the file's word: a signed call to it takes the same care as an endpoint.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn url(&self) -> Result<Option<Value>, ProjectError> {
        self.value(&["urlInternet"])
    }

    fn key(&self, in_fc: &'static str, in_fc3: &'static str) -> &'static str {
        match self.function.component {
            Component::Fc => in_fc,
            Component::Fc3 => in_fc3,
        }
    }

    fn error(&self, fault: Fault) -> ProjectError {
        value_error(self.function.own(), Field::Trigger, fault)
    }

    fn find(&self, evaluator: &mut Evaluator<'_>, path: &[&str]) -> Result<Option<At>, Fault> {
        let mut at = self.at.clone();
        for key in path {
            match evaluator.member(&at, key)? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    fn value(&self, path: &[&str]) -> Result<Option<Value>, ProjectError> {
        let found = self.find(&mut self.function.evaluator(), path);
        match found.map_err(|fault| self.error(fault))? {
            Some(at) => self.function.text(Field::Trigger, &at),
            None => Ok(None),
        }
    }
}
