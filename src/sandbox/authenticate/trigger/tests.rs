//! Requests to HTTP triggers that the official SDKs signed, and each of them changed.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::acs::{Headers, Secret};
use crate::fc::Api;
use crate::sandbox::config::Config;
use crate::sandbox::directory::Session;

const NOW: &str = "2026-01-15T08:30:00Z";

/// A world that knows one key, or one session when there is a token.
fn directory(id: &str, secret: &str, token: Option<&str>, now: Timestamp) -> Directory {
    let mut config = Config::demo();
    let user = &mut config.users[0];
    let key = user.access_key.as_mut().unwrap();
    if token.is_none() {
        (key.id, key.secret) = (id.to_owned(), Secret::new(secret));
    }
    let mut directory = Directory::new(&config, now);
    if let Some(token) = token {
        let session = Session {
            role: "ci".to_owned(),
            role_id: "1".to_owned(),
            name: "s".to_owned(),
            key_id: id.to_owned(),
            secret: Secret::new(secret),
            token: Secret::new(token),
            expires: Timestamp::MAX,
            policy: None,
        };
        directory.begin(Arc::new(session), now);
    }
    directory
}

fn arrived(method: &str, path: &str, query: &str, headers: Headers, body: Vec<u8>) -> Arrived {
    Arrived {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.into(),
        peer: "127.0.0.1:1".parse().unwrap(),
    }
}

fn code(arrived: &Arrived, own_address: bool, directory: &Directory, now: Timestamp) -> String {
    let product = Product::Fc(Api::V20160815);
    let who = authenticate_trigger(arrived, own_address, product, directory, now);
    who.map_or_else(|refused| refused.code.into_owned(), |who| who.label())
}

fn is_good(arrived: &Arrived, own_address: bool, directory: &Directory, now: Timestamp) -> bool {
    let code = code(arrived, own_address, directory, now);
    assert!(
        ["developer", "ci:s", "SignatureNotMatch"].contains(&code.as_str()),
        "{code}"
    );
    code != "SignatureNotMatch"
}

/// The recorded requests of a file that go to HTTP triggers and follow the rules.
fn vectors(file: &str) -> Vec<Value> {
    let path = Path::new("tests/data/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mine = recorded.into_iter().filter(|vector| {
        let path = vector["request"]["path"].as_str().unwrap_or_default();
        let scheme = vector["signature_scheme"].as_str().unwrap();
        (path.starts_with("/2016-08-15/proxy/") || scheme.contains("httptrigger"))
            && vector["verification"]["conformance"] != false
    });
    mine.collect()
}

fn request_of(vector: &Value) -> Arrived {
    let request = &vector["request"];
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let headers = request["headers"].as_array().unwrap().iter();
    let headers = headers.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    arrived(
        text("method"),
        text("path"),
        text("query"),
        headers.collect(),
        STANDARD.decode(text("body_base64")).unwrap(),
    )
}

#[test]
fn what_the_official_sdks_signed_is_right_and_nothing_near_it() {
    let now: Timestamp = NOW.parse().unwrap();
    let mut seen = Vec::new();
    for file in [
        "fc2node.json",
        "fc2py.json",
        "fcopenpy.json",
        "fc3http.json",
    ] {
        let vectors = vectors(file);
        seen.push(vectors.len());
        for vector in vectors {
            let name = vector["name"].as_str().unwrap();
            let keys = &vector["credentials"];
            let key = |name: &str| keys[name].as_str();
            let id = key("access_key_id").unwrap();
            let secret = key("access_key_secret").unwrap();
            let directory = directory(id, secret, key("security_token"), now);
            let request = || request_of(&vector);
            let own_address = !request().path.starts_with("/2016-08-15/proxy/");
            let good = |request: &Arrived| is_good(request, own_address, &directory, now);
            assert!(good(&request()), "{name}");
            let changed: [fn(&mut Arrived); 4] = [
                |one| one.method.push('X'),
                |one| one.path.push('x'),
                |one| one.query.push_str("&x=1"),
                |one| {
                    let name = match one.headers.get("x-acs-date") {
                        Some(_) => "x-acs-date",
                        None => "date",
                    };
                    let later = one.headers.get(name).unwrap().replace(":30:00", ":31:00");
                    one.headers.set(name, later);
                },
            ];
            for change in changed {
                let mut request = request();
                change(&mut request);
                assert!(!good(&request), "{name}: {request:?}");
            }
            // Neither form of an own address signs the body.
            if let Some(token) = key("security_token") {
                let mut request = request();
                for field in ["x-fc-security-token", "x-acs-security-token"] {
                    if request.headers.get(field).is_some() {
                        request.headers.set(field, format!("{token}x"));
                    }
                }
                assert!(!good(&request), "{name}");
            }
        }
    }
    assert_eq!(seen, [7, 6, 6, 6], "no vector is passed over");
}

