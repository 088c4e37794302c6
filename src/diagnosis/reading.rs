//! Reads the error bodies of every product: FC 2.0's `ErrorCode`/`ErrorMessage`, FC 3.0's and
//! RPC's `Code`/`Message`, ROA's lower case, and `AccessDeniedDetail`.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::acs::{Principal, Refusal};
use crate::preflight::Denial;

/// What a refusal says, field by field. It is somebody's text: evidence, not truth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The service's own code.
    pub code: Option<String>,
    /// The service's own text.
    pub message: Option<String>,
    /// The action that was refused.
    pub action: Option<String>,
    /// The resource that it was refused on.
    pub resource: Option<String>,
    /// `key=value` of the condition that denied.
    pub conditions: Vec<(String, String)>,
    /// Which way it was denied, where that is said.
    pub denial: Option<Denial>,
    /// The kind of policy that denied.
    pub policy_type: Option<String>,
    /// Who was refused.
    pub principal: Option<Principal>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What RAM can decode for an administrator.
    pub encoded_diagnostic_message: Option<String>,
    /// The host that answered, where the body names it.
    pub host: Option<String>,
    /// The action of `AccessDeniedDetail`, where it is not the one of the text.
    pub other_action: Option<String>,
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles them"
)]
static FC_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"the caller is not authorized to perform '([^']*)' on resource '([^']*)'(?: with condition '\[([^']*)\]')?",
    )
    .expect("a constant pattern")
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles them"
)]
static RAM_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"You are not authorized to do this action\. Resource: ([^ ]+) Action: ([A-Za-z0-9*?:_-]+)",
    )
    .expect("a constant pattern")
});

/// `ram` of `ram.aliyuncs.com`, `ecs` of `ecs.cn-hangzhou.aliyuncs.com`, `fc` of an account's
/// own host.
fn product_of_host(host: &str) -> Option<&str> {
    let labels = host.strip_suffix(".aliyuncs.com")?;
    match labels.split('.').next()? {
        account if account.bytes().all(|byte| byte.is_ascii_digit()) => labels.rsplit('.').next(),
        product => Some(product),
    }
}

/// A field of the object, whatever the case of its name.
fn field<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| {
        let found = object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    })
}

fn text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    field(object, names)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

