//! What a command ends with when it is not done: who, which action, which resource, why, and
//! what to do next, as data that the output floor renders as text or as JSON.

use std::fmt::Display;
use std::ops::Range;

use serde_json::Value;

use super::{Code, codes};
use crate::acs::credentials::CredentialsError;
pub use crate::acs::files::io_words;
use crate::acs::redact::Redactor;
use crate::acs::rpc::RpcError;
use crate::acs::{EndpointError, Principal, TransportError};
use crate::catalogue::{FillError, LoadError};
use crate::fc::CallError;
use crate::fc::target::TargetError;
use crate::preflight::{Denial, RequirementError};
use crate::ram::closest;

/// A next step. A command is complete and quoted for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What to do.
    pub text: String,
    /// How, when a command does it.
    pub command: Option<String>,
}

impl Hint {
    /// A step in words.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: None,
        }
    }

    /// A step that a command does.
    pub fn command(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: Some(command.into()),
        }
    }
}

/// How much an excerpt weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It is why the command failed.
    Error,
    /// It may be.
    Warning,
    /// It is worth knowing.
    Note,
}

/// A place in a file, to be shown with carets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// How much it weighs.
    pub weight: Weight,
    /// A lint code, when it is a finding.
    pub code: Option<&'static str>,
    /// What is to be seen.
    pub title: String,
    /// The file.
    pub path: String,
    /// The file's text.
    pub source: String,
    /// The bytes to point at, and what to say there; the first is the main one.
    pub labels: Vec<(Range<usize>, String)>,
    /// The way out.
    pub help: Option<String>,
}

/// Why a command is not done.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The stable code.
    pub code: &'static Code,
    /// One line: lower case, no full stop.
    pub title: String,
    /// Who was refused.
    pub principal: Option<Principal>,
    /// Who was refused, in words.
    pub who: Option<String>,
    /// The action that was refused.
    pub action: Option<String>,
    /// The resource that it was refused on.
    pub resource: Option<String>,
    /// Why, in lines.
    pub why: Vec<String>,
    /// What a service or function said, word for word. It is shown as said.
    pub said: Option<String>,
    /// Places in files.
    pub excerpts: Vec<Excerpt>,
    /// The service's own code.
    pub service_code: Option<String>,
    /// Which way RAM denied.
    pub denial: Option<Denial>,
    /// The kind of policy that denied.
    pub policy_type: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// The policy that would let the call through.
    pub suggested_policy: Option<Value>,
    /// Whom to attach it to.
    pub attach_to: Option<String>,
    /// What to do next.
    pub hints: Vec<Hint>,
}

impl Failure {
    /// A failure with nothing but its title.
    pub fn new(code: &'static Code, title: impl Display) -> Self {
        Self {
            code,
            title: title.to_string(),
            principal: None,
            who: None,
            action: None,
            resource: None,
            why: Vec::new(),
            said: None,
            excerpts: Vec::new(),
            service_code: None,
            denial: None,
            policy_type: None,
            request_id: None,
            suggested_policy: None,
            attach_to: None,
            hints: Vec::new(),
        }
    }

    /// Adds a line of why.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.push(why.into());
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(Hint::text(text));
        self
    }
}

impl Failure {
    /// The failure without secrets that somebody's words have brought in.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        let clean = |text: &mut String| *text = redactor.text(text);
        clean(&mut self.title);
        self.why.iter_mut().for_each(clean);
        let fields = [
            &mut self.who,
            &mut self.action,
            &mut self.resource,
            &mut self.said,
            &mut self.service_code,
            &mut self.policy_type,
            &mut self.request_id,
            &mut self.attach_to,
        ];
        fields.into_iter().flatten().for_each(clean);
        if let Some(principal) = &mut self.principal {
            let fields = [
                &mut principal.kind,
                &mut principal.id,
                &mut principal.name,
                &mut principal.account_id,
            ];
            fields.into_iter().flatten().for_each(clean);
        }
        for hint in &mut self.hints {
            clean(&mut hint.text);
            hint.command.iter_mut().for_each(clean);
        }
        self
    }
}

