//! The places of a text at which a field, a phrase of the platform or an SDK's way of saying
//! stands. Each pass is linear, and what is read behind a place is bounded.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;

/// The most that a value may hold.
const VALUE: usize = 4 * 1024;
/// The most that a value without quotation marks may hold.
const UNQUOTED: usize = 1024;
/// The most that an encoded message may hold.
const ENCODED: usize = 16 * 1024;

/// The most that the object of one refusal holds.
const BLOCK: usize = 8 * 1024;

/// What a field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Code,
    Message,
    ErrorMessage,
    RequestId,
    Host,
    Status,
    /// A function's error has it, no platform's.
    OfFunction,
    /// `X-Fc-Error-Type` of a header.
    ErrorTypeHeader,
    /// One of `AccessDeniedDetail`, by its name.
    Detail(&'static str),
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Field(Field),
    /// A phrase of [`PHRASES`], by its index.
    Phrase(usize),
    /// An SDK's words.
    Sdk,
}

/// A place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) start: usize,
    /// Where the value begins, or the phrase ends.
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// What a value of a field is, and how it stands there.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Its end was not found.
    pub(super) open: bool,
}

/// `FC`'s and the gateway's own sentences: how they begin, and how they are shown.
pub(super) const PHRASES: &[(&str, &str)] = &[
    ("the caller is not authorized to perform", ""),
    (
        "You are not authorized to do this action",
        "You are not authorized to do this action.",
    ),
    ("the difference between the request time", ""),
    ("Function timed out after", "Function timed out after"),
    (
        "Process exited unexpectedly before completing request",
        "Process exited unexpectedly before completing request",
    ),
    (
        "FC service is not enabled for current user",
        "FC service is not enabled for current user.",
    ),
    (
        "The service or function doesn",
        "The service or function doesn't belong to you.",
    ),
    (
        "the access key ID is disabled",
        "the access key ID is disabled",
    ),
    (
        "required HTTP header Date was not specified",
        "required HTTP header Date was not specified",
    ),
    (
        "required HTTP header Authorization was not specified",
        "required HTTP header Authorization was not specified",
    ),
    ("invalid authorization ''", "invalid authorization ''"),
    ("invalid access key ID", "invalid access key ID"),
    (
        "Specified access key is not found",
        "Specified access key is not found.",
    ),
    (
        "Specified access key is disabled",
        "Specified access key is disabled.",
    ),
    (
        "The request signature we calculated does not match",
        "The request signature we calculated does not match the signature you provided.",
    ),
    (
        "Specified signature is not matched with our calculation",
        "Specified signature is not matched with our calculation.",
    ),
    (
        "User not authorized to operate on the specified resource",
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    (
        "Specified SecurityToken is expired",
        "Specified SecurityToken is expired.",
    ),
    (
        "Specified SecurityToken is malformed",
        "Specified SecurityToken is malformed.",
    ),
    (
        "Specified time stamp or date value is expired",
        "Specified time stamp or date value is expired.",
    ),
    (
        "The function cannot be started",
        "The function cannot be started.",
    ),
    (
        "Function instance exited unexpectedly",
        "Function instance exited unexpectedly",
    ),
    (
        "Function instance health check failed on port",
        "Function instance health check failed on port",
    ),
];

pub(super) const DENIAL: usize = 0;
pub(super) const RAM_DENIAL: usize = 1;
pub(super) const SKEW: usize = 2;
/// Phrases that a function's own error has.
pub(super) const OF_FUNCTION: [usize; 2] = [3, 4];

/// The fields' names, as they are told apart from other words.
const NAMES: &str = concat!(
    "err(?:or)?[ _-]?code|error[ _-]?message|err(?:or)?[ _-]?msg|error[ _-]?type|stack[ _-]?trace|code|message|msg",
    "|(?:x-fc-|x-acs-)?request[ _-]?id|host[ _-]?id|http[ _-]?status(?:[ _-]?code)?|status(?:[ _-]?code)?",
    "|x-fc-error-type|no[ _-]?permission[ _-]?type|policy[ _-]?type|auth[ _-]?action",
    "|auth[ _-]?principal[ _-]?type|auth[ _-]?principal[ _-]?owner[ _-]?id",
    "|auth[ _-]?principal[ _-]?display[ _-]?name|encoded[ _-]?diagnostic[ _-]?message",
);

const KEYS: &str = concat!(
    r"(?:(?i-u:\b(?:KEYS))|错误码|错误代码|错误信息|错误消息|请求 ?(?i-u:id))",
    r#"(?:\\*["'`])?(?:[ \t\n]*(?:=>|[:=：])|>)[ \t\n]*"#,
);

const SDK: &str = concat!(
    r"(?:\bFC(?P<class>[A-Za-z]+)Error\b)",
    r"|(?:(?P<before>[A-Z][A-Za-z]+(?:\.[A-Z][A-Za-z]+)*):?[ \t\n]+(?:code: ?)(?P<behind>[0-9]{3}),)",
    r"|(?:(?:Client|Server)Exception:[ \t\n]*(?P<java>[A-Z][A-Za-z]+(?:\.[A-Za-z]+)*)[ \t\n]*:)",
    r"|(?:HTTP Status:[ \t]*(?P<core>[0-9]{3})[ \t\n]+Error:[ \t]*(?P<error>[A-Z][A-Za-z]+(?:\.[A-Za-z]+)*))",
    // Our own.
    r"|(?:\bsaid:[ ]+(?P<said>[A-Z][A-Za-z]+(?:\.[A-Za-z]+)*): )",
    r"|(?:failed with (?P<failed>[0-9]{3})\.)",
    r"|(?:\bHTTP/[0-9](?:\.[0-9])? (?P<line>[0-9]{3})\b)",
);

struct Patterns {
    keys: Regex,
    sdk: Regex,
    phrases: Regex,
    marks: Regex,
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles them"
)]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let compiled = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
    // A terminal breaks a line anywhere.
    let spaced = |phrase: &str| -> String {
        let letters = phrase.chars().map(|one| match one {
            ' ' => r"[ \t\n]+".to_owned(),
            '\'' => r"\\*'".to_owned(),
            other => format!(r"{other}(?:\n[ \t]*)?"),
        });
        letters.collect()
    };
    let phrases: Vec<String> = PHRASES.iter().map(|(phrase, _)| spaced(phrase)).collect();
    let broken = |keys: &str| -> String {
        let letters = keys.split_inclusive(|one: char| one.is_ascii_lowercase());
        letters
            .map(
                |piece| match piece.ends_with(|one: char| one.is_ascii_lowercase()) {
                    true => format!("{piece}\n?"),
                    false => piece.to_owned(),
                },
            )
            .collect()
    };
    Patterns {
        keys: compiled(&KEYS.replace("KEYS", &broken(NAMES))),
        sdk: compiled(&SDK.replace(r"\b", r"(?-u:\b)")),
        marks: compiled(
            "FC invoke Logs begin|FC invoke Logs end|Invoke Result|End of method|✔|✖|⌛",
        ),
        phrases: compiled(&format!("(?i-u:{})", phrases.join("|"))),
    }
});

