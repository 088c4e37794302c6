//! The `${…}` language of project files, read by hand: a reference (`vars.x`), a call
//! (`env('X', 'd')`) or a text in quotes. It is data. Whatever else stands between the
//! braces would be a JavaScript expression to Serverless Devs; here it is a fault.

use std::ops::Range;

/// Calls inside calls that are read.
const MAX_DEPTH: usize = 8;

/// A part of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(&'t str),
    /// The bytes from `$` to `}`, and what stands there.
    Expression(Range<usize>, Expression),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Literal(String),
    /// `a.b[0]`, and what counts when there is no such thing.
    Reference {
        path: Vec<String>,
        default: Option<Box<Expression>>,
    },
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
}

/// Why the text between the braces means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// No `}`.
    #[error("`${{` is never closed")]
    Unclosed,
    /// Nothing inside.
    #[error("`${{}}` has nothing in it")]
    Empty,
    /// A quote without its end.
    #[error("a quoted text is never closed")]
    Quote,
    /// Calls inside calls inside calls.
    #[error("calls are nested more than {MAX_DEPTH} deep")]
    Depth,
    /// Anything that would have to be run.
    #[error("`{0}` is an expression that would have to be run, and a project file is only read")]
    Code(String),
}

/// A fault and the bytes from `$` on that it is about.
pub(super) type Fault = (Range<usize>, SyntaxFault);

/// Whether the text has anything to be filled in.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("${")
}

/// The parts of a scalar, in order.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if start > at {
            pieces.push(Piece::Text(&text[at..start]));
        }
        let mut reader = Reader {
            text,
            at: start + 2,
        };
        let expression = reader.whole().map_err(|fault| {
            let end = text[start..]
                .find('}')
                .map_or(text.len(), |end| start + end + 1);
            (start..end, reader.explained(fault, start + 2))
        })?;
        pieces.push(Piece::Expression(start..reader.at, expression));
        at = reader.at;
    }
    if at < text.len() {
        pieces.push(Piece::Text(&text[at..]));
    }
    Ok(pieces)
}