impl Reading {
    /// Reads a refusal; `None` when its body has not the shape of a platform's error.
    pub fn of(refusal: &Refusal) -> Option<Self> {
        let body: Value = serde_json::from_slice(&refusal.body).ok()?;
        let body = body.as_object()?;
        // Anyone writes a `message`; a platform signs its header or names a code.
        let platform = refusal.headers.iter().any(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name.starts_with("x-fc-") || name.starts_with("x-acs-")
        });
        let coded = body.iter().any(|(key, value)| {
            let is = |name: &str| name.eq_ignore_ascii_case(key);
            let code = is("Code") || is("ErrorCode");
            (code && (value.is_string() || value.is_null()))
                || (is("AccessDeniedDetail") && value.is_object())
        });
        if !platform && !coded {
            return None;
        }
        let mut reading = Self::of_body(body)?;
        if reading.request_id.is_none() {
            reading.request_id = crate::fc::answer::Head(&refusal.headers)
                .request_id()
                .map(str::to_owned);
        }
        Some(reading)
    }

    /// Reads a body that is known to be an error's; `None` when it says nothing.
    pub(super) fn of_body(body: &Map<String, Value>) -> Option<Self> {
        let code = text(body, &["Code", "ErrorCode"]);
        let message = text(body, &["Message", "ErrorMessage"]);
        let detail = field(body, &["AccessDeniedDetail"]).and_then(Value::as_object);
        if code.is_none() && message.is_none() && detail.is_none() {
            return None;
        }
        let mut reading = Self {
            code,
            message,
            request_id: text(body, &["RequestId"]),
            host: text(body, &["HostId"]),
            ..Self::default()
        };
        reading.read_message();
        if let Some(detail) = detail {
            reading.read_detail(detail);
        }
        Some(reading)
    }

    /// Adds what this leaves out from another reading of the same refusal.
    pub(super) fn complete(&mut self, other: Self) {
        let agree = |one: &Option<String>, other: &Option<String>| {
            one.is_none() || other.is_none() || one == other
        };
        if !agree(&self.action, &other.action)
            || !agree(&self.resource, &other.resource)
            || !agree(&self.code, &other.code)
            || !agree(&self.request_id, &other.request_id)
        {
            return;
        }
        let fill = |place: &mut Option<String>, with: Option<String>| {
            *place = place.take().or(with);
        };
        fill(&mut self.code, other.code);
        fill(&mut self.action, other.action);
        fill(&mut self.resource, other.resource);
        fill(&mut self.policy_type, other.policy_type);
        fill(&mut self.request_id, other.request_id);
        fill(&mut self.host, other.host);
        fill(&mut self.other_action, other.other_action);
        fill(
            &mut self.encoded_diagnostic_message,
            other.encoded_diagnostic_message,
        );
        self.denial = self.denial.or(other.denial);
        self.principal = self.principal.take().or(other.principal);
    }

    fn read_message(&mut self) {
        let Some(message) = self.message.as_deref() else {
            return;
        };
        if let Some(found) = FC_DENIAL.captures(message) {
            self.action = Some(found[1].to_owned());
            self.resource = Some(found[2].to_owned());
            if let Some(condition) = found.get(3) {
                let pairs = condition.as_str().split(',');
                self.conditions = pairs
                    .filter_map(|pair| pair.trim().split_once('='))
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect();
                self.denial = Some(Denial::Explicit);
            }
        } else if let Some(found) = RAM_DENIAL.captures(message) {
            self.resource = Some(found[1].to_owned());
            self.action = Some(found[2].to_owned());
        }
    }

    fn read_detail(&mut self, detail: &Map<String, Value>) {
        let detail_text = |name: &str| text(detail, &[name]);
        match detail_text("NoPermissionType").as_deref() {
            Some("ExplicitDeny") => self.denial = Some(Denial::Explicit),
            Some("ImplicitDeny") => self.denial = Some(Denial::Implicit),
            _ => {}
        }
        self.policy_type = detail_text("PolicyType");
        self.encoded_diagnostic_message = detail_text("EncodedDiagnosticMessage");
        match (&self.action, detail_text("AuthAction")) {
            (None, said) => self.action = said,
            (Some(action), Some(said)) if !said.eq_ignore_ascii_case(action) => {
                self.other_action = Some(said);
            }
            _ => {}
        }
        let principal = Principal {
            kind: detail_text("AuthPrincipalType"),
            id: detail_text("AuthPrincipalDisplayName"),
            name: None,
            account_id: detail_text("AuthPrincipalOwnerId"),
        };
        self.principal = Some(principal).filter(|principal| *principal != Principal::default());
    }

    /// Whether the platform says that it could not start the function.
    pub fn is_start_failure(&self) -> bool {
        let codes = ["FunctionNotStarted", "CAExited", "CAFileNotFound"];
        let texts = [
            "The function cannot be started",
            "Function instance exited unexpectedly",
            "Function instance health check failed",
        ];
        match (&self.code, &self.message) {
            (Some(code), _) => codes.iter().any(|known| known.eq_ignore_ascii_case(code)),
            (None, Some(message)) => texts.iter().any(|known| message.starts_with(known)),
            (None, None) => false,
        }
    }

    /// The product that refused, as actions name it; `None` when nothing says.
    pub fn product(&self) -> Option<String> {
        let of_action = self.action.as_deref().and_then(|one| one.split(':').next());
        let of_resource = self
            .resource
            .as_deref()
            .and_then(|one| one.split(':').nth(1));
        let of_host = self.host.as_deref().and_then(product_of_host);
        let fc = || {
            let message = self.message.as_deref().unwrap_or_default();
            let own = [
                "FC service",
                "The service or function",
                "function '",
                "service '",
            ];
            let says = own.iter().any(|own| message.starts_with(own)) || self.is_start_failure();
            says.then_some("fc")
        };
        let named = of_action.or(of_resource).or(of_host).or_else(fc)?;
        let plain = |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-';
        let plain = !named.is_empty() && named.len() <= 40 && named.bytes().all(plain);
        plain.then(|| named.to_owned())
    }

    /// Whether the refusal is RAM's word on an action, whatever its code says.
    pub fn is_denial(&self) -> bool {
        self.action.is_some() || self.denial.is_some()
    }
}
