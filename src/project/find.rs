//! The project file: `s.yaml` or `s.yml`, from a folder upward.
//!
//! A file that anyone could have left on the way up must not decide where a signed call
//! goes: the search ends at the repository's root or the home folder, and passes over what
//! belongs to another user.

use std::path::{Path, PathBuf};

/// The names, the first one first.
const NAMES: [&str; 2] = ["s.yaml", "s.yml"];

/// Where to look, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Search<'s> {
    /// The folder that it starts in.
    pub start: &'s Path,
    /// The folder that it does not climb over.
    pub home: Option<&'s Path>,
    /// The user whose files count; none where the system has no owners.
    pub user: Option<u32>,
}

/// What a search came upon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: Option<PathBuf>,
    /// Files passed over, and why.
    pub(super) passed: Vec<String>,
}

/// The user of this process, whose files may be trusted.
pub fn current_user() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    None
}

/// The first project file from the start upward.
pub(super) fn upward(search: Search<'_>) -> Found {
    // Without the real path, `..` and links would lead around the places where it ends.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let start = real(search.start);
    let home = search.home.map(real);
    let mut found = Found::default();
    for folder in start.ancestors() {
        for name in NAMES {
            let path = folder.join(name);
            match usable(&path, search.user) {
                Some(Ok(())) => {
                    found.path = Some(path);
                    return found;
                }
                Some(Err(why)) => found.passed.push(format!("`{}` {why}", path.display())),
                None => {}
            }
        }
        if is_repository(folder) || Some(folder) == home.as_deref() {
            break;
        }
    }
    found
}

/// The nearest repository's root.
pub(super) fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| is_repository(folder))
}

fn is_repository(folder: &Path) -> bool {
    // A worktree and a submodule have a file of the name.
    folder.join(".git").symlink_metadata().is_ok()
}

/// None where there is nothing.
fn usable(path: &Path, user: Option<u32>) -> Option<Result<(), &'static str>> {
    let link = path.symlink_metadata().ok()?;
    let Ok(target) = path.metadata() else {
        return Some(Err("leads nowhere, so it is passed over"));
    };
    if !target.is_file() {
        return Some(Err("is not a file, so it is passed over"));
    }
    if !is_own(&link, user) || !is_own(&target, user) {
        return Some(Err(
            "belongs to another user, so it is passed over; name it with `--template` to use it",
        ));
    }
    Some(Ok(()))
}

#[cfg(unix)]
fn is_own(metadata: &std::fs::Metadata, user: Option<u32>) -> bool {
    use std::os::unix::fs::MetadataExt;
    user.is_none_or(|user| metadata.uid() == user)
}

#[cfg(not(unix))]
fn is_own(_: &std::fs::Metadata, _: Option<u32>) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of files, each named by its path; a name with `/` at the end is a folder.
    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in paths {
            let full = root.path().join(path);
            if path.ends_with('/') {
                std::fs::create_dir_all(full).unwrap();
            } else {
                std::fs::create_dir_all(full.parent().unwrap()).unwrap();
                std::fs::write(full, "").unwrap();
            }
        }
        root
    }

    fn search(root: &tempfile::TempDir, start: &str, home: &str) -> (Option<String>, usize) {
        let found = upward(Search {
            start: &root.path().join(start),
            home: Some(&root.path().join(home)),
            user: current_user(),
        });
        let real = root.path().canonicalize().unwrap();
        let path = found.path.as_deref().map(|path| {
            let path = path.strip_prefix(&real).unwrap();
            path.to_str().unwrap().replace('\\', "/")
        });
        (path, found.passed.len())
    }

    #[test]
    fn the_nearest_file_is_found_and_yaml_beats_yml() {
        let root = folder(&["s.yaml", "a/s.yml", "a/b/s.yml", "a/b/s.yaml", "a/c/"]);
        assert_eq!(search(&root, "a/b", ".").0.as_deref(), Some("a/b/s.yaml"));
        assert_eq!(search(&root, "a/c", ".").0.as_deref(), Some("a/s.yml"));
        assert_eq!(search(&root, "a/c/..", ".").0.as_deref(), Some("a/s.yml"));
    }

    #[test]
    fn the_search_ends_at_the_repository_and_at_home() {
        let root = folder(&["s.yaml", "r/.git/", "r/a/", "w/.git", "w/a/", "h/u/a/"]);
        assert_eq!(search(&root, "r/a", ".").0, None);
        assert_eq!(search(&root, "w/a", ".").0, None);
        assert_eq!(search(&root, "h/u/a", "h/u").0, None);
        assert_eq!(search(&root, "h/u/a", ".").0.as_deref(), Some("s.yaml"));
        let own = folder(&["r/.git/", "r/s.yaml", "r/a/"]);
        assert_eq!(search(&own, "r/a", ".").0.as_deref(), Some("r/s.yaml"));
    }

    #[test]
    fn what_is_no_file_is_passed_over() {
        let root = folder(&["s.yaml", "a/s.yaml/"]);
        assert_eq!(search(&root, "a", "."), (Some("s.yaml".into()), 1));
    }

    #[cfg(unix)]
    #[test]
    fn what_belongs_to_another_user_is_passed_over() {
        let root = folder(&["s.yaml"]);
        let user = current_user().map(|user| user + 1);
        let home = Some(root.path());
        let found = upward(Search {
            start: root.path(),
            home,
            user,
        });
        assert_eq!(found.path, None);
        assert!(found.passed[0].contains("another user"), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_passed_over() {
        let root = folder(&["a/"]);
        std::os::unix::fs::symlink("nowhere", root.path().join("a/s.yaml")).unwrap();
        assert_eq!(search(&root, "a", "."), (None, 1));
    }
}
