//! Templates from a folder of the administrator's, over the embedded ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::document::{self, LoadError};
use super::templates::{Catalogue, Template};
use super::{Confidence, Generation, index};

/// No template and no index comes near it.
const FILE_LIMIT: u64 = 1 << 20;

impl Catalogue {
    /// This catalogue under the files of a folder, given by their paths in it: `index.json`
    /// and documents in `fc2/` and `fc3/`. A template of the folder takes the place of the one
    /// with the same name and generation, or is added. A document that the index does not
    /// have needs no row: it is the template that its file name says.
    ///
    /// # Errors
    /// A row or a document that is none; the error names file and field.
    pub fn overridden_by(&self, files: &BTreeMap<String, String>) -> Result<Self, LoadError> {
        let mut own = match files.get(index::FILE) {
            None => Vec::new(),
            Some(text) => index::read(text, |file| files.get(file).cloned().map(Cow::Owned))?,
        };
        for template in &own {
            let grants = document::read(&template.file, &template.text)?;
            if !template.statements.is_empty() && template.statements.len() != grants.len() {
                return Err(LoadError::Field {
                    file: index::FILE.to_owned(),
                    field: format!("{}.statements", template.file),
                    message: format!(
                        "has {} rows for {} statements",
                        template.statements.len(),
                        grants.len()
                    ),
                });
            }
        }
        for (file, text) in files {
            let listed = own.iter().any(|template| template.file == *file);
            if file == index::FILE || listed {
                continue;
            }
            let template = self.unlisted(file, text)?;
            if own.iter().any(|other| other.is_for(&template)) {
                return Err(name_error(
                    file,
                    "is there twice: `index.json` has another file for it",
                ));
            }
            own.push(template);
        }
        Ok(self.replacing(own))
    }

    /// A document without a row. What is known of the embedded template of that name says
    /// nothing about this document, but for what it is there for.
    fn unlisted(&self, file: &str, text: &str) -> Result<Template, LoadError> {
        let parts = file
            .strip_suffix(".json")
            .and_then(|path| path.split_once('/'));
        let (generation, name) = parts
            .and_then(|(folder, name)| Some((Generation::named(folder)?, name)))
            .ok_or_else(|| name_error(file, "has to be a `.json` file in `fc2/` or `fc3/`"))?;
        if !index::is_name(name) {
            let message = "has to be of lower-case letters, digits and `-`, or have a row";
            return Err(name_error(file, message));
        }
        document::read(file, text)?;
        let title = self
            .find(name, generation)
            .map_or(name, |embedded| &embedded.title);
        Ok(Template {
            name: name.to_owned(),
            generation,
            file: file.to_owned(),
            title: title.to_owned(),
            confidence: Confidence::Local,
            source: file.to_owned(),
            notes: None,
            system_policies: Vec::new(),
            system_policies_together: Vec::new(),
            statements: Vec::new(),
            text: Cow::Owned(text.to_owned()),
        })
    }

    /// This catalogue under the files of a folder on disk.
    ///
    /// # Errors
    /// As [`Catalogue::overridden_by`], and what the file system says; a folder without any
    /// template is an error too.
    pub fn with_directory(&self, directory: &Path) -> Result<Self, LoadError> {
        let mut files = BTreeMap::new();
        let read = |error| LoadError::Read {
            path: directory.to_owned(),
            source: error,
        };
        fs::read_dir(directory).map_err(read)?;
        if let Some(text) = read_file(&directory.join(index::FILE))? {
            files.insert(index::FILE.to_owned(), text);
        }
        for generation in Generation::ALL {
            read_folder(directory, generation.as_str(), &mut files)?;
        }
        if files.is_empty() {
            return Err(LoadError::Empty {
                path: directory.to_owned(),
            });
        }
        self.overridden_by(&files)
    }
}

fn name_error(file: &str, message: &str) -> LoadError {
    LoadError::Field {
        file: file.to_owned(),
        field: "file name".to_owned(),
        message: message.to_owned(),
    }
}

/// Adds the `.json` files of a folder, which may be missing.
fn read_folder(
    directory: &Path,
    folder: &str,
    files: &mut BTreeMap<String, String>,
) -> Result<(), LoadError> {
    let path = directory.join(folder);
    let failed = |source| LoadError::Read {
        path: path.clone(),
        source,
    };
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| name.ends_with(".json") && !name.starts_with('.'))
        else {
            continue;
        };
        if let Some(text) = read_file(&path)? {
            files.insert(format!("{folder}/{name}"), text);
        }
    }
    Ok(())
}

