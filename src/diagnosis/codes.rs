//! The stable codes of errors: `P` permission, `C` credentials, `S` service, `F` function,
//! `I` input, `N` network. A code never changes its meaning.

use super::{Cause, Exit};

/// One kind of error.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `P0001`, …
    pub id: &'static str,
    /// The cause that it belongs to.
    pub cause: Cause,
    /// The exit status that it ends with: the cause's own, but for a few.
    pub exit: Exit,
}

/// Defines the codes, one line each.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $id:literal $cause:ident $(=> $exit:ident)?,)+) => {
        $($(#[doc = $doc])+ pub const $name: &Code = &Code {
            id: $id,
            cause: Cause::$cause,
            exit: codes!(@exit $cause $($exit)?),
        };)+
        /// Every code.
        pub const ALL: &[&Code] = &[$($name,)+];
    };
    (@exit $cause:ident) => { Cause::$cause.exit() };
    (@exit $cause:ident $exit:ident) => { Exit::$exit };
}

codes! {
    /// Nothing allows the call.
    IMPLICIT_DENY "P0001" PermissionImplicitDeny,
    /// A Deny applies to the call.
    EXPLICIT_DENY "P0002" PermissionExplicitDeny,
    /// Preflight cannot tell.
    UNDETERMINED "P0003" PermissionUndetermined,
    /// Denied, and the service does not say which way.
    DENIED "P0004" PermissionDenied,
    /// No source has credentials.
    NO_CREDENTIALS "C0001" NoCredentials,
    /// A source has credentials that cannot be used.
    BROKEN_CREDENTIALS "C0002" NoCredentials,
    /// The access key was switched off.
    KEY_DISABLED "C0003" AccessKeyDisabled,
    /// No such access key.
    KEY_NOT_FOUND "C0004" AccessKeyNotFound,
    /// The signature is not the one that the service computes.
    SIGNATURE "C0005" SignatureMismatch,
    /// The security token is not valid.
    TOKEN_INVALID "C0006" SecurityTokenInvalid,
    /// The security token ran out.
    TOKEN_EXPIRED "C0007" SecurityTokenExpired,
    /// This machine's clock is off.
    CLOCK_SKEW "C0008" ClockSkew,
    /// The request came without date or signature.
    AUTHENTICATION_MISSING "C0009" AuthenticationMissing,
    /// The service failed.
    SERVICE_ERROR "S0001" ServiceError,
    /// No such service, function, version, alias or task.
    NOT_FOUND "S0002" ResourceNotFound,
    /// Something is there already, or was changed meanwhile.
    CONFLICT "S0003" Conflict,
    /// The service does not take an argument.
    INVALID_ARGUMENT "S0004" InvalidArgument,
    /// The event is too large.
    PAYLOAD_TOO_LARGE "S0005" PayloadTooLarge,
    /// Too many calls.
    THROTTLED "S0006" Throttled,
    /// Function Compute is not switched on for the account.
    NOT_ACTIVATED "S0007" ServiceNotActivated,
    /// The account in the address is not the key's.
    WRONG_ACCOUNT "S0008" WrongAccount,
    /// The region is not the function's.
    WRONG_REGION "S0009" WrongRegion,
    /// The caller went away before the answer.
    CLIENT_CANCELED "S0010" ClientCanceled,
    /// A refusal that is not known here.
    UNKNOWN "S0011" Unknown,
    /// The function raised an error.
    FUNCTION_ERROR "F0001" FunctionError,
    /// The function ran out of its time.
    FUNCTION_TIMEOUT "F0002" FunctionTimeout,
    /// The function's process ended before it answered.
    FUNCTION_EXITED "F0003" FunctionExited,
    /// The function could not start.
    FUNCTION_START "F0004" FunctionStartFailed,
    /// No connection.
    UNREACHABLE "N0001" NetworkUnreachable,
    /// The connection broke.
    INTERRUPTED "N0002" NetworkInterrupted,
    /// No secure connection.
    TLS "N0003" TlsFailed,
    /// What answers is not Function Compute.
    NOT_FC "N0004" NotFc,
    /// The time limit passed.
    TIMEOUT "N0005" ClientTimeout,
    /// Interrupted by a signal.
    SIGNAL "N0006" ClientCanceled,
    /// The command line cannot be understood.
    USAGE "I0001" InvalidInput,
    /// A name that the service cannot have.
    NAME "I0002" InvalidInput,
    /// The region is missing or has not a region's shape.
    REGION "I0003" InvalidInput,
    /// The account id is missing or not digits.
    ACCOUNT "I0004" InvalidInput,
    /// The event cannot be read.
    EVENT "I0005" InvalidInput,
    /// A policy file cannot be read.
    POLICY_UNREADABLE "I0006" InvalidInput,
    /// A policy file is not a policy.
    POLICY_INVALID "I0007" InvalidInput,
    /// A condition key or value cannot be taken.
    CONTEXT "I0008" InvalidInput,
    /// An endpoint that cannot be used.
    ENDPOINT "I0009" InvalidInput,
    /// No such identity.
    IDENTITY "I0010" InvalidInput,
    /// A file cannot be written.
    OUTPUT "I0011" InvalidInput,
    /// The API version does not fit the target.
    API_VERSION "I0012" InvalidInput,
    /// An asynchronous call's id that the service does not take.
    ASYNC_ID "I0013" InvalidInput,
    /// A setting of the environment cannot be used.
    ENVIRONMENT "I0014" InvalidInput,
    /// Stdout cannot be written.
    STDOUT "I0015" Unknown,
    /// A policy file has findings of severity error.
    LINT "I0016" InvalidInput => Failed,
    /// A file of expectations cannot be read.
    EXPECTATIONS_FILE "I0017" InvalidInput,
    /// An expectation failed.
    EXPECTATION "I0018" InvalidInput => Failed,
    /// Lines of a batch could not be decided.
    BATCH "I0019" InvalidInput,
    /// A stream broke.
    STREAM "I0020" Unknown,
    /// Pairs of action and resource cannot be read.
    PAIRS "I0021" InvalidInput,
    /// No such template.
    TEMPLATE "I0022" InvalidInput,
    /// No policy holds exactly what was asked.
    NOT_SYNTHESISED "I0023" Unknown,
}

/// The code for a cause that a service's refusal has.
pub fn of_refusal(cause: Cause) -> &'static Code {
    let first = ALL.iter().find(|code| code.cause == cause);
    first.copied().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_every_cause_has_a_code() {
        let mut ids: Vec<_> = ALL.iter().map(|code| code.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
        for cause in Cause::ALL {
            assert!(ALL.iter().any(|code| code.cause == *cause), "{cause:?}");
        }
    }
}