/// What is known before the text around it is.
enum Failed {
    Unclosed,
    Empty,
    Quote,
    Depth,
    Code,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn explained(&self, fault: Failed, start: usize) -> SyntaxFault {
        match fault {
            Failed::Unclosed => SyntaxFault::Unclosed,
            Failed::Empty => SyntaxFault::Empty,
            Failed::Quote => SyntaxFault::Quote,
            Failed::Depth => SyntaxFault::Depth,
            Failed::Code => {
                let rest = &self.text[start..];
                let inside = &rest[..rest.find('}').unwrap_or(rest.len())];
                let mut shown: String = inside.trim().chars().take(60).collect();
                if shown.len() < inside.trim().len() {
                    shown.push('…');
                }
                SyntaxFault::Code(shown)
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let end = rest.find(|one| !belongs(one)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Everything to the closing brace.
    fn whole(&mut self) -> Result<Expression, Failed> {
        self.space();
        if self.peek() == Some('}') {
            return Err(Failed::Empty);
        }
        let mut expression = self.value(0)?;
        self.space();
        if let Expression::Reference { default, .. } = &mut expression
            && self.skip(',')
        {
            *default = Some(Box::new(self.argument(0, &[',', '}'])?));
            self.space();
        }
        match self.peek() {
            Some('}') => {
                self.at += 1;
                Ok(expression)
            }
            Some(_) => Err(Failed::Code),
            None => Err(Failed::Unclosed),
        }
    }

    /// A text in quotes, a call or a reference.
    fn value(&mut self, depth: usize) -> Result<Expression, Failed> {
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            return self.quoted(quote).map(Expression::Literal);
        }
        let name = self.segment()?;
        self.space();
        if self.skip('(') {
            let arguments = self.arguments(depth + 1)?;
            return Ok(Expression::Call { name, arguments });
        }
        let mut path = vec![name];
        loop {
            if self.skip('.') {
                path.push(self.segment()?);
            } else if self.skip('[') {
                path.push(self.index()?);
            } else {
                return Ok(Expression::Reference {
                    path,
                    default: None,
                });
            }
        }
    }

    fn segment(&mut self) -> Result<String, Failed> {
        let name = self.take(|one| one.is_alphanumeric() || matches!(one, '_' | '-' | '@' | '$'));
        match name.is_empty() || name.starts_with('-') {
            true if self.text.len() == self.at => Err(Failed::Unclosed),
            true => Err(Failed::Code),
            false => Ok(name.to_owned()),
        }
    }

    /// `[0]` or `['name']`, after the bracket.
    fn index(&mut self) -> Result<String, Failed> {
        self.space();
        let name = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.take(|one| one.is_ascii_digit()).to_owned(),
        };
        self.space();
        match self.skip(']') && !name.is_empty() {
            true => Ok(name),
            false => Err(Failed::Code),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Failed> {
        self.at += 1;
        let mut value = String::new();
        let mut escaped = false;
        for (index, one) in self.text[self.at..].char_indices() {
            match one {
                _ if escaped => {
                    escaped = false;
                    value.push(match one {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        other => other,
                    });
                }
                '\\' => escaped = true,
                _ if one == quote => {
                    self.at += index + 1;
                    return Ok(value);
                }
                _ => value.push(one),
            }
        }
        Err(Failed::Quote)
    }

    /// Arguments up to the closing parenthesis, after the opening one.
    fn arguments(&mut self, depth: usize) -> Result<Vec<Expression>, Failed> {
        if depth > MAX_DEPTH {
            return Err(Failed::Depth);
        }
        let mut arguments = Vec::new();
        self.space();
        if self.skip(')') {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.argument(depth, &[',', ')'])?);
            self.space();
            if self.skip(')') {
                return Ok(arguments);
            }
            if !self.skip(',') {
                return Err(match self.peek() {
                    None => Failed::Unclosed,
                    Some(_) => Failed::Code,
                });
            }
        }
    }

    /// One argument. Without quotes it is the author's text, as edition 1.0.0 has it, but
    /// for a call and for what begins like a reference.
    fn argument(&mut self, depth: usize, ends: &[char]) -> Result<Expression, Failed> {
        self.space();
        if let Some('\'' | '"') = self.peek() {
            return self.value(depth);
        }
        let start = self.at;
        let bare = self.take(|one| {
            !one.is_whitespace()
                && !one.is_control()
                && !ends.contains(&one)
                && !"()'\"`+|&?;{}<>=".contains(one)
        });
        let refers = ["vars.", "this.", "that.", "resources.", "services.", "env."]
            .iter()
            .any(|root| bare.starts_with(root));
        let bare = bare.to_owned();
        self.space();
        if refers || (self.peek() == Some('(') && !bare.is_empty()) {
            self.at = start;
            return self.value(depth);
        }
        match (bare.is_empty(), self.peek()) {
            (_, None) => Err(Failed::Unclosed),
            (false, Some(next)) if ends.contains(&next) => Ok(Expression::Literal(bare)),
            _ => Err(Failed::Code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Expression {
        match &pieces(text).unwrap()[..] {
            [Piece::Expression(range, expression)] => {
                assert_eq!(*range, 0..text.len());
                expression.clone()
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    fn text(text: &str) -> Expression {
        Expression::Literal(text.to_owned())
    }

    fn reference(path: &[&str]) -> Expression {
        Expression::Reference {
            path: path.iter().map(|&one| one.to_owned()).collect(),
            default: None,
        }
    }

    fn call(name: &str, arguments: Vec<Expression>) -> Expression {
        Expression::Call {
            name: name.to_owned(),
            arguments,
        }
    }

    #[test]
    fn references_go_by_dots_and_brackets() {
        assert_eq!(one("${vars.region}"), reference(&["vars", "region"]));
        assert_eq!(
            one("${ my-app.props.x }"),
            reference(&["my-app", "props", "x"])
        );
        assert_eq!(
            one("${resources['a.b'].props.triggers[0].triggerName}"),
            reference(&["resources", "a.b", "props", "triggers", "0", "triggerName"])
        );
    }

    #[test]
    fn an_argument_is_text_with_quotes_or_without() {
        let x = || vec![text("X")];
        for written in ["${env(X)}", "${env('X')}", "${ env( \"X\" ) }"] {
            assert_eq!(one(written), call("env", x()), "{written}");
        }
        assert_eq!(
            one("${env(X, d-1)}"),
            call("env", vec![text("X"), text("d-1")])
        );
        assert_eq!(
            one("${env('X', 'a, }b')}"),
            call("env", vec![text("X"), text("a, }b")])
        );
        assert_eq!(
            one("${file(./a/b.txt)}"),
            call("file", vec![text("./a/b.txt")])
        );
        assert_eq!(one(r"${env('it\'s')}"), call("env", vec![text("it's")]));
        assert_eq!(
            one("${env('X', path('../'))}"),
            call("env", vec![text("X"), call("path", vec![text("../")])])
        );
        assert_eq!(
            one("${env('X', vars.y)}"),
            call("env", vec![text("X"), reference(&["vars", "y"])])
        );
    }

    #[test]
    fn a_reference_may_have_a_default() {
        let expected = |default| Expression::Reference {
            path: vec!["vars".into(), "x".into()],
            default: Some(Box::new(default)),
        };
        assert_eq!(one("${vars.x, 'd'}"), expected(text("d")));
        assert_eq!(one("${vars.x, d}"), expected(text("d")));
        assert_eq!(
            one("${vars.x, vars.y}"),
            expected(reference(&["vars", "y"]))
        );
    }

    #[test]
    fn text_around_stays() {
        let found = pieces("a-${vars.x}-云${env(Y)}").unwrap();
        let expected = vec![
            Piece::Text("a-"),
            Piece::Expression(2..11, reference(&["vars", "x"])),
            Piece::Text("-云"),
            Piece::Expression(15..24, call("env", vec![text("Y")])),
        ];
        assert_eq!(found, expected);
        assert_eq!(pieces("$x {y} $").unwrap(), [Piece::Text("$x {y} $")]);
    }

    #[test]
    fn what_would_have_to_be_run_is_a_fault() {
        for code in [
            "${1 + 1}",
            "${vars.a || 'b'}",
            "${vars.a ? 1 : 2}",
            "${process.exit()}",
            "${require('fs').readFileSync('x')}",
            "${`x`}",
            "${(() => 1)()}",
            "${env('A' + 'B')}",
            "${env(A + B)}",
            "${vars.a.toUpperCase()}",
            "${vars[vars.x]}",
            "${-1}",
            "${'a'.length}",
        ] {
            let (range, fault) = pieces(code).unwrap_err();
            assert!(matches!(fault, SyntaxFault::Code(_)), "{code}: {fault:?}");
            assert_eq!(range.start, 0, "{code}");
        }
        let (range, fault) = pieces("x ${1 + 1} y").unwrap_err();
        assert_eq!((range, fault), (2..10, SyntaxFault::Code("1 + 1".into())));
    }

    #[test]
    fn what_is_not_complete_is_a_fault() {
        let fault = |text| pieces(text).unwrap_err().1;
        assert_eq!(fault("${"), SyntaxFault::Unclosed);
        assert_eq!(fault("${vars.x"), SyntaxFault::Unclosed);
        assert_eq!(fault("${env(X"), SyntaxFault::Unclosed);
        assert_eq!(fault("${}"), SyntaxFault::Empty);
        assert_eq!(fault("${ }"), SyntaxFault::Empty);
        assert_eq!(fault("${env('X}"), SyntaxFault::Quote);
        let deep = format!("${{{}", "env(".repeat(100_000));
        assert_eq!(fault(&deep), SyntaxFault::Depth);
    }
}