/// The text of a file; `None` when there is none.
fn read_file(path: &Path) -> Result<Option<String>, LoadError> {
    let failed = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    // A pipe or a device would never end.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    file.take(FILE_LIMIT + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(LoadError::TooBig {
            path: path.to_owned(),
            limit: FILE_LIMIT,
        });
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:<region>:<account-id>:functions/<team>-*"}]}"#;

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = files
            .iter()
            .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        owned.collect()
    }

    fn row(change: &str, to: &str) -> String {
        let row = r#"[{"name":"invoke","generation":"fc3","file":"fc3/own.json","title":"ours","confidence":"local","source":"security"}]"#;
        assert!(row.contains(change), "{change}");
        row.replace(change, to)
    }

    #[test]
    fn a_row_takes_the_place_of_the_embedded_template() {
        let before = Catalogue::embedded();
        let own = files(&[
            ("index.json", &row("ours", "ours")),
            ("fc3/own.json", DOCUMENT),
        ]);
        let after = before.overridden_by(&own).unwrap();
        assert_eq!(after.templates().len(), before.templates().len());
        let template = after.find("invoke", Generation::Fc3).unwrap();
        assert_eq!(template.title, "ours");
        assert_eq!(template.document(), DOCUMENT);
        let placeholders = template.placeholders().unwrap();
        assert_eq!(placeholders, ["region", "account-id", "team"]);
        let other = after.find("invoke", Generation::Fc2).unwrap();
        assert_eq!(other.confidence, Confidence::Documented);
    }

    #[test]
    fn a_document_without_a_row_overrides_or_adds() {
        let embedded = Catalogue::embedded();
        let own = files(&[("fc3/invoke.json", DOCUMENT), ("fc3/ours.json", DOCUMENT)]);
        let after = embedded.overridden_by(&own).unwrap();
        assert_eq!(after.templates().len(), embedded.templates().len() + 1);
        let invoke = after.find("invoke", Generation::Fc3).unwrap();
        assert_eq!(invoke.confidence, Confidence::Local);
        assert_eq!(invoke.title, "call a function of FC 3.0");
        assert!(invoke.system_policies.is_empty());
        assert_eq!(after.find("ours", Generation::Fc3).unwrap().title, "ours");
    }

    #[test]
    fn an_error_names_file_and_field() {
        let wrong = [
            ("[{", "x", "`index.json`, line 1"),
            ("\"title\":\"ours\",", "", "`[0].title` is missing"),
            ("\"ours\"", "7", "`[0].title` has to be a string"),
            ("\"ours\"", "\" \"", "`[0].title` is empty"),
            ("local", "sure", "`[0].confidence` is `sure`"),
            ("\"fc3\"", "\"fc4\"", "`[0].generation` is `fc4`"),
            ("title", "titel", "`[0].titel` is not a field"),
            (
                "own.json",
                "gone.json",
                "`[0].file` is `fc3/gone.json`, which is not",
            ),
            ("fc3/own.json", "../own.json", "`[0].file` is `../own.json`"),
            ("invoke", "In Voke", "`[0].name` is `In Voke`"),
            (
                "\"source\"",
                "\"statements\":[{\"source\":\"s\"}],\"source\"",
                "`[0].statements[0].confidence` is missing",
            ),
            (
                "\"source\"",
                "\"statements\":[{\"source\":\"s\",\"confidence\":\"local\"},{\"source\":\"s\",\"confidence\":\"local\"}],\"source\"",
                "2 rows for 1 statements",
            ),
            (
                "\"source\"",
                "\"system_policies\":[7],\"source\"",
                "`[0].system_policies` has to be",
            ),
        ];
        for (change, to, expected) in wrong {
            let own = files(&[("index.json", &row(change, to)), ("fc3/own.json", DOCUMENT)]);
            let error = Catalogue::embedded().overridden_by(&own).unwrap_err();
            let message = error.to_string();
            assert!(message.starts_with("`index.json`"), "{message}");
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_a_template_is_an_error() {
        let bad = [
            ("fc3/Own.json", DOCUMENT, "`file name`"),
            ("fc4/own.json", DOCUMENT, "`file name`"),
            ("fc3/own.json", "{", "line 1"),
            (
                "fc3/own.json",
                r#"{"Version":"1","Statement":[]}"#,
                "fc3/own.json",
            ),
        ];
        for (file, text, expected) in bad {
            let error = Catalogue::embedded()
                .overridden_by(&files(&[(file, text)]))
                .unwrap_err();
            let message = error.to_string();
            assert!(
                message.contains(file) && message.contains(expected),
                "{message}"
            );
        }
        let twice = files(&[
            ("index.json", &row("ours", "ours")),
            ("fc3/own.json", DOCUMENT),
            ("fc3/invoke.json", DOCUMENT),
        ]);
        let error = Catalogue::embedded().overridden_by(&twice).unwrap_err();
        assert!(error.to_string().contains("twice"), "{error}");
    }

    #[test]
    fn a_folder_is_read_and_an_empty_or_missing_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Catalogue::embedded().with_directory(folder.path());
        assert!(matches!(load(), Err(LoadError::Empty { .. })));
        fs::create_dir(folder.path().join("fc3")).unwrap();
        fs::write(folder.path().join("fc3/ours.json"), DOCUMENT).unwrap();
        fs::write(folder.path().join("fc3/README.md"), "ours").unwrap();
        assert!(load().unwrap().find("ours", Generation::Fc3).is_some());
        let big = " ".repeat(FILE_LIMIT as usize + 1);
        fs::write(folder.path().join("fc3/big.json"), big).unwrap();
        assert!(matches!(load(), Err(LoadError::TooBig { .. })));
        let missing = folder.path().join("none");
        let error = Catalogue::embedded().with_directory(&missing).unwrap_err();
        assert!(matches!(error, LoadError::Read { .. }));
    }

    #[test]
    fn the_embedded_folder_itself_can_be_given() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let embedded = Catalogue::embedded();
        let after = embedded.with_directory(&folder).unwrap();
        assert_eq!(after.templates().len(), embedded.templates().len());
    }
}
