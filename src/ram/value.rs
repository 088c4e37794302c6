//! The typed values of conditions: numbers, instants, truth values and address blocks.
//!
//! Each reader takes exactly what is documented. What is not documented is told apart from
//! what is plainly wrong, but neither is ever compared.

use std::cmp::Ordering;
use std::net::IpAddr;

/// A decimal number, compared digit by digit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    raw: &'a str,
}

impl<'a> Number<'a> {
    /// Digits, an optional sign before and an optional fraction after them.
    pub(crate) fn read(raw: &'a str) -> Option<Number<'a>> {
        let (negative, digits) = match raw.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, raw),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (digits, ""),
        };
        let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !decimal(whole) || !decimal(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Number {
            negative: negative && !zero,
            whole,
            fraction,
            raw,
        })
    }

    /// The exact order, unless doubles, which the service may well use, see another one.
    pub(crate) fn compare(self, other: Number<'_>) -> Option<Ordering> {
        let exact = self.exact(other);
        let (Ok(left), Ok(right)) = (self.raw.parse::<f64>(), other.raw.parse::<f64>()) else {
            return None;
        };
        (left.partial_cmp(&right) == Some(exact)).then_some(exact)
    }

    fn exact(self, other: Number<'_>) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }

    fn magnitude(self, other: Number<'_>) -> Ordering {
        (self.whole.len(), self.whole, self.fraction).cmp(&(
            other.whole.len(),
            other.whole,
            other.fraction,
        ))
    }
}

/// An instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    days: i32,
    second: u32,
    nano: u32,
}

/// What a text is when a date is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateReading {
    Instant(Instant),
    /// A date in a form that RAM does not document.
    OtherForm,
    NoDate,
}

/// Reads `YYYY-MM-DDThh:mm:ssZ`, with or without a fraction of a second.
pub(crate) fn read_date(text: &str) -> DateReading {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let day = || {
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        (bytes[4] == b'-' && bytes[7] == b'-').then_some(())?;
        day_number(year, month, day)
    };
    let Some(days) = day() else {
        let epoch = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return if epoch {
            DateReading::OtherForm
        } else {
            DateReading::NoDate
        };
    };
    let time = || {
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let nano = match &bytes[19..] {
            b"Z" => 0,
            [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
                let value = number(20, 20 + digits.len())?;
                value * 10_u32.pow(9 - u32::try_from(digits.len()).ok()?)
            }
            _ => return None,
        };
        let shape = bytes[10] == b'T' && bytes[13] == b':' && bytes[16] == b':';
        (shape && hour < 24 && minute < 60 && second < 60)
            .then_some((hour * 3600 + minute * 60 + second, nano))
    };
    match time() {
        Some((second, nano)) => DateReading::Instant(Instant { days, second, nano }),
        None if text.len() > 10 && !matches!(bytes[10], b'T' | b't' | b' ') => DateReading::NoDate,
        None => DateReading::OtherForm,
    }
}

fn day_number(year: u32, month: u32, day: u32) -> Option<i32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if day == 0 || day > length {
        return None;
    }
    // Years and months count from March, so that the leap day is the last of its year. A
    // whole cycle of 400 years is added, so that the year before 0 has a number too.
    let (year, month) = if month > 2 {
        (year + 400, month - 3)
    } else {
        (year + 399, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    i32::try_from(days).ok()
}

/// `true` or `false`, and whether it stood in small letters.
pub(crate) fn read_bool(text: &str) -> Option<(bool, bool)> {
    if text.eq_ignore_ascii_case("true") {
        Some((true, text == "true"))
    } else if text.eq_ignore_ascii_case("false") {
        Some((false, text == "false"))
    } else {
        None
    }
}

/// An address or a CIDR block. Bits past the prefix are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    address: u128,
    mask: u128,
    six: bool,
    pub(crate) cidr: bool,
}

impl Block {
    pub(crate) fn read(text: &str) -> Option<Block> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let (bits, six) = bits(address.parse().ok()?);
        let width: u32 = if six { 128 } else { 32 };
        let length = match prefix {
            None => width,
            Some(digits)
                if matches!(digits.len(), 1..=3)
                    && (digits.len() == 1 || !digits.starts_with('0'))
                    && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                digits.parse().ok()?
            }
            Some(_) => return None,
        };
        if length > width {
            return None;
        }
        let all = if six { u128::MAX } else { u128::from(u32::MAX) };
        let mask = all & !all.checked_shr(length).unwrap_or(0);
        Some(Block {
            address: bits & mask,
            mask,
            six,
            cidr: prefix.is_some(),
        })
    }

    /// Whether the address lies in the block, each family by itself.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (bits, six) = bits(address);
        six == self.six && bits & self.mask == self.address
    }

    /// The same, with IPv4 addresses that are written as IPv6 taken for what they are.
    pub(crate) fn contains_mapped(&self, address: IpAddr) -> bool {
        const MAPPED: u128 = 0xffff << 32;
        let high = !u128::from(u32::MAX);
        let wide = |bits: u128, six: bool| if six { bits } else { bits | MAPPED };
        let (bits, six) = bits(address);
        let mask = if self.six {
            self.mask
        } else {
            self.mask | high
        };
        wide(bits, six) & mask == wide(self.address, self.six)
    }

    /// Whether every address of `other` lies in this block.
    pub(crate) fn covers(&self, other: &Block) -> bool {
        self.six == other.six
            && self.mask & other.mask == self.mask
            && other.address & self.mask == self.address
    }
}

fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(four) => (u128::from(u32::from(four)), false),
        IpAddr::V6(six) => (u128::from(six), true),
    }
}

/// The character without regard to letter case, where that is one character again.
pub(crate) fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let upper = single(c.to_uppercase()).unwrap_or(c);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}
