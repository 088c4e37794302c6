//! Where something stands in a policy's source text.
//!
//! A [`Span`] counts bytes from the start of the source, byte order mark included; a
//! [`Position`] counts lines and characters as an editor shows them. Neither holds the
//! text, and no offset, however wrong, makes [`Position::of`] panic.

/// Byte range in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The text that the span covers; empty when the span does not fit the source.
    #[must_use]
    pub fn of<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or("")
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span covers nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Line and column, both from 1; the column counts characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset. `\r\n` is one line break, a byte order mark takes no
    /// column, and an offset inside a character or past the end counts as the nearest
    /// character before it.
    #[must_use]
    pub fn of(source: &str, offset: usize) -> Position {
        let mut end = offset.min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = source.get(..end).unwrap_or("");
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or("").chars().count() + 1,
        }
    }
}

/// Positions of ascending offsets in one text, each found from the one before.
pub(crate) struct Cursor<'a> {
    source: &'a str,
    at: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(source: &'a str) -> Cursor<'a> {
        let at = if source.starts_with('\u{feff}') { 3 } else { 0 };
        Cursor {
            source,
            at,
            position: Position { line: 1, column: 1 },
        }
    }

    pub(crate) fn advance(&mut self, offset: usize) -> Position {
        let Some(passed) = self.source.get(self.at..offset) else {
            return Position::of(self.source, offset);
        };
        self.at = offset;
        match passed.rfind('\n') {
            None => self.position.column += passed.chars().count(),
            Some(last) => {
                self.position.line += passed.bytes().filter(|byte| *byte == b'\n').count();
                self.position.column = passed.get(last + 1..).unwrap_or("").chars().count() + 1;
            }
        }
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, offset: usize) -> (usize, usize) {
        let position = Position::of(source, offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_characters_and_lines_count_breaks() {
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("ab\ncd", 4), (2, 2));
        assert_eq!(at("ab\r\ncd", 4), (2, 1));
        assert_eq!(at("ab\r\ncd", 3), (1, 4));
        assert_eq!(at("阿里\n云x", 10), (2, 2));
        assert_eq!(at("阿里", 4), (1, 2));
        assert_eq!(at("x", 99), (1, 2));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(at("\u{feff}{", 0), (1, 1));
        assert_eq!(at("\u{feff}{", 3), (1, 1));
        assert_eq!(at("\u{feff}{}", 4), (1, 2));
        assert_eq!(at("\u{feff}\n{", 4), (2, 1));
    }

    #[test]
    fn a_cursor_finds_what_is_found_from_the_start() {
        let source = "\u{feff}阿\r\n\n里里x\ny";
        let mut cursor = Cursor::new(source);
        for (offset, _) in source.char_indices() {
            assert_eq!(
                cursor.advance(offset),
                Position::of(source, offset),
                "{offset}"
            );
        }
    }

    #[test]
    fn a_span_that_does_not_fit_is_empty_text() {
        assert_eq!(Span::new(0, 3).of("阿"), "阿");
        assert_eq!(Span::new(1, 3).of("阿"), "");
        assert_eq!(Span::new(2, 1).of("abc"), "");
        assert_eq!(Span::new(2, 1).len(), 0);
    }
}
