//! `sesame policy check --batch`: one question a line in, one answer a line out, in the same
//! order and in constant memory. A line that cannot be read is answered, not dropped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::cli::CheckArgs;
use crate::commands::input;
use crate::diagnosis::{Exit, Failure, codes};
use crate::output::{Printer, json};
use crate::ram::{Context, Layer, Policies, Policy, Position, Request, parse};

/// The longest line that is read, in bytes.
const LINE_LIMIT: usize = 16 * 1024 * 1024;
/// How much text of prepared policies is kept, in bytes.
const CACHE_LIMIT: usize = 32 * 1024 * 1024;
/// Answers are handed on in pieces of this size.
const OUT_SIZE: usize = 64 * 1024;

/// A line of the input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    policies: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    resource: Cow<'a, str>,
    #[serde(default, deserialize_with = "given")]
    context: Context,
    #[serde(borrow, default)]
    absent: Vec<Cow<'a, str>>,
    #[serde(default)]
    context_complete: bool,
}

/// The one field that an answer needs when the rest of its line is wrong.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

pub(super) fn run(questions: &Path, args: &CheckArgs, printer: &mut Printer) -> Exit {
    let failure = match answer_all(questions, args, printer) {
        Ok((0, _)) => return Exit::Done,
        Ok((bad, lines)) => {
            let title = format!("{bad} of {lines} lines could not be decided");
            Box::new(Failure::new(codes::BATCH, title).hint("the answers with an `error` say why"))
        }
        Err(failure) => failure,
    };
    printer.failure(&failure);
    failure.code.exit
}

/// How many lines could not be decided, and how many there were.
fn answer_all(
    questions: &Path,
    args: &CheckArgs,
    printer: &mut Printer,
) -> Result<(u64, u64), Box<Failure>> {
    let named = input::policies(&args.policies)?;
    for warning in &named.warnings {
        printer.warning(warning);
    }
    let own = args
        .policies
        .any()
        .then(|| Rc::new(Policies::new(named.policies)));
    let mut batch = Batch::new(own, printer);
    batch.answer_all(open(questions)?).map_err(|error| {
        Box::new(Failure::new(
            codes::STREAM,
            format!("the batch broke off: {error}"),
        ))
    })?;
    Ok((batch.bad, batch.lines))
}

/// Where questions come from.
type Input = BufReader<Box<dyn Read>>;

fn open(questions: &Path) -> Result<Input, Box<Failure>> {
    if questions == Path::new("-") {
        return Ok(BufReader::with_capacity(OUT_SIZE, Box::new(io::stdin())));
    }
    let opened = match std::fs::metadata(questions) {
        Ok(known) if known.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ => std::fs::File::open(questions),
    };
    let file = opened.map_err(|error| {
        let (shown, why) = (questions.display(), input::io_words(&error));
        let failure = Failure::new(codes::BATCH, format!("`{shown}` cannot be read: {why}"));
        Box::new(failure.hint("check the path; `-` is stdin"))
    })?;
    Ok(BufReader::with_capacity(OUT_SIZE, Box::new(file)))
}

/// Policies as a line names them, prepared once for each text, or why they cannot be used.
type Prepared = Result<Rc<Policies>, Rc<str>>;

struct Batch<'a> {
    /// Those of `--policy-file`.
    own: Option<Rc<Policies>>,
    cache: HashMap<Box<str>, Prepared>,
    cached: usize,
    matched: Vec<(usize, usize)>,
    out: Vec<u8>,
    printer: &'a mut Printer,
    lines: u64,
    bad: u64,
}

impl<'a> Batch<'a> {
    fn new(own: Option<Rc<Policies>>, printer: &'a mut Printer) -> Self {
        Self {
            own,
            cache: HashMap::new(),
            cached: 0,
            matched: Vec::new(),
            out: Vec::with_capacity(2 * OUT_SIZE),
            printer,
            lines: 0,
            bad: 0,
        }
    }

