//! The register of everything that can be found in a policy document.
//!
//! Each code is stable: it is never given a new meaning and never used again. The short
//! code is for people to look up, the long name for machines to match on. Codes up to
//! L0049 come from reading a document, those from L0050 on from looking at its meaning.

use super::finding::Severity;

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LintCode {
    /// Stable code, for example `L0001`.
    pub code: &'static str,
    /// Stable name, for example `JSON_SYNTAX_ERROR`.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it matters and what to do about it.
    pub explanation: &'static str,
    /// The smallest text that shows it.
    pub example: &'static str,
}

/// The entry for a code (`L0001`) or a name (`JSON_SYNTAX_ERROR`), in any letter case.
#[must_use]
pub fn find_code(code: &str) -> Option<&'static LintCode> {
    CODES.iter().find(|known| {
        known.code.eq_ignore_ascii_case(code) || known.name.eq_ignore_ascii_case(code)
    })
}

macro_rules! codes {
    ($($name:ident $code:literal $severity:ident $title:literal $explanation:literal $example:literal)*) => {
        $(pub(crate) const $name: LintCode = LintCode {
            code: $code,
            name: stringify!($name),
            severity: Severity::$severity,
            title: $title,
            explanation: $explanation,
            example: $example,
        };)*

        /// Every code, by number.
        pub const CODES: &[LintCode] = &[$($name),*];
    };
}

