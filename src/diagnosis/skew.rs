//! How far two clocks were apart, from the dates of a refusal.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use regex_lite::Regex;

#[expect(
    clippy::expect_used,
    reason = "the pattern is a constant, and a test compiles it"
)]
static DATES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"the request time '([^']{1,40})' and the current time '([^']{1,40})'")
        .expect("a constant pattern")
});

/// A date as HTTP or as OpenAPI writes it.
fn instant(text: &str) -> Option<Timestamp> {
    let of_http = rfc2822::parse(text).map(|date| date.timestamp());
    of_http.or_else(|_| text.parse()).ok()
}

/// `7 h 1 min 45 s`
fn duration(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    parts.join(" ")
}

/// How far the caller's clock was off, where the refusal has both dates.
pub(super) fn measured(message: Option<&str>) -> Option<String> {
    let found = DATES.captures(message?)?;
    let (sent, now) = (instant(&found[1])?, instant(&found[2])?);
    let seconds = now.as_second() - sent.as_second();
    let side = if seconds > 0 { "behind" } else { "ahead of" };
    (seconds != 0).then(|| {
        let length = duration(seconds.unsigned_abs());
        format!("the request's clock was {length} {side} the service's")
    })
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn the_difference_of_two_dates_is_told_with_its_side() {
        for (sent, now, told) in [
            (
                "Thu, 04 Jan 2024 01:33:13 GMT",
                "Thu, 04 Jan 2024 08:34:58 GMT",
                "7 h 1 min 45 s behind",
            ),
            (
                "2024-01-06T00:00:01Z",
                "2024-01-04T00:00:00Z",
                "2 d 1 s ahead of",
            ),
        ] {
            let message = format!(
                "the difference between the request time '{sent}' and the current time '{now}' is too large"
            );
            let said = measured(Some(&message)).unwrap();
            assert_eq!(
                said,
                format!("the request's clock was {told} the service's")
            );
        }
        for message in ["", "the request time 'x' and the current time 'y'"] {
            assert_eq!(measured(Some(message)), None);
        }
    }
}
