//! The two streams. Commands write nothing but through this.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use bytes::Bytes;

/// The form of what goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The function's bytes, and words on stderr.
    #[default]
    Text,
    /// One object.
    Json,
    /// The function's bytes and nothing else.
    Raw,
}

/// How much goes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Log, result line, warnings.
    #[default]
    Normal,
    /// And what sesame does.
    Verbose,
    /// And the header fields of the call.
    Debug,
}

/// Writes to the two streams.
pub struct Printer {
    /// Gone while a thread of its own writes, and after that write was given up.
    out: Option<Box<dyn Write + Send>>,
    err: AutoStream<Box<dyn Write>>,
    out_color: ColorChoice,
    format: Format,
    verbosity: Verbosity,
    /// What may be wrong, for the object of `-o json`.
    pub(super) warnings: Vec<String>,
}

impl Printer {
    /// A printer for the process' own streams.
    pub fn new(format: Format, verbosity: Verbosity, color: ColorChoice) -> Self {
        let (color, out_color) = match color {
            ColorChoice::Auto => (
                AutoStream::choice(&io::stderr()),
                AutoStream::choice(&io::stdout()),
            ),
            other => (other, other),
        };
        let err: Box<dyn Write> = Box::new(io::stderr());
        Self {
            out: Some(Box::new(io::stdout())),
            err: AutoStream::new(err, color),
            out_color,
            format,
            verbosity,
            warnings: Vec::new(),
        }
    }

    /// A text with colours, as stdout takes it.
    pub fn for_stdout(&self, styled: &str) -> String {
        match self.out_color {
            ColorChoice::Never => anstream::adapter::strip_str(styled).to_string(),
            _ => styled.to_owned(),
        }
    }

    /// The form that was asked for.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes data to stdout, as it is.
    ///
    /// # Errors
    /// Nobody reads any more, or the stream is broken otherwise.
    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.out {
            Some(out) => out.write_all(bytes),
            None => Ok(()),
        }
    }

    /// Writes data to stdout and hands it on, on a thread of its own: a reader that does not
    /// read holds up neither a time limit nor a signal.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub async fn stream(&mut self, bytes: Bytes) -> io::Result<()> {
        let Some(mut out) = self.out.take() else {
            return Ok(());
        };
        let write = move || {
            let written = out.write_all(&bytes).and_then(|()| out.flush());
            (out, written)
        };
        let (out, written) = tokio::task::spawn_blocking(write)
            .await
            .map_err(io::Error::other)?;
        self.out = Some(out);
        written
    }

    /// The warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Hands on what stdout still holds.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }

    /// Writes a line for people, unless less was asked for. The text is already escaped.
    pub fn line(&mut self, at_least: Verbosity, line: &str) {
        let words = self.format == Format::Text || at_least == Verbosity::Quiet;
        if self.verbosity >= at_least && (words || self.verbosity >= Verbosity::Verbose) {
            // Whoever closed stderr does not want to hear.
            let _ = writeln!(self.err, "{line}");
        }
    }

    /// Whether such lines are wanted.
    pub fn wants(&self, at_least: Verbosity) -> bool {
        self.verbosity >= at_least
    }
}
