//! A refusal's cause, from its status, code and text.

use super::{Cause, Reading};
use crate::preflight::Denial;

/// Whether the text contains any of the pieces, whatever their case.
fn says(text: &str, pieces: &[&str]) -> bool {
    pieces.iter().any(|piece| text.contains(piece))
}

/// The cause of a refusal that a service of Alibaba Cloud wrote. The status counts where code
/// and text say nothing, so it is left out where it may be somebody else's.
pub fn classify(status: Option<u16>, reading: &Reading) -> Cause {
    let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().to_ascii_lowercase();
    let (code, message) = (lower(&reading.code), lower(&reading.message));
    if reading.is_start_failure() {
        return Cause::FunctionStartFailed;
    }
    credentials(&code, &message)
        .or_else(|| permission(&code, &message, reading))
        .or_else(|| by_code(&code))
        .or_else(|| by_status(&code, status?))
        .unwrap_or(Cause::Unknown)
}

fn credentials(code: &str, message: &str) -> Option<Cause> {
    let token = says(code, &["securitytoken"])
        || says(message, &["security token", "specified securitytoken"]);
    Some(match () {
        () if token && (says(code, &["expired"]) || says(message, &["expired"])) => {
            Cause::SecurityTokenExpired
        }
        () if token => Cause::SecurityTokenInvalid,
        () if says(
            message,
            &[
                "access key id is disabled",
                "specified access key is disabled",
            ],
        ) =>
        {
            Cause::AccessKeyDisabled
        }
        () if matches!(code, "invalidaccesskeyid.inactive" | "accesskeydisabled") => {
            Cause::AccessKeyDisabled
        }
        () if says(code, &["invalidaccesskeyid"])
            || says(
                message,
                &["invalid access key id", "specified access key is not found"],
            ) =>
        {
            Cause::AccessKeyNotFound
        }
        () if says(
            code,
            &[
                "signaturenotmatch",
                "signaturedoesnotmatch",
                "incompletesignature",
            ],
        ) || says(
            message,
            &[
                "signature we calculated does not match",
                "specified signature is not matched",
            ],
        ) =>
        {
            Cause::SignatureMismatch
        }
        () if matches!(code, "requesttimetooskewed" | "invalidtimestamp.expired")
            || says(
                message,
                &[
                    "the difference between the request time",
                    "specified time stamp or date value is expired",
                ],
            ) =>
        {
            Cause::ClockSkew
        }
        () if says(message, &["invalid authorization ''"])
            || says(
                message,
                &[
                    "http header date was not",
                    "http header authorization was not",
                ],
            ) =>
        {
            Cause::AuthenticationMissing
        }
        () => return None,
    })
}

fn permission(code: &str, message: &str, reading: &Reading) -> Option<Cause> {
    let closed = [
        "servicenotactivated",
        "servicenotopen",
        "notactivated",
        "notopened",
    ];
    let last = code.rsplit('.').next().unwrap_or_default();
    if says(message, &["fc service is not enabled"]) || closed.contains(&last) {
        return Some(Cause::ServiceNotActivated);
    }
    if says(message, &["doesn't belong to you"]) || code == "crossaccountaccessdenied" {
        return Some(Cause::WrongAccount);
    }
    let denied = matches!(last, "accessdenied" | "nopermission")
        || code == "forbidden.ram"
        || says(
            message,
            &[
                "you are not authorized to do this action",
                "user not authorized to operate on the specified resource",
            ],
        );
    if !denied && !reading.is_denial() {
        return None;
    }
    Some(match reading.denial {
        Some(Denial::Explicit) => Cause::PermissionExplicitDeny,
        Some(Denial::Implicit) => Cause::PermissionImplicitDeny,
        None => Cause::PermissionDenied,
    })
}

fn by_code(code: &str) -> Option<Cause> {
    let first = code.split('.').next().unwrap_or_default();
    Some(match code {
        "entitytoolarge" => Cause::PayloadTooLarge,
        "preconditionfailed" | "concurrentupdateerror" => Cause::Conflict,
        // Names of errors of programs look alike: `ENOTFOUND`, `ResourceNotFoundException`.
        _ if code.ends_with("exception") || code == "enotfound" => return None,
        _ if says(first, &["throttl", "resourceexhausted"]) => Cause::Throttled,
        _ if matches!(
            first,
            "invalidregionid" | "invalidregion" | "regionnotsupported"
        ) =>
        {
            Cause::WrongRegion
        }
        _ if says(code, &["notfound", "entitynotexist"]) => Cause::ResourceNotFound,
        _ if says(code, &["alreadyexist", "notempty", "conflict"]) => Cause::Conflict,
        _ if matches!(
            first,
            "invalidargument"
                | "invalidparameter"
                | "missingrequiredheader"
                | "missingparameter"
                | "malformedpolicydocument"
                | "malformedpostrequest"
                | "pathnotsupported"
                | "unsupportedmediatype"
        ) =>
        {
            Cause::InvalidArgument
        }
        _ if matches!(
            first,
            "internalservererror" | "internalerror" | "serviceunavailable"
        ) =>
        {
            Cause::ServiceError
        }
        _ => return None,
    })
}

