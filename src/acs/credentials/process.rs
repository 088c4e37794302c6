//! A program that prints a key: mode `External` of the aliyun CLI. It starts without a shell
//! and with a cleared environment, in a process group of its own; time and output are bounded,
//! and the whole group ends when either is used up.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::fields::{Fields, KeyNames, kind};
use super::{Credentials, CredentialsError, World};
use crate::acs::files::io_words;

/// The most that it may print.
const OUTPUT: usize = 1024 * 1024;

/// What the program may know of this environment: what programs need to run, to find their own
/// files and to reach the network, and no key.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// What Windows needs besides.
const KEPT_ON_WINDOWS: [&str; 6] = [
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PATHEXT",
    "TEMP",
];

const KEY: KeyNames = KeyNames {
    id: "access_key_id",
    secret: "access_key_secret",
    token: "sts_token",
};

const WAY_OUT: &str = "run the `process_command` of the profile by hand: it must print one JSON \
     object with `mode`, `access_key_id`, `access_key_secret` and perhaps `sts_token`";

/// Runs the command and reads what it prints.
pub(super) async fn run(
    world: &World<'_>,
    command: &str,
    source: &str,
    place: &str,
) -> Result<Credentials, CredentialsError> {
    let broken = |why: &str| {
        CredentialsError::broken(source, format!("{place}: `process_command` {why}"), WAY_OUT)
    };
    if world.is_on("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS") {
        return Err(broken(
            "is not run, because `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS` is set",
        ));
    }
    let words = words(command).map_err(broken)?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(broken("is empty"));
    };
    world.may_ask(source)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(kept(world))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // It may well show a key there.
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let child = command
        .spawn()
        .map_err(|error| broken(&format!("cannot be started: {}", io_words(&error))))?;
    let mut group = Group(child);
    let printed = match tokio::time::timeout(world.limits.process, group.output()).await {
        Err(_) => Err(format!(
            "did not end within {} s",
            world.limits.process.as_secs_f64()
        )),
        Ok(printed) => printed,
    };
    let printed = printed.map_err(|why| broken(&why))?;
    key(&printed, source, place, world)
}

fn kept(world: &World<'_>) -> Vec<(&'static str, String)> {
    let windows: &[&str] = if cfg!(windows) { &KEPT_ON_WINDOWS } else { &[] };
    let names = KEPT.iter().chain(windows).copied();
    names
        .filter_map(|name| Some((name, world.environment.var(name).ok()??)))
        .collect()
}

/// The program and all that it started. Dropped, it ends them.
struct Group(Child);

impl Group {
    /// What it prints to its end, which must be a good one.
    async fn output(&mut self) -> Result<Zeroizing<Vec<u8>>, String> {
        let broke = |error: std::io::Error| format!("broke off: {}", io_words(&error));
        let mut printed = Zeroizing::new(Vec::with_capacity(4096));
        if let Some(stdout) = self.0.stdout.take() {
            let mut bounded = stdout.take(OUTPUT as u64 + 1);
            bounded.read_to_end(&mut printed).await.map_err(broke)?;
        }
        if printed.len() > OUTPUT {
            return Err("printed more than 1 MB".to_owned());
        }
        let status = self.0.wait().await.map_err(broke)?;
        match (status.success(), status.code()) {
            (true, _) => Ok(printed),
            (false, Some(code)) => Err(format!("ended with status {code}")),
            (false, None) => Err("was ended by a signal".to_owned()),
        }
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // No id: it was waited for, and the number may be somebody else's by now.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // It can only fail when all of them have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn key(
    printed: &[u8],
    source: &str,
    place: &str,
    world: &World<'_>,
) -> Result<Credentials, CredentialsError> {
    let place = format!("{place}: what `process_command` printed");
    let fields = Fields::new(source, place, WAY_OUT);
    let object = match serde_json::from_slice(printed) {
        Ok(Value::Object(object)) => object,
        Ok(other) => return Err(fields.broken(format!("{}, not an object", kind(&other)))),
        Err(_) if printed.iter().all(u8::is_ascii_whitespace) => {
            return Err(fields.broken("nothing"));
        }
        Err(error) => return Err(fields.broken(format!("not JSON: {error}"))),
    };
    let fields = fields.with_object(object);
    let temporary = match fields.text("mode")? {
        Some(mode) if mode.eq_ignore_ascii_case("AK") => false,
        Some(mode) if mode.eq_ignore_ascii_case("StsToken") => true,
        Some(_) => return Err(fields.broken("`mode` is neither `AK` nor `StsToken`")),
        None => return Err(fields.broken("`mode` is missing")),
    };
    let mut credentials = fields.required_key(&KEY)?;
    match (temporary, &credentials.security_token) {
        (true, None) => return Err(fields.broken("`sts_token` is missing")),
        (false, _) => credentials.security_token = None,
        (true, Some(_)) => {}
    }
    credentials.expires_at = fields.time("expiration")?;
    fields.unexpired(credentials, world.now(), "let the program print new ones")
}

/// The words of a command, as the aliyun CLI splits it outside Windows: at blanks, with the
/// quotes and backslashes of a POSIX shell and nothing else of one.
fn words(command: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = command.chars();
    while let Some(one) = rest.next() {
        match one {
            blank if blank.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('\'') => break,
                        Some(one) => word.push(one),
                        None => return Err("has a quote that is not closed"),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => match rest.next() {
                            Some(one @ ('"' | '\\' | '$' | '`' | '\n')) => word.push(one),
                            Some(one) => word.extend(['\\', one]),
                            None => return Err("has a quote that is not closed"),
                        },
                        Some(one) => word.push(one),
                        None => return Err("has a quote that is not closed"),
                    }
                }
            }
            '\\' if cfg!(not(windows)) => match rest.next() {
                Some(one) => word.get_or_insert_default().push(one),
                None => return Err("ends with a backslash"),
            },
            one => word.get_or_insert_default().push(one),
        }
    }
    words.extend(word);
    match words.first() {
        Some(program) if program.is_empty() => Err("names no program"),
        _ => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_is_split_at_blanks_outside_quotes() {
        let split = |command| words(command).unwrap();
        assert_eq!(split("  a  b\tc\n"), ["a", "b", "c"]);
        assert_eq!(
            split(r#"'a b' "c \" \d" e\ f"#),
            ["a b", r#"c " \d"#, "e f"]
        );
        assert_eq!(split(r#"a "" b''c"#), ["a", "", "bc"]);
        assert_eq!(split("a $HOME;b|c"), ["a", "$HOME;b|c"]);
        assert!(split(" ").is_empty());
        for broken in ["a 'b", "a \"b", r"a \", r#""a\"#, "'' b"] {
            assert!(words(broken).is_err(), "{broken}");
        }
    }
}
