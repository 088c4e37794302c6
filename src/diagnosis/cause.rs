//! The causes that a failed call can have, and the exit status of each.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Network, a service's 400 or 5xx, anything unexpected.
    Failed = 1,
    /// Usage or invalid input.
    Usage = 2,
    /// The function ran and returned an error.
    Function = 3,
    /// No credentials, or credentials refused.
    Credentials = 4,
    /// Denied, by preflight or by the service.
    Denied = 5,
    /// Undetermined, where the command was asked to decide.
    Undetermined = 6,
    /// No such service, function, version, alias or task.
    NotFound = 7,
    /// Throttled, after the retries.
    Throttled = 8,
    /// The client's own time limit.
    Timeout = 124,
    /// Interrupted (SIGINT).
    Interrupted = 130,
    /// Terminated (SIGTERM).
    Terminated = 143,
}

impl Exit {
    /// The number that the shell sees.
    pub fn status(self) -> u8 {
        self as u8
    }
}

/// Defines [`Cause`] with its name and exit status, one line each.
macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $exit:ident,)+) => {
        /// Why a call failed. The names are stable: `error.cause` of the JSON output.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Cause { $($(#[doc = $doc])+ $variant,)+ }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The exit status that it ends with.
            pub const fn exit(self) -> Exit {
                match self { $(Self::$variant => Exit::$exit,)+ }
            }
        }
    };
}

causes! {
    /// No policy allows it.
    PermissionImplicitDeny "permission_implicit_deny" Denied,
    /// A Deny applies.
    PermissionExplicitDeny "permission_explicit_deny" Denied,
    /// Denied, and the service does not say which way.
    PermissionDenied "permission_denied" Denied,
    /// The account never switched Function Compute on.
    ServiceNotActivated "service_not_activated" Denied,
    /// The account in the address is another one than the key's.
    WrongAccount "wrong_account" Denied,
    /// The region is not the function's.
    WrongRegion "wrong_region" Failed,
    /// The access key was switched off.
    AccessKeyDisabled "access_key_disabled" Credentials,
    /// No such access key.
    AccessKeyNotFound "access_key_not_found" Credentials,
    /// The secret does not belong to the access key.
    SignatureMismatch "signature_mismatch" Credentials,
    /// The security token is not valid for the key.
    SecurityTokenInvalid "security_token_invalid" Credentials,
    /// The security token ran out.
    SecurityTokenExpired "security_token_expired" Credentials,
    /// This machine's clock is off.
    ClockSkew "clock_skew" Credentials,
    /// The request came without its date or its signature.
    AuthenticationMissing "authentication_missing" Credentials,
    /// No such service, function, version, alias or task.
    ResourceNotFound "resource_not_found" NotFound,
    /// Something is there already, or was changed meanwhile.
    Conflict "conflict" Failed,
    /// The service does not take an argument.
    InvalidArgument "invalid_argument" Failed,
    /// The event is larger than the service takes.
    PayloadTooLarge "payload_too_large" Failed,
    /// Too many calls.
    Throttled "throttled" Throttled,
    /// The function raised an error.
    FunctionError "function_error" Function,
    /// The function ran out of its time.
    FunctionTimeout "function_timeout" Function,
    /// The function's process ended before it answered.
    FunctionExited "function_exited" Function,
    /// The function could not start.
    FunctionStartFailed "function_start_failed" Function,
    /// The caller went away before the answer.
    ClientCanceled "client_canceled" Failed,
    /// The service failed.
    ServiceError "service_error" Failed,
    /// Nothing that is known here.
    Unknown "unknown" Failed,
    /// Preflight could not decide and was asked to.
    PermissionUndetermined "permission_undetermined" Undetermined,
    /// Nobody to sign.
    NoCredentials "no_credentials" Credentials,
    /// Usage, or input that cannot be.
    InvalidInput "invalid_input" Usage,
    /// No connection.
    NetworkUnreachable "network_unreachable" Failed,
    /// The connection broke.
    NetworkInterrupted "network_interrupted" Failed,
    /// No secure connection.
    TlsFailed "tls_failed" Failed,
    /// What answers is not Function Compute.
    NotFc "not_fc" Failed,
    /// The client's own time limit.
    ClientTimeout "client_timeout" Timeout,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_statuses_as_documented() {
        let mut names: Vec<_> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        let statuses = [
            (Exit::Done, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Function, 3),
            (Exit::Credentials, 4),
            (Exit::Denied, 5),
            (Exit::Undetermined, 6),
            (Exit::NotFound, 7),
            (Exit::Throttled, 8),
            (Exit::Timeout, 124),
            (Exit::Interrupted, 130),
            (Exit::Terminated, 143),
        ];
        assert!(
            statuses
                .iter()
                .all(|(exit, status)| exit.status() == *status)
        );
    }
}
