//! What is called: the API generation, the region, the account and the names, and from them
//! the exact resource that RAM is asked about.

use std::fmt;

use super::region;

/// The API version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// FC 2.0, signed with FC v1.
    V20160815,
    /// FC 2.0, signed with ACS3.
    V20210406,
    /// FC 3.0, signed with ACS3.
    V20230330,
}

impl Api {
    /// The version as it stands in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V20160815 => "2016-08-15",
            Self::V20210406 => "2021-04-06",
            Self::V20230330 => "2023-03-30",
        }
    }

    /// Whether functions belong to services.
    pub fn has_services(self) -> bool {
        self != Self::V20230330
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A part of a target, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The service's name.
    Service,
    /// The function's name.
    Function,
    /// The version or alias.
    Qualifier,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service name",
            Self::Function => "function name",
            Self::Qualifier => "qualifier",
        }
    }

    /// The flag that gives it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Service => "--service-name",
            Self::Function => "--function-name",
            Self::Qualifier => "--qualifier",
        }
    }
}

/// Why there is no such target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// A name that the service cannot have.
    #[error("the {} {}", part.as_str(), fault)]
    Name {
        /// Which name.
        part: Part,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// Not a region's shape.
    #[error("`{0}` is not a region id: lower-case letters, digits and `-`, like `cn-hangzhou`")]
    Region(String),
    /// Not an account id.
    #[error("`{0}` is not the id of a main account, which is digits only")]
    Account(String),
    /// The API knows services and none is named, or the other way round.
    #[error("API {api} {}", if api.has_services() { "needs a service name" } else { "has no services" })]
    Generation {
        /// The API that was asked for.
        api: Api,
    },
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// `.` and `..` mean another place in a path.
    #[error("`{0}` has no letter and no digit")]
    Dots(String),
    /// Too many characters.
    #[error("is {0} characters long; the service takes 128")]
    TooLong(usize),
    /// A character that no name has.
    #[error("`{name}` has {shown} in it, which no name can have", shown = shown(*character))]
    Character {
        /// The whole name.
        name: String,
        /// The first character that cannot be.
        character: char,
    },
}

fn shown(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        '.' => "a dot".to_owned(),
        other if other.is_control() => "a control character".to_owned(),
        other => format!("`{other}`"),
    }
}

/// The longest name that either generation takes.
const NAME_LIMIT: usize = 128;

fn check_name(part: Part, name: &str) -> Result<(), TargetError> {
    let fault = |fault| Err(TargetError::Name { part, fault });
    let length = name.chars().count();
    if name.is_empty() {
        return fault(NameFault::Empty);
    }
    let allowed = |character: char| {
        character.is_ascii_alphanumeric()
            || matches!(character, '_' | '-')
            // FC 3.0 shows FC 2.0 functions as `service$function`.
            || (part == Part::Function && matches!(character, '$' | '.'))
    };
    if let Some(character) = name.chars().find(|character| !allowed(*character)) {
        return fault(NameFault::Character {
            name: name.to_owned(),
            character,
        });
    }
    if name.bytes().all(|byte| byte == b'.') {
        return fault(NameFault::Dots(name.to_owned()));
    }
    if length > NAME_LIMIT {
        return fault(NameFault::TooLong(length));
    }
    Ok(())
}

/// Checks that the text can be a main account's id.
///
/// # Errors
/// It is not digits only.
pub fn check_account(account: &str) -> Result<(), TargetError> {
    let digits = account.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (1..=20).contains(&account.len()) {
        Ok(())
    } else {
        Err(TargetError::Account(account.to_owned()))
    }
}

/// One function, as a call addresses it. Its names are checked, so they can stand in a path,
/// a host name and a resource as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    api: Api,
    region: String,
    account: Option<String>,
    service: Option<String>,
    function: String,
    qualifier: Option<String>,
}

/// The names that make a [`Target`], not yet checked.
#[derive(Debug, Clone, Default)]
pub struct TargetNames {
    /// The API version, when one was asked for; otherwise the names choose.
    pub api: Option<Api>,
    /// The region.
    pub region: String,
    /// The main account, where it is known.
    pub account: Option<String>,
    /// The service, for FC 2.0.
    pub service: Option<String>,
    /// The function.
    pub function: String,
    /// The version or alias, when the user gave one.
    pub qualifier: Option<String>,
}

impl Target {
    /// Checks the names.
    ///
    /// # Errors
    /// A name that the service cannot have, or an API of the other generation.
    pub fn new(names: TargetNames) -> Result<Self, TargetError> {
        let TargetNames {
            api,
            region,
            account,
            service,
            function,
            qualifier,
        } = names;
        if !region::is_well_formed(&region) {
            return Err(TargetError::Region(region));
        }
        if let Some(account) = &account {
            check_account(account)?;
        }
        if let Some(service) = &service {
            check_name(Part::Service, service)?;
        }
        check_name(Part::Function, &function)?;
        if let Some(qualifier) = &qualifier {
            check_name(Part::Qualifier, qualifier)?;
        }
        let own = if service.is_some() {
            Api::V20160815
        } else {
            Api::V20230330
        };
        let api = api.unwrap_or(own);
        if api.has_services() != service.is_some() {
            return Err(TargetError::Generation { api });
        }
        Ok(Self {
            api,
            region,
            account,
            service,
            function,
            qualifier,
        })
    }

