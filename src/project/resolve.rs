//! What the file says about a function. Nothing is put together before it is asked for.

use std::fmt;
use std::sync::Arc;

use super::Selection;
use super::document::{Edition, Project, Resource};
use super::error::{Field, ProjectError, ValueFault};
use super::interpolate::{At, Evaluator, Fault, Given};
use crate::acs::endpoint::Endpoint;
use crate::yaml::{Place, Tree};

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
    pub(super) fn of(name: &str) -> Option<Self> {
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

/// One resource that is a function.
#[derive(Clone, Copy)]
pub struct Function<'p> {
    pub(super) project: &'p Project,
    pub(super) given: Given<'p>,
    pub(super) index: usize,
    pub(super) component: Component,
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
    /// The alias of the credentials for the resource. Edition 3.0.0 reads only the file's.
    pub(super) fn access(&self, index: usize) -> Option<Tree> {
        let own = match self.edition {
            Edition::V1 => self.resources[index].node.present("access"),
            Edition::V3 => None,
        };
        own.or_else(|| self.root.present("access")).map(Arc::clone)
    }
}

/// The host of a host and perhaps a port.
fn host(authority: &str) -> &str {
    match authority.find(']') {
        Some(bracket) => &authority[..=bracket],
        None => authority.split(':').next().unwrap_or_default(),
    }
}

pub(super) fn value_error(
    resource: &Resource,
    field: Field,
    (place, fault): Fault,
) -> ProjectError {
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

    /// The same function, its values filled in for an account that is known by now.
    pub fn in_account<'a>(&self, account: Option<&'a str>) -> Function<'a>
    where
        'p: 'a,
    {
        Function {
            given: Given {
                account,
                ..self.given
            },
            ..*self
        }
    }

    /// Where the resource stands.
    pub fn place(&self) -> &'p Place {
        &self.own().place
    }

    /// What deploys it.
    pub fn component(&self) -> Component {
        self.component
    }

    /// Puts the file's word where no flag has spoken. Only what is missing is asked for.
    ///
    /// # Errors
    /// Something that is missing cannot be taken from the file.
    pub fn complete(&self, selection: &mut Selection) -> Result<(), ProjectError> {
        let text = |value: Option<Value>| value.map(|value| value.text);
        if selection.function.is_none() {
            selection.function = text(self.function()?);
        }
        if selection.service.is_none() {
            selection.service = text(self.service()?);
        }
        if selection.region.is_none() {
            selection.region = text(self.region()?);
        }
        Ok(())
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
                let fault = (value.place, ValueFault::Seconds);
                Err(value_error(self.own(), Field::Timeout, fault))
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
