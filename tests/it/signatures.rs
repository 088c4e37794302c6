//! The signers against requests that the official SDKs sent (`tests/data/vectors/`): each
//! signature is computed again from what was on the wire, and no signed byte may change.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sesame_fc::acs::encoding::{query_pairs, sha256_hex};
use sesame_fc::acs::{Headers, acs3, legacy};
use sesame_fc::fc::signature;

#[derive(Deserialize)]
struct Vector {
    name: String,
    credentials: Keys,
    request: Recorded,
    verification: Value,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    access_key_secret: String,
}

#[derive(Deserialize, Clone)]
struct Recorded {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
    body_base64: String,
}

impl Recorded {
    fn headers(&self) -> Headers {
        self.headers.iter().cloned().collect()
    }

    fn query(&self) -> &str {
        self.query.as_deref().unwrap_or_default()
    }

    fn authorization(&self) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        &found.expect("a signed request").1
    }
}

/// The vectors of a file that follow the scheme's rules. A request with a recorded SDK defect
/// carries `conformance: false`.
fn vectors(file: &str, scheme: &str) -> Vec<Vector> {
    let path = format!(
        "{}/tests/data/vectors/{file}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).expect(&path);
    let recorded: Vec<Value> = serde_json::from_str(&text).expect(file);
    let conformant = recorded.into_iter().filter(|vector| {
        vector["signature_scheme"] == scheme && vector["verification"]["conformance"] != false
    });
    conformant
        .map(|vector| serde_json::from_value(vector).expect(file))
        .collect()
}

fn fc_v1_verifies(vector: &Vector, request: &Recorded) -> bool {
    let (id, signed) =
        signature::parse_authorization(vector.request.authorization()).expect("FC v1");
    assert_eq!(id, vector.credentials.access_key_id);
    signature::Signable {
        method: &request.method,
        path: &request.path,
        query: request.query(),
        headers: &request.headers(),
    }
    .verify(&vector.credentials.access_key_secret, signed)
}

fn acs3_parts<T>(
    vector: &Vector,
    request: &Recorded,
    with: impl FnOnce(&acs3::Signable<'_>, &acs3::Authorization) -> T,
) -> T {
    let authorization = acs3::Authorization::parse(vector.request.authorization()).expect("ACS3");
    assert_eq!(
        authorization.access_key_id,
        vector.credentials.access_key_id
    );
    let body = STANDARD.decode(&request.body_base64).expect("base64");
    let signable = acs3::Signable {
        method: &request.method,
        path: &request.path,
        query: request.query(),
        headers: &request.headers(),
        signed: &authorization.signed,
        payload_hash: &sha256_hex(&body),
    };
    with(&signable, &authorization)
}

fn acs3_verifies(vector: &Vector, request: &Recorded) -> bool {
    acs3_parts(vector, request, |signable, authorization| {
        signable.verify(
            &vector.credentials.access_key_secret,
            &authorization.signature,
        )
    })
}

/// The text with one character in place of another, at each place in turn.
fn changes(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len())
        .map(|place| {
            let mut changed = characters.clone();
            changed[place] = if changed[place] == 'X' { 'Y' } else { 'X' };
            changed.into_iter().collect()
        })
        .collect()
}

/// Each request that differs from this one in one byte of a signed part.
fn tampered(request: &Recorded, signed: impl Fn(&str) -> bool) -> Vec<Recorded> {
    let mut all = Vec::new();
    let mut with = |edit: &dyn Fn(&mut Recorded)| {
        let mut copy = request.clone();
        edit(&mut copy);
        all.push(copy);
    };
    for method in changes(&request.method) {
        with(&|copy| copy.method.clone_from(&method));
    }
    for path in changes(&request.path) {
        with(&|copy| copy.path.clone_from(&path));
    }
    for (place, (name, value)) in request.headers.iter().enumerate() {
        if signed(&name.to_ascii_lowercase()) {
            for value in changes(value) {
                with(&|copy| copy.headers[place].1.clone_from(&value));
            }
        }
    }
    all
}

#[test]
fn every_conformant_fc_v1_vector_verifies() {
    let mut count = 0;
    for vector in ["fc2node", "fc2py"]
        .iter()
        .flat_map(|file| vectors(file, "fc-v1"))
    {
        let string_to_sign = signature::Signable {
            method: &vector.request.method,
            path: &vector.request.path,
            query: vector.request.query(),
            headers: &vector.request.headers(),
        }
        .string_to_sign();
        assert_eq!(
            string_to_sign, vector.verification["string_to_sign"],
            "{}",
            vector.name
        );
        assert!(fc_v1_verifies(&vector, &vector.request), "{}", vector.name);
        count += 1;
    }
    assert_eq!(count, 89);
}

#[test]
fn every_conformant_acs3_vector_verifies() {
    let files = [
        "fc3node",
        "fc3py",
        "fcopennode",
        "fcopenpy",
        "stsnode",
        "stspy",
        "rampy",
        "documented",
    ];
    let mut count = 0;
    for vector in files.iter().flat_map(|file| vectors(file, "acs3")) {
        if let Some(canonical) = vector.verification.get("canonical_request") {
            let ours = acs3_parts(&vector, &vector.request, |parts, _| {
                parts.canonical_request()
            });
            assert_eq!(&ours, canonical, "{}", vector.name);
        }
        assert!(acs3_verifies(&vector, &vector.request), "{}", vector.name);
        count += 1;
    }
    assert_eq!(count, 22 + 19 + 3 + 4 + 4 + 4 + 17 + 1);
}

/// The parameters of a request that is signed in them.
fn parameters(query: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let pairs = query_pairs(query).into_iter();
    pairs
        .map(|(key, value)| (text(key), text(value.unwrap_or_default())))
        .collect()
}

fn rpc_verifies(vector: &Vector, request: &Recorded) -> bool {
    let parameters = parameters(request.query());
    let signature = parameters.iter().find(|(key, _)| key == "Signature");
    signature.is_some_and(|(_, signature)| {
        legacy::verify_rpc(
            &request.method,
            &parameters,
            &vector.credentials.access_key_secret,
            signature,
        )
    })
}

fn roa_verifies(vector: &Vector, request: &Recorded) -> bool {
    let headers = request.headers();
    let authorization = legacy::parse_authorization(request.authorization());
    authorization.is_some_and(|(_, signature)| {
        let (method, path, query) = (&request.method, &request.path, request.query());
        legacy::verify_roa(
            method,
            path,
            query,
            &headers,
            &vector.credentials.access_key_secret,
            signature,
        )
    })
}

#[test]
fn every_vector_of_the_first_sdks_verifies_and_no_byte_of_it_can_change() {
    let (rpc, roa) = (
        vectors("legacycore", "rpc-hmac-sha1"),
        vectors("legacycore", "roa-hmac-sha1"),
    );
    assert_eq!((rpc.len(), roa.len()), (3, 4));
    for vector in &rpc {
        let expected = &vector.verification["string_to_sign"];
        let ours =
            legacy::rpc_string_to_sign(&vector.request.method, &parameters(vector.request.query()));
        assert_eq!(&ours, expected, "{}", vector.name);
        assert!(rpc_verifies(vector, &vector.request), "{}", vector.name);
        for query in changes(vector.request.query()) {
            let request = Recorded {
                query: Some(query),
                ..vector.request.clone()
            };
            assert!(
                !rpc_verifies(vector, &request),
                "{}: {}",
                vector.name,
                request.query()
            );
        }
    }
    for vector in &roa {
        let request = &vector.request;
        let headers = request.headers();
        let ours =
            legacy::roa_string_to_sign(&request.method, &request.path, request.query(), &headers);
        let expected = &vector.verification["string_to_sign"];
        assert_eq!(
            String::from_utf8(ours).unwrap(),
            *expected,
            "{}",
            vector.name
        );
        assert!(roa_verifies(vector, request), "{}", vector.name);
        let signed = |name: &str| {
            ["accept", "content-md5", "content-type", "date"].contains(&name)
                || name.starts_with("x-acs-")
        };
        let queries = changes(request.query()).into_iter().map(|query| Recorded {
            query: Some(query),
            ..request.clone()
        });
        for request in tampered(request, signed).into_iter().chain(queries) {
            assert!(
                !roa_verifies(vector, &request),
                "{}: {}",
                vector.name,
                request.path
            );
        }
    }
}

#[test]
fn no_byte_of_a_part_that_fc_v1_signs_can_change() {
    let signed = |name: &str| {
        ["content-md5", "content-type", "date"].contains(&name) || name.starts_with("x-fc-")
    };
    for vector in ["fc2node", "fc2py"]
        .iter()
        .flat_map(|file| vectors(file, "fc-v1"))
    {
        let mut requests = tampered(&vector.request, signed);
        if vector.request.path.starts_with("/2016-08-15/proxy/") {
            requests.extend(
                changes(vector.request.query())
                    .into_iter()
                    .map(|query| Recorded {
                        query: Some(query),
                        ..vector.request.clone()
                    }),
            );
        }
        assert!(requests.len() > 40);
        for request in requests {
            assert!(
                !fc_v1_verifies(&vector, &request),
                "{}: {}",
                vector.name,
                request.path
            );
        }
    }
}

#[test]
fn no_byte_of_a_part_that_acs3_signs_can_change() {
    for vector in ["fc3node", "fc3py", "stspy", "rampy"]
        .iter()
        .flat_map(|file| vectors(file, "acs3"))
    {
        let authorization =
            acs3::Authorization::parse(vector.request.authorization()).expect("ACS3");
        let mut requests = tampered(&vector.request, |name| {
            authorization.signed.iter().any(|one| one == name)
        });
        requests.extend(
            changes(vector.request.query())
                .into_iter()
                .map(|query| Recorded {
                    query: Some(query),
                    ..vector.request.clone()
                }),
        );
        let mut body = STANDARD
            .decode(&vector.request.body_base64)
            .expect("base64");
        body.push(b'X');
        let body_base64 = STANDARD.encode(body);
        requests.push(Recorded {
            body_base64,
            ..vector.request.clone()
        });
        for request in requests {
            assert!(
                !acs3_verifies(&vector, &request),
                "{}: {}",
                vector.name,
                request.path
            );
        }
    }
}
