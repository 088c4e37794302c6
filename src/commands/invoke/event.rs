//! The event's bytes, from the one source that was named. They are never decoded.

use std::io::{IsTerminal, Read};
use std::path::Path;

use bytes::Bytes;

use crate::cli::EventArgs;
use crate::commands::input::io_words;
use crate::diagnosis::{Failure, codes};
use crate::output::{Printer, Verbosity};

pub(super) async fn read(args: &EventArgs, printer: &mut Printer) -> Result<Bytes, Box<Failure>> {
    if let Some(text) = &args.event {
        return Ok(Bytes::copy_from_slice(text.as_encoded_bytes()));
    }
    match args.event_file.as_deref() {
        Some(path) if path == Path::new("-") => stdin(printer).await,
        Some(path) => std::fs::read(path).map(Bytes::from).map_err(|error| {
            let shown = path.display();
            unreadable(format!(
                "the event file `{shown}` cannot be read: {}",
                io_words(&error)
            ))
        }),
        None if args.event_stdin => stdin(printer).await,
        None => Ok(Bytes::new()),
    }
}

/// Reads stdin to its end, on a thread of its own so that a signal still ends the command.
async fn stdin(printer: &mut Printer) -> Result<Bytes, Box<Failure>> {
    if std::io::stdin().is_terminal() {
        printer.line(
            Verbosity::Normal,
            "reading the event from the terminal; end it with Enter and Ctrl-D",
        );
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    });
    match read.await {
        Ok(Ok(bytes)) => Ok(Bytes::from(bytes)),
        Ok(Err(error)) => Err(unreadable(format!(
            "stdin cannot be read: {}",
            io_words(&error)
        ))),
        Err(error) => Err(unreadable(format!("stdin cannot be read: {error}"))),
    }
}

fn unreadable(title: String) -> Box<Failure> {
    Box::new(Failure::new(codes::EVENT, title).hint("check the path; `-` is stdin"))
}
