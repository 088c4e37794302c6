//! Takes secrets out of what a service says back: refusals quote the request that they refuse,
//! signature and token included.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::{Credentials, Headers, Secret};

/// What stands where a secret stood.
pub const HIDDEN: &str = "[hidden]";

/// Header fields whose values are never shown.
const HIDDEN_FIELDS: [&str; 3] = [
    "authorization",
    "x-fc-security-token",
    "x-acs-security-token",
];

/// Whether the field's value is never shown.
pub fn is_hidden_field(name: &str) -> bool {
    HIDDEN_FIELDS
        .iter()
        .any(|hidden| name.eq_ignore_ascii_case(hidden))
}

/// Knows what to hide: the secrets of one caller, and anything that looks like a signature.
#[derive(Debug)]
pub struct Redactor {
    secrets: Vec<Secret>,
    /// What a signature follows, or begins with.
    heads: Vec<String>,
}

impl Redactor {
    /// Hides the caller's secrets.
    pub fn new(credentials: &Credentials) -> Self {
        let token = credentials.security_token.iter();
        Self {
            secrets: token
                .chain([&credentials.access_key_secret])
                .filter(|secret| !secret.expose().is_empty())
                .cloned()
                .collect(),
            heads: vec![
                format!("{} Credential=", super::acs3::ALGORITHM),
                "Signature=".to_owned(),
                format!("FC {}:", credentials.access_key_id),
            ],
        }
    }

    /// Hides one secret, where nobody signs.
    pub fn of(secret: &Secret) -> Self {
        Self {
            secrets: vec![secret.clone()],
            heads: vec!["Signature=".to_owned()],
        }
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.expose(), HIDDEN);
        }
        for head in &self.heads {
            text = without_values(&text, head);
        }
        text
    }

    /// The same for a body. In JSON a secret can be written in more ways than one, so its
    /// strings are read first; in other text what is not UTF-8 stays as it is.
    pub fn body(&self, bytes: &Bytes) -> Bytes {
        if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
            let shown = self.value(value.clone());
            return match shown == value {
                true => bytes.clone(),
                false => shown.to_string().into(),
            };
        }
        let mut shown = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            shown.extend_from_slice(self.text(chunk.valid()).as_bytes());
            shown.extend_from_slice(chunk.invalid());
        }
        shown.into()
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.text(&name), self.value(value)))
                .collect(),
            other => other,
        }
    }

    /// The fields without secrets.
    pub fn headers(&self, headers: &Headers) -> Headers {
        headers
            .iter()
            .map(|(name, value)| match name.to_ascii_lowercase().as_str() {
                _ if is_hidden_field(name) => (name, HIDDEN.to_owned()),
                "x-fc-log-result" => (name, self.encoded(value)),
                _ => (name, self.text(value)),
            })
            .collect()
    }
}

impl Redactor {
    /// A text in base64 without secrets, in base64 again where that changed it.
    fn encoded(&self, value: &str) -> String {
        let Ok(bytes) = STANDARD.decode(value.trim()) else {
            return self.text(value);
        };
        let text = String::from_utf8_lossy(&bytes);
        let shown = self.text(&text);
        match shown == text {
            true => value.to_owned(),
            false => STANDARD.encode(shown),
        }
    }
}

/// The text with what follows each `head`, up to a space or a quotation mark, hidden.
fn without_values(text: &str, head: &str) -> String {
    let mut pieces = text.split(head);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    let end = |character: char| character.is_whitespace() || "'\"`,&".contains(character);
    for piece in pieces {
        if head == "Signature=" {
            shown.push_str(head);
        }
        // The fields of ACS3 are set apart by commas, and all of them go.
        let whole = head.starts_with(super::acs3::ALGORITHM);
        let rest = piece.trim_start_matches(|one| (whole && one == ',') || !end(one));
        shown.push_str(HIDDEN);
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_signatures_are_hidden_wherever_they_stand() {
        let redactor = Redactor::new(&Credentials {
            access_key_id: "id".into(),
            access_key_secret: Secret::new("canary-secret"),
            security_token: Some(Secret::new("canary-token")),
            account_id: None,
            source: "test".into(),
            expires_at: None,
            session_policy: Default::default(),
        });
        let said = "x-acs-security-token:canary-token\nFC id:YWJj+/=, Signature=0a1b,canary-secret";
        assert_eq!(
            redactor.text(said),
            "x-acs-security-token:[hidden]\n[hidden], Signature=[hidden],[hidden]"
        );
        let bodies: [(&[u8], &[u8]); 3] = [
            (br#"{"a":["canary\u002dtoken"]}"#, br#"{"a":["[hidden]"]}"#),
            (b"\xffcanary-token\xff", b"\xff[hidden]\xff"),
            (b"{ \"kept\" : 1 }", b"{ \"kept\" : 1 }"),
        ];
        for (body, shown) in bodies {
            assert_eq!(redactor.body(&Bytes::from_static(body)), shown);
        }
        let log = STANDARD.encode("log of canary-secret");
        let shown = redactor.headers(&Headers::from_iter([("X-Fc-Log-Result", log)]));
        let shown = STANDARD
            .decode(shown.get("x-fc-log-result").unwrap())
            .unwrap();
        assert_eq!(shown, b"log of [hidden]");
        let headers = Headers::from_iter([("Authorization", "FC id:x"), ("x", "canary-token")]);
        let shown: Vec<_> = redactor
            .headers(&headers)
            .iter()
            .map(|(_, value)| value.to_owned())
            .collect();
        assert_eq!(shown, [HIDDEN, HIDDEN]);
    }
}
