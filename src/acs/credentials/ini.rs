//! Reads the little of INI that a file of credentials is made of: sections, `key = value`, and
//! comments. An error names the line, never what stands on it.

use crate::acs::Secret;

/// A section and its values, names in lower case.
pub(super) struct Section {
    pub(super) name: String,
    pub(super) values: Vec<(String, Secret)>,
}

/// A line that is none of these.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IniError {
    /// From 1.
    pub(super) line: usize,
    pub(super) why: &'static str,
}

pub(super) fn parse(text: &str) -> Result<Vec<Section>, IniError> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let broken = |why| IniError {
            line: index + 1,
            why,
        };
        // As the official libraries have it, a `#` ends a value wherever it stands.
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.strip_suffix(']').map(str::trim);
            let name = name.ok_or_else(|| broken("a section's name has no `]` behind it"))?;
            if name.is_empty() {
                return Err(broken("a section has no name"));
            }
            if sections.iter().any(|section| section.name == name) {
                return Err(broken("a section is there twice"));
            }
            sections.push(Section {
                name: name.to_owned(),
                values: Vec::new(),
            });
            continue;
        }
        let pair = line.split_once('=');
        let (name, value) =
            pair.ok_or_else(|| broken("it is neither `[section]` nor `key = value`"))?;
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Err(broken("a value has no key"));
        }
        let section = sections
            .last_mut()
            .ok_or_else(|| broken("a value stands before the first section"))?;
        if section.values.iter().any(|(known, _)| *known == name) {
            return Err(broken("a key is there twice in its section"));
        }
        section
            .values
            .push((name, Secret::new(unquoted(value.trim()))));
    }
    Ok(sections)
}

fn unquoted(value: &str) -> &str {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_values_and_comments() {
        let text = "; a\r\n# b\r\n[ default ]\r\nType = access_key # c\r\nx=\"a=b\"\r\n[empty]\r\n";
        let sections = parse(text).unwrap_or_default();
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].name, "default");
        let values: Vec<_> = sections[0]
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        assert_eq!(values, [("type", "access_key"), ("x", "a=b")]);
    }

    #[test]
    fn anything_else_is_an_error_with_its_line() {
        for (text, line) in [
            ("[a\n", 1),
            ("[]", 1),
            ("a = 1", 1),
            ("[a]\nnonsense", 2),
            ("[a]\n\n= 1", 3),
            ("[a]\nb=1\nB=2", 3),
            ("[a]\n[b]\n[a]", 3),
        ] {
            let error = parse(text).err().unwrap();
            assert_eq!(error.line, line, "{text}: {}", error.why);
        }
    }
}
