//! Conditions, prepared and evaluated to yes, no or unknown.
//!
//! One [`Prepared`] is one key under one operator. Values of a key are alternatives; a
//! negated operator holds when none of them matches. A key that is absent fails a positive
//! operator and meets a negated one; a key of which nothing is known leaves it unknown.
//! Whatever is not documented is unknown too, and [`Doubt`] says which kind it is.

use super::context::{Context, Known};
use super::document::Condition;
use super::glob;
use super::operator::{Operator, Order, Test};
use super::truth::Truth;
use super::value::{Block, DateReading, Instant, Number, fold, read_bool, read_date};
use std::net::IpAddr;
use std::sync::Arc;

/// Why a condition is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doubt {
    /// Nothing is known of the key.
    MissingKey,
    /// RAM does not have the operator.
    UnknownOperator,
    /// A value of the policy is malformed.
    PolicyValue,
    /// A value of the policy stands without quotes.
    UnquotedValue,
    /// There are no values.
    NoValues,
    /// The key was given in another letter case.
    KeyCase,
    /// The request's value is not of the operator's type.
    RequestValue,
    /// The key has several values of which some match.
    ManyValues,
    /// A match holds without regard to letter case only.
    LetterCase,
    /// Two numbers that a double cannot tell apart.
    Precision,
    /// An IPv4 address written as IPv6.
    MappedAddress,
}

type Outcome = (Truth, Option<Doubt>);

const MET: Outcome = (Truth::Yes, None);
const NOT_MET: Outcome = (Truth::No, None);

fn doubtful(doubt: Doubt) -> Outcome {
    (Truth::Unknown, Some(doubt))
}

fn certain(met: bool) -> Outcome {
    if met { MET } else { NOT_MET }
}

/// One key under one operator.
#[derive(Debug)]
pub(crate) struct Prepared {
    key: Arc<str>,
    negated: bool,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Text(Box<[Arc<str>]>),
    TextIgnoringCase(Box<[Arc<str>]>),
    Pattern(Box<[Arc<str>]>),
    Number(Order, Box<[Arc<str>]>),
    Date(Order, Box<[Instant]>),
    Bool(Box<[(bool, bool)]>),
    Ip(Box<[Block]>),
    /// Not to be evaluated at all.
    Doubtful(Doubt),
}

impl Prepared {
    pub(crate) fn new(condition: &Condition) -> Prepared {
        let values = match condition.known {
            None => Values::Doubtful(Doubt::UnknownOperator),
            Some(operator) => Values::new(operator, condition),
        };
        let negated = condition.known.is_some_and(|operator| operator.negated);
        Prepared {
            key: condition.key.value.clone(),
            negated,
            values,
        }
    }

    /// Whether the request meets it, and if that is unknown, why.
    pub(crate) fn evaluate(&self, context: &Context) -> Outcome {
        if let Values::Doubtful(doubt) = self.values {
            return doubtful(doubt);
        }
        let lookup = context.find(&self.key);
        let exact = self.known(lookup.exact);
        match lookup.folded {
            None => exact,
            Some(folded) => match exact.0.agreed(self.known(folded).0) {
                Truth::Unknown => doubtful(Doubt::KeyCase),
                agreed => (agreed, None),
            },
        }
    }

    fn known(&self, known: Known<'_>) -> Outcome {
        let matched = match known {
            Known::Unknown => return doubtful(Doubt::MissingKey),
            Known::Absent => NOT_MET,
            Known::Given([value]) => self.values.matched(value),
            Known::Given(values) => self.values.matched_by_many(values),
        };
        if self.negated {
            (matched.0.not(), matched.1)
        } else {
            matched
        }
    }
}

impl Values {
    fn new(operator: Operator, condition: &Condition) -> Values {
        if condition.values.is_empty() {
            return Values::Doubtful(Doubt::NoValues);
        }
        if condition.values.iter().any(|value| !value.quoted) {
            return Values::Doubtful(Doubt::UnquotedValue);
        }
        let texts = || condition.values.iter().map(|value| &*value.text.value);
        let owned = || {
            condition
                .values
                .iter()
                .map(|value| Arc::clone(&value.text.value))
                .collect()
        };
        let read = match operator.test {
            Test::Text => Some(Values::Text(owned())),
            Test::TextIgnoringCase => Some(Values::TextIgnoringCase(owned())),
            Test::Pattern => Some(Values::Pattern(owned())),
            Test::Number(order) => texts()
                .all(|text| Number::read(text).is_some())
                .then(|| Values::Number(order, owned())),
            Test::Date(order) => texts()
                .map(instant)
                .collect::<Option<_>>()
                .map(|dates| Values::Date(order, dates)),
            Test::Bool => texts()
                .map(read_bool)
                .collect::<Option<_>>()
                .map(Values::Bool),
            Test::Ip => texts()
                .map(Block::read)
                .collect::<Option<_>>()
                .map(Values::Ip),
        };
        read.unwrap_or(Values::Doubtful(Doubt::PolicyValue))
    }

