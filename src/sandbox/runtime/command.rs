//! A program that runs once for each call: event on stdin, result on stdout, log on stderr.

use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdin;
use tokio::time::MissedTickBehavior;

use super::child::{Exit, Process, Start};
use super::log::Log;
use super::{Fault, Invocation, Program, RESULT_LIMIT, Run, Runtime, Used, contract};

/// How long what is in the pipes may take to be read once the program has ended. Only a
/// descendant that left the group can hold them open that long.
const DRAIN_LIMIT: Duration = Duration::from_millis(500);
/// How often the program's memory is looked at.
const MEMORY_INTERVAL: Duration = Duration::from_millis(20);

/// How a program came to its end.
enum Ended {
    Exited(Exit),
    TimedOut,
    TooLarge,
}

/// More came than a result may have.
struct TooLarge;

pub(super) async fn run(
    runtime: &Runtime,
    program: &Program,
    argv: &[String],
    invocation: Invocation,
) -> Result<Run, Fault> {
    let Invocation { call, event } = invocation;
    let surroundings = &runtime.surroundings;
    let instance_id = surroundings.instance_id();
    let mut environment = contract::environment(surroundings, program, &call, &instance_id);
    // A handler finds it in its context; a program has nothing but its environment.
    environment.insert("FC_REQUEST_ID".to_owned(), call.request_id);
    let started = Instant::now();
    let start = Start {
        argv,
        folder: &program.folder,
        environment,
        stdin: Stdio::piped(),
    };
    let (process, pipes) = Process::start(start, runtime.stop.subscribe())
        .map_err(|error| Fault::of_start(program, argv, &error))?;
    let mut result = Vec::new();
    let log = Log::default();
    let streams = async {
        let (read, (), ()) = tokio::join!(
            gather(pipes.stdout, &mut result),
            feed(pipes.stdin, &event),
            async {
                if let Some(stderr) = pipes.stderr {
                    log.read(stderr).await;
                }
            },
        );
        read
    };
    let ended = end_of(&process, streams, program.timeout).await;
    let duration = started.elapsed();
    process.kill().await;
    let used = Used {
        duration,
        max_memory_mb: process.max_memory_mb(),
        instance_id,
        log: log.since(0),
    };
    Ok(match ended {
        Ended::Exited(Exit(Some(status))) if status.success() => used.result(Bytes::from(result)),
        Ended::Exited(_) => used.exited(),
        Ended::TimedOut => used.timed_out(program.timeout),
        Ended::TooLarge => used.too_large(),
    })
}

/// Waits for the program's end, while its streams flow, within its time.
async fn end_of(
    process: &Process,
    streams: impl Future<Output = Result<(), TooLarge>>,
    limit: Duration,
) -> Ended {
    tokio::pin!(streams);
    let deadline = tokio::time::sleep(limit);
    tokio::pin!(deadline);
    let mut memory = tokio::time::interval(MEMORY_INTERVAL);
    memory.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut flowing = true;
    loop {
        tokio::select! {
            read = &mut streams, if flowing => {
                flowing = false;
                process.sample_memory();
                if read.is_err() {
                    return Ended::TooLarge;
                }
            }
            exit = process.ended() => {
                if flowing
                    && let Ok(Err(TooLarge)) = tokio::time::timeout(DRAIN_LIMIT, streams).await
                {
                    return Ended::TooLarge;
                }
                return Ended::Exited(exit);
            }
            () = &mut deadline => return Ended::TimedOut,
            _ = memory.tick() => process.sample_memory(),
        }
    }
}

/// Writes the event. A program that does not read it, or not all of it, does no wrong.
async fn feed(stdin: Option<ChildStdin>, event: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _unread = stdin.write_all(event).await;
    }
}

/// Reads the result, as far as there may be one.
async fn gather(
    stdout: Option<impl AsyncRead + Unpin>,
    result: &mut Vec<u8>,
) -> Result<(), TooLarge> {
    let Some(stdout) = stdout else { return Ok(()) };
    // One byte more tells too much from just enough.
    let mut limited = stdout.take(RESULT_LIMIT as u64 + 1);
    let _broken = limited.read_to_end(result).await;
    if result.len() > RESULT_LIMIT {
        return Err(TooLarge);
    }
    Ok(())
}