    /// The API version that is spoken.
    pub fn api(&self) -> Api {
        self.api
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The main account, where it is known.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The service, for FC 2.0.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The function.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The version or alias, when the user gave one.
    pub fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }

    /// The same target in the account.
    ///
    /// # Errors
    /// The id is not digits only.
    pub fn in_account(mut self, account: &str) -> Result<Self, TargetError> {
        check_account(account)?;
        self.account = Some(account.to_owned());
        Ok(self)
    }

    /// The qualifiers under which RAM may be asked about the call. It is not documented
    /// whether LATEST is named there, so a call to it has two.
    pub fn qualifier_forms(&self) -> Vec<Option<&str>> {
        match (self.qualifier(), self.api.has_services()) {
            (None, true) | (Some("LATEST"), _) => vec![None, Some("LATEST")],
            (qualifier, _) => vec![qualifier],
        }
    }

    /// The resources that RAM may be asked about, the most likely one first; none while the
    /// account is unknown.
    pub fn resources(&self) -> Vec<String> {
        let Some(account) = &self.account else {
            return Vec::new();
        };
        let prefix = format!("acs:fc:{}:{account}:", self.region);
        self.qualifier_forms()
            .into_iter()
            .map(|qualifier| format!("{prefix}{}", self.resource_path(qualifier)))
            .collect()
    }

    /// What follows the account in the resource.
    fn resource_path(&self, qualifier: Option<&str>) -> String {
        let function = &self.function;
        match (&self.service, qualifier) {
            (Some(service), Some(qualifier)) => {
                format!("services/{service}.{qualifier}/functions/{function}")
            }
            (Some(service), None) => format!("services/{service}/functions/{function}"),
            (None, Some(qualifier)) => format!("functions/{function}/{qualifier}"),
            (None, None) => format!("functions/{function}"),
        }
    }

    /// The function with its service, for people.
    pub fn name(&self) -> String {
        match &self.service {
            Some(service) => format!("{service}/{}", self.function),
            None => self.function.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(service: Option<&str>, qualifier: Option<&str>) -> Result<Target, TargetError> {
        Target::new(TargetNames {
            api: None,
            region: "cn-hangzhou".into(),
            account: Some("1234567890123456".into()),
            service: service.map(str::to_owned),
            function: "fn".into(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    #[test]
    fn resources_name_the_qualifier_as_each_generation_does() {
        let paths = |service, qualifier| {
            let prefix = "acs:fc:cn-hangzhou:1234567890123456:";
            let resources = target(service, qualifier).unwrap().resources();
            resources
                .into_iter()
                .map(|resource| resource.strip_prefix(prefix).unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let (plain2, latest2) = ("services/s/functions/fn", "services/s.LATEST/functions/fn");
        assert_eq!(paths(Some("s"), None), [plain2, latest2]);
        assert_eq!(paths(Some("s"), Some("LATEST")), [plain2, latest2]);
        assert_eq!(
            paths(Some("s"), Some("prod")),
            ["services/s.prod/functions/fn"]
        );
        assert_eq!(paths(None, None), ["functions/fn"]);
        assert_eq!(
            paths(None, Some("LATEST")),
            ["functions/fn", "functions/fn/LATEST"]
        );
        assert_eq!(paths(None, Some("1")), ["functions/fn/1"]);
    }

    #[test]
    fn a_name_that_could_grant_or_reach_more_is_refused() {
        let with = |function: &str| {
            Target::new(TargetNames {
                region: "cn-hangzhou".into(),
                function: function.into(),
                ..TargetNames::default()
            })
        };
        for bad in [
            "", ".", "..", "*", "a?", "a/b", "a:b", "a%2Fb", "a b", "a\u{7}", "函数", "a\nb", "a&b",
        ] {
            assert!(with(bad).is_err(), "{bad:?}");
        }
        assert!(with(&"a".repeat(129)).is_err());
        for good in ["hello", "a_b-c", "svc$fn", &"a".repeat(128)] {
            assert!(with(good).is_ok(), "{good:?}");
        }
        assert!(target(Some("a.b"), None).is_err());
        assert!(target(None, Some("a.b")).is_err());
        assert!(target(None, Some("")).is_err());
    }

    #[test]
    fn an_account_is_digits_and_an_api_fits_its_names() {
        assert!(target(None, None).unwrap().in_account("12x").is_err());
        assert!(target(None, None).unwrap().in_account("").is_err());
        let wrong = TargetNames {
            api: Some(Api::V20160815),
            region: "cn-hangzhou".into(),
            function: "f".into(),
            ..TargetNames::default()
        };
        assert!(matches!(
            Target::new(wrong),
            Err(TargetError::Generation { .. })
        ));
    }
}
