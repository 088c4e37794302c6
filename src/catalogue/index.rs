//! Reads an index of templates. It is read by hand, so that an error names the field.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::document::LoadError;
use super::templates::{Provenance, Template};
use super::{Confidence, Generation};

/// The name of the index in a folder of templates.
pub(super) const FILE: &str = "index.json";

const FIELDS: [&str; 10] = [
    "name",
    "generation",
    "file",
    "title",
    "confidence",
    "source",
    "notes",
    "system_policies",
    "system_policies_together",
    "statements",
];

/// The templates of an index, their documents taken from `text_of`.
pub(super) fn read(
    index: &str,
    mut text_of: impl FnMut(&str) -> Option<Cow<'static, str>>,
) -> Result<Vec<Template>, LoadError> {
    let value: Value = serde_json::from_str(index).map_err(|error| LoadError::Syntax {
        file: FILE.to_owned(),
        line: error.line(),
        column: error.column(),
        message: "not JSON".to_owned(),
    })?;
    let Value::Array(rows) = value else {
        return Err(wrong("the whole file", "has to be a list of templates"));
    };
    let mut templates: Vec<Template> = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let Value::Object(row) = row else {
            return Err(wrong(format!("[{number}]"), "has to be an object"));
        };
        let row = Row {
            path: format!("[{number}]"),
            object: row,
        };
        let template = row.template(&mut text_of)?;
        if templates.iter().any(|other| other.is_for(&template)) {
            let message = format!(
                "`{}` is there twice for `{}`",
                template.name, template.generation
            );
            return Err(row.wrong("name", message));
        }
        templates.push(template);
    }
    Ok(templates)
}

fn wrong(field: impl Into<String>, message: impl Into<String>) -> LoadError {
    LoadError::Field {
        file: FILE.to_owned(),
        field: field.into(),
        message: message.into(),
    }
}

/// An object of the index and where it stands.
struct Row<'a> {
    path: String,
    object: &'a Map<String, Value>,
}

impl Row<'_> {
    fn wrong(&self, field: &str, message: impl Into<String>) -> LoadError {
        wrong(format!("{}.{field}", self.path), message)
    }

    fn template(
        &self,
        text_of: &mut impl FnMut(&str) -> Option<Cow<'static, str>>,
    ) -> Result<Template, LoadError> {
        self.only(&FIELDS)?;
        let name = self.text("name")?;
        if !is_name(name) {
            let message = format!("is `{name}`: lower-case letters, digits and `-` make a name");
            return Err(self.wrong("name", message));
        }
        let generation = self.text("generation")?;
        let generation = Generation::named(generation).ok_or_else(|| {
            let message = format!("is `{generation}`: it is `fc2` or `fc3`");
            self.wrong("generation", message)
        })?;
        let file = self.text("file")?;
        if !file.starts_with(&format!("{generation}/")) {
            let message = format!("is `{file}`: it has to be in `{generation}/`");
            return Err(self.wrong("file", message));
        }
        let text = text_of(file)
            .ok_or_else(|| self.wrong("file", format!("is `{file}`, which is not there")))?;
        Ok(Template {
            name: name.to_owned(),
            generation,
            file: file.to_owned(),
            title: self.text("title")?.to_owned(),
            confidence: self.confidence()?,
            source: self.text("source")?.to_owned(),
            notes: match self.object.get("notes") {
                None => None,
                Some(_) => Some(self.text("notes")?.to_owned()),
            },
            system_policies: self.texts("system_policies")?,
            system_policies_together: self.texts("system_policies_together")?,
            statements: self.statements()?,
            text,
        })
    }

    /// A misspelt field would otherwise be a field that is not there.
    fn only(&self, known: &[&str]) -> Result<(), LoadError> {
        match self
            .object
            .keys()
            .find(|key| !known.contains(&key.as_str()))
        {
            Some(key) => {
                let message = format!("is not a field: these are {}", quoted(known));
                Err(self.wrong(key, message))
            }
            None => Ok(()),
        }
    }

    fn text(&self, field: &str) -> Result<&str, LoadError> {
        match self.object.get(field) {
            None => Err(self.wrong(field, "is missing")),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            Some(Value::String(_)) => Err(self.wrong(field, "is empty")),
            Some(_) => Err(self.wrong(field, "has to be a string")),
        }
    }

    fn texts(&self, field: &str) -> Result<Vec<String>, LoadError> {
        let items = self.list(field)?.iter().map(|item| {
            item.as_str()
                .map(str::to_owned)
                .ok_or_else(|| self.wrong(field, "has to be a list of strings"))
        });
        items.collect()
    }

    /// A list that may be left out.
    fn list(&self, field: &str) -> Result<&[Value], LoadError> {
        match self.object.get(field) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(field, "has to be a list")),
        }
    }

    fn confidence(&self) -> Result<Confidence, LoadError> {
        let mark = self.text("confidence")?;
        Confidence::named(mark).ok_or_else(|| {
            let marks = quoted(&Confidence::ALL.map(Confidence::as_str));
            self.wrong("confidence", format!("is `{mark}`: it is one of {marks}"))
        })
    }

    fn statements(&self) -> Result<Vec<Provenance>, LoadError> {
        let rows = self.list("statements")?.iter().enumerate();
        let rows = rows.map(|(number, row)| {
            let path = format!("{}.statements[{number}]", self.path);
            let Value::Object(object) = row else {
                return Err(wrong(path, "has to be an object"));
            };
            let row = Row { path, object };
            row.only(&["confidence", "source"])?;
            Ok(Provenance {
                confidence: row.confidence()?,
                source: row.text("source")?.to_owned(),
            })
        });
        rows.collect()
    }
}

/// Whether `--for` could name it.
pub(super) fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(known)
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
