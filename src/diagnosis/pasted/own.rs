//! sesame's own words: the lines that it shows an error in, and the object of `-o json`. Its
//! code says more than what it repeats of the service.

use serde_json::{Map, Value, json};

use super::{Found, Own, Shape, field, hits, record};
use crate::acs::Principal;
use crate::diagnosis::{Code, Reading, codes};
use crate::preflight::Denial;

/// Where a field's value begins on its line.
const VALUE: usize = 12;
/// How many lines an error's fields take at most.
const LINES: usize = 64;
/// The most that a title may hold.
const TITLE: usize = 4 * 1024;

/// A part of a text.
pub(super) enum Piece<'a> {
    Own(Box<Found>),
    Other(&'a str),
}

/// A cleaned text, with sesame's own errors taken out of it. What a function wrote is never one.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let of_functions = hits::of_functions(text);
    let mut pieces = Vec::new();
    let (mut other, mut at) = (0, 0);
    while at < text.len() {
        let line = text[at..].split_inclusive('\n').next().unwrap_or_default();
        let own = match record::region(&of_functions, at) {
            Some(_) => None,
            None => of_lines(&text[at..]).or_else(|| of_json(&text[at..])),
        };
        let Some((found, length)) = own else {
            at += line.len();
            continue;
        };
        pieces.push(Piece::Other(&text[other..at]));
        pieces.push(Piece::Own(Box::new(found)));
        at += length;
        other = at;
    }
    pieces.push(Piece::Other(&text[other..]));
    pieces
}

/// The object of `-o json` that a text begins with, on one line or as `jq` shows it.
fn of_json(text: &str) -> Option<(Found, usize)> {
    let bare = text.strip_prefix('{')?.trim_start();
    let schema = bare.strip_prefix("\"schema\":")?.trim_start();
    if !schema.starts_with("\"sesame.") {
        return None;
    }
    let mut objects = serde_json::Deserializer::from_str(text).into_iter();
    let object: Map<String, Value> = objects.next()?.ok()?;
    Some((of_object(&object)?, objects.byte_offset()))
}

/// The error of an object of `-o json`.
pub(super) fn of_object(object: &Map<String, Value>) -> Option<Found> {
    let error = match field(object, "error") {
        Some(error) => error.as_object()?,
        None => object,
    };
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = codes::find(error.get("code")?.as_str()?)?;
    if error.get("cause")?.as_str() != Some(code.cause.as_str()) {
        return None;
    }
    let principal = error.get("principal").and_then(Value::as_object);
    let principal = principal.map(|principal| {
        let text = |name: &str| principal.get(name)?.as_str().map(str::to_owned);
        Principal {
            kind: text("type"),
            id: text("id"),
            name: text("name"),
            account_id: text("account_id"),
        }
    });
    let why = error.get("why").and_then(Value::as_array);
    let why = why.into_iter().flatten().filter_map(Value::as_str);
    Some(
        Said {
            title: text("title").unwrap_or_default(),
            principal,
            action: text("action"),
            resource: text("resource"),
            policy_type: text("policy_type").or_else(|| why.into_iter().find_map(policy_type)),
            service_code: text("service_code"),
            message: text("said"),
            request_id: text("request_id"),
            shape: Shape::Whole,
        }
        .found(code),
    )
}

/// What one of sesame's errors says.
struct Said {
    title: String,
    principal: Option<Principal>,
    action: Option<String>,
    resource: Option<String>,
    policy_type: Option<String>,
    service_code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    shape: Shape,
}

impl Said {
    fn found(self, code: &'static Code) -> Found {
        let mut body = Map::new();
        body.insert("Code".to_owned(), json!(self.service_code));
        body.insert("Message".to_owned(), json!(self.message));
        let mut reading = Reading::of_body(&body).unwrap_or_default();
        reading.action = self.action.or(reading.action);
        reading.resource = self.resource.or(reading.resource);
        reading.policy_type = self.policy_type;
        reading.principal = self.principal;
        reading.request_id = self.request_id;
        reading.denial = match code.id {
            id if id == codes::EXPLICIT_DENY.id => Some(Denial::Explicit),
            id if id == codes::IMPLICIT_DENY.id => Some(Denial::Implicit),
            _ => None,
        };
        Found {
            status: None,
            reading,
            cause: code.cause,
            shape: self.shape,
            own: Some(Own {
                code,
                title: hits::bounded(&self.title, TITLE).to_owned(),
            }),
        }
    }
}

/// `error[P0001]: …` at the start of a line: how far it is indented, the code and the title.
fn head(line: &str) -> Option<(&str, &'static Code, &str)> {
    // A mail's mark leaves a blank.
    let bare = line.strip_prefix(' ').unwrap_or(line);
    let (id, title) = bare.strip_prefix("error[")?.split_once("]: ")?;
    let code = codes::find(id)?;
    Some((&line[..line.len() - bare.len()], code, title.trim_end()))
}