/// What the SDKs for Go and Java publish with their own tests.
#[test]
fn presigned_addresses_of_the_official_sdks_are_right_until_they_expire() {
    let get = "/2016-08-15/proxy/service/func/";
    let post = "/test/path/%E4%B8%AD%E6%96%87";
    let (proxy, own) = (false, true);
    let json: &[(&str, &str)] = &[("content-type", "application/json")];
    let traced: &[(&str, &str)] = &[
        json[0],
        ("content-md5", "dummy-md5"),
        ("x-fc-trace-id", "trace-id"),
    ];
    for (own_address, method, path, headers, id, expires, token, query) in [
        (
            proxy,
            "GET",
            get,
            &[][..],
            "akid",
            1_583_339_600,
            Some("stsToken"),
            "x-fc-access-key-id=akid&x-fc-expires=1583339600&x-fc-security-token=stsToken\
             &x-fc-signature=Yi0jCBQ6cTZc%2BtN8wtYUz9FbYNijx5jDiE3sVNW6XwA%3D",
        ),
        (
            proxy,
            "GET",
            get,
            &[],
            "akid",
            1_583_339_600,
            None,
            "x-fc-access-key-id=akid&x-fc-expires=1583339600\
             &x-fc-signature=6Rc4KxEAv3%2BlHpbNQWceIUqWVWq3ewxhadlJBRzZ0XQ%3D",
        ),
        (
            own,
            "POST",
            post,
            json,
            "akID",
            1_583_844_558,
            Some("stsToken"),
            "a=1&x-fc-access-key-id=akID&x-fc-expires=1583844558&x-fc-security-token=stsToken\
             &x-fc-signature=IalihG51KQhTiwbwrBoFDodjTUTQv9AaAjILPbgoPEU%3D&x=a&x=b",
        ),
        (
            own,
            "POST",
            post,
            traced,
            "akID",
            1_583_844_558,
            Some("stsToken"),
            "a=1&x-fc-access-key-id=akID&x-fc-expires=1583844558&x-fc-security-token=stsToken\
             &x-fc-signature=q6nscsHhckwZh3oIa7fP%2BE3JlY8NBOjVHtGMJqvlfbA%3D&x=a&x=b",
        ),
    ] {
        let at = |second| Timestamp::from_second(second).unwrap();
        let directory = directory(id, "akSec", token, at(expires));
        let request = |query: &str| {
            let headers = headers.iter().copied().collect();
            arrived(method, path, query, headers, Vec::new())
        };
        let code = |query: &str, now| code(&request(query), own_address, &directory, at(now));
        let good = code(query, expires);
        assert!(
            ["developer", "ci:s"].contains(&good.as_str()),
            "{good}: {query}"
        );
        assert_eq!(
            code(query, expires - 1_000_000),
            good,
            "long before its end"
        );
        assert_eq!(code(query, expires + 1), "RequestTimeTooSkewed");
        let longer = query.replace(&expires.to_string(), &(expires + 9).to_string());
        assert_eq!(code(&longer, expires), "SignatureNotMatch");
        assert_eq!(code(&format!("{query}&b=1"), expires), "SignatureNotMatch");
        let other = query.replace(id, "other");
        assert_eq!(code(&other, expires), "InvalidAccessKeyID");
        let without = |name: &str| {
            let rest: Vec<&str> = query
                .split('&')
                .filter(|one| !one.starts_with(name))
                .collect();
            code(&rest.join("&"), expires)
        };
        assert_eq!(without("x-fc-expires"), "InvalidArgument");
        assert_eq!(without("x-fc-access-key-id"), "InvalidArgument");
        assert_eq!(without("x-fc-signature"), "MissingRequiredHeader");
        if token.is_some() {
            assert_eq!(without("x-fc-security-token"), "SignatureNotMatch");
        }
    }
}

#[test]
fn below_the_proxy_path_there_is_no_acs3_and_the_query_is_sorted() {
    let now: Timestamp = NOW.parse().unwrap();
    let directory = directory("LTAI_TEST_KEY", "TEST_SECRET", None, now);
    let unsorted = vectors("fcopenpy.json")
        .into_iter()
        .find(|vector| vector["name"] == "fcopenpy_httptrigger_path_query_ak");
    let unsorted = request_of(&unsorted.unwrap());
    assert!(is_good(&unsorted, true, &directory, now));
    assert!(!is_good(&unsorted, false, &directory, now));
    let acs3 = request_of(&vectors("fc3http.json")[0]);
    assert_eq!(code(&acs3, false, &directory, now), "MissingRequiredHeader");
}

#[test]
fn what_is_missing_is_named() {
    let now: Timestamp = NOW.parse().unwrap();
    let directory = directory("LTAI_TEST_KEY", "TEST_SECRET", None, now);
    let message = |fields: &[(&str, &str)]| {
        let request = arrived("GET", "/", "", fields.iter().copied().collect(), Vec::new());
        let product = Product::Fc(Api::V20230330);
        let refused = authenticate_trigger(&request, true, product, &directory, now).unwrap_err();
        (refused.status, refused.message)
    };
    let date = ("date", "Thu, 15 Jan 2026 08:30:00 GMT");
    let no_date = (
        400,
        "required HTTP header Date was not specified".to_owned(),
    );
    assert_eq!(message(&[]), no_date);
    assert_eq!(
        message(&[date]),
        (400, "invalid authorization ''".to_owned())
    );
    let acs3 = "ACS3-HMAC-SHA256 Credential=LTAI_TEST_KEY,SignedHeaders=host,Signature=00";
    assert_eq!(message(&[("authorization", acs3)]), no_date);
    let dated = ("x-acs-date", NOW);
    let (status, text) = message(&[dated, ("authorization", acs3)]);
    assert!(
        status == 403 && text.starts_with("The request signature"),
        "{text}"
    );
    let late = ("x-acs-date", "2026-01-15T08:46:00Z");
    let (status, text) = message(&[late, ("authorization", acs3)]);
    assert!(status == 403 && text.contains("is too large"), "{text}");
}
