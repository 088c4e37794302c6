use super::*;
use crate::diagnosis::Excerpt;

fn read(text: &str) -> Result<Config, Vec<(String, String)>> {
    read::read(&Source::new("sandbox.yaml", text)).map_err(|error| match error {
        ConfigError::Unreadable { fault, .. } => vec![(fault.to_string(), String::new())],
        ConfigError::Invalid { places, .. } => places
            .into_iter()
            .map(|place| {
                let range = place.labels[0].0.clone();
                let at = place.source.get(range).unwrap_or_default().to_owned();
                (place.title, at)
            })
            .collect(),
    })
}

const HEAD: &str = "account: 1234567890123456\nregion: cn-hangzhou\n";

#[test]
fn the_demo_is_whole() {
    let demo = Config::demo();
    let names: Vec<&str> = demo.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["developer", "intern", "contractor", "admin"]);
    assert_eq!(demo.functions.len(), 6);
    assert_eq!(demo.account, "1234567890123456");
}

#[test]
fn the_example_with_every_key_is_read() {
    let config = Config::read(Path::new("tests/data/sandbox/example.yaml")).unwrap();
    assert_eq!(config.users.len(), 6);
    assert!(
        config
            .user("leaver")
            .unwrap()
            .access_key
            .as_ref()
            .unwrap()
            .disabled
    );
    let robot = &config.user("robot").unwrap().policies;
    assert_eq!(robot.resource_groups[0].0, "rg-demo");
    let web = config.functions.last().unwrap();
    assert!(web.triggers[0].signed);
    assert_eq!(web.triggers[0].methods, ["GET", "POST"]);
    let upper = &config.functions[7];
    assert_eq!(upper.asynchronous.max_retries, 1);
    assert_eq!(config.roles[0].max_session, Duration::from_secs(3600));
    assert!(!config.qualified_latest);
}

#[test]
fn numbers_keep_their_digits() {
    let config = read(
        "account: 0012345678901234\nregion: cn-hangzhou\ncontext: {\"acs:SourceVpc\": vpc-1, x: [1, true]}\n\
         functions: [{name: f, builtin: echo, versions: [1], aliases: {a: 1}}]",
    )
    .unwrap();
    assert_eq!(config.account, "0012345678901234");
    assert_eq!(config.functions[0].versions, ["1"]);
    assert_eq!(config.context[1].1, ["1", "true"]);
}

#[test]
fn what_is_wrong_is_pointed_at_all_of_it_at_once() {
    let faults = read(&format!(
        "{HEAD}users:\n  a: {{ access_key: {{ id: K, secret: S }}, groups: [bakend], policies: [AliyunFCFullAcces] }}\n  \
         b: {{ access_key: {{ id: K, secret: S }} }}\ngroups:\n  backend:\n\
         functions:\n  - {{ name: f }}\n  - {{ name: a b, builtin: echo, timeout: 0 }}\n"
    ))
    .unwrap_err();
    let shown: Vec<(&str, &str)> = faults
        .iter()
        .map(|(message, at)| (message.as_str(), at.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "there is no group `bakend`; did you mean `backend`?",
                "bakend"
            ),
            (
                "there is no system policy `AliyunFCFullAcces`; did you mean `AliyunFCFullAccess`?",
                "AliyunFCFullAcces"
            ),
            ("the access key `K` is another's already", "K"),
            (
                "function `f` has exactly one of `builtin`, `command`, `bootstrap`",
                "{"
            ),
            (
                "the function name `a b` has a space in it, which no name can have",
                "a b"
            ),
            ("a timeout in seconds is 1 to 86400", "0"),
        ]
    );
}

#[test]
fn an_error_near_a_secret_does_not_show_it() {
    for text in [
        "users: { a: { access_key: { id: K, secret: canary-1, bogus: 1 } } }",
        "users:\n  a:\n    access_key: { id: K, secret: \"canary-1\" }\n    bogus: 1\n",
        "users: { a: { access_key: { id: K, \"secret\": \"a, canary } canary\", bogus: 1 } } }",
        "users: { a: { access_key: { id: K, secret: [canary-1], bogus: 1 } } }",
        "users: { secret: { access_key: { id: K, sercet: canary-1, bogus: 1 } } }",
        "users: { a: { access_key: { id: K, secret: |-\n canary-1\n  , bogus: 1 } } }",
        "users: { a: { access_key: { id: K, secret:\n canary-1\nbogus",
    ] {
        let error = read::read(&Source::new("x.yaml", format!("{HEAD}{text}"))).unwrap_err();
        let ConfigError::Invalid { places, .. } = error else {
            panic!()
        };
        let said = |place: &Excerpt| place.title.contains("bogus");
        assert!(
            places.iter().any(said) || places[0].title.starts_with("not YAML"),
            "{places:?}"
        );
        assert!(!places[0].source.contains("canary"), "{}", places[0].source);
        assert_eq!(places[0].source.len(), HEAD.len() + text.len());
    }
}

#[test]
fn yaml_that_is_none_is_refused_with_its_place() {
    for (text, said) in [
        ("account: 1\naccount: 2\n", "a second time"),
        ("account: [", ""),
        ("region: cn-hangzhou\n", "account"),
        (
            &format!("{HEAD}functions: [{{name: f, builtin: nope}}]"),
            "nope",
        ),
        (&format!("{HEAD}policies: []"), "unknown key `policies`"),
    ] {
        let faults = read(text).unwrap_err();
        assert!(faults[0].0.contains(said), "{text}: {faults:?}");
    }
}

#[test]
fn of_very_many_faults_the_first_are_shown() {
    let keys: String = (0..40_000).map(|key| format!("k{key}:\n")).collect();
    let error = read::read(&Source::new("x.yaml", format!("{HEAD}{keys}"))).unwrap_err();
    let ConfigError::Invalid { places, .. } = error else {
        panic!()
    };
    assert_eq!(places.len(), 20);
    let help = places[19].help.as_deref();
    assert_eq!(help, Some("39980 more faults are not shown"));
}
