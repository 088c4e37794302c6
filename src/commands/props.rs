//! `--props JSON`: the properties of a function as `s cli fc invoke -p` takes them.

use serde_json::Value;

use crate::diagnosis::{Failure, codes};
use crate::project::Selection;

/// What the properties say of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Props {
    region: Option<String>,
    service: Option<String>,
    function: Option<String>,
    qualifier: Option<String>,
    /// The function's own timeout in seconds.
    pub(super) timeout: Option<u32>,
    pub(super) is_custom_container: bool,
}

impl Props {
    pub(super) fn parse(text: &str) -> Result<Self, Box<Failure>> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| fault(format!("`--props` is not JSON: {error}")))?;
        if !value.is_object() {
            return Err(fault(format!(
                "`--props` is {}, not an object",
                noun(&value)
            )));
        }
        let runtime = word(&value, &["/runtime", "/function/runtime"])?;
        Ok(Self {
            region: word(&value, &["/region"])?,
            service: word(&value, &["/serviceName", "/service/name"])?,
            function: word(&value, &["/functionName", "/function/name"])?,
            qualifier: word(&value, &["/qualifier"])?,
            timeout: seconds(&value)?,
            is_custom_container: runtime.as_deref() == Some("custom-container"),
        })
    }

    /// Puts the properties where no flag has spoken.
    pub(super) fn complete(&self, selection: &mut Selection) {
        let fields = [
            (&mut selection.region, &self.region),
            (&mut selection.service, &self.service),
            (&mut selection.function, &self.function),
            (&mut selection.qualifier, &self.qualifier),
        ];
        for (field, given) in fields {
            if field.is_none() {
                field.clone_from(given);
            }
        }
    }
}

/// The text at the first of the places that has something.
fn word(value: &Value, places: &[&str]) -> Result<Option<String>, Box<Failure>> {
    for place in places {
        match value.pointer(place) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => return Ok(Some(text.clone())),
            Some(other) => return Err(wrong(place, other, "text")),
        }
    }
    Ok(None)
}

fn seconds(value: &Value) -> Result<Option<u32>, Box<Failure>> {
    for place in ["/timeout", "/function/timeout"] {
        let Some(found) = value.pointer(place).filter(|one| !one.is_null()) else {
            continue;
        };
        let whole = found.as_u64().and_then(|whole| u32::try_from(whole).ok());
        return match whole {
            Some(whole) => Ok(Some(whole)),
            None => Err(wrong(place, found, "a whole number of seconds")),
        };
    }
    Ok(None)
}

fn wrong(place: &str, found: &Value, wanted: &str) -> Box<Failure> {
    let field = place.trim_start_matches('/').replace('/', ".");
    let found = noun(found);
    fault(format!("`{field}` of `--props` is {found}, not {wanted}"))
}

fn fault(title: String) -> Box<Failure> {
    let hint = r#"write it like `-p '{"region":"cn-hangzhou","functionName":"hello"}'`"#;
    Box::new(Failure::new(codes::PROPS, title).hint(hint))
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Props, String> {
        Props::parse(text).map_err(|failure| failure.title)
    }

    #[test]
    fn both_shapes_give_the_same() {
        let flat = r#"{"region":"r","serviceName":"s","functionName":"f","timeout":3,"code":"x"}"#;
        let nested = r#"{"region":"r","service":{"name":"s","role":"x"},"function":{"name":"f","timeout":3}}"#;
        assert_eq!(parsed(flat), parsed(nested));
        assert_eq!(parsed(flat).unwrap().timeout, Some(3));
        assert_eq!(parsed("{}"), Ok(Props::default()));
    }

    #[test]
    fn a_flag_beats_a_property() {
        let mut selection = Selection {
            region: Some("flag".into()),
            ..Selection::default()
        };
        let props = parsed(r#"{"region":"r","functionName":"f"}"#).unwrap();
        props.complete(&mut selection);
        assert_eq!(selection.region.as_deref(), Some("flag"));
        assert_eq!(selection.function.as_deref(), Some("f"));
    }

    #[test]
    fn what_cannot_be_taken_names_its_field() {
        for (text, wanted) in [
            ("", "not JSON"),
            ("{", "line 1 column 1"),
            ("[]", "is a list, not an object"),
            (r#"{"region":1}"#, "`region` of `--props` is a number"),
            (
                r#"{"function":{"name":[]}}"#,
                "`function.name` of `--props` is a list",
            ),
            (
                r#"{"timeout":-1}"#,
                "`timeout` of `--props` is a number, not a whole number",
            ),
        ] {
            let title = parsed(text).unwrap_err();
            assert!(title.contains(wanted), "{text}: {title}");
        }
    }
}
