//! What was allowed, and the smallest policies that would allow just that: one document for
//! all, and one for each identity, in memory and, when asked for, in files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::acs::ambient::random_hex;
use crate::acs::encoding::encode;
use crate::ram::{MAX_POLICY_LENGTH, Pair, synthesise};

/// How many different entries are kept, over all identities.
pub(super) const MAX_ENTRIES: usize = 10_000;

/// Why the recorded policy cannot be kept in its file.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A folder, a device, or no name at all.
    #[error("`{}` is not the name of a file that a policy can be written to", .0.display())]
    NotAFile(PathBuf),
    /// The file system says no.
    #[error("cannot write the recorded policy to `{}`: {source}", .path.display())]
    Write {
        /// The file, or its folder.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is new: time to [`Recorder::write`].
    New,
    /// It was seen before.
    Known,
    /// There is no room for it; the policies lack something from now on. Said once.
    Full,
}

/// Collects what each identity did.
#[derive(Debug, Default)]
pub struct Recorder {
    file: Option<PathBuf>,
    seen: Mutex<Seen>,
    /// What the files hold. Its lock is also what lets one writer in at a time.
    written: Mutex<BTreeMap<Whose, Written>>,
}

#[derive(Debug, Default)]
struct Seen {
    by_identity: BTreeMap<String, BTreeSet<Pair>>,
    entries: usize,
    full: bool,
}

/// An identity's own policy, or the one for all.
type Whose = Option<String>;

#[derive(Debug, Clone, Copy, Default)]
struct Written {
    entries: usize,
    documents: usize,
}

impl Recorder {
    /// Starts empty. Nothing is written before there is something to allow: RAM takes no
    /// policy without a statement.
    ///
    /// # Errors
    /// The file could not be written later.
    pub fn new(file: Option<PathBuf>) -> Result<Self, RecordError> {
        if let Some(file) = &file {
            check(file)?;
        }
        Ok(Self {
            file,
            ..Self::default()
        })
    }

    /// Adds an entry. This does no I/O and is called for each call.
    pub fn record(&self, identity: &str, action: &str, resource: &str) -> Recorded {
        let pair = Pair {
            action: action.to_owned(),
            resource: resource.to_owned(),
        };
        let mut seen = lock(&self.seen);
        let known = seen.by_identity.get(identity);
        if known.is_some_and(|pairs| pairs.contains(&pair)) {
            return Recorded::Known;
        }
        // No policy holds an entry that is longer than a policy.
        let too_long = action.len() + resource.len() > MAX_POLICY_LENGTH;
        if seen.entries >= MAX_ENTRIES || too_long {
            let said = std::mem::replace(&mut seen.full, true);
            return if said {
                Recorded::Known
            } else {
                Recorded::Full
            };
        }
        seen.entries += 1;
        let pairs = seen.by_identity.entry(identity.to_owned()).or_default();
        pairs.insert(pair);
        Recorded::New
    }

    /// The smallest documents of each identity that did something.
    pub fn policies(&self) -> Vec<(String, Vec<Value>)> {
        let by_identity = lock(&self.seen).by_identity.clone();
        let policies = by_identity.into_iter().map(|(identity, pairs)| {
            let pairs: Vec<Pair> = pairs.into_iter().collect();
            (identity, synthesise(&pairs))
        });
        policies.collect()
    }

    /// Whether every entry found room.
    pub fn is_complete(&self) -> bool {
        !lock(&self.seen).full
    }

    /// Brings the files up to what was recorded: `FILE` for all identities together, and
    /// `STEM.IDENTITY.EXT` beside it for each; what passes RAM's length goes on in
    /// `STEM.2.EXT`. Each is replaced whole. Does nothing when nothing is new, and what comes
    /// while it waits for another writer is written by one of the two.
    ///
    /// # Errors
    /// The file system says no; the next call tries again.
    pub fn write(&self) -> Result<(), RecordError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut written = lock(&self.written);
        for (whose, pairs) in self.changed(&written) {
            let documents = synthesise(&pairs);
            let before = written.entry(whose.clone()).or_default();
            for (number, document) in documents.iter().enumerate() {
                let path = beside(file, whose.as_deref(), number + 1);
                replace(&path, &text(document)).map_err(error_at(&path))?;
                before.documents = before.documents.max(number + 1);
            }
            // What an earlier set needed and this one does not; there is nothing to do about
            // one that somebody else removed.
            for number in documents.len()..before.documents {
                let _ = fs::remove_file(beside(file, whose.as_deref(), number + 1));
            }
            *before = Written {
                entries: pairs.len(),
                documents: documents.len(),
            };
        }
        Ok(())
    }

    /// Whose entries are not in the files yet. Entries are only ever added, so their number
    /// says it.
    fn changed(&self, written: &BTreeMap<Whose, Written>) -> Vec<(Whose, Vec<Pair>)> {
        let seen = lock(&self.seen);
        let all: BTreeSet<&Pair> = seen.by_identity.values().flatten().collect();
        let own = seen.by_identity.iter().map(|(identity, pairs)| {
            let pairs: Vec<&Pair> = pairs.iter().collect();
            (Some(identity.clone()), pairs)
        });
        std::iter::once((None, all.into_iter().collect()))
            .chain(own)
            .filter(|(whose, pairs)| {
                pairs.len() > written.get(whose).map_or(0, |written| written.entries)
            })
            .map(|(whose, pairs)| (whose, pairs.into_iter().cloned().collect()))
            .collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole before anything in it could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn error_at(path: &Path) -> impl FnOnce(io::Error) -> RecordError {
    |source| RecordError::Write {
        path: path.to_owned(),
        source,
    }
}

/// A wrong path is an error now, not after the first call.
fn check(file: &Path) -> Result<(), RecordError> {
    let not_a_file = || RecordError::NotAFile(file.to_owned());
    let ends_in_a_name =
        file.file_name().is_some() && !file.as_os_str().as_encoded_bytes().ends_with(b"/");
    if !ends_in_a_name {
        return Err(not_a_file());
    }
    match fs::metadata(file) {
        Ok(known) if !known.is_file() => return Err(not_a_file()),
        _ => {}
    }
    let probe = temporary(file);
    File::create_new(&probe)
        .and_then(|_| fs::remove_file(&probe))
        .map_err(error_at(file))
}

fn text(document: &Value) -> String {
    // The alternate form indents.
    format!("{document:#}\n")
}

/// `rec.json` → `rec.json`, `rec.2.json`, `rec.developer.json`, `rec.developer.2.json`.
fn beside(file: &Path, whose: Option<&str>, number: usize) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    if let Some(identity) = whose {
        name.push(".");
        name.push(in_file_name(identity));
    }
    if number > 1 {
        name.push(format!(".{number}"));
    }
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    file.with_file_name(name)
}

/// Different for different names, no path, and never read as a number.
fn in_file_name(identity: &str) -> String {
    let safe = encode(identity).replace('.', "%2E");
    match safe.bytes().next() {
        Some(first) if safe.bytes().all(|byte| byte.is_ascii_digit()) => {
            let rest = safe.get(1..).unwrap_or_default();
            format!("%{first:02X}{rest}")
        }
        _ => safe,
    }
}

/// A name in the same folder, so that a rename can put it in place.
fn temporary(file: &Path) -> PathBuf {
    file.with_file_name(format!(".sesame-{}.tmp", random_hex()))
}

/// Nobody ever reads half of it.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let fresh = temporary(path);
    let written = File::create_new(&fresh)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests;
