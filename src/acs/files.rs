//! Small text files that hold credentials, behind a trait, so that a test has a file system of
//! its own.

use std::io::{self, Read};
use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

/// The largest file that is read; none of those here comes near it.
pub const LIMIT: u64 = 1024 * 1024;

/// Why a file that is there cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The system's own words.
    #[error("it cannot be read: {0}")]
    Io(String),
    /// A pipe or a device, which may never end.
    #[error("it is not a regular file")]
    NotRegular,
    /// More than [`LIMIT`].
    #[error("it is larger than 1 MB")]
    TooLarge,
    /// Not text.
    #[error("it is not UTF-8")]
    NotUtf8,
}

/// Reads files.
pub trait Files {
    /// The whole text, without a byte order mark; `None` when there is no such file.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn read(&self, path: &Path) -> Result<Option<Zeroizing<String>>, FileError>;

    /// Whether others than the owner may read it.
    fn others_may_read(&self, path: &Path) -> bool;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn read(&self, path: &Path) -> Result<Option<Zeroizing<String>>, FileError> {
        let absent = |error: &io::Error| {
            use io::ErrorKind::{NotADirectory, NotFound};
            matches!(error.kind(), NotFound | NotADirectory)
        };
        let io = |error: io::Error| FileError::Io(io_words(&error));
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        // Asked before it is opened: to open a pipe can wait for ever.
        if !metadata.is_file() {
            return Err(FileError::NotRegular);
        }
        let file = std::fs::File::open(path).map_err(io)?;
        // Room for all of it, so that no copy stays behind where the buffer grew.
        let room = usize::try_from(metadata.len().min(LIMIT)).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > LIMIT {
            return Err(FileError::TooLarge);
        }
        text(std::mem::take(&mut *bytes)).map(Some)
    }

    fn others_may_read(&self, path: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o044 != 0)
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            false
        }
    }
}

/// The bytes as text, without a byte order mark.
fn text(bytes: Vec<u8>) -> Result<Zeroizing<String>, FileError> {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
            Ok(Zeroizing::new(text))
        }
        Err(error) => {
            error.into_bytes().zeroize();
            Err(FileError::NotUtf8)
        }
    }
}

/// What the system says of a file, in its own words and without a number.
pub fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_none_and_what_is_no_text_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let read = |name: &str| SystemFiles.read(&path(name));
        std::fs::write(path("bom"), "\u{feff}a").unwrap();
        std::fs::write(path("bytes"), b"\xff").unwrap();
        std::fs::write(path("large"), vec![b'a'; LIMIT as usize + 1]).unwrap();
        assert_eq!(read("none"), Ok(None));
        assert_eq!(read("bom/none"), Ok(None));
        assert_eq!(read("bom").unwrap().unwrap().as_str(), "a");
        assert_eq!(read("bytes"), Err(FileError::NotUtf8));
        assert_eq!(read("large"), Err(FileError::TooLarge));
        assert_eq!(read(""), Err(FileError::NotRegular));
    }

    #[cfg(unix)]
    #[test]
    fn others_are_the_group_and_the_world() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        for (mode, others) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(SystemFiles.others_may_read(&path), others, "{mode:o}");
        }
    }
}
