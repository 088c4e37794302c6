//! The meaning of conditions, operator by operator; rows are marked as in `semantics`.

use super::Evidence::{Assumed, Documented};
use super::*;

/// Every operator: value of the policy, context, whether the condition is met.
#[test]
fn conditions() {
    #[rustfmt::skip]
    let rows: &[(Evidence, &str, &[&str], Decision)] = &[
        // Strings.
        (Documented, r#""StringEquals": {"k": "a"}"#, &["k=a"], ALLOWED),
        (Documented, r#""StringEquals": {"k": "a"}"#, &["k=A"], IMPLICIT),
        (Documented, r#""StringEquals": {"k": ["b", "a"]}"#, &["k=a"], ALLOWED),
        (Documented, r#""StringEquals": {"k": "a*"}"#, &["k=ab"], IMPLICIT),
        (Documented, r#""StringEquals": {"k": "a*"}"#, &["k=a*"], ALLOWED),
        (Documented, r#""StringNotEquals": {"k": "a"}"#, &["k=b"], ALLOWED),
        (Documented, r#""StringNotEquals": {"k": "a"}"#, &["k=a"], IMPLICIT),
        (Documented, r#""StringNotEquals": {"k": "a"}"#, &["k=A"], ALLOWED),
        (Documented, r#""StringEqualsIgnoreCase": {"k": "Abc"}"#, &["k=aBC"], ALLOWED),
        (Documented, r#""StringEqualsIgnoreCase": {"k": "Abc"}"#, &["k=abd"], IMPLICIT),
        (Documented, r#""StringNotEqualsIgnoreCase": {"k": "Abc"}"#, &["k=aBC"], IMPLICIT),
        (Documented, r#""StringNotEqualsIgnoreCase": {"k": "Abc"}"#, &["k=x"], ALLOWED),
        (Assumed, r#""StringEqualsIgnoreCase": {"k": "É"}"#, &["k=é"], OPEN),
        (Assumed, r#""StringNotEqualsIgnoreCase": {"k": "É"}"#, &["k=é"], OPEN),
        (Documented, r#""StringLike": {"k": "a*c?"}"#, &["k=abbcd"], ALLOWED),
        (Documented, r#""StringLike": {"k": "a*c?"}"#, &["k=abbc"], IMPLICIT),
        (Documented, r#""StringLike": {"k": "A*"}"#, &["k=ab"], IMPLICIT),
        (Documented, r#""StringLike": {"k": "*"}"#, &["k="], ALLOWED),
        (Documented, r#""StringLike": {"k": "云?"}"#, &["k=云云"], ALLOWED),
        (Documented, r#""StringNotLike": {"k": "a*"}"#, &["k=ab"], IMPLICIT),
        (Documented, r#""StringNotLike": {"k": "a*"}"#, &["k=b"], ALLOWED),
        (Assumed, r#""StringLike": {"k": "${acs:UserName}"}"#, &["k=x"], IMPLICIT),
        // Numbers.
        (Documented, r#""NumericEquals": {"k": "10"}"#, &["k=10.0"], ALLOWED),
        (Documented, r#""NumericEquals": {"k": "10"}"#, &["k=11"], IMPLICIT),
        (Documented, r#""NumericNotEquals": {"k": "10"}"#, &["k=10.00"], IMPLICIT),
        (Documented, r#""NumericNotEquals": {"k": "10"}"#, &["k=9"], ALLOWED),
        (Documented, r#""NumericLessThan": {"k": "10"}"#, &["k=9.99"], ALLOWED),
        (Documented, r#""NumericLessThan": {"k": "10"}"#, &["k=10"], IMPLICIT),
        (Documented, r#""NumericLessThan": {"k": "-1"}"#, &["k=-1.5"], ALLOWED),
        (Documented, r#""NumericLessThanEquals": {"k": "10"}"#, &["k=10"], ALLOWED),
        (Documented, r#""NumericGreaterThan": {"k": "9"}"#, &["k=10"], ALLOWED),
        (Documented, r#""NumericGreaterThan": {"k": "10"}"#, &["k=10"], IMPLICIT),
        (Documented, r#""NumericGreaterThanEquals": {"k": "10"}"#, &["k=10"], ALLOWED),
        (Documented, r#""NumericGreaterThanEquals": {"k": ["100", "5"]}"#, &["k=10"], ALLOWED),
        (Documented, r#""NumericEquals": {"k": "0"}"#, &["k=-0"], ALLOWED),
        (Assumed, r#""NumericEquals": {"k": "9007199254740993"}"#, &["k=9007199254740992"], OPEN),
        (Documented, r#""NumericEquals": {"k": "9007199254740993"}"#, &["k=9007199254740993"], ALLOWED),
        (Assumed, r#""NumericEquals": {"k": "1e1"}"#, &["k=10"], OPEN),
        (Assumed, r#""NumericEquals": {"k": "10"}"#, &["k=1e1"], OPEN),
        (Assumed, r#""NumericNotEquals": {"k": "ten"}"#, &["k=10"], OPEN),
        // Dates.
        (Documented, r#""DateEquals": {"k": "2026-02-28T00:00:00Z"}"#, &["k=2026-02-28T00:00:00Z"], ALLOWED),
        (Documented, r#""DateNotEquals": {"k": "2026-02-28T00:00:00Z"}"#, &["k=2026-02-28T00:00:00Z"], IMPLICIT),
        (Documented, r#""DateNotEquals": {"k": "2026-02-28T00:00:00Z"}"#, &["k=2026-02-28T00:00:01Z"], ALLOWED),
        (Documented, r#""DateLessThan": {"k": "2026-03-01T00:00:00Z"}"#, &["k=2026-02-28T23:59:59Z"], ALLOWED),
        (Documented, r#""DateLessThan": {"k": "2026-03-01T00:00:00Z"}"#, &["k=2026-03-01T00:00:00Z"], IMPLICIT),
        (Documented, r#""DateLessThanEquals": {"k": "2026-03-01T00:00:00Z"}"#, &["k=2026-03-01T00:00:00Z"], ALLOWED),
        (Documented, r#""DateGreaterThan": {"k": "2024-02-29T12:00:00Z"}"#, &["k=2024-03-01T00:00:00Z"], ALLOWED),
        (Documented, r#""DateGreaterThan": {"k": "2024-02-29T12:00:00Z"}"#, &["k=2024-02-29T12:00:00Z"], IMPLICIT),
        (Documented, r#""DateGreaterThanEquals": {"k": "2024-02-29T12:00:00Z"}"#, &["k=2024-02-29T12:00:00Z"], ALLOWED),
        (Assumed, r#""DateLessThan": {"k": "2026-03-01T00:00:00+08:00"}"#, &["k=2020-01-01T00:00:00Z"], OPEN),
        (Assumed, r#""DateLessThan": {"k": "2026-03-01"}"#, &["k=2020-01-01T00:00:00Z"], OPEN),
        (Assumed, r#""DateLessThan": {"k": "1767225600"}"#, &["k=2020-01-01T00:00:00Z"], OPEN),
        (Assumed, r#""DateLessThan": {"k": "2026-02-30T00:00:00Z"}"#, &["k=2020-01-01T00:00:00Z"], OPEN),
        (Assumed, r#""DateLessThan": {"k": "2026-03-01T00:00:00Z"}"#, &["k=2020-01-01T00:00:00+00:00"], OPEN),
        (Assumed, r#""DateNotEquals": {"k": "tomorrow"}"#, &["k=2020-01-01T00:00:00Z"], OPEN),
        // Truth values.
        (Documented, r#""Bool": {"k": "true"}"#, &["k=true"], ALLOWED),
        (Documented, r#""Bool": {"k": "true"}"#, &["k=false"], IMPLICIT),
        (Assumed, r#""Bool": {"k": "True"}"#, &["k=true"], OPEN),
        (Assumed, r#""Bool": {"k": "true"}"#, &["k=TRUE"], OPEN),
        (Assumed, r#""Bool": {"k": "True"}"#, &["k=false"], IMPLICIT),
        (Assumed, r#""Bool": {"k": "yes"}"#, &["k=true"], OPEN),
        (Assumed, r#""Bool": {"k": "true"}"#, &["k=1"], OPEN),
        // Addresses.
        (Documented, r#""IpAddress": {"k": "203.0.113.7"}"#, &["k=203.0.113.7"], ALLOWED),
        (Documented, r#""IpAddress": {"k": "203.0.113.7"}"#, &["k=203.0.113.8"], IMPLICIT),
        (Documented, r#""IpAddress": {"k": ["10.0.0.0/8", "192.168.0.0/16"]}"#, &["k=192.168.3.4"], ALLOWED),
        (Documented, r#""IpAddress": {"k": ["10.0.0.0/8", "192.168.0.0/16"]}"#, &["k=11.0.0.1"], IMPLICIT),
        (Documented, r#""IpAddress": {"k": "10.0.0.0/8"}"#, &["k=10.255.0.1"], ALLOWED),
        (Assumed, r#""IpAddress": {"k": ["10.1.2.3/8"]}"#, &["k=10.9.9.9"], ALLOWED),
        (Documented, r#""IpAddress": {"k": ["0.0.0.0/0"]}"#, &["k=8.8.8.8"], ALLOWED),
        (Documented, r#""NotIpAddress": {"k": ["10.0.0.0/8", "192.168.0.0/16"]}"#, &["k=192.168.3.4"], IMPLICIT),
        (Documented, r#""NotIpAddress": {"k": ["10.0.0.0/8", "192.168.0.0/16"]}"#, &["k=8.8.8.8"], ALLOWED),
        (Documented, r#""IpAddress": {"k": ["2001:db8::/32"]}"#, &["k=2001:db8::1"], ALLOWED),
        (Assumed, r#""IpAddress": {"k": ["10.0.0.0/8"]}"#, &["k=2001:db8::1"], IMPLICIT),
        (Assumed, r#""IpAddress": {"k": ["10.0.0.0/8"]}"#, &["k=::ffff:10.0.0.1"], OPEN),
        (Assumed, r#""IpAddress": {"k": ["::ffff:10.0.0.0/104"]}"#, &["k=10.0.0.1"], OPEN),
        (Assumed, r#""IpAddress": {"k": ["10.0.0.0/33"]}"#, &["k=10.0.0.1"], OPEN),
        (Assumed, r#""NotIpAddress": {"k": "bogus"}"#, &["k=10.0.0.1"], OPEN),
        (Assumed, r#""IpAddress": {"k": ["bogus", "10.0.0.0/8"]}"#, &["k=10.0.0.1"], OPEN),
        (Assumed, r#""IpAddress": {"k": ["10.0.0.0/8"]}"#, &["k=somewhere"], OPEN),
        // Keys and operators are all required.
        (Documented, r#""StringEquals": {"k": "a", "l": "b"}"#, &["k=a", "l=b"], ALLOWED),
        (Documented, r#""StringEquals": {"k": "a", "l": "b"}"#, &["k=a", "l=c"], IMPLICIT),
        (Documented, r#""StringEquals": {"k": "a"}, "Bool": {"l": "true"}"#, &["k=a", "l=true"], ALLOWED),
        (Documented, r#""StringEquals": {"k": "a"}, "Bool": {"l": "true"}"#, &["k=a", "l=false"], IMPLICIT),
        (Documented, r#""StringEquals": {"k": "a"}, "Bool": {"l": "true"}"#, &["k=a"], OPEN),
        (Documented, r#""StringEquals": {"k": "a"}, "Bool": {"l": "true"}"#, &["k=b"], IMPLICIT),
        // A negated operator with a list: none may match.
        (Assumed, r#""StringNotEquals": {"k": ["a", "b"]}"#, &["k=b"], IMPLICIT),
        (Assumed, r#""StringNotEquals": {"k": ["a", "b"]}"#, &["k=c"], ALLOWED),
        // Missing keys.
        (Documented, r#""StringEquals": {"k": "a"}"#, &[], OPEN),
        (Documented, r#""StringNotEquals": {"k": "a"}"#, &[], OPEN),
        (Documented, r#""Bool": {"acs:MFAPresent": "true"}"#, &["!acs:MFAPresent"], IMPLICIT),
        (Documented, r#""Bool": {"acs:MFAPresent": "false"}"#, &["!acs:MFAPresent"], IMPLICIT),
        (Documented, r#""StringEquals": {"k": "a"}"#, &["."], IMPLICIT),
        (Assumed, r#""StringLike": {"k": "*"}"#, &["."], IMPLICIT),
        (Assumed, r#""StringNotEquals": {"k": "a"}"#, &["!k"], ALLOWED),
        (Assumed, r#""StringNotLike": {"acs:SourceVpc": "vpc-*"}"#, &["."], ALLOWED),
        (Assumed, r#""NotIpAddress": {"k": ["10.0.0.0/8"]}"#, &["."], ALLOWED),
        (Assumed, r#""NumericLessThan": {"k": "1"}"#, &["."], IMPLICIT),
        // Letter case of keys.
        (Assumed, r#""StringEquals": {"acs:service": "a"}"#, &["acs:Service=a"], OPEN),
        (Assumed, r#""StringEquals": {"acs:service": "a"}"#, &["acs:Service=a", "."], OPEN),
        (Assumed, r#""StringEquals": {"acs:service": "a"}"#, &["acs:Service=b", "."], IMPLICIT),
        (Assumed, r#""StringNotEquals": {"acs:service": "a"}"#, &["acs:Service=b", "."], ALLOWED),
        (Assumed, r#""StringEquals": {"acs:service": "a"}"#, &["!acs:Service"], OPEN),
        // Several values in the request.
        (Assumed, r#""StringEquals": {"k": ["a", "b"]}"#, &["k=a", "k=b"], ALLOWED),
        (Assumed, r#""StringEquals": {"k": "a"}"#, &["k=a", "k=b"], OPEN),
        (Assumed, r#""StringEquals": {"k": "a"}"#, &["k=b", "k=c"], IMPLICIT),
        (Assumed, r#""StringNotEquals": {"k": "a"}"#, &["k=a", "k=b"], OPEN),
        (Assumed, r#""StringNotEquals": {"k": "a"}"#, &["k=b", "k=c"], ALLOWED),
        // Operators that RAM does not have.
        (Documented, r#""StringEqualsIfExists": {"k": "a"}"#, &["k=a"], OPEN),
        (Documented, r#""ForAnyValue:StringEquals": {"k": "a"}"#, &["k=a"], OPEN),
        (Documented, r#""ForAllValues:StringEquals": {"k": "a"}"#, &["k=a"], OPEN),
        (Documented, r#""Null": {"k": "true"}"#, &["."], OPEN),
        (Documented, r#""BinaryEquals": {"k": "a"}"#, &["k=a"], OPEN),
        (Documented, r#""ArnLike": {"k": "a"}"#, &["k=a"], OPEN),
        (Assumed, r#""stringequals": {"k": "a"}"#, &["k=a"], OPEN),
        (Documented, r#""Null": {"k": "true"}, "StringEquals": {"l": "a"}"#, &["k=a", "l=b"], IMPLICIT),
        // Values without quotes, empty lists and empty objects.
        (Assumed, r#""Bool": {"k": true}"#, &["k=true"], OPEN),
        (Assumed, r#""NumericEquals": {"k": 5}"#, &["k=5"], OPEN),
        (Assumed, r#""StringEquals": {"k": []}"#, &["k=a"], OPEN),
        (Assumed, r#""StringNotEquals": {"k": []}"#, &["k=a"], OPEN),
        (Assumed, r#""StringEquals": {}"#, &["."], OPEN),
        (Assumed, "", &[], OPEN),
        (Assumed, r#""IpAddress": {"acs:SourceIp": "10.0.0.0/08"}"#, &["acs:SourceIp=10.0.0.1"], OPEN),
    ];
    for (evidence, condition, given, expected) in rows {
        let statement = |effect| {
            format!(
                r#"{{"Effect": "{effect}", "Action": "*", "Resource": "*", "Condition": {{{condition}}}}}"#
            )
        };
        let given_context = context(given);
        let decision = ask(&account(&statement("Allow")), INVOKE, HELLO, &given_context).decision;
        assert_eq!(
            decision, *expected,
            "{evidence:?}: {condition} with {given:?}"
        );
        let denies = account(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {}"#,
            statement("Deny")
        ));
        let expected = match expected {
            Decision::Allowed => EXPLICIT,
            Decision::ImplicitDeny => ALLOWED,
            _ => OPEN,
        };
        assert_eq!(
            ask(&denies, INVOKE, HELLO, &given_context).decision,
            expected,
            "Deny: {condition} with {given:?}"
        );
    }
}
