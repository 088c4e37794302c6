//! The event's bytes, from the one source that was named. They are never decoded.

use std::io::{self, IsTerminal, Read};
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
        Some(path) => file(path).await,
        None if args.event_stdin => stdin(printer).await,
        None => Ok(Bytes::new()),
    }
}

async fn file(path: &Path) -> Result<Bytes, Box<Failure>> {
    let shown = format!("the event file `{}`", path.display());
    let path = path.to_owned();
    blocking(&shown, move || std::fs::read(path)).await
}

async fn stdin(printer: &mut Printer) -> Result<Bytes, Box<Failure>> {
    if std::io::stdin().is_terminal() {
        let line = "reading the event from the terminal; end it with Enter and Ctrl-D";
        printer.line(Verbosity::Normal, line);
    }
    let read = || {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    blocking("stdin", read).await
}

/// Reads on a thread of its own, so that a signal ends the command while it waits.
async fn blocking(
    shown: &str,
    read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> Result<Bytes, Box<Failure>> {
    let read = tokio::task::spawn_blocking(read).await;
    let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
    read.map(Bytes::from).map_err(|error| {
        let title = format!("{shown} cannot be read: {}", io_words(&error));
        Box::new(Failure::new(codes::EVENT, title).hint("check the path; `-` is stdin"))
    })
}