/// A word in lower case, without what may stand between its parts.
fn squeezed(text: &str) -> String {
    let kept = text.chars().filter(|one| !" \t\n_-\\".contains(*one));
    kept.collect::<String>().to_lowercase()
}

fn field(key: &str) -> Option<Field> {
    let name = squeezed(key.split(['"', '\'', '`', ':', '=', '：', '>']).next()?);
    Some(match name.as_str() {
        "errorcode" | "errcode" | "code" | "错误码" | "错误代码" => Field::Code,
        "errormessage" => Field::ErrorMessage,
        "message" | "msg" | "errormsg" | "errmsg" | "错误信息" | "错误消息" => {
            Field::Message
        }
        "requestid" | "xfcrequestid" | "xacsrequestid" | "请求id" => Field::RequestId,
        "hostid" => Field::Host,
        "httpstatus" | "httpstatuscode" | "status" | "statuscode" => Field::Status,
        "errortype" | "stacktrace" => Field::OfFunction,
        "xfcerrortype" => Field::ErrorTypeHeader,
        "nopermissiontype" => Field::Detail("NoPermissionType"),
        "policytype" => Field::Detail("PolicyType"),
        "authaction" => Field::Detail("AuthAction"),
        "authprincipaltype" => Field::Detail("AuthPrincipalType"),
        "authprincipalownerid" => Field::Detail("AuthPrincipalOwnerId"),
        "authprincipaldisplayname" => Field::Detail("AuthPrincipalDisplayName"),
        "encodeddiagnosticmessage" => Field::Detail("EncodedDiagnosticMessage"),
        _ => return None,
    })
}

/// Every place of a text, in order.
pub(super) fn hits(text: &str) -> Vec<Hit> {
    let patterns = &*PATTERNS;
    let mut hits: Vec<Hit> = Vec::new();
    for found in patterns.keys.find_iter(text) {
        let closing_tag = text[..found.start()].ends_with('/') && found.as_str().ends_with('>');
        if let Some(field) = field(found.as_str()).filter(|_| !closing_tag) {
            let (start, end) = (found.start(), found.end());
            hits.push(Hit {
                start,
                end,
                kind: Kind::Field(field),
            });
        }
    }
    let table: Vec<String> = PHRASES.iter().map(|(phrase, _)| squeezed(phrase)).collect();
    for found in patterns.phrases.find_iter(text) {
        let said = squeezed(found.as_str());
        if let Some(index) = table.iter().position(|phrase| *phrase == said) {
            let (start, end) = (found.start(), found.end());
            hits.push(Hit {
                start,
                end,
                kind: Kind::Phrase(index),
            });
        }
    }
    for found in patterns.sdk.find_iter(text) {
        let (start, end) = (found.start(), found.end());
        hits.push(Hit {
            start,
            end,
            kind: Kind::Sdk,
        });
    }
    hits.sort_by_key(|hit| hit.start);
    hits
}

