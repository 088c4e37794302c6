//! The stable codes of errors: `P` permission, `C` credentials, `S` service, `F` function,
//! `I` input, `N` network (`L` is the lint's, in `ram`). A code never changes its meaning.

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
    /// What it is, in a line.
    pub title: &'static str,
    /// Why it happens and what to do.
    pub explanation: &'static str,
}

/// Defines the codes: name, id, cause, where it differs the exit status, title, explanation.
macro_rules! codes {
    ($($name:ident $id:literal $cause:ident $(=> $exit:ident)? $title:literal $explanation:literal,)+) => {
        $(
            #[doc = $title]
            pub const $name: &Code = &Code {
                id: $id,
                cause: Cause::$cause,
                exit: codes!(@exit $cause $($exit)?),
                title: $title,
                explanation: $explanation,
            };
        )+
        /// Every code.
        pub const ALL: &[&Code] = &[$($name,)+];
    };
    (@exit $cause:ident) => { Cause::$cause.exit() };
    (@exit $cause:ident $exit:ident) => { Exit::$exit };
}

codes! {
    IMPLICIT_DENY "P0001" PermissionImplicitDeny
        "nothing allows the call"
        "RAM denies what no policy allows. sesame names the action and the resource, the statement that comes nearest, and the smallest policy that lifts the denial. An administrator attaches it to the user or role that calls.",
    EXPLICIT_DENY "P0002" PermissionExplicitDeny
        "a Deny applies to the call"
        "A Deny beats every Allow, so granting more does not help. Ask whoever owns the policy that denies for an exception, or call something that it does not cover.",
    UNDETERMINED "P0003" PermissionUndetermined
        "preflight cannot tell whether the call is allowed"
        "The verdict hangs on something that sesame does not know: a condition key (`--context`, `--absent`), a policy that it did not read (`--policy-file`), or what RAM does not document. It never guesses. `--check-perms=enforce` warns and goes on, `strict` stops.",
    DENIED "P0004" PermissionDenied
        "the service denied the call without saying which way"
        "Function Compute 2.0 does not say whether a Deny applies or nothing allows. Check the caller's policies with `--check-perms=only --policy-file`.",
    NO_CREDENTIALS "C0001" NoCredentials
        "no source has credentials"
        "Each source that was asked is listed with what it lacks, in the order of the official libraries: environment, OIDC, the aliyun CLI's profile, the credentials file, Serverless Devs' own, ECS metadata, credentials URI. Set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, and `ALIBABA_CLOUD_SECURITY_TOKEN` for temporary credentials; `--sandbox` needs none.",
    BROKEN_CREDENTIALS "C0002" NoCredentials
        "a source has credentials that cannot be used"
        "A source that is there but incomplete stops the search, so that a call is never signed by somebody else than was meant. The error names the file, the profile and the field. Complete it or remove it.",
    KEY_DISABLED "C0003" AccessKeyDisabled
        "the access key is disabled"
        "Enable it in the RAM console, or use another key of the same user.",
    KEY_NOT_FOUND "C0004" AccessKeyNotFound
        "the access key does not exist"
        "It was deleted, is mistyped, or was temporary and has run out.",
    SIGNATURE "C0005" SignatureMismatch
        "the signature is not the one that the service computes"
        "Nearly always the secret does not belong to the access key id, or carries a space or a line break.",
    TOKEN_INVALID "C0006" SecurityTokenInvalid
        "the security token is not valid for the access key"
        "Key, secret and token must come from the same answer of STS.",
    TOKEN_EXPIRED "C0007" SecurityTokenExpired
        "the temporary credentials have run out"
        "Fetch new ones; their lifetime is chosen when the role is assumed.",
    CLOCK_SKEW "C0008" ClockSkew
        "this machine's clock is off"
        "The service takes requests within 15 minutes of its own clock. Set this machine's.",
    AUTHENTICATION_MISSING "C0009" AuthenticationMissing
        "the request arrived without date or signature"
        "Something between here and the service drops header fields: look at the proxy.",
    SERVICE_ERROR "S0001" ServiceError
        "the service failed"
        "Its own fault. Calls that cannot have run were sent again; if it stays, give Alibaba Cloud the request id.",
    NOT_FOUND "S0002" ResourceNotFound
        "there is no such service, function, version or alias"
        "Check region, names and qualifier. A function of FC 2.0 needs its service, one of FC 3.0 has none.",
    CONFLICT "S0003" Conflict
        "something is there already, or was changed meanwhile"
        "For an asynchronous call: its id was used before.",
    INVALID_ARGUMENT "S0004" InvalidArgument
        "the service does not take an argument"
        "Its own text says which.",
    PAYLOAD_TOO_LARGE "S0005" PayloadTooLarge
        "the event is larger than the service takes"
        "A synchronous call takes 32 MB, an asynchronous one 128 KB. Pass a reference to the data in place of the data.",
    THROTTLED "S0006" Throttled
        "the service takes no more calls for now"
        "sesame sent the call again three times, waiting longer each time. Call later, or ask for a higher limit.",
    NOT_ACTIVATED "S0007" ServiceNotActivated
        "Function Compute is not switched on for the account"
        "The account's owner switches it on in the console. No policy can.",
    WRONG_ACCOUNT "S0008" WrongAccount
        "the account in the address is not the access key's own"
        "Pass the main account's id, not a RAM user's, or leave `--account-id` out.",
    WRONG_REGION "S0009" WrongRegion
        "the region is not the function's"
        "Pass the region that the function is in.",
    CLIENT_CANCELED "S0010" ClientCanceled
        "the caller went away before the answer"
        "The service stopped because nobody waited for the answer.",
    UNKNOWN "S0011" Unknown
        "a refusal that sesame does not know"
        "What the service said is shown as said.",
    FUNCTION_ERROR "F0001" FunctionError
        "the function raised an error"
        "The call was allowed and made. The function's own bytes are on stdout, its log on stderr.",
    FUNCTION_TIMEOUT "F0002" FunctionTimeout
        "the function ran out of its time"
        "Give the function more time in its configuration, or less to do.",
    FUNCTION_EXITED "F0003" FunctionExited
        "the function's process ended before it answered"
        "Often it ran out of memory. Look at its log.",
    FUNCTION_START "F0004" FunctionStartFailed
        "the function could not start"
        "Look at its start command, the port that it listens on, and its log.",
    UNREACHABLE "N0001" NetworkUnreachable
        "no connection"
        "Nothing was sent. Check the address, the region, the name server and the proxy variables.",
    INTERRUPTED "N0002" NetworkInterrupted
        "the connection broke"
        "The function may have run: sesame does not send a call again when that is possible, unless its id makes a second copy harmless.",
    TLS "N0003" TlsFailed
        "no secure connection"
        "The certificate is not trusted, has run out, or is another host's. Behind a proxy that opens TLS, pass `--system-certs` or set `SSL_CERT_FILE`.",
    NOT_FC "N0004" NotFc
        "what answers is not Function Compute"
        "Its answers carry header fields of their own, and this one has none. Check `--endpoint`, and whether a proxy or a login page answers in its place.",
    TIMEOUT "N0005" ClientTimeout
        "the time limit passed"
        "The function may run on. `--timeout` waits longer.",
    SIGNAL "N0006" ClientCanceled
        "interrupted by a signal"
        "A call that was sent is not taken back.",
    USAGE "I0001" InvalidInput
        "the command line cannot be understood"
        "`--help` shows every flag.",
    NAME "I0002" InvalidInput
        "a name that cannot be"
        "Names are letters, digits, `_` and `-`, at most 128 of them. Wildcards are refused because a name stands in a resource as it is.",
    REGION "I0003" InvalidInput
        "the region is missing or has not a region's shape"
        "Pass `--region`, or set `ALIBABA_CLOUD_REGION_ID`. A region that sesame does not know only warns: new ones appear.",
    ACCOUNT "I0004" InvalidInput
        "the account id is missing or not digits"
        "It is the main account's id, shown under the account's picture in the console. A RAM user's id is another number.",
    EVENT "I0005" InvalidInput
        "the event cannot be read"
        "Check the path; `-` is stdin.",
    POLICY_UNREADABLE "I0006" InvalidInput
        "a policy file cannot be read"
        "Check the path and its permissions.",
    POLICY_INVALID "I0007" InvalidInput
        "a policy file is not a policy"
        "Every fault is shown with its place. `sesame explain` says more about each of their codes.",
    CONTEXT "I0008" InvalidInput
        "a condition key or value cannot be taken"
        "`--context KEY=VALUE` gives a key, `--absent KEY` says that the request does not carry it; not both for one key.",
    ENDPOINT "I0009" InvalidInput
        "an endpoint that cannot be used"
        "An endpoint is a scheme, a host and perhaps a port. Plain http to another machine needs `--allow-http`.",
    IDENTITY "I0010" InvalidInput
        "no such identity"
        "`--access` names an alias of Serverless Devs, or with `--sandbox` an identity of the sandbox. `--profile` and `ALIBABA_CLOUD_PROFILE` name a profile of the aliyun CLI.",
    SANDBOX_CONFIG "I0027" InvalidInput
        "the sandbox's configuration cannot be used"
        "It is YAML: the account, the region, users with keys and policies, groups, roles and functions. Everything that is wrong is shown with its place.",
    LISTEN "I0028" InvalidInput
        "the sandbox cannot listen where it should"
        "Another program has the port, or the address is not this machine's. `--listen 127.0.0.1:0` takes any free port.",
    OUTPUT "I0011" InvalidInput
        "a file cannot be written"
        "Check the folder and its permissions. Files are written whole or not at all.",
    API_VERSION "I0012" InvalidInput
        "the API version does not fit the target"
        "2016-08-15 and 2021-04-06 need a service, 2023-03-30 has none. Without `--sdk-version` the names choose.",
    ASYNC_ID "I0013" InvalidInput
        "an id that the service does not take"
        "It begins with a letter or `_`, goes on with letters, digits, `_` and `-`, and has at most 128 of them.",
    ENVIRONMENT "I0014" InvalidInput
        "a variable of the environment cannot be used"
        "Set it to text in UTF-8, or unset it.",
    STDOUT "I0015" Unknown
        "stdout cannot be written"
        "The disk is full, or the stream is closed in another way than a reader that left.",
    LINT "I0016" InvalidInput => Failed
        "a policy file has findings of severity error"
        "Each finding has a code of its own, which `sesame explain` explains.",
    EXPECTATIONS_FILE "I0017" InvalidInput
        "a file of expectations cannot be read"
        "`sesame policy test --help` shows one.",
    EXPECTATION "I0018" InvalidInput => Failed
        "an expectation failed"
        "The policies decide otherwise than the file says. `sesame policy check` shows every statement.",
    BATCH "I0019" InvalidInput
        "lines of a batch could not be decided"
        "Every line is answered; those with an `error` say why.",
    STREAM "I0020" Unknown
        "a stream broke"
        "Reading or writing failed in the middle. What was written before stands.",
    PAIRS "I0021" InvalidInput
        "pairs of action and resource cannot be read"
        "Each line is an object with `action` and `resource`.",
    TEMPLATE "I0022" InvalidInput
        "a template that is not there, or cannot be filled in"
        "Or a placeholder of it has no value, or one that it cannot have. `sesame policy templates` lists the templates.",
    NOT_SYNTHESISED "I0023" Unknown
        "no policy holds exactly what was asked"
        "A generated policy is evaluated before it is printed; this one allowed too much or too little.",
    QUESTION "I0026" InvalidInput
        "not one action on one resource"
        "A verdict is about one action, `service:operation` without wildcards, on one resource: a pattern could cover things that are allowed and things that are not.",
    TEMPLATES "I0025" InvalidInput
        "a folder of templates cannot be used"
        "It is laid out as sesame's own `policies/`; the error names the file and the field.",
    EVENT_KIND "I0040" InvalidInput
        "there is no template for such an event"
        "`sesame event` lists the kinds and their types, in any letter case.",
    EVENT_PATH "I0041" InvalidInput
        "a place in an event that cannot be set"
        "`--set PATH=VALUE` changes what is there: keys with dots between them, indices in brackets, a key with a dot in double quotes. The value takes the type of what it replaces. To add a key, set the object around it, in JSON.",
    FILE_EXISTS "I0042" InvalidInput
        "a file is there already, with other content"
        "What somebody changed in it would be lost. `--force` writes over it.",
    TEXT "I0050" InvalidInput
        "a text to explain cannot be read"
        "`sesame explain FILE` takes up to 1 MiB of text; `-` is stdin. Of a longer log, give the lines around the error.",
    PROJECT_FILE "I0060" InvalidInput
        "a project file cannot be read"
        "It is `s.yaml` or `s.yml` of Serverless Devs, of edition 1.0.0 (`services`) or 3.0.0 (`resources`), from the working folder upward, or the one that `--template` names. A file that was only found is left aside when `--region` and `--function-name` say all; one that was named always counts.",
    PROJECT_VALUE "I0061" InvalidInput
        "a value of a project file that the call needs cannot be known"
        "The place is where it stops: a variable that is not set, a name that leads nowhere, an expression that is no lookup. No expression, plugin or action of the file is ever run. The flag that is named makes the value unnecessary.",
    PROJECT_RESOURCE "I0062" InvalidInput
        "a project file does not have the function that is meant"
        "`sesame invoke RESOURCE` names one by its key under `resources` or `services`, `--function-name` by its function's name; without either, every function of the file is called.",
    PROJECT_NONE "I0063" InvalidInput
        "there is no project file"
        "A resource was named, or every function asked for, and there is no `s.yaml` or `s.yml` in the working folder or above it, up to the repository's root or the home folder. `--template` names one; `--sandbox` takes only such a one.",
    PROJECT_ENDPOINT "I0064" InvalidInput
        "a project file sends the call to a host that nobody allowed"
        "Whoever could write the file would receive what you sign. `--allow-endpoint HOST` allows the host; `--endpoint` says where the call goes in its place.",
    PROPS "I0065" InvalidInput
        "the properties of `--props` cannot be taken"
        "They are one JSON object, as `s cli fc invoke -p` takes it: `region`, `serviceName` or `service.name`, `functionName` or `function.name`, `timeout` or `function.timeout`. Other properties are passed over.",
    DROPPED "I0066" InvalidInput
        "a flag of Serverless Devs that sesame does not take"
        "The error says what to use in its place.",
    NO_CODE "I0024" InvalidInput => Failed
        "nothing was recognised"
        "`sesame explain` alone lists the codes.",
}

/// The code for a cause that a service's refusal has.
pub fn of_refusal(cause: Cause) -> &'static Code {
    let first = ALL.iter().find(|code| code.cause == cause);
    first.copied().unwrap_or(UNKNOWN)
}

/// The code of an id, in any letter case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter()
        .find(|code| code.id.eq_ignore_ascii_case(id))
        .copied()
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

    #[test]
    fn every_code_is_explained_in_the_house_s_style() {
        for code in ALL {
            assert!(!code.title.ends_with('.'), "{}", code.id);
            assert!(code.explanation.ends_with('.'), "{}", code.id);
        }
    }
}
