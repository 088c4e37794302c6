//! Who signed a request to an HTTP trigger. There are four forms: FC v1 in its documented form,
//! FC v1 as the SDKs of 2021-04-06 sign a trigger's own address, a presigned address, and ACS3
//! as FC 3.0's page on signed triggers has it, where neither host nor body is signed.

use jiff::Timestamp;

use super::super::answer::Refused;
use super::super::directory::{Directory, Who};
use super::super::operation::{Product, parameters};
use super::{Arrived, Nonces, Signed, fc_v1, key_id_in, verify};
use crate::acs::acs3;
use crate::fc::signature::{
    Order, PRESIGNED_SIGNATURE, Signable, is_signature_of, parse_authorization,
};

/// Who signed a request to an HTTP trigger, at its own address or below the proxy path.
///
/// # Errors
/// Nobody, or not rightly.
pub(in crate::sandbox) fn authenticate_trigger(
    arrived: &Arrived,
    own_address: bool,
    product: Product,
    directory: &Directory,
    now: Timestamp,
) -> Result<Who, Refused> {
    let authorization = arrived.header("authorization");
    let parameters = parameters(&arrived.query);
    let presignature = find(&parameters, PRESIGNED_SIGNATURE);
    let signed = match presignature {
        Some(signature) if authorization.is_empty() => {
            presigned(arrived, &parameters, signature, product, now)?
        }
        _ if own_address && authorization.starts_with(acs3::ALGORITHM) => acs3(arrived)?,
        _ if own_address => fc_v1_of_2021(arrived)?,
        _ => fc_v1(arrived)?,
    };
    // None of these forms has a nonce.
    verify(&signed, product, directory, &mut Nonces::default(), now)
}

fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut parameters = parameters.iter();
    let (_, value) = parameters.find(|(key, _)| key == name)?;
    Some(value)
}

fn signable(arrived: &Arrived) -> Signable<'_> {
    Signable {
        method: &arrived.method,
        path: &arrived.path,
        query: &arrived.query,
        headers: &arrived.headers,
    }
}

/// FC v1 at a trigger's own address: the documented sorted query, or the SDKs' unsorted one.
fn fc_v1_of_2021(arrived: &Arrived) -> Result<Signed<'_>, Refused> {
    let signed = fc_v1(arrived)?;
    let authorization = parse_authorization(arrived.header("authorization"));
    let (_, signature) = authorization.unwrap_or_default();
    let verify = move |secret: &str| {
        [Order::Sorted, Order::AsSent].into_iter().any(|order| {
            let text = signable(arrived).trigger_string_to_sign(order);
            is_signature_of(&text, secret, signature)
        })
    };
    Ok(Signed {
        string_to_sign: None,
        verify: Box::new(verify),
        ..signed
    })
}

fn presigned<'a>(
    arrived: &'a Arrived,
    parameters: &'a [(String, String)],
    signature: &'a str,
    product: Product,
    now: Timestamp,
) -> Result<Signed<'a>, Refused> {
    let needed = |name: &str| {
        let value = find(parameters, name).filter(|value| !value.is_empty());
        value.ok_or_else(|| Refused::invalid_argument(format!("parameter '{name}' is missing")))
    };
    let expires = needed("x-fc-expires")?;
    let key_id = needed("x-fc-access-key-id")?;
    let end: Option<i64> = expires.parse().ok();
    if end.is_none_or(|end| end < now.as_second()) {
        // How the service words it is not published.
        let code = Refused::clock_skew(product, "", "").code;
        let message = format!(
            "the URL has expired at '{expires}', the current time is '{}'",
            now.as_second()
        );
        return Err(Refused::new(403, code, message));
    }
    Ok(Signed {
        key_id,
        token: find(parameters, "x-fc-security-token"),
        // The end of its validity is all that counts.
        date: (Some(now), expires),
        nonce: None,
        string_to_sign: None,
        verify: Box::new(move |secret| {
            let text = signable(arrived).presigned_string_to_sign(expires);
            is_signature_of(&text, secret, signature)
        }),
    })
}

/// ACS3 with an empty line for the body's hash. Whatever it signs must have the date in it.
fn acs3(arrived: &Arrived) -> Result<Signed<'_>, Refused> {
    const DATE: &str = "x-acs-date";
    let date = arrived.headers.get(DATE);
    let date = date.ok_or_else(|| Refused::missing_header("Date"))?;
    let authorization = arrived.header("authorization");
    let signed = acs3::Authorization::parse(authorization)
        .ok_or_else(|| Refused::invalid_authorization(authorization))?;
    Ok(Signed {
        key_id: key_id_in(authorization, &signed),
        token: arrived.headers.get("x-acs-security-token"),
        date: (date.parse().ok(), date),
        nonce: None,
        string_to_sign: None,
        verify: Box::new(move |secret| {
            // The SDKs' signer encodes what clients send as it is.
            let path = arrived.path.replace('$', "%24");
            let signable = acs3::Signable {
                method: &arrived.method,
                path: &path,
                query: &arrived.query,
                headers: &arrived.headers,
                signed: &signed.signed,
                payload_hash: "",
            };
            signed.signed.iter().any(|name| name == DATE)
                && signable.verify(secret, &signed.signature)
        }),
    })
}

#[cfg(test)]
mod tests;