fn by_status(code: &str, status: u16) -> Option<Cause> {
    Some(match status {
        404 => Cause::ResourceNotFound,
        409 => Cause::Conflict,
        413 => Cause::PayloadTooLarge,
        429 => Cause::Throttled,
        499 => Cause::ClientCanceled,
        500..=599 => Cause::ServiceError,
        400 => Cause::InvalidArgument,
        // Without a word of its own it can only be about the caller.
        403 if code.is_empty() => Cause::PermissionDenied,
        _ => return None,
    })
}

/// The cause of an error that the function itself ended with.
pub fn classify_function_error(error_message: &str) -> Cause {
    if error_message.starts_with("Function timed out after") {
        Cause::FunctionTimeout
    } else if error_message.starts_with("Process exited unexpectedly") {
        Cause::FunctionExited
    } else {
        Cause::FunctionError
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value;

    use super::*;
    use crate::acs::{Headers, Refusal};
    use crate::fc::answer::Head;

    /// What each sample of `tests/data/error_samples.json` is, by its id.
    const EXPECTED: &[(u64, Cause, Option<&str>)] = &[
        (1, Cause::PermissionDenied, Some("fc:CreateService")),
        (2, Cause::WrongAccount, None),
        (3, Cause::ServiceNotActivated, None),
        (5, Cause::AccessKeyDisabled, None),
        (6, Cause::SignatureMismatch, None),
        (8, Cause::AuthenticationMissing, None),
        (10, Cause::AuthenticationMissing, None),
        (11, Cause::ClockSkew, None),
        (12, Cause::PermissionImplicitDeny, Some("fc:ListFunctions")),
        (15, Cause::PermissionExplicitDeny, Some("fc:CreateTrigger")),
        (
            17,
            Cause::PermissionExplicitDeny,
            Some("fc:CreateCustomDomain"),
        ),
        (
            19,
            Cause::PermissionImplicitDeny,
            Some("adb:DescribeExcessivePrimaryKeys"),
        ),
        (20, Cause::PermissionDenied, Some("ram:CreateRole")),
        (22, Cause::SignatureMismatch, None),
        (23, Cause::SignatureMismatch, None),
        (24, Cause::AccessKeyNotFound, None),
        (26, Cause::FunctionError, None),
        (27, Cause::FunctionError, None),
        (29, Cause::FunctionExited, None),
        (31, Cause::FunctionStartFailed, None),
        (32, Cause::FunctionStartFailed, None),
        (33, Cause::FunctionStartFailed, None),
        (35, Cause::ResourceNotFound, None),
        (36, Cause::InvalidArgument, None),
    ];

    #[test]
    fn every_sample_has_its_cause_and_action() {
        let samples: Value =
            serde_json::from_str(include_str!("../../tests/data/error_samples.json")).unwrap();
        let samples = samples["samples"].as_array().unwrap();
        assert_eq!(samples.len(), EXPECTED.len());
        for sample in samples {
            let id = sample["id"].as_u64().unwrap();
            let (_, cause, action) = EXPECTED
                .iter()
                .find(|(known, ..)| *known == id)
                .expect("an expectation");
            let headers = sample["headers"].as_object().cloned().unwrap_or_default();
            let headers: Headers = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
                .collect();
            if Head(&headers).error_type().is_some() {
                let message = sample["body"]["errorMessage"].as_str().unwrap();
                assert_eq!(classify_function_error(message), *cause, "sample {id}");
                continue;
            }
            let status = u16::try_from(sample["http_status"].as_u64().unwrap()).unwrap();
            let body = Bytes::from(sample["body"].to_string());
            let reading = Reading::of(&Refusal {
                status,
                headers,
                body,
            })
            .unwrap();
            assert_eq!(classify(Some(status), &reading), *cause, "sample {id}");
            assert_eq!(reading.action.as_deref(), *action, "sample {id}");
        }
    }

    #[test]
    fn a_detail_is_read_whole() {
        let body = Bytes::from_static(
            br#"{"code":"AccessDenied","message":"the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:r:1:functions/f'","requestId":"1-2","accessDeniedDetail":{"NoPermissionType":"ImplicitDeny","PolicyType":"AccountLevelIdentityBasedPolicy","AuthPrincipalType":"SubUser","AuthPrincipalDisplayName":"2001","AuthPrincipalOwnerId":"1","EncodedDiagnosticMessage":"AQ=="}}"#,
        );
        let refusal = Refusal {
            status: 403,
            headers: Headers::new(),
            body,
        };
        let reading = Reading::of(&refusal).unwrap();
        assert_eq!(reading.resource.as_deref(), Some("acs:fc:r:1:functions/f"));
        assert_eq!(reading.request_id.as_deref(), Some("1-2"));
        assert_eq!(
            reading.policy_type.as_deref(),
            Some("AccountLevelIdentityBasedPolicy")
        );
        assert_eq!(reading.encoded_diagnostic_message.as_deref(), Some("AQ=="));
        let principal = reading.principal.unwrap();
        assert_eq!(principal.id.as_deref(), Some("2001"));
        assert_eq!(principal.account_id.as_deref(), Some("1"));
    }

    #[test]
    fn what_has_not_an_error_s_shape_is_not_read() {
        for body in [
            "",
            "<html>403</html>",
            "[]",
            "{}",
            r#"{"error":"x"}"#,
            "\"Code\"",
        ] {
            let body = Bytes::copy_from_slice(body.as_bytes());
            assert_eq!(
                Reading::of(&Refusal {
                    status: 403,
                    headers: Headers::new(),
                    body
                }),
                None
            );
        }
    }
}