/// A field's line: its name and value.
fn named<'a>(line: &'a str, indent: &str) -> Option<(&'a str, &'a str)> {
    let rest = line.strip_prefix(indent)?.strip_prefix("  ")?;
    let (name, value) = rest.split_once(':')?;
    let names = ["who", "action", "resource", "why", "said", "request"];
    let known = names.contains(&name) && value.starts_with(' ');
    known.then(|| (name, value.trim()))
}

/// The error that a text begins with, and how long it is.
fn of_lines(text: &str) -> Option<(Found, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let (indent, code, title) = head(first)?;
    let mut values = vec![("title", title.to_owned())];
    let (mut length, mut read) = (first.len(), first.len());
    let mut broken = false;
    // What stands between two fields is a line that a terminal broke.
    let mut between = Vec::new();
    for line in lines.take(LINES) {
        let ends = line.starts_with(['{', '=']) || line.starts_with("hint:");
        if ends || head(line).is_some() {
            break;
        }
        read += line.len();
        let bare = line.strip_prefix(indent).unwrap_or(line);
        let margin = bare.len() - bare.trim_start_matches(' ').len();
        let last = values.last_mut().map(|(name, value)| (*name, value));
        match (named(line, indent), last) {
            (Some((name, value)), last) => {
                if let Some((_, last)) = last {
                    broken |= !between.is_empty();
                    between.drain(..).for_each(|part: &str| last.push_str(part));
                }
                values.push((name, value.to_owned()));
            }
            (None, Some(("said", said))) if margin >= VALUE && between.is_empty() => {
                said.push('\n');
                said.push_str(bare[VALUE..].trim_end());
            }
            (None, _) => {
                between.push(line.trim_end_matches('\n'));
                continue;
            }
        }
        length = read;
    }
    let value = |name: &str| {
        let mut named = values.iter().filter(|(known, _)| *known == name);
        named.next().map(|(_, value)| value.clone())
    };
    let title = value("title").unwrap_or_default();
    let (action, resource) = match (value("action"), value("resource")) {
        (None, None) => pair(&title).unzip(),
        pair => pair,
    };
    if let (Some(action), Some(resource)) = (&action, &resource) {
        // A value that is cut off is not the title's.
        broken |= !title.contains(&format!("`{action}` on `{resource}`"));
    }
    let (service_code, message) = value("said").map(coded).unwrap_or_default();
    let why = values.iter().filter(|(name, _)| *name == "why");
    let said = Said {
        principal: value("who").as_deref().and_then(principal),
        action,
        resource,
        policy_type: why.into_iter().find_map(|(_, why)| policy_type(why)),
        service_code,
        message,
        request_id: value("request"),
        shape: if broken { Shape::Broken } else { Shape::Whole },
        title,
    };
    Some((said.found(code), length))
}

/// The action and the resource that a title names.
fn pair(title: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = title.split('`').collect();
    let found = parts.windows(3).find(|three| three[1] == " on ")?;
    Some((found[0].to_owned(), found[2].to_owned()))
}

/// The service's code, if one is named, and its text.
fn coded(said: String) -> (Option<String>, Option<String>) {
    let plain = |code: &str| {
        code.starts_with(|one: char| one.is_ascii_uppercase())
            && code
                .bytes()
                .all(|one| one.is_ascii_alphanumeric() || b"._-".contains(&one))
    };
    match said.split_once(": ") {
        Some((code, text)) if plain(code) => (Some(code.to_owned()), Some(text.to_owned())),
        _ => (None, Some(said)),
    }
}

/// The kind of policy that decided, as the service names it.
fn policy_type(why: &str) -> Option<String> {
    if let Some(kind) = why.strip_prefix("decided by the caller's policies of kind ") {
        return Some(kind.to_owned());
    }
    let layers = [
        ("no control policy allows it", "ControlPolicy"),
        ("no session policy allows it", "SessionPolicy"),
    ];
    let found = layers.iter().find(|(words, _)| why.starts_with(words));
    found.map(|(_, kind)| (*kind).to_owned())
}

/// A caller, from what [`Principal::describe`] makes of it.
fn principal(who: &str) -> Option<Principal> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if let Some(account) = who.strip_prefix("the main account ") {
        return digits(account).then(|| Principal {
            kind: Some("Account".to_owned()),
            account_id: Some(account.to_owned()),
            ..Principal::default()
        });
    }
    let kinds = [("RAM user", "SubUser"), ("role session", "AssumedRoleUser")];
    let (words, kind) = kinds.iter().find(|(words, _)| who.starts_with(words))?;
    let rest = &who[words.len()..];
    let (name, account) = match rest.split_once(" of account ") {
        Some((name, account)) => (name, Some(account.to_owned())),
        None => (rest, None),
    };
    let name = name.trim().trim_matches('`').to_owned();
    let name = Some(name).filter(|name| !name.is_empty());
    // A session has an id, and so has a user whose name is not known.
    let (id, name) = match name {
        Some(id) if *kind == "AssumedRoleUser" || digits(&id) => (Some(id), None),
        name => (None, name),
    };
    Some(Principal {
        kind: Some((*kind).to_owned()),
        id,
        name,
        account_id: account,
    })
}