/// Where a function speaks, in order: its log, and the result of a call that went through.
pub(super) fn of_functions(text: &str) -> Vec<Range<usize>> {
    let mut regions = Vec::new();
    let mut open: Option<(usize, bool)> = None;
    for mark in PATTERNS.marks.find_iter(text) {
        open = match (mark.as_str(), open) {
            ("FC invoke Logs begin", None) => Some((mark.start(), true)),
            ("Invoke Result", None) => Some((mark.start(), false)),
            ("FC invoke Logs end", Some((start, true)))
            | ("✔" | "✖" | "⌛" | "End of method", Some((start, false))) => {
                regions.push(start..mark.start());
                None
            }
            (_, open) => open,
        };
    }
    regions.extend(open.map(|(start, _)| start..text.len()));
    regions
}

/// The objects of a text, in order: the outermost pairs of braces that hold no more than one
/// refusal could.
pub(super) fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut open = Vec::new();
    let mut pairs: Vec<Range<usize>> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => {
                let start = open.pop();
                pairs.extend(
                    start
                        .map(|start| start..at)
                        .filter(|pair| pair.len() <= BLOCK),
                );
            }
            _ => {}
        }
    }
    pairs.sort_by_key(|pair| pair.start);
    let mut end = 0;
    pairs.retain(|pair| {
        let outer = pair.start >= end;
        if outer {
            end = pair.end;
        }
        outer
    });
    pairs
}

/// The code and the status that an SDK's words hold.
pub(super) fn of_sdk(words: &str) -> (Option<String>, Option<u16>) {
    let Some(found) = PATTERNS.sdk.captures(words) else {
        return (None, None);
    };
    let named = |names: &[&str]| {
        let mut groups = names.iter().filter_map(|name| found.name(name));
        groups.next().map(|group| group.as_str().to_owned())
    };
    let words = [
        "Message",
        "Error",
        "Data",
        "Description",
        "Exception",
        "undefined",
    ];
    let code = named(&["class", "before", "java", "error", "said"]);
    let code = code.filter(|code| !words.contains(&code.as_str()));
    let status = named(&["behind", "core", "failed", "line"]);
    let status = status.and_then(|status| status.parse().ok());
    (code, status.filter(|status| (400..600).contains(status)))
}

/// The longest start of a text with at most so many bytes.
pub(super) fn bounded(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The value that begins at a place.
pub(super) fn value(text: &str, start: usize, field: Field) -> Raw {
    let long = matches!(field, Field::Detail("EncodedDiagnosticMessage"));
    let rest = bounded(&text[start..], if long { ENCODED } else { VALUE });
    // `u'…'` and `b'…'` of Python.
    let sign = usize::from(
        rest.len() > 1
            && b"ub".contains(&rest.as_bytes()[0])
            && b"'\"".contains(&rest.as_bytes()[1]),
    );
    let slashes = rest[sign..]
        .bytes()
        .take_while(|byte| *byte == b'\\')
        .count();
    let quote = rest[sign + slashes..].chars().next();
    if let Some(quote) = quote.filter(|one| "\"'`“".contains(*one)) {
        let from = sign + slashes + quote.len_utf8();
        let end = closing(&rest[from..], slashes, quote);
        let inner = &rest[from..from + end.unwrap_or(rest.len() - from)];
        return Raw {
            text: unescaped(inner),
            end: start + from + inner.len(),
            quoted: true,
            open: end.is_none(),
        };
    }
    let message = matches!(field, Field::Message | Field::ErrorMessage);
    let rest = if long { rest } else { bounded(rest, UNQUOTED) };
    let tagged = text[..start].trim_end().ends_with('>');
    let length = if message {
        let line = rest.find('\n').unwrap_or(rest.len());
        let tag = tagged.then(|| rest[..line].find('<')).flatten();
        tag.unwrap_or(line)
    } else {
        let kept = |one: char| one.is_ascii_alphanumeric() || "._:/+=*@-".contains(one);
        rest.find(|one| !kept(one)).unwrap_or(rest.len())
    };
    let text = rest[..length].trim();
    let text = if message {
        text
    } else {
        text.trim_end_matches(['.', ':'])
    };
    Raw {
        text: text.to_owned(),
        end: start + length,
        quoted: false,
        open: start + length >= start + rest.len(),
    }
}

/// Where a quotation ends: at its mark with as many backslashes as at its start.
fn closing(text: &str, slashes: usize, quote: char) -> Option<usize> {
    let quote = if quote == '“' { '”' } else { quote };
    let mut run = 0;
    for (at, one) in text.char_indices() {
        match one {
            '\\' => run += 1,
            _ if one == quote && (run == slashes || (slashes == 0 && run % 2 == 0)) => {
                return Some(at - run.min(slashes));
            }
            _ => run = 0,
        }
    }
    None
}

/// A quoted value as it was before it was quoted.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut read = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(one) = characters.next() {
        match (one, characters.as_str().chars().next()) {
            ('\\', Some(next)) if "\\\"'/nrt".contains(next) => {
                characters.next();
                read.push(match next {
                    'n' => '\n',
                    'r' | 't' => ' ',
                    other => other,
                });
            }
            _ => read.push(one),
        }
    }
    read
}
