//! Changes that can be made, and those that cannot.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn event() -> Value {
    json!({
        "events": [{"oss": {"object": {"key": "a", "size": 1, "deltaSize": 2}}, "ok": true}],
        "a.b": {"c[0]": "x", "": "empty"},
        "free": {},
        "list": [1, 2],
        "none": null
    })
}

fn changed(assignment: &str) -> Value {
    let mut event = event();
    set(&mut event, assignment).unwrap_or_else(|error| panic!("{assignment}: {error}"));
    event
}

#[test]
fn a_value_takes_the_type_of_what_it_replaces() {
    for (assignment, pointer, expected) in [
        (
            "events[0].oss.object.key=b.txt",
            "/events/0/oss/object/key",
            json!("b.txt"),
        ),
        (
            "events[0].oss.object.key=42",
            "/events/0/oss/object/key",
            json!("42"),
        ),
        (
            "events[0].oss.object.key=",
            "/events/0/oss/object/key",
            json!(""),
        ),
        (
            "events[0].oss.object.key=a=b",
            "/events/0/oss/object/key",
            json!("a=b"),
        ),
        (
            "events[0].oss.object.size=42",
            "/events/0/oss/object/size",
            json!(42),
        ),
        (
            "events[0].oss.object.size=-1.5",
            "/events/0/oss/object/size",
            json!(-1.5),
        ),
        ("events[0].ok=false", "/events/0/ok", json!(false)),
        ("free={\"k\":1}", "/free", json!({"k": 1})),
        ("list=[]", "/list", json!([])),
        ("list[1]=7", "/list/1", json!(7)),
        ("none=1", "/none", json!(1)),
        ("none=text", "/none", json!("text")),
        ("\"a.b\".\"c[0]\"=y", "/a.b/c[0]", json!("y")),
        ("\"a.b\".\"\"=y", "/a.b/", json!("y")),
        ("\"\\u0061.b\".\"c[0]\"=y", "/a.b/c[0]", json!("y")),
    ] {
        let event = changed(assignment);
        assert_eq!(event.pointer(pointer), Some(&expected), "{assignment}");
    }
}

#[test]
fn the_order_of_the_keys_stays() {
    let text = changed("events[0].oss.object.size=9").to_string();
    assert!(
        text.contains(r#"{"key":"a","size":9,"deltaSize":2}"#),
        "{text}"
    );
}

#[test]
fn a_list_at_the_root_is_reached_by_its_index() {
    let mut event = json!([{"data": {"value": "x"}}]);
    set(&mut event, "[0].data.value=y").unwrap();
    assert_eq!(event, json!([{"data": {"value": "y"}}]));
}

#[test]
fn another_type_is_refused() {
    for assignment in [
        "events[0].oss.object.size=big",
        "events[0].oss.object.size=\"1\"",
        "events[0].oss.object.size=",
        "events[0].oss.object.size=1e999",
        "events[0].oss.object.size=123456789012345678901",
        "events[0].ok=1",
        "free=[]",
        "list={}",
        "list=[1",
    ] {
        let mut event = event();
        let error = set(&mut event, assignment).unwrap_err();
        assert!(
            matches!(error, SetError::Type { .. }),
            "{assignment}: {error}"
        );
        assert_eq!(event, self::event(), "{assignment}");
    }
    let error = set(&mut event(), "list=3").unwrap_err();
    assert_eq!(error.to_string(), "`list` is a list, and `3` is not");
}

#[test]
fn what_is_no_path_and_value_is_refused() {
    for (given, why) in [
        ("", "a key is empty"),
        ("list", "there is no `=`"),
        ("=x", "a key is empty"),
        ("a.=x", "a key is empty"),
        ("a..b=x", "a key is empty"),
        (".a=x", "a key is empty"),
        ("a[0=x", "a `[` is not closed"),
        (
            "a[]=x",
            "between `[` and `]` stands a number, counted from 0",
        ),
        (
            "a[+1]=x",
            "between `[` and `]` stands a number, counted from 0",
        ),
        (
            "a[99999999999999999999]=x",
            "between `[` and `]` stands a number, counted from 0",
        ),
        ("a.[0]=x", "there is no key after a `.`"),
        ("a[0]b=x", "after a key or an index comes `.`, `[` or `=`"),
        ("a\"b\"=x", "after a key or an index comes `.`, `[` or `=`"),
        ("\"a=x", "a key in quotes is a JSON string"),
    ] {
        let expected = SetError::Form {
            given: given.to_owned(),
            why,
        };
        assert_eq!(set(&mut event(), given), Err(expected), "{given}");
    }
}

#[test]
fn a_place_that_is_not_there_names_the_nearest() {
    for (path, near, there, holds) in [
        (
            "events[0].oss.objct.key",
            Some("events[0].oss.object.key"),
            "events[0].oss",
            "has `object`",
        ),
        // Without the index, or with the end of the path alone.
        (
            "events.oss.object.key",
            Some("events[0].oss.object.key"),
            "events",
            "has `[0]`",
        ),
        (
            "object.key",
            Some("events[0].oss.object.key"),
            "",
            "has `events`, `\"a.b\"`, `free`, `list`, `none`",
        ),
        (
            "KEY",
            None,
            "",
            "has `events`, `\"a.b\"`, `free`, `list`, `none`",
        ),
        ("list[2]", Some("list[0]"), "list", "has `[0]` to `[1]`"),
        ("free.anything", None, "free", "is empty"),
        (
            "events[0].ok.deep.down",
            None,
            "events[0].ok",
            "is `true` or `false`",
        ),
        (
            "[0]",
            None,
            "",
            "has `events`, `\"a.b\"`, `free`, `list`, `none`",
        ),
    ] {
        let expected = SetError::NoPath {
            path: path.to_owned(),
            near: near.map(str::to_owned),
            there: there.to_owned(),
            holds: holds.to_owned(),
        };
        assert_eq!(
            set(&mut event(), &format!("{path}=x")),
            Err(expected),
            "{path}"
        );
    }
}

#[test]
fn a_bare_text_has_no_places() {
    let error = set(&mut json!("hello topic"), "body=x").unwrap_err();
    assert!(
        matches!(&error, SetError::NoPath { there, holds, .. } if there.is_empty() && holds == "is a string"),
        "{error:?}"
    );
}

/// Every place of every template can be named by the path that is shown for it.
#[test]
fn every_place_that_is_shown_can_be_set() {
    for template in crate::event::TEMPLATES {
        let event = template.event();
        let mut places = Vec::new();
        collect(&event, &mut Vec::new(), &mut places);
        for place in places {
            let old = place.iter().try_fold(&event, child).unwrap();
            let text = old.as_str().map_or_else(|| old.to_string(), str::to_owned);
            let mut same = event.clone();
            set(&mut same, &format!("{}={text}", shown(&place))).unwrap();
            assert_eq!(same, event, "{}", shown(&place));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in r#"[a-z.\[\]="\\0-9]{0,24}"#) {
        let mut event = event();
        let _ = set(&mut event, &text);
    }

    #[test]
    fn any_key_can_be_named(key in "\\PC{0,12}", value in "\\PC{0,12}") {
        let mut event = json!({key.clone(): "old"});
        set(&mut event, &format!("{}={value}", shown(&[Step::Key(key.clone())]))).unwrap();
        prop_assert_eq!(event, json!({key: value}));
    }
}
