//! Somebody's text: a file or stdin, read, explained and shown.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Halt;
use super::decode;
use crate::commands::calling::Outside;
use crate::commands::input::io_words;
use crate::commands::{Ended, print};
use crate::diagnosis::{Cause, Evidence, Failure, codes};
use crate::output::{Format, Printer, json};

/// The longest text that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The text of a file, or of stdin for `-`.
fn read(subject: &str) -> Result<String, Box<Failure>> {
    if subject == "-" {
        return text_of(io::stdin().lock(), "stdin");
    }
    let path = Path::new(subject);
    let word = !subject.contains(['/', '\\', '.']);
    if word && !path.exists() {
        let title = format!("`{subject}` is neither an error code of sesame nor a file");
        let failure = Failure::new(codes::NO_CODE, title);
        return Err(Box::new(failure.hint(
            "`sesame explain` lists the codes; `sesame explain -` reads a text from stdin",
        )));
    }
    let name = format!("`{subject}`");
    let file = File::open(path).map_err(|error| unreadable(&name, &io_words(&error)))?;
    text_of(file, &name)
}

fn unreadable(name: &str, why: &str) -> Box<Failure> {
    let failure = Failure::new(codes::TEXT, format!("{name} cannot be read: {why}"));
    Box::new(
        failure.hint("give it a text of up to 1 MiB, like the lines of a log around the error"),
    )
}

fn text_of(from: impl Read, name: &str) -> Result<String, Box<Failure>> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &io_words(&error)))?;
    if bytes.len() as u64 > LIMIT {
        return Err(unreadable(name, "it is longer than 1 MiB"));
    }
    // PowerShell writes UTF-16. What else is not UTF-8, like a log in GBK, has its ASCII still.
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = bytes[2..].as_chunks::<2>().0.iter().map(|unit| read(*unit));
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => wide(u16::from_le_bytes),
        Some([0xfe, 0xff]) => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    };
    match text.contains('\0') {
        true => Err(unreadable(name, "it is not a text")),
        false => Ok(text),
    }
}

/// Explains a file or stdin, with RAM's help where that is asked for.
pub(super) fn explain(
    subject: &str,
    asking: Option<Outside<'_>>,
    printer: &mut Printer,
) -> Result<Ended, Halt> {
    let mut evidence = Evidence::read(&read(subject)?);
    if let Some(outside) = asking {
        match decode::decode(&evidence, outside)? {
            Ok(decoded) => evidence = evidence.decoded(decoded),
            Err(why) => printer.warning(&why),
        }
    }
    let explanation = evidence.explain();
    for warning in &explanation.warnings {
        printer.warning(warning);
    }
    let known = explanation.cause != Cause::Unknown;
    if known && printer.format() != Format::Json {
        let shown = printer.explanation(&explanation);
        print(&shown, printer)?;
    }
    Ok(Ended {
        fields: Some(json::refusal(&explanation)),
        failure: (!known).then_some(explanation.failure),
    })
}
