use super::*;
use crate::sandbox::operation::Operation;

fn of(path: &str) -> Option<(String, String, Option<String>, String)> {
    match Operation::of("GET", path, "", &Headers::new(), b"") {
        Operation::Trigger(TriggerCall {
            call,
            path,
            own_host: None,
        }) => Some((call.service?, call.function?, call.qualifier, path)),
        _ => None,
    }
}

#[test]
fn the_function_sees_what_follows_its_name_as_it_was_sent() {
    let proxy = |rest: &str| of(&format!("/2016-08-15/proxy/{rest}"));
    let some = |service: &str, qualifier: Option<&str>, path: &str| {
        let qualifier = qualifier.map(str::to_owned);
        Some((
            service.to_owned(),
            "f".to_owned(),
            qualifier,
            path.to_owned(),
        ))
    };
    assert_eq!(proxy("s/f"), some("s", None, "/"));
    assert_eq!(proxy("s/f/"), some("s", None, "/"));
    assert_eq!(
        proxy("s.prod/f/a%2Fb//c/"),
        some("s", Some("prod"), "/a%2Fb//c/")
    );
    assert_eq!(proxy("s"), None);
    assert_eq!(of("//2016-08-15/proxy/s/f/x"), None);
    assert_eq!(of("/2021-04-06/proxy/s/f/"), None);
    assert_eq!(of("/2016-08-15/services/s"), None);
}

#[test]
fn a_host_is_told_from_its_port() {
    for (host, name) in [
        ("web.local.fcapp.run", "web.local.fcapp.run"),
        ("web.local.fcapp.run:9797", "web.local.fcapp.run"),
        ("[::1]:9797", "[::1]"),
        ("", ""),
    ] {
        assert_eq!(name_of(host), name);
    }
}