/// Quotes an argument for a POSIX shell.
pub fn shell_quoted(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@,+".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// A name that RAM takes for a policy: letters, digits and `-`, room left for a number.
pub fn policy_name(wanted: &str) -> String {
    let kept = wanted.chars().map(|one| {
        if one.is_ascii_alphanumeric() {
            one
        } else {
            '-'
        }
    });
    kept.take(120).collect()
}

impl From<Box<Failure>> for Failure {
    fn from(failure: Box<Failure>) -> Self {
        *failure
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        match &error {
            CredentialsError::NotFound { attempts } => {
                let mut failure = Self::new(codes::NO_CREDENTIALS, &error);
                failure.why = attempts
                    .iter()
                    .map(|attempt| format!("{}: {}", attempt.source, attempt.why))
                    .collect();
                failure
                    .hint(
                        "set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` \
                         (and `ALIBABA_CLOUD_SECURITY_TOKEN` for temporary credentials), \
                         or run `aliyun configure`",
                    )
                    .with_hint(Hint::command(
                        "no account is needed to try",
                        "sesame invoke --sandbox --function-name hello",
                    ))
            }
            CredentialsError::Broken { way_out, .. } => {
                Self::new(codes::BROKEN_CREDENTIALS, &error).hint(way_out)
            }
            CredentialsError::Unknown {
                what,
                name,
                why,
                known,
            } => {
                let mut failure = Self::new(codes::IDENTITY, &error);
                failure.why.clone_from(why);
                if *what == "alias" {
                    failure = failure.hint("with `--sandbox`, `-a` names one of its identities");
                }
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                match (closest(name, &names), &*names) {
                    (Some(meant), _) => failure.hint(format!("did you mean `{meant}`?")),
                    (None, []) => failure.hint(match *what {
                        "profile" => "`aliyun configure --profile NAME` writes one",
                        _ => "`s config add -a NAME` writes one",
                    }),
                    (None, names) => failure.hint(format!("there is `{}`", names.join("`, `"))),
                }
            }
            CredentialsError::Sts { source_name, error } => {
                let asked = format!("sesame asked STS for the credentials from {source_name}");
                Self::of_rpc(error.clone(), &asked)
            }
            CredentialsError::NotAsked { .. } => Self::new(codes::NO_CREDENTIALS, &error),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let (code, hint) = match &error {
            TargetError::Name { part, .. } => (
                codes::NAME,
                format!(
                    "change `{}`: names are letters, digits, `_` and `-`, at most 128 of them",
                    part.flag()
                ),
            ),
            TargetError::Region(region) => {
                let lower = region.to_ascii_lowercase();
                let known = crate::fc::region::is_known(&lower);
                (
                    codes::REGION,
                    if known {
                        format!("region ids are in lower case: `{lower}`")
                    } else {
                        "give `--region` or `ALIBABA_CLOUD_REGION_ID` a region id like `cn-hangzhou`".to_owned()
                    },
                )
            }
            TargetError::Account(_) => (
                codes::ACCOUNT,
                "change `--account-id`: it is shown in the console under the account's picture; a RAM user's id is \
                 another number"
                    .to_owned(),
            ),
            TargetError::Generation { api } => (
                codes::API_VERSION,
                if api.has_services() {
                    "pass `--service-name`, or leave `--sdk-version` out for a function of FC 3.0"
                        .to_owned()
                } else {
                    "leave `--service-name` out, or leave `--sdk-version` out for a function of FC 2.0"
                    .to_owned()
                },
            ),
        };
        Self::new(code, &error).hint(hint)
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        let hint = match &error {
            EndpointError::PlainHttp(address) => {
                format!(
                    "use `{}`, or pass `--allow-http`",
                    address.replacen("http:", "https:", 1)
                )
            }
            _ => {
                "pass a scheme, a host and perhaps a port, like `http://127.0.0.1:9797`".to_owned()
            }
        };
        Self::new(codes::ENDPOINT, &error).hint(hint)
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let (code, hint) = match &error {
            TransportError::Refused { .. } => (
                codes::UNREACHABLE,
                "check the address and that something listens there",
            ),
            TransportError::Unresolved { .. } => (
                codes::UNREACHABLE,
                "check the region, the account id and the name server; `--vpc` is for inside Alibaba Cloud only",
            ),
            TransportError::Unreachable { .. } | TransportError::ConnectTimeout { .. } => (
                codes::UNREACHABLE,
                "check the network, the proxy variables (`HTTPS_PROXY`) and the region; `--connect-timeout` waits longer",
            ),
            TransportError::Tls { .. } => (
                codes::TLS,
                "behind a proxy that opens TLS, pass `--system-certs` or set `SSL_CERT_FILE` to its certificate",
            ),
            TransportError::Interrupted { .. } => (
                codes::INTERRUPTED,
                "the function may have run: look at its log before you call again",
            ),
            TransportError::NotHttp { .. } => (
                codes::NOT_FC,
                "check the address: what listens there is not Function Compute",
            ),
            TransportError::Certificates { .. } => (
                codes::TLS,
                "`SSL_CERT_FILE` must name a file with certificates in PEM form",
            ),
            TransportError::Unsendable { .. } => (
                codes::ENDPOINT,
                "check the names, the endpoint and the proxy variables",
            ),
        };
        Self::new(code, &error).hint(hint)
    }
}

impl From<RequirementError> for Failure {
    fn from(error: RequirementError) -> Self {
        let hint = match &error {
            RequirementError::NoAccount => {
                return Self::new(codes::ACCOUNT, &error).hint("pass `--account-id`");
            }
            RequirementError::NoTemplate { near, .. } if !near.is_empty() => {
                let near = near.join("`, `");
                return Self::new(codes::TEMPLATE, &error).hint(format!("did you mean `{near}`?"));
            }
            RequirementError::NoTemplate { .. } => "`sesame policy templates` lists them",
            RequirementError::Fill(FillError::Missing { .. }) => {
                "give it with `--set NAME=VALUE`, or with the target's own flag"
            }
            RequirementError::Fill(_) => "`sesame policy templates NAME` shows the template",
        };
        Self::new(codes::TEMPLATE, &error).hint(hint)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        let title = match &error {
            LoadError::Read { source, .. } => format!("{error}: {}", io_words(source)),
            _ => error.to_string(),
        };
        Self::new(codes::TEMPLATES, title).hint(
            "`--templates` names a folder laid out as sesame's own `policies/`: `index.json`, `fc2/NAME.json`, `fc3/NAME.json`",
        )
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        error.transport.into()
    }
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::of_rpc(error, "sesame asked STS for the account id")
            .hint("`--account-id` spares the question")
    }
}

impl Failure {
    /// A call of STS that a command needs before its own.
    pub(crate) fn of_rpc(error: RpcError, asked: &str) -> Self {
        match error {
            RpcError::Transport(error) => {
                let interrupted = matches!(error, TransportError::Interrupted { .. });
                let mut failure = Self::from(error);
                if interrupted {
                    // Its words are about a function.
                    failure.hints.clear();
                }
                failure.because(asked)
            }
            RpcError::Refused { action, refusal } => {
                super::refused(&refusal, &super::Call::default())
                    .because(format!("{asked} (`{action}`)"))
            }
            RpcError::Unreadable { .. } => Self::new(codes::NOT_FC, &error)
                .because(asked)
                .hint("check `--sts-endpoint` and `--endpoint`"),
        }
    }
}

impl Failure {
    /// Adds a next step.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::shell_quoted;

    #[test]
    fn a_shell_sees_one_argument() {
        assert_eq!(shell_quoted("hello-1"), "hello-1");
        assert_eq!(shell_quoted(""), "''");
        assert_eq!(shell_quoted("a'b $(c)"), r"'a'\''b $(c)'");
        assert_eq!(shell_quoted("*"), "'*'");
    }
}