    fn answer_all(&mut self, mut input: Input) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            let whole = read_line(&mut input, &mut line)?;
            let Some(whole) = whole else { break };
            self.lines += 1;
            self.answer(&line, whole);
            // Whoever asks line by line waits for the answer.
            let waiting = self.out.len() >= OUT_SIZE || !input.buffer().contains(&b'\n');
            if waiting && !self.hand_on()? {
                return Ok(());
            }
        }
        self.hand_on().map(|_| ())
    }

    /// Whether somebody still reads.
    fn hand_on(&mut self) -> io::Result<bool> {
        let written = self
            .printer
            .data(&self.out)
            .and_then(|()| self.printer.flush());
        self.out.clear();
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            other => other.map(|()| true),
        }
    }

    fn answer(&mut self, line: &[u8], whole: bool) {
        let asked = if whole {
            std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())
        } else {
            Err(format!("the line is longer than {LINE_LIMIT} bytes"))
        };
        let outcome = asked.and_then(|text| self.decide(text));
        if let Err(why) = outcome {
            self.bad += 1;
            // A line that is not JSON as a whole has no id to speak of.
            let text = std::str::from_utf8(line).unwrap_or_default();
            let named = serde_json::from_str::<Named<'_>>(text).ok();
            let id = named
                .and_then(|named| named.id)
                .map_or("null", RawValue::get);
            let why = json::compact(&why.into());
            // Writing into memory cannot fail.
            let _ = writeln!(self.out, "{{\"id\":{id},\"error\":{why}}}");
        }
    }

    fn decide(&mut self, text: &str) -> Result<(), String> {
        if !text.trim_start().starts_with('{') {
            return Err("the line is not an object".to_owned());
        }
        let mut question: Question<'_> =
            serde_json::from_str(text).map_err(|error| in_one_line(&error.to_string()))?;
        input::question(&question.action, &question.resource)?;
        for key in &question.absent {
            if question.context.is_given(key) {
                return Err(format!("`{key}` is both in `context` and in `absent`"));
            }
            question.context.absent(key);
        }
        if question.context_complete {
            question.context.complete();
        }
        let policies =
            match question.policies {
                Some(text) => self.prepared(text.get())?,
                None => Rc::clone(self.own.as_ref().ok_or(
                    "the line has no `policies`, and no `--policy-file` stands in for them",
                )?),
            };
        let request = Request {
            action: &question.action,
            resource: &question.resource,
            context: &question.context,
        };
        self.matched.clear();
        let decision = policies.decide_matched(&request, &mut self.matched);
        let id = question.id.map_or("null", RawValue::get);
        let _ = write!(
            self.out,
            "{{\"id\":{id},\"decision\":\"{}\",\"matched\":[",
            decision.as_str()
        );
        for (place, (policy, statement)) in self.matched.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(self.out, "{comma}[{policy},{statement}]");
        }
        self.out.extend_from_slice(b"]}\n");
        Ok(())
    }

    /// Equal texts are prepared once.
    fn prepared(&mut self, text: &str) -> Result<Rc<Policies>, String> {
        if let Some(known) = self.cache.get(text) {
            return known.clone().map_err(|why| why.to_string());
        }
        let prepared: Prepared = prepare(text).map(Rc::new).map_err(Rc::from);
        if self.cached + text.len() > CACHE_LIMIT {
            self.cache.clear();
            self.cached = 0;
        }
        self.cached += text.len();
        self.cache.insert(text.into(), prepared.clone());
        prepared.map_err(|why| why.to_string())
    }
}

fn prepare(text: &str) -> Result<Policies, String> {
    let documents: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        format!(
            "`policies` is not a list of documents: {}",
            in_one_line(&error.to_string())
        )
    })?;
    let mut policies = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let parsed = parse(document.get().as_bytes());
        let Some(read) = parsed.document else {
            let fault = parsed.findings.iter().find(|finding| finding.fatal);
            let why = fault.map_or("it is not a policy", |finding| finding.message.as_str());
            let start = fault.map_or(0, |finding| finding.span.start);
            let Position { line, column } = Position::of(document.get(), start);
            return Err(format!(
                "policies[{index}] at line {line}, column {column}: {why}"
            ));
        };
        let name = format!("policies[{index}]");
        policies.push(Policy {
            name,
            layer: Layer::Account,
            level: 0,
            document: read,
        });
    }
    Ok(Policies::new(policies))
}

/// serde's own words, which may spell out a whole value.
fn in_one_line(error: &str) -> String {
    error
        .chars()
        .map(|character| if character == '\n' { ' ' } else { character })
        .collect()
}

/// Reads a line without its end; `Some(false)` when it is too long and was passed over.
fn read_line(input: &mut Input, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let mut whole = true;
    loop {
        let available = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if available.is_empty() {
            return Ok((!line.is_empty() || !whole).then_some(whole));
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let piece = &available[..end.unwrap_or(available.len())];
        if line.len() + piece.len() > LINE_LIMIT {
            whole = false;
        } else {
            line.extend_from_slice(piece);
        }
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(Some(whole));
        }
    }
}

/// Condition keys with a value or a list of them.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Context, D::Error> {
    struct Keys;

    impl<'de> Visitor<'de> for Keys {
        type Value = Context;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of condition keys")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Context, A::Error> {
            let mut context = Context::default();
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if context.is_given(&key) {
                    return Err(de::Error::custom(format!(
                        "`{key}` stands in `context` twice"
                    )));
                }
                map.next_value_seed(Value {
                    key: &key,
                    context: &mut context,
                })?;
            }
            Ok(context)
        }
    }

    struct Value<'k> {
        key: &'k str,
        context: &'k mut Context,
    }

    impl<'de> de::DeserializeSeed<'de> for Value<'_> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Value<'_> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a string or a list of strings")
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
            self.context.give(self.key, value);
            Ok(())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            let mut any = false;
            while let Some(value) = items.next_element::<Cow<'de, str>>()? {
                self.context.give(self.key, &value);
                any = true;
            }
            if any {
                Ok(())
            } else {
                Err(de::Error::custom("a list without a value"))
            }
        }
    }

    deserializer.deserialize_map(Keys)
}
