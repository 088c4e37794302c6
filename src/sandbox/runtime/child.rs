//! A child process: it leads a group of its own, and the group is ended and the child reaped
//! whatever becomes of whoever started it. Only a descendant that leaves the group on purpose
//! (`setsid`) escapes; it holds up nobody.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::{BUILTIN_MEMORY_MB, END_LIMIT};

/// A running child. Dropping it ends the group; a task in the background reaps.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    end: watch::Sender<bool>,
    ended: watch::Receiver<Option<Exit>>,
    /// The highest peak seen, in kilobytes.
    peak: AtomicU64,
}

/// How a child ended; `None` when the system did not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exit(pub(super) Option<ExitStatus>);

/// This side of the child's streams.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
}

/// What to start.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) argv: &'a [String],
    pub(super) folder: &'a Path,
    /// The whole environment: nothing else is there.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) stdin: Stdio,
}

impl Process {
    /// Starts a child, which ends at the latest when `stop` says so or is gone.
    ///
    /// # Errors
    /// The system's, when it cannot be started.
    pub(super) fn start(
        start: Start<'_>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<(Self, Pipes)> {
        let folder = std::path::absolute(start.folder)?;
        let (program, arguments) = start
            .argv
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        // A path is meant from the folder on, whatever the system makes of it; a bare name is
        // looked up in PATH.
        let program = if program.contains('/') {
            folder.join(program)
        } else {
            program.into()
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(start.environment)
            .stdin(start.stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut leader = Leader {
            child: command.spawn()?,
            reaped: false,
        };
        let pipes = Pipes {
            stdin: leader.child.stdin.take(),
            stdout: leader.child.stdout.take(),
            stderr: leader.child.stderr.take(),
        };
        let end = watch::Sender::new(false);
        let (tell, ended) = watch::channel(None);
        let process = Self {
            pid: leader.child.id().unwrap_or_default(),
            end,
            ended,
            peak: AtomicU64::new(0),
        };
        tokio::spawn(mind(leader, process.end.subscribe(), stop, tell));
        process.sample_memory();
        Ok((process, pipes))
    }

    /// Waits for the child's end; by then the rest of its group is ended, too.
    pub(super) async fn ended(&self) -> Exit {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit(None)),
            Err(_) => Exit(None),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Whether the child ends within the time that an end takes to be seen.
    pub(super) async fn ends_soon(&self) -> bool {
        tokio::time::timeout(END_LIMIT, self.ended()).await.is_ok()
    }

    /// Ends the group, and waits a moment until the child is reaped.
    pub(super) async fn kill(&self) {
        self.start_killing();
        let _late = self.ends_soon().await;
    }

    /// Ends the group.
    pub(super) fn start_killing(&self) {
        self.end.send_replace(true);
    }

    /// Looks how much memory the child has used at most.
    pub(super) fn sample_memory(&self) {
        if !self.has_ended()
            && let Some(kilobytes) = peak_of(self.pid)
        {
            self.peak.fetch_max(kilobytes, Ordering::Relaxed);
        }
    }

    /// The highest peak seen, in megabytes; a fixed number where none could be.
    pub(super) fn max_memory_mb(&self) -> f64 {
        match self.peak.load(Ordering::Relaxed) {
            0 => BUILTIN_MEMORY_MB,
            #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 kilobytes")]
            kilobytes => kilobytes as f64 / 1024.0,
        }
    }
}

/// The child itself; the group does not outlive it.
#[derive(Debug)]
struct Leader {
    child: Child,
    reaped: bool,
}

impl Leader {
    #[cfg(unix)]
    fn end_group(&self, pid: Option<u32>) {
        let group = pid
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // An error says that there is none left.
            let _none_left =
                rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn end_group(&self, _pid: Option<u32>) {}
}

impl Drop for Leader {
    fn drop(&mut self) {
        // The runtime itself is going down. What is not reaped here, the system reaps soon.
        if !self.reaped {
            self.end_group(self.child.id());
        }
    }
}

/// Waits for the child's end or the wish for it, ends the whole group, and reaps.
async fn mind(
    mut leader: Leader,
    mut end: watch::Receiver<bool>,
    mut stop: watch::Receiver<bool>,
    tell: watch::Sender<Option<Exit>>,
) {
    let pid = leader.child.id();
    tokio::select! {
        _ = leader.child.wait() => {}
        // An error says that whoever could wish for it is gone.
        _ = end.wait_for(|end| *end) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    // Also what an ended child left behind. While the group has members, its number is no
    // other's; where it has none, the number has only just become free.
    leader.end_group(pid);
    let _same = leader.child.start_kill();
    let status = leader.child.wait().await;
    leader.reaped = true;
    tell.send_replace(Some(Exit(status.ok())));
}

/// The peak of a process' resident memory, in kilobytes.
fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
