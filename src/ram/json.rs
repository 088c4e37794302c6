//! A JSON reader that keeps the byte range of everything and goes on after a fault.
//!
//! It reads RFC 8259 JSON and nothing more, but where the text departs from it, it reports
//! the fault, guesses what was meant and continues, so that one pass shows every fault.
//! It knows nothing of policies. Nesting is bounded by [`MAX_DEPTH`], the number of faults
//! by [`MAX_FAULTS`]; a value that could not be read is [`Kind::Invalid`] and has been
//! reported already.

use super::codes;
use super::finding::Finding;
use super::span::Span;
use std::borrow::Cow;
use std::collections::HashSet;

mod scalar;

/// Levels of nesting that are read; a policy needs six.
pub(crate) const MAX_DEPTH: usize = 64;
/// After this many faults the text is not JSON in any useful sense, and reading ends.
const MAX_FAULTS: usize = 100;

#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) span: Span,
    pub(crate) kind: Kind<'a>,
}

#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Null,
    Bool(bool),
    /// As written.
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
    /// Reported already.
    Invalid,
}

#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node<'a>,
}

/// Reads one document. Every fault is fatal; the tree is what could be made out.
pub(crate) fn read<'a>(text: &'a str, findings: &mut Vec<Finding>) -> Node<'a> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        findings: Vec::new(),
    };
    if text.starts_with('\u{feff}') {
        reader.at = 3;
    }
    reader.space();
    let root = if reader.at >= text.len() {
        let span = Span::new(text.len(), text.len());
        reader.fault(
            span,
            "the document is empty",
            "write `{\"Version\": \"1\", \"Statement\": []}` and fill it in",
        );
        Node {
            span,
            kind: Kind::Invalid,
        }
    } else {
        reader.value()
    };
    reader.space();
    if reader.peek().is_some() {
        let span = Span::new(reader.at, reader.word_end());
        let end = if span.is_empty() {
            reader.at + reader.char_len()
        } else {
            span.end
        };
        reader.fault(
            Span::new(span.start, end),
            "text after the end of the document",
            "remove it, or put each document in a file of its own",
        );
    }
    findings.append(&mut reader.findings);
    root
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    /// The next byte; none at the end, and after too many faults.
    fn peek(&self) -> Option<u8> {
        self.bytes
            .get(self.at)
            .copied()
            .filter(|_| !self.given_up())
    }

    fn fault(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.report(
            Finding::new(&codes::JSON_SYNTAX_ERROR, span, message)
                .fatal()
                .with_help(help),
        );
    }

    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn given_up(&self) -> bool {
        self.findings.len() >= MAX_FAULTS
    }

    /// Skips white space; a comment is reported and skipped.
    fn space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') if matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) => {
                    let rest = self.text.get(self.at..).unwrap_or("");
                    let length = if rest.starts_with("//") {
                        rest.find('\n').unwrap_or(rest.len())
                    } else {
                        rest.find("*/").map_or(rest.len(), |end| end + 2)
                    };
                    let span = Span::new(self.at, self.at + length);
                    self.at = span.end;
                    self.fault(span, "JSON has no comments", "remove the comment");
                }
                _ => return,
            }
        }
    }

    fn value(&mut self) -> Node<'a> {
        let start = self.at;
        let kind = match self.peek() {
            Some(open @ (b'{' | b'[')) if self.depth >= MAX_DEPTH => {
                self.skip_nested();
                if !self
                    .findings
                    .iter()
                    .any(|finding| finding.code == codes::JSON_TOO_DEEP.code)
                {
                    let message = format!(
                        "nested deeper than {MAX_DEPTH} levels at this `{}`",
                        char::from(open)
                    );
                    let finding =
                        Finding::new(&codes::JSON_TOO_DEEP, Span::new(start, start + 1), message);
                    self.report(
                        finding
                            .fatal()
                            .with_help("a policy needs six levels: remove the surplus brackets"),
                    );
                }
                Kind::Invalid
            }
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Kind::String(self.string()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b',' | b']' | b'}' | b':') => {
                let found = char::from(self.bytes[self.at]);
                let span = Span::new(start, start + 1);
                self.fault(
                    span,
                    format!("a value is missing before `{found}`"),
                    "write the value, or remove what is before it",
                );
                Kind::Invalid
            }
            None => {
                if !self.given_up() {
                    self.fault(
                        Span::new(start, start),
                        "the document ends where a value is due",
                        "complete the document",
                    );
                }
                Kind::Invalid
            }
            Some(_) => self.word(),
        };
        Node {
            span: Span::new(start, self.at.max(start)),
            kind,
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Kind<'a>) -> Kind<'a> {
        self.depth += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn array(&mut self) -> Kind<'a> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let mut comma: Option<usize> = None;
        loop {
            self.space();
            match self.peek() {
                None => {
                    self.unclosed(open, '[', ']');
                    break;
                }
                Some(close @ (b']' | b'}')) => {
                    self.trailing_comma(comma);
                    self.close(open, close, b']');
                    break;
                }
                Some(_) => {}
            }
            items.push(self.value());
            comma = self.separator("]");
        }
        Kind::Array(items)
    }

    fn object(&mut self) -> Kind<'a> {
        let open = self.at;
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut comma: Option<usize> = None;
        loop {
            self.space();
            match self.peek() {
                None => {
                    self.unclosed(open, '{', '}');
                    break;
                }
                Some(close @ (b']' | b'}')) => {
                    self.trailing_comma(comma);
                    self.close(open, close, b'}');
                    break;
                }
                Some(_) => {}
            }
            let key_start = self.at;
            let key = self.key();
            let key_span = Span::new(key_start, self.at);
            self.space();
            if self.peek() == Some(b':') {
                self.at += 1;
                self.space();
            } else if !self.given_up() && self.at < self.bytes.len() {
                let here = Span::new(self.at, self.at + self.char_len());
                self.fault(
                    here,
                    format!("`:` is missing after the key `{key}`"),
                    "put `:` between the key and its value",
                );
                if self.peek() == Some(b'=') {
                    self.at += 1;
                    self.space();
                }
            }
            let value = self.value();
            if let Some(key) = key.named() {
                members.push(Member {
                    key,
                    key_span,
                    value,
                });
            }
            comma = self.separator("}");
        }
        self.duplicates(&members);
        Kind::Object(members)
    }

    /// A key; one that is not a string is reported and taken as meant.
    fn key(&mut self) -> Key<'a> {
        if self.peek() == Some(b'"') {
            return Key(Some(self.string()));
        }
        let start = self.at;
        if self.peek() == Some(b'\'') {
            let text = self.single_quoted();
            return Key(Some(Cow::Borrowed(text)));
        }
        let end = self.word_end();
        if end == start {
            let span = Span::new(start, start + self.char_len());
            if !matches!(self.peek(), Some(b':')) {
                self.at = span.end;
            }
            self.fault(
                span,
                "a key is missing here",
                "write the key in double quotes",
            );
            return Key(None);
        }
        let word = self.text.get(start..end).unwrap_or("");
        self.at = end;
        let message = format!("the key `{}` is not in double quotes", shorten(word));
        self.fault(
            Span::new(start, end),
            message,
            "write every key in double quotes",
        );
        Key(Some(Cow::Borrowed(word)))
    }

    /// Takes the comma after an element, or reports that it is missing.
    fn separator(&mut self, close: &str) -> Option<usize> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Some(self.at - 1)
            }
            None | Some(b']' | b'}') => None,
            Some(_) => {
                let span = Span::new(self.at, self.at + self.char_len());
                if self.peek() == Some(b':') {
                    self.at += 1;
                }
                self.fault(
                    span,
                    format!("`,` or `{close}` is missing here"),
                    "separate the elements with `,`",
                );
                None
            }
        }
    }

    fn trailing_comma(&mut self, comma: Option<usize>) {
        if let Some(at) = comma {
            self.fault(
                Span::new(at, at + 1),
                "`,` before the closing bracket",
                "remove the comma",
            );
        }
    }

    fn close(&mut self, open: usize, found: u8, expected: u8) {
        if found == expected {
            self.at += 1;
            return;
        }
        let (found, expected) = (char::from(found), char::from(expected));
        let opened = char::from(self.bytes[open]);
        let message = format!("`{found}` where `{expected}` should close the `{opened}`");
        self.fault(
            Span::new(self.at, self.at + 1),
            message,
            "make the brackets match",
        );
        // A wrong bracket at the outermost level closes; further in it may belong outside.
        if self.depth <= 1 {
            self.at += usize::from(self.at < self.bytes.len());
        }
    }

    fn unclosed(&mut self, open: usize, opened: char, close: char) {
        if !self.given_up() {
            let message = format!("this `{opened}` is never closed");
            self.fault(
                Span::new(open, open + 1),
                message,
                &format!("add the missing `{close}`"),
            );
        }
    }

    fn duplicates(&mut self, members: &[Member<'a>]) {
        let few = members.len() <= 16;
        let mut seen: HashSet<&str> = HashSet::new();
        for (index, member) in members.iter().enumerate() {
            let twice = if few {
                members[..index]
                    .iter()
                    .any(|earlier| earlier.key == member.key)
            } else {
                !seen.insert(&member.key)
            };
            if twice {
                let message = format!(
                    "the key `{}` stands twice in one object",
                    shorten(&member.key)
                );
                let finding = Finding::new(&codes::DUPLICATE_KEYS, member.key_span, message);
                self.report(finding.fatal().with_help(
                    "merge the two, or remove one: which of them counts is not documented",
                ));
            }
        }
    }

    /// Skips a bracketed value without recursion.
    fn skip_nested(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' | b'[' => open += 1,
                b'}' | b']' => {
                    open -= 1;
                    if open == 0 {
                        return;
                    }
                }
                b'"' => {
                    while let Some(inner) = self.peek() {
                        self.at += 1 + usize::from(inner == b'\\');
                        if inner == b'"' {
                            break;
                        }
                    }
                    self.at = self.at.min(self.bytes.len());
                    while !self.text.is_char_boundary(self.at) {
                        self.at += 1;
                    }
                }
                _ => {}
            }
        }
    }
}

/// A key as meant; none when nothing was there.
struct Key<'a>(Option<Cow<'a, str>>);

impl<'a> Key<'a> {
    fn named(self) -> Option<Cow<'a, str>> {
        self.0
    }
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shorten(self.0.as_deref().unwrap_or("")))
    }
}

/// What a message quotes: no more than a line of it.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(""))),
    }
}
