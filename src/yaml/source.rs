//! The text of a file, bounded, and where something stands in it.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroize;

use crate::ram::{Position, Span};

/// The longest file that is read, in bytes: a hundred times a large `s.yaml`.
pub const MAX_FILE: u64 = 1024 * 1024;

/// Why a file gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Nothing has the name.
    #[error("does not exist")]
    NotFound,
    /// The system refuses.
    #[error("may not be read by this user")]
    Refused,
    /// A folder, a device, a pipe.
    #[error("is not a file")]
    NotAFile,
    /// Past [`MAX_FILE`].
    #[error("is longer than 1 MiB, the most that is read")]
    TooLong,
    /// Bytes that are no text; the line where they stand, from 1.
    #[error("is not UTF-8: line {line}, column {column}")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// Anything else that the system says.
    #[error("cannot be read: {0}")]
    Other(ErrorKind),
}

impl From<std::io::Error> for FileFault {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NotFound,
            ErrorKind::PermissionDenied => Self::Refused,
            ErrorKind::IsADirectory => Self::NotAFile,
            other => Self::Other(other),
        }
    }
}

/// A file's path and its text.
pub(crate) struct Source {
    path: PathBuf,
    text: String,
}

/// As with the nodes: the text may hold credentials.
impl Drop for Source {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl Source {
    pub(crate) fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
        })
    }

    /// Reads the file. What is no regular file is read as far as it is allowed to go, so that
    /// a shell's `<(…)` can be given.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, FileFault> {
        Ok(Self::new(path, read(path)?))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that its relative paths start from.
    pub(crate) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }
}

/// The text of a file of at most [`MAX_FILE`] bytes; no more than that is ever held.
pub(crate) fn read(path: &Path) -> Result<String, FileFault> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(FileFault::NotAFile);
    }
    if metadata.len() > MAX_FILE {
        return Err(FileFault::TooLong);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(FileFault::TooLong);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let before = String::from_utf8_lossy(valid);
        let Position { line, column } = Position::of(&before, before.len());
        FileFault::NotUtf8 { line, column }
    })
}

/// Where something stands in a file.
#[derive(Clone)]
pub struct Place {
    source: Arc<Source>,
    span: Span,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Span) -> Self {
        Self {
            source: Arc::clone(source),
            span,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The whole text of the file.
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// The bytes of [`Self::text`] that are meant.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Line and column of the first of them, from 1.
    pub fn position(&self) -> Position {
        Position::of(self.text(), self.span.start)
    }

    /// What stands there, as written.
    pub(crate) fn written(&self) -> &str {
        self.span.of(self.text())
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Another part of the same file.
    pub(crate) fn at(&self, span: Span) -> Self {
        Self::new(&self.source, span)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.path() == other.path()
    }
}

impl Eq for Place {}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position();
        write!(formatter, "{}:{line}:{column}", self.path().display())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.yaml");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn a_long_file_is_refused_before_it_is_read() {
        let (_folder, path) = file(b"");
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(50 * 1024 * 1024)
            .unwrap();
        assert_eq!(read(&path), Err(FileFault::TooLong));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_refused() {
        assert_eq!(read(Path::new("/dev/zero")), Err(FileFault::TooLong));
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        let (_folder, path) = file(b"a: 1\n\xe4\xba\x91: \xff");
        let expected = FileFault::NotUtf8 { line: 2, column: 4 };
        assert_eq!(read(&path), Err(expected));
        let (folder, _path) = file(b"");
        assert_eq!(read(folder.path()), Err(FileFault::NotAFile));
        assert_eq!(read(&folder.path().join("x")), Err(FileFault::NotFound));
    }
}
