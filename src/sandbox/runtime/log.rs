//! What a function writes, kept in bounded memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is kept, in bytes: a call's log tail is 4 KB, and several calls may overlap.
const KEPT: usize = 64 * 1024;
/// How long what a child wrote before it answered, or ended, may take to come through its
/// pipe. It is there already; it only has to be read.
pub(super) const SETTLE: Duration = Duration::from_millis(5);

/// The last bytes of a log.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Tail>);

#[derive(Debug, Default)]
struct Tail {
    kept: VecDeque<u8>,
    /// Bytes ever written.
    written: u64,
}

impl Log {
    /// Takes in all that comes, until the pipe ends.
    pub(super) async fn read(&self, mut pipe: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8 * 1024];
        while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
            self.push(&buffer[..count]);
        }
    }

    pub(super) fn push(&self, bytes: &[u8]) {
        let mut tail = self.tail();
        tail.written += bytes.len() as u64;
        let new = &bytes[bytes.len().saturating_sub(KEPT)..];
        let excess = (tail.kept.len() + new.len()).saturating_sub(KEPT);
        tail.kept.drain(..excess);
        tail.kept.extend(new);
    }

    /// Where the log stands now.
    pub(super) fn mark(&self) -> u64 {
        self.tail().written
    }

    /// What came after the mark, as far as it is kept.
    pub(super) fn since(&self, mark: u64) -> Vec<u8> {
        let tail = self.tail();
        let wanted = usize::try_from(tail.written - mark.min(tail.written)).unwrap_or(KEPT);
        let skipped = tail.kept.len().saturating_sub(wanted);
        tail.kept.iter().skip(skipped).copied().collect()
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server writes between the start and the end of a call. Calls at the same time see
/// each other's lines: a pipe does not tell whose they are.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct CallLog {
    source: LogSource,
    mark: u64,
}

#[derive(Debug, Clone)]
enum LogSource {
    Server(Arc<Log>),
    Finished(Vec<u8>),
}

impl CallLog {
    /// Of a server, from the mark on.
    pub(super) fn of_server(log: &Arc<Log>, mark: u64) -> Self {
        Self {
            source: LogSource::Server(Arc::clone(log)),
            mark,
        }
    }

    /// Of a call that is over.
    pub(super) fn finished(log: Vec<u8>) -> Self {
        Self {
            source: LogSource::Finished(log),
            mark: 0,
        }
    }

    /// The lines so far.
    pub(in crate::sandbox) async fn read(&self) -> Vec<u8> {
        match &self.source {
            LogSource::Finished(log) => log.clone(),
            LogSource::Server(log) => {
                tokio::time::sleep(SETTLE).await;
                log.since(self.mark)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_sees_what_came_after_its_mark() {
        let log = Log::default();
        log.push(b"before\n");
        let mark = log.mark();
        assert_eq!(log.since(mark), b"");
        log.push(b"after\n");
        assert_eq!(log.since(mark), b"after\n");
        assert_eq!(log.since(0), b"before\nafter\n");
    }

    #[test]
    fn only_the_end_is_kept() {
        let log = Log::default();
        log.push(&[b'a'; KEPT]);
        log.push(b"b");
        log.push(&[b'c'; KEPT - 1]);
        let kept = log.since(0);
        assert_eq!(kept.len(), KEPT);
        assert!(kept.starts_with(b"bc"));
        log.push(&[b'd'; KEPT * 2]);
        assert_eq!(log.since(0), [b'd'; KEPT]);
    }
}
