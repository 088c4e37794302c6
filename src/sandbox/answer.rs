//! Answers in the service's own shapes: status, codes, texts and header fields.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::operation::Product;
use crate::fc::Api;

/// A refusal, not yet in any product's shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: Cow<'static, str>,
    pub(super) message: String,
    /// `AccessDeniedDetail`, for a denial.
    pub(super) detail: Option<Box<Value>>,
}

impl Refused {
    pub(super) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            detail: None,
        }
    }

    pub(super) fn missing_header(name: &str) -> Self {
        let message = format!("required HTTP header {name} was not specified");
        Self::new(400, "MissingRequiredHeader", message)
    }

    /// A parameter of an RPC call that must be there.
    pub(super) fn missing_parameter(name: &str) -> Self {
        let message = format!("{name} is mandatory for this action.");
        Self::new(400, format!("Missing{name}"), message)
    }

    pub(super) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidArgument", message)
    }

    pub(super) fn invalid_authorization(value: &str) -> Self {
        Self::invalid_argument(format!("invalid authorization '{value}'"))
    }

    pub(super) fn unknown_key(product: Product, id: &str) -> Self {
        match product {
            Product::Fc(_) => Self::new(
                403,
                "InvalidAccessKeyID",
                format!("invalid access key ID '{id}'"),
            ),
            _ => Self::new(
                404,
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
            ),
        }
    }

    pub(super) fn disabled_key(product: Product, id: &str) -> Self {
        match product {
            Product::Fc(_) => Self::new(
                403,
                "InvalidAccessKeyID",
                format!("the access key ID is disabled '{id}'."),
            ),
            _ => Self::new(
                400,
                "InvalidAccessKeyId.Inactive",
                "Specified access key is disabled.",
            ),
        }
    }

    pub(super) fn signature(product: Product) -> Self {
        match product {
            Product::Fc(_) => Self::new(
                403,
                "SignatureNotMatch",
                "The request signature we calculated does not match the signature you provided. \
                 Check your access key and signing method.",
            ),
            _ => Self::new(
                400,
                "SignatureDoesNotMatch",
                "Specified signature is not matched with our calculation.",
            ),
        }
    }

    /// With something more to say.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.message.push_str(more);
        self
    }

    /// A token that is missing, another key's, or over. How Function Compute words it is not
    /// published; STS's codes stand for it.
    pub(super) fn token(product: Product, why: &str) -> Self {
        let status = if matches!(product, Product::Fc(_)) {
            403
        } else {
            400
        };
        let message = match why {
            "Expired" => "Specified SecurityToken is expired.",
            _ => "Specified SecurityToken mismatch with the AccessKey.",
        };
        Self::new(status, format!("InvalidSecurityToken.{why}"), message)
    }

    pub(super) fn clock_skew(product: Product, said: &str, now: &str) -> Self {
        match product {
            Product::Fc(_) => Self::new(
                403,
                "RequestTimeTooSkewed",
                format!(
                    "the difference between the request time '{said}' and the current time '{now}' is too large"
                ),
            ),
            _ => Self::new(
                400,
                "InvalidTimeStamp.Expired",
                "Specified time stamp or date value is expired.",
            ),
        }
    }

    pub(super) fn nonce_used(product: Product) -> Self {
        let status = if matches!(product, Product::Fc(_)) {
            403
        } else {
            400
        };
        let message = "Specified signature nonce was used already.";
        Self::new(status, "SignatureNonceUsed", message)
    }

    pub(super) fn lacking(operation: &str) -> Self {
        Self::new(
            501,
            "NotImplemented",
            format!("the sandbox does not have '{operation}'"),
        )
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("payload size exceeds maximum allowed size ({limit} bytes)");
        Self::new(400, "EntityTooLarge", message)
    }

    /// The refusal in the shape that the product has.
    pub(super) fn answer(self, product: Product, request_id: &str) -> Response<Body> {
        let mut body = match product {
            Product::Fc(Api::V20160815) => {
                json!({"ErrorCode": self.code, "ErrorMessage": self.message})
            }
            Product::Fc(_) => {
                json!({"Code": self.code, "Message": self.message, "RequestId": request_id})
            }
            _ => json!({
                "Code": self.code, "Message": self.message, "RequestId": request_id,
                "HostId": format!("{}.aliyuncs.com", product.as_str()),
            }),
        };
        if let (Some(detail), Some(object)) = (self.detail, body.as_object_mut())
            && product != Product::Fc(Api::V20160815)
        {
            object.insert("AccessDeniedDetail".to_owned(), *detail);
        }
        json_answer(self.status, product, request_id, &body)
    }
}

/// An answer with a JSON body.
pub(super) fn json_answer(
    status: u16,
    product: Product,
    request_id: &str,
    body: &Value,
) -> Response<Body> {
    let id_header = match product {
        Product::Fc(_) => "x-fc-request-id",
        _ => "x-acs-request-id",
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
    let fields = response.headers_mut();
    fields.reserve(headers.len());
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            fields.insert(HeaderName::from_static(name), value);
        }
    }
    response
}