codes! {
    JSON_SYNTAX_ERROR "L0001" Error
        "the text is not JSON"
        "RAM takes RFC 8259 JSON: no comments, no trailing commas, keys and strings in double quotes. The document is read to its end all the same, so that every fault is shown at once."
        r#"{"Version": "1", "Statement": [],}"#
    INVALID_ENCODING "L0002" Error
        "the file is not UTF-8"
        "A policy is UTF-8 text. Files saved as UTF-16 or in a local code page must be saved again as UTF-8."
        "a file that begins with the bytes FF FE"
    JSON_TOO_DEEP "L0003" Error
        "brackets are nested too deep"
        "A policy needs six levels of nesting. Anything past 64 is not read."
        "[[[[[…]]]]]"
    BYTE_ORDER_MARK "L0004" Note
        "the file begins with a byte order mark"
        "The mark is skipped here. Other tools may take it for a part of the document."
        "EF BB BF before the first brace"
    LONE_SURROGATE "L0005" Error
        "half of a surrogate pair"
        "A `\\u` escape between D800 and DFFF is no character unless it stands in a pair. The text that it was meant to be cannot be known."
        r#"{"Action": "fc:\ud800"}"#
    DUPLICATE_KEYS "L0006" Error
        "a key stands twice in one object"
        "RAM does not say which of the two counts, so nothing can be said about the document."
        r#"{"Effect": "Deny", "Effect": "Allow"}"#
    DUPLICATE_KEYS_WITH_DIFFERENT_CASE "L0007" Warning
        "two keys differ by letter case only"
        "Whether RAM tells the letter case of condition keys apart is not documented. Merge the two entries."
        r#"{"StringEquals": {"acs:Service": "a", "acs:service": "b"}}"#
    DOCUMENT_TOO_BIG "L0008" Error
        "the file is too big to be a policy"
        "RAM takes 6,144 characters. A file of more than a mebibyte is not read at all."
        "a log file given by mistake"
    MISSING_VERSION "L0010" Error
        "the document has no `Version`"
        "`Version` is required, and its only value is `\"1\"`."
        r#"{"Statement": []}"#
    INVALID_VERSION "L0011" Error
        "`Version` is not `\"1\"`"
        "The policy language of RAM has one version, `\"1\"`. A date such as `2012-10-17` belongs to another cloud."
        r#"{"Version": "2012-10-17", "Statement": []}"#
    MISSING_STATEMENT "L0012" Error
        "the document has no `Statement`"
        "`Statement` holds the list of statements and is required."
        r#"{"Version": "1"}"#
    STATEMENT_NOT_A_LIST "L0013" Warning
        "`Statement` is one object, not a list"
        "The grammar has a list. One object is read here as a list of one; whether RAM takes it is not documented."
        r#"{"Version": "1", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#
    EMPTY_ARRAY_STATEMENT "L0014" Warning
        "`Statement` is an empty list"
        "The document grants nothing and denies nothing."
        r#"{"Version": "1", "Statement": []}"#
    MISSING_EFFECT "L0015" Error
        "a statement has no `Effect`"
        "Each statement says `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`."
        r#"{"Action": "fc:*", "Resource": "*"}"#
    INVALID_EFFECT "L0016" Error
        "`Effect` is neither `Allow` nor `Deny`"
        "The two values are written exactly so, with a capital letter."
        r#"{"Effect": "allow", "Action": "fc:*", "Resource": "*"}"#
    MISSING_ACTION "L0017" Error
        "a statement has no `Action`"
        "Each statement has one of `Action` and `NotAction`."
        r#"{"Effect": "Allow", "Resource": "*"}"#
    MISSING_RESOURCE "L0018" Error
        "a statement has no `Resource`"
        "Each statement of an identity policy names its resources, at least `\"*\"`. Only a role's trust policy, which has a `Principal`, has none."
        r#"{"Effect": "Allow", "Action": "fc:*"}"#
    INVALID_POLICY_ELEMENT "L0019" Error
        "an element that the policy language does not have"
        "Element names are exact, letter case included. An element that RAM does not know cannot be relied on to restrict anything."
        r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Conditions": {}}"#
    UNSUPPORTED_ELEMENT_COMBINATION "L0020" Error
        "two elements exclude each other"
        "A statement has one of `Action` and `NotAction`, and one of `Resource` and `NotResource`."
        r#"{"Effect": "Allow", "Action": "fc:Get*", "NotAction": "fc:List*", "Resource": "*"}"#
    UNSUPPORTED_PRINCIPAL "L0021" Error
        "a `Principal` that cannot stand here"
        "An identity policy has no `Principal`: it speaks of whom it is attached to. In a role's trust policy it is an object with `RAM`, `Service` or `Federated`, and there is no `Resource`."
        r#"{"Effect": "Allow", "Principal": {"RAM": "*"}, "Action": "fc:*", "Resource": "*"}"#
    DATA_TYPE_MISMATCH "L0022" Error
        "a value of the wrong type"
        "Values in a policy are strings or lists of strings; conditions are objects."
        r#"{"Effect": "Allow", "Action": 5, "Resource": "*"}"#
    EMPTY_ARRAY_ACTION "L0023" Error
        "an empty list of actions"
        "What RAM makes of an empty list is not documented, so the statement is never relied on."
        r#"{"Effect": "Deny", "Action": [], "Resource": "*"}"#
    EMPTY_ARRAY_RESOURCE "L0024" Error
        "an empty list of resources"
        "What RAM makes of an empty list is not documented, so the statement is never relied on."
        r#"{"Effect": "Deny", "Action": "fc:*", "Resource": []}"#
    EMPTY_ARRAY_CONDITION "L0025" Error
        "an empty list of condition values"
        "What RAM makes of an empty list is not documented, so the condition counts as unknown."
        r#"{"IpAddress": {"acs:SourceIp": []}}"#
    EMPTY_OBJECT_CONDITION "L0026" Warning
        "an empty condition"
        "What RAM makes of `\"Condition\": {}` is not documented, so the condition counts as unknown. Remove it, or write what was meant."
        r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {}}"#
    NOT_RESOURCE_UNDOCUMENTED "L0027" Warning
        "`NotResource` is not documented"
        "It stood in the old published grammar and is gone from today's. What a statement with it does is not known, so no verdict relies on it. Name the resources in `Resource` instead."
        r#"{"Effect": "Deny", "Action": "fc:*", "NotResource": "acs:fc:*:*:functions/a"}"#
    SID_NOT_IN_GRAMMAR "L0028" Note
        "`Sid` is not in RAM's grammar"
        "It does nothing. Statements are named by their policy and their number."
        r#"{"Sid": "one", "Effect": "Allow", "Action": "fc:*", "Resource": "*"}"#
    EMPTY_OBJECT_OPERATOR "L0029" Warning
        "a condition operator without a key"
        "What RAM makes of an operator that tests nothing is not documented, so the condition counts as unknown. Remove it, or write what was meant."
        r#"{"Condition": {"StringEquals": {}}}"#
    INVALID_CONDITION_OPERATOR "L0030" Error
        "a condition operator that RAM does not have"
        "RAM has 21 operators, named exactly so. `…IfExists`, `ForAnyValue:`, `ForAllValues:` and `Null` belong to another cloud. A condition with an unknown operator counts as unknown."
        r#"{"StringEqualsIfExists": {"acs:Service": "fc.aliyuncs.com"}}"#
    UNQUOTED_CONDITION_VALUE "L0031" Warning
        "a condition value without quotes"
        "Numbers, dates, addresses and truth values are written as strings. Whether RAM takes them bare is not documented, so the condition counts as unknown."
        r#"{"Bool": {"acs:SecureTransport": true}}"#
    TYPE_MISMATCH_NUMBER "L0032" Error
        "not a number"
        "A numeric operator compares decimal numbers such as `10` or `-2.5`. With anything else the condition counts as unknown."
        r#"{"NumericLessThan": {"oss:MaxKeys": "ten"}}"#
    TYPE_MISMATCH_DATE "L0033" Error
        "not a date"
        "A date operator compares instants such as `2026-11-22T08:30:00Z`. With anything else the condition counts as unknown."
        r#"{"DateLessThan": {"acs:CurrentTime": "tomorrow"}}"#
    DATE_FORM_UNDOCUMENTED "L0034" Warning
        "a date that is not in the documented form"
        "RAM documents `YYYY-MM-DDThh:mm:ssZ`. What it makes of offsets, bare dates and epoch seconds is not documented, so the condition counts as unknown."
        r#"{"DateLessThan": {"acs:CurrentTime": "2026-11-22T08:30:00+08:00"}}"#
    TYPE_MISMATCH_BOOLEAN "L0035" Error
        "neither `true` nor `false`"
        "`Bool` compares `true` and `false`. With anything else the condition counts as unknown."
        r#"{"Bool": {"acs:MFAPresent": "yes"}}"#
    BOOLEAN_CASE "L0036" Warning
        "a truth value in capital letters"
        "Whether RAM heeds the letter case of `true` and `false` is not documented. Write them in small letters."
        r#"{"Bool": {"acs:MFAPresent": "True"}}"#
    TYPE_MISMATCH_IP_RANGE "L0037" Error
        "neither an IP address nor a CIDR block"
        "`IpAddress` and `NotIpAddress` compare with addresses such as `203.0.113.7` and blocks such as `203.0.113.0/24`. With anything else the condition counts as unknown."
        r#"{"IpAddress": {"acs:SourceIp": "10.0.0.0/33"}}"#
    SINGLE_CIDR "L0038" Warning
        "a CIDR block that does not stand in a list"
        "An older page says that a single value must be a plain address; newer examples put blocks into a list. Write `[\"10.0.0.0/8\"]`."
        r#"{"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}"#
    INVALID_CONDITION_KEY_FORMAT "L0039" Error
        "a condition key of the wrong form"
        "A condition key is a service's prefix, a colon and a name, such as `acs:SourceIp` or `fc:EnableHTTPTriggerInternet`."
        r#"{"StringEquals": {"SourceIp": "10.0.0.1"}}"#
    INVALID_ACTION "L0050" Error
        "an action that no request can have"
        "An action is a service's code, a colon and an operation: `fc:InvokeFunction`. FC's own are known by name; letter case other than the documented one is reported too."
        r#"{"Action": "InvokeFunction"}"#
    INVALID_SERVICE_IN_ACTION "L0051" Error
        "an action without a service"
        "Before the colon stands the service's code, such as `fc`, or `*`."
        r#"{"Action": ":InvokeFunction"}"#
    INVALID_ARN_PREFIX "L0052" Error
        "a resource that does not begin with `acs:`"
        "A resource is `*`, or `acs:service:region:account:relative-id`."
        r#"{"Resource": "arn:aws:lambda:*:*:function:f"}"#
    INVALID_ARN_FIELDS "L0053" Warning
        "a resource without five fields"
        "`acs:service:region:account:relative-id` has four colons. Whether a `*` swallows a colon is not documented, so `acs:fc:*` counts as unknown. Write `acs:fc:*:*:*`."
        r#"{"Resource": "acs:fc:*"}"#
    INVALID_ARN_SERVICE "L0054" Error
        "a resource of another service than the action's"
        "No request for the statement's actions has a resource of this service, so the statement never applies."
        r#"{"Action": "fc:InvokeFunction", "Resource": "acs:oss:*:*:bucket/*"}"#
    INVALID_ARN_REGION "L0055" Error
        "a resource whose region cannot be one"
        "A region is written in small letters, digits and hyphens, such as `cn-hangzhou`."
        r#"{"Resource": "acs:fc:cn_hangzhou:*:*"}"#
    INVALID_ARN_ACCOUNT "L0056" Error
        "a resource whose account cannot be one"
        "The account is the id of the main account, digits only, or `*`. The id or the name of a RAM user does not belong here."
        r#"{"Resource": "acs:fc:*:me@example:functions/f"}"#
    UNKNOWN_CONDITION_KEY "L0057" Warning
        "a condition key that is not known"
        "The key is not among those that are documented for all services or for this one. A key that a request never has makes a positive condition false and a negated one true."
        r#"{"IpAddress": {"acs:SourceIP4": "10.0.0.1"}}"#
    WILDCARD_WITHOUT_LIKE_OPERATOR "L0058" Warning
        "a wildcard where none is read"
        "`StringEquals` compares letter by letter: `*` and `?` are themselves. Use `StringLike`."
        r#"{"StringEquals": {"acs:UserAgent": "curl/*"}}"#
    VARIABLE_NOT_SUPPORTED "L0059" Warning
        "a policy variable"
        "RAM has no policy variables. `${…}` is plain text."
        r#"{"Resource": "acs:oss:*:*:bucket/${acs:UserName}/*"}"#
    MFA_KEY_ABSENT_FOR_ACCESS_KEY "L0060" Warning
        "`acs:MFAPresent` is absent for AccessKey calls"
        "A call with an AccessKey has no `acs:MFAPresent` at all: neither `true` nor `false` matches, so a Deny for `false` does not stop it."
        r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "false"}}}"#
    POLICY_TOO_LONG "L0061" Warning
        "longer than a custom policy may be"
        "A custom policy holds 6,144 characters, a control policy 4,096. Split it."
        "a document of 7,000 characters"
    REDUNDANT_ACTION "L0062" Note
        "an action that another one covers"
        "It adds nothing. Remove it, or the wider one."
        r#"{"Action": ["fc:*", "fc:GetFunction"]}"#
    REDUNDANT_RESOURCE "L0063" Note
        "a resource that another one covers"
        "It adds nothing. Remove it, or the wider one."
        r#"{"Resource": ["*", "acs:fc:*:*:functions/f"]}"#
    REDUNDANT_STATEMENT "L0064" Note
        "a statement that another one covers"
        "An earlier statement of the same effect already covers it."
        r#"[{"Effect": "Allow", "Action": "fc:*", "Resource": "*"}, {"Effect": "Allow", "Action": "fc:Get*", "Resource": "*"}]"#
    REDUNDANT_CONDITION_VALUE "L0065" Note
        "a condition value that another one covers"
        "It adds nothing. Remove it."
        r#"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "10.1.0.0/16"]}}"#
    PASS_ROLE_WITH_STAR_IN_RESOURCE "L0066" Warning
        "any role may be passed"
        "`ram:PassRole` on every role lets the caller hand any role of the account to a function, and act with it. Name the role, or restrict `acs:Service`."
        r#"{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}"#
    RESOURCE_NOT_FOR_ACTION "L0067" Warning
        "a resource that the action never has"
        "Each action is authorised on a resource of a certain form. On this one the action is never authorised, so the statement does nothing for it."
        r#"{"Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:custom-domains/*"}"#
    LIST_ACTION_NEEDS_STAR "L0068" Warning
        "a list action on a single name"
        "List actions are authorised on the literal resource that ends in `/*`. A statement that names one function does not let its holder list."
        r#"{"Action": "fc:ListFunctions", "Resource": "acs:fc:*:*:functions/f"}"#
    QUALIFIER_FORM_UNCOVERED "L0069" Note
        "one form of the function's name is not covered"
        "A call with a qualifier is authorised on another resource than one without: `services/s.q/functions/f` and `functions/f/q`. Name both forms when both are called."
        r#"{"Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/f"}"#
    ACTION_CASE "L0070" Note
        "an action in unusual letter case"
        "Actions are in most cases compared without regard to letter case. Write them as documented, to be safe."
        r#"{"Action": "fc:invokefunction"}"#
    RESOURCE_CASE "L0071" Warning
        "a resource in unusual letter case"
        "Whether RAM heeds the letter case of resources is not documented. Write `acs`, the service and the region in small letters."
        r#"{"Resource": "ACS:FC:*:*:functions/f"}"#
    UNKNOWN_ACTION "L0072" Warning
        "an action that the service is not known to have"
        "The service's table of actions has no such name, so the statement most likely does nothing for it. The table may be older than the service."
        r#"{"Action": "fc:InvokeFuncton"}"#
    TYPE_MISMATCH_KEY "L0073" Warning
        "an operator that does not suit its key"
        "A key holds text, a date, a truth value or an address, and each has operators of its own. Compared as text, `10.0.0.0/8` matches nothing."
        r#"{"StringEquals": {"acs:SourceIp": "10.0.0.0/8"}}"#
}
