//! The two streams. Commands write nothing but through this.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};

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
    out: Box<dyn Write>,
    err: AutoStream<Box<dyn Write>>,
    out_color: ColorChoice,
    format: Format,
    verbosity: Verbosity,
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
            out: Box::new(io::stdout()),
            err: AutoStream::new(err, color),
            out_color,
            format,
            verbosity,
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
        self.out.write_all(bytes)
    }

    /// Hands on what stdout still holds.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
