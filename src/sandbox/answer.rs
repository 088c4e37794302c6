//! Answers in the service's own shapes: status, codes, texts and header fields.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::operation::Dialect;
use crate::acs::Principal;
use crate::fc::Api;
use crate::ram::Decision;

/// A refusal, not yet in any product's shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// `AccessDeniedDetail`, for a denial.
    pub(super) detail: Option<Box<Value>>,
}

impl Refused {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
        }
    }

    pub(super) fn missing_header(name: &str) -> Self {
        let message = format!("required HTTP header {name} was not specified");
        Self::new(400, "MissingRequiredHeader", message)
    }

    pub(super) fn invalid_authorization(value: &str) -> Self {
        Self::new(
            400,
            "InvalidArgument",
            format!("invalid authorization '{value}'"),
        )
    }

    pub(super) fn unknown_key(dialect: Dialect, id: &str) -> Self {
        match dialect {
            Dialect::Fc(_) => Self::new(
                403,
                "InvalidAccessKeyID",
                format!("invalid access key ID '{id}'"),
            ),
            Dialect::Rpc => Self::new(
                404,
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
            ),
        }
    }

    pub(super) fn signature(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Fc(_) => Self::new(
                403,
                "SignatureNotMatch",
                "The request signature we calculated does not match the signature you provided. \
                 Check your access key and signing method.",
            ),
            Dialect::Rpc => Self::new(
                400,
                "SignatureDoesNotMatch",
                "Specified signature is not matched with our calculation.",
            ),
        }
    }

    pub(super) fn clock_skew(said: &str, now: &str) -> Self {
        let message = format!(
            "the difference between the request time '{said}' and the current time '{now}' is too large"
        );
        Self::new(403, "RequestTimeTooSkewed", message)
    }

    pub(super) fn lacking(operation: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            format!("the sandbox does not have '{operation}'"),
        )
    }

    pub(super) fn denied(
        action: &str,
        resource: &str,
        principal: &Principal,
        decision: Decision,
    ) -> Self {
        let message =
            format!("the caller is not authorized to perform '{action}' on resource '{resource}'");
        let explicit = decision == Decision::ExplicitDeny;
        let policy_type = "AccountLevelIdentityBasedPolicy";
        let decoded = json!({
            "AuthAction": action,
            "AuthResource": resource,
            "ExplicitDeny": explicit,
            "NoPermissionPolicyType": policy_type,
        });
        let detail = json!({
            "AuthAction": action,
            "AuthPrincipalType": principal.kind,
            "AuthPrincipalOwnerId": principal.account_id,
            "AuthPrincipalDisplayName": principal.id,
            "NoPermissionType": if explicit { "ExplicitDeny" } else { "ImplicitDeny" },
            "PolicyType": policy_type,
            "EncodedDiagnosticMessage": STANDARD.encode(decoded.to_string()),
        });
        Self {
            detail: Some(Box::new(detail)),
            ..Self::new(403, "AccessDenied", message)
        }
    }

    /// The refusal in the shape that the product has.
    pub(super) fn answer(self, dialect: Dialect, request_id: &str) -> Response<Body> {
        let mut body = match dialect {
            Dialect::Fc(Api::V20160815) => {
                json!({"ErrorCode": self.code, "ErrorMessage": self.message})
            }
            Dialect::Fc(_) => {
                json!({"Code": self.code, "Message": self.message, "RequestId": request_id})
            }
            Dialect::Rpc => json!({
                "Code": self.code, "Message": self.message, "RequestId": request_id,
                "HostId": "sts.aliyuncs.com",
            }),
        };
        if let (Some(detail), Some(object)) = (self.detail, body.as_object_mut())
            && dialect != Dialect::Fc(Api::V20160815)
        {
            object.insert("AccessDeniedDetail".to_owned(), *detail);
        }
        json_answer(self.status, dialect, request_id, &body)
    }
}

/// An answer with a JSON body.
pub(super) fn json_answer(
    status: u16,
    dialect: Dialect,
    request_id: &str,
    body: &Value,
) -> Response<Body> {
    let id_header = match dialect {
        Dialect::Fc(_) => "x-fc-request-id",
        Dialect::Rpc => "x-acs-request-id",
    };
    let headers = vec![
        (id_header, request_id.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    answer(status, headers, Bytes::from(body.to_string()))
}

/// Any answer. A value that no header field can carry is left out.
pub(super) fn answer(
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}
