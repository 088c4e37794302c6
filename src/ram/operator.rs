//! The 21 condition operators of the policy language, and no other.
//!
//! Names are exact, letter case included. Nothing here looks at values.

/// What an operator compares, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Test {
    /// Letter by letter.
    Text,
    /// Letter by letter, without regard to case.
    TextIgnoringCase,
    /// `*` and `?` in the policy's value.
    Pattern,
    Number(Order),
    Date(Order),
    Bool,
    Ip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(crate) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Order::Equal => ordering.is_eq(),
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A documented condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operator {
    /// Its name, for example `StringNotLike`.
    pub name: &'static str,
    /// Whether it holds when no value matches.
    pub negated: bool,
    pub(crate) test: Test,
}

const fn operator(name: &'static str, negated: bool, test: Test) -> Operator {
    Operator {
        name,
        negated,
        test,
    }
}

/// All of them.
pub const OPERATORS: &[Operator] = &[
    operator("StringEquals", false, Test::Text),
    operator("StringNotEquals", true, Test::Text),
    operator("StringEqualsIgnoreCase", false, Test::TextIgnoringCase),
    operator("StringNotEqualsIgnoreCase", true, Test::TextIgnoringCase),
    operator("StringLike", false, Test::Pattern),
    operator("StringNotLike", true, Test::Pattern),
    operator("NumericEquals", false, Test::Number(Order::Equal)),
    operator("NumericNotEquals", true, Test::Number(Order::Equal)),
    operator("NumericLessThan", false, Test::Number(Order::Less)),
    operator(
        "NumericLessThanEquals",
        false,
        Test::Number(Order::LessOrEqual),
    ),
    operator("NumericGreaterThan", false, Test::Number(Order::Greater)),
    operator(
        "NumericGreaterThanEquals",
        false,
        Test::Number(Order::GreaterOrEqual),
    ),
    operator("DateEquals", false, Test::Date(Order::Equal)),
    operator("DateNotEquals", true, Test::Date(Order::Equal)),
    operator("DateLessThan", false, Test::Date(Order::Less)),
    operator("DateLessThanEquals", false, Test::Date(Order::LessOrEqual)),
    operator("DateGreaterThan", false, Test::Date(Order::Greater)),
    operator(
        "DateGreaterThanEquals",
        false,
        Test::Date(Order::GreaterOrEqual),
    ),
    operator("Bool", false, Test::Bool),
    operator("IpAddress", false, Test::Ip),
    operator("NotIpAddress", true, Test::Ip),
];

impl Operator {
    /// The operator of exactly this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Operator> {
        OPERATORS
            .iter()
            .find(|operator| operator.name == name)
            .copied()
    }
}