    /// With several values in the request, both "one of them" and "all of them" must agree.
    fn matched_by_many(&self, values: &[Box<str>]) -> Outcome {
        let mut some = Truth::No;
        let mut all = Truth::Yes;
        for value in values {
            let (truth, doubt) = self.matched(value);
            if let Some(doubt) = doubt {
                return doubtful(doubt);
            }
            some = some.or(truth);
            all = all.and(truth);
        }
        match some.agreed(all) {
            Truth::Unknown => doubtful(Doubt::ManyValues),
            agreed => (agreed, None),
        }
    }

    /// Whether one of the policy's values matches.
    fn matched(&self, value: &str) -> Outcome {
        match self {
            Values::Text(texts) => certain(texts.iter().any(|text| **text == *value)),
            Values::TextIgnoringCase(texts) => any(texts, |text| ignoring_case(text, value)),
            Values::Pattern(patterns) => certain(
                patterns
                    .iter()
                    .any(|pattern| glob::matches(pattern.as_bytes(), value.as_bytes())),
            ),
            Values::Number(order, numbers) => match Number::read(value) {
                None => doubtful(Doubt::RequestValue),
                Some(given) => any(numbers, |number| numeric(*order, given, number)),
            },
            Values::Date(order, dates) => match instant(value) {
                None => doubtful(Doubt::RequestValue),
                Some(given) => certain(dates.iter().any(|date| order.holds(given.cmp(date)))),
            },
            Values::Bool(bools) => match read_bool(value) {
                None => doubtful(Doubt::RequestValue),
                Some(given) => any(bools, |bool| boolean(given, *bool)),
            },
            Values::Ip(blocks) => match value.parse::<IpAddr>() {
                Err(_) => doubtful(Doubt::RequestValue),
                Ok(given) => any(blocks, |block| address(given, block)),
            },
            Values::Doubtful(doubt) => doubtful(*doubt),
        }
    }
}

fn any<T>(items: &[T], test: impl Fn(&T) -> Outcome) -> Outcome {
    let mut outcome = NOT_MET;
    for item in items {
        let next = test(item);
        match next.0 {
            Truth::Yes => return MET,
            Truth::Unknown => outcome = next,
            Truth::No => {}
        }
    }
    outcome
}

fn instant(text: &str) -> Option<Instant> {
    match read_date(text) {
        DateReading::Instant(instant) => Some(instant),
        DateReading::OtherForm | DateReading::NoDate => None,
    }
}

/// ASCII letters are beyond doubt; what the service folds past them is not known.
fn ignoring_case(text: &str, value: &str) -> Outcome {
    if text.eq_ignore_ascii_case(value) {
        return MET;
    }
    if text.chars().map(fold).eq(value.chars().map(fold)) {
        return doubtful(Doubt::LetterCase);
    }
    NOT_MET
}

fn numeric(order: Order, given: Number<'_>, number: &str) -> Outcome {
    let Some(number) = Number::read(number) else {
        return doubtful(Doubt::PolicyValue);
    };
    given
        .compare(number)
        .map_or(doubtful(Doubt::Precision), |ordering| {
            certain(order.holds(ordering))
        })
}

fn boolean(given: (bool, bool), wanted: (bool, bool)) -> Outcome {
    if given.0 != wanted.0 {
        return NOT_MET;
    }
    if given.1 == wanted.1 && given.1 {
        MET
    } else {
        doubtful(Doubt::LetterCase)
    }
}

fn address(given: IpAddr, block: &Block) -> Outcome {
    let strict = block.contains(given);
    if strict == block.contains_mapped(given) {
        certain(strict)
    } else {
        doubtful(Doubt::MappedAddress)
    }
}
