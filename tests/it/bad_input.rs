//! Exit 2: what is wrong with the command line or with a file, and is found before anything is
//! sent.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::fake::{Fake, call, result};
use super::harness::{Run, Sesame, line};

/// A whole command in the sandbox but for what a test adds.
fn hello(words: &str) -> Sesame {
    line("invoke --sandbox --function-name hello").args(words.split_whitespace())
}

/// A command outside the sandbox, with a key and an account.
fn outside(words: &str) -> Sesame {
    line("invoke --account-id 1234567890123456")
        .args(words.split_whitespace())
        .key()
}

#[test]
fn no_region() {
    let run = outside("--function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0003]: no region is given

    hint: pass `--region`, write it into the project file, set `ALIBABA_CLOUD_REGION_ID`, or give the aliyun CLI's profile a region
    ");
}

#[test]
fn no_function() {
    insta::assert_snapshot!(line("invoke --sandbox").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0002]: no function is given

    hint: pass `--function-name`, or name a project file with `--template`
    ");
}

#[test]
fn a_region_of_another_shape() {
    let run = outside("--function-name hello --region cn_hangzhou").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0003]: `cn_hangzhou` is not a region id: lower-case letters, digits and `-`, like `cn-hangzhou`

    hint: give `--region` or `ALIBABA_CLOUD_REGION_ID` a region id like `cn-hangzhou`
    ");
    let run = outside("--function-name hello --region CN-Hangzhou").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0003]: `CN-Hangzhou` is not a region id: lower-case letters, digits and `-`, like `cn-hangzhou`

    hint: region ids are in lower case: `cn-hangzhou`
    ");
    let run = outside("--function-name hello --region cn-hangzhou.evil.example").run();
    assert_eq!(run.exit, 2);
}

#[test]
fn a_name_that_grants_everything() {
    let run = line("invoke --sandbox --function-name * --emit-policy").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0002]: the function name `*` has `*` in it, which no name can have

    hint: change `--function-name`: names are letters, digits, `_` and `-`, at most 128 of them
    ");
}

#[test]
fn a_dot_in_a_service_name() {
    let run = line("invoke --sandbox --service-name demo.prod --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0002]: the service name `demo.prod` has a dot in it, which no name can have

    hint: change `--service-name`: names are letters, digits, `_` and `-`, at most 128 of them
    ");
}

#[test]
fn an_empty_name() {
    let run = line("invoke --sandbox").args(["--function-name", ""]).run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0002]: the function name is empty

    hint: change `--function-name`: names are letters, digits, `_` and `-`, at most 128 of them
    ");
    for flag in ["--service-name", "--qualifier"] {
        assert_eq!(hello("").args([flag, ""]).run().exit, 2, "{flag}");
    }
}

#[test]
fn names_that_no_service_has() {
    let long = "a".repeat(129);
    let names = [
        "a b",
        "a/b",
        "a%2fb",
        "a:b",
        "a?b",
        "a*",
        "a\nb",
        "a\u{202e}b",
        "中文",
        &long,
        "acs:fc:*:*:*",
        "a,b",
        "{a}",
    ];
    for flag in ["--function-name", "--service-name", "--qualifier"] {
        for name in names {
            for emit in [&["--emit-policy"][..], &[]] {
                let base = line("invoke --sandbox --region cn-hangzhou -o json");
                let base = match flag {
                    "--function-name" => base,
                    _ => base.args(["--function-name", "hello"]),
                };
                let run = base.args([flag, name]).args(emit).run();
                assert_eq!(run.exit, 2, "{flag} {name} {emit:?}\n{}", run.stderr);
                assert!(!run.stderr.contains('\u{202e}'));
                assert!(!run.stdout_lossy().contains("Statement"));
            }
        }
    }
}

#[test]
fn two_events() {
    let run = hello("-f event.json -s").args(["-e", ""]).run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: the argument `--event-file <PATH>` cannot be used with: --event-stdin --event <TEXT>

    hint: `sesame invoke --help` shows every flag
    ");
    assert_eq!(hello("-f a -s").run().exit, 2);
    assert_eq!(hello("-s").args(["-e", ""]).run().exit, 2);
}

#[test]
fn an_event_file_that_is_missing() {
    insta::assert_snapshot!(hello("-f event.json").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0005]: the event file `event.json` cannot be read: no such file or folder

    hint: check the path; `-` is stdin
    ");
}

#[test]
fn an_event_file_that_is_a_folder() {
    insta::assert_snapshot!(hello("-f .").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0005]: the event file `.` cannot be read: it is a folder

    hint: check the path; `-` is stdin
    ");
}

#[test]
fn a_time_limit_of_nothing() {
    insta::assert_snapshot!(hello("--timeout 0").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: invalid value `0` for `--timeout <SECONDS>`: it is a whole number of seconds, at least 1

    hint: `sesame invoke --help` shows every flag
    ");
    assert_eq!(hello("--timeout -1").run().exit, 2);
    assert_eq!(hello("--timeout soon").run().exit, 2);
}

#[test]
fn an_account_that_is_a_name() {
    let run = line("invoke --region cn-hangzhou --function-name hello --account-id alice")
        .key()
        .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0004]: `alice` is not the id of a main account, which is digits only

    hint: change `--account-id`: it is shown in the console under the account's picture; a RAM user's id is another number
    ");
}

#[test]
fn an_api_of_the_other_generation() {
    insta::assert_snapshot!(hello("--sdk-version 2021-04-06").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0012]: API 2021-04-06 needs a service name

    hint: pass `--service-name`, or leave `--sdk-version` out for a function of FC 3.0
    ");
    let run = hello("--service-name demo --sdk-version 2023-03-30").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0012]: API 2023-03-30 has no services

    hint: leave `--service-name` out, or leave `--sdk-version` out for a function of FC 2.0
    ");
    insta::assert_snapshot!(hello("--sdk-version 2020").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: invalid value `2020` for `--sdk-version <VERSION>` [possible values: 2016-08-15, 2021-04-06, 2023-03-30]

    hint: a similar value exists: `2023-03-30`
    hint: `sesame invoke --help` shows every flag
    ");
}

#[test]
fn a_flag_that_is_unknown() {
    insta::assert_snapshot!(hello("--check-perm").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: unexpected argument `--check-perm` found

    hint: a similar argument exists: `--check-perms`
    hint: `sesame invoke --help` shows every flag
    ");
}

#[test]
fn a_value_that_is_unknown() {
    insta::assert_snapshot!(hello("--check-perms=strickt").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: invalid value `strickt` for `--check-perms[=<MODE>]` [possible values: enforce, strict, warn, only]

    hint: a similar value exists: `strict`
    hint: `sesame invoke --help` shows every flag
    ");
    assert_eq!(hello("--invocation-type later").run().exit, 2);
    assert_eq!(hello("-o yaml").run().exit, 2);
}

#[test]
fn flags_that_exclude_each_other() {
    insta::assert_snapshot!(hello("--endpoint http://127.0.0.1:1").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: the argument `--sandbox[=<CONFIG>]` cannot be used with `--endpoint <URL>`

    hint: `sesame invoke --help` shows every flag
    ");
}

#[test]
fn a_condition_key_without_a_value() {
    insta::assert_snapshot!(hello("--check-perms --context acs:SourceIp").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0008]: `--context acs:SourceIp` is not `KEY=VALUE`

    hint: write `--context acs:SourceIp=203.0.113.7`
    ");
    insta::assert_snapshot!(hello("--check-perms --context =1").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0008]: `--context =1` is not `KEY=VALUE`

    hint: write `--context acs:SourceIp=203.0.113.7`
    ");
}

#[test]
fn a_condition_key_that_is_given_and_absent() {
    let run = hello("--check-perms --context acs:SourceIp=203.0.113.7 --absent acs:sourceip").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0008]: `acs:sourceip` is given with `--context` and absent with `--absent`

    hint: a request carries a key or it does not: keep one of the two
    ");
}

#[test]
fn a_policy_file_that_cannot_be_read() {
    insta::assert_snapshot!(hello("--policy-file dev.json").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0006]: the policy file `dev.json` cannot be read: no such file or folder

    hint: check the path
    ");
    insta::assert_snapshot!(hello("--policy-file .").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0006]: the policy file `.` cannot be read: it is a folder

    hint: check the path
    ");
}

#[test]
fn a_policy_file_that_is_no_json() {
    let run = hello("--policy-file dev.json")
        .file("dev.json", "not JSON\n")
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout

    --- stderr
    error[I0007]: `dev.json` is not a policy
    error[L0001]: `not` is no JSON value
     --> dev.json:1:1
      |
    1 | not JSON
      | ^^^
      |
      = help: strings stand in double quotes
    error[L0001]: text after the end of the document
     --> dev.json:1:5
      |
    1 | not JSON
      |     ^^^^
      |
      = help: remove it, or put each document in a file of its own

    hint: a policy is `{"Version":"1","Statement":[{"Effect":…,"Action":…,"Resource":…}]}`
    "#);
    let run = hello("--policy-file empty.json")
        .file("empty.json", "")
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout

    --- stderr
    error[I0007]: `empty.json` is not a policy
    error[L0001]: the document is empty
     --> empty.json:1:1
      |
    1 |
      | ^
      |
      = help: write `{"Version": "1", "Statement": []}` and fill it in

    hint: a policy is `{"Version":"1","Statement":[{"Effect":…,"Action":…,"Resource":…}]}`
    "#);
}

#[test]
fn a_policy_file_that_is_another_object() {
    let run = hello("--policy-file s.json")
        .file("s.json", "[1, 2]\n")
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout

    --- stderr
    error[I0007]: `s.json` is not a policy
    error[L0022]: the document is a list, not an object
     --> s.json:1:1
      |
    1 | [1, 2]
      | ^^^^^^
      |
      = help: write `{"Version": "1", "Statement": […]}`

    hint: a policy is `{"Version":"1","Statement":[{"Effect":…,"Action":…,"Resource":…}]}`
    "#);
}

/// Every fault at once, with multi-byte text before it and CRLF line ends.
const FAULTY: &str = "{\r\n  \"Version\": \"2012-10-17\",\r\n  \"说明\": \"测试 策略\", \"Statement\": [\r\n    { \"Effect\": \"allow\", \"Action\": \"fc:InvokeFunction\", \"Resource\": \"*\" },\r\n    { \"Effect\": \"Allow\", \"Action\": [\"中文\", 7], \"Resource\": \"*\" }\r\n  ]\r\n}\r\n";

#[test]
fn a_policy_with_several_faults() {
    let run = hello("--policy-file faulty.json")
        .file("faulty.json", FAULTY)
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout

    --- stderr
    error[I0007]: `faulty.json` is not a policy
    error[L0011]: `Version` is `2012-10-17`, not `1`
     --> faulty.json:2:14
      |
    2 |   "Version": "2012-10-17",
      |              ^^^^^^^^^^^^
      |
      = help: write `"Version": "1"`
    error[L0019]: `说明` is not an element of a document
     --> faulty.json:3:3
      |
    3 |   "说明": "测试 策略", "Statement": [
      |   ^^^^^^
      |
      = help: remove it: a document has `Version`, `Statement`
    error[L0016]: `Effect` is `allow`, neither `Allow` nor `Deny`
     --> faulty.json:4:17
      |
    4 |     { "Effect": "allow", "Action": "fc:InvokeFunction", "Resource": "*" },
      |                 ^^^^^^^
      |
      = help: did you mean `Allow`?
    error[L0022]: an element of `Action` is a number, not a string
     --> faulty.json:5:43
      |
    5 |     { "Effect": "Allow", "Action": ["中文", 7], "Resource": "*" }
      |                                             ^
      |
      = help: write a string or a list of strings

    hint: a policy is `{"Version":"1","Statement":[{"Effect":…,"Action":…,"Resource":…}]}`
    "#);
}

#[test]
fn every_fault_of_a_policy_stands_where_it_is() {
    let run = hello("--policy-file faulty.json -o json")
        .file("faulty.json", FAULTY)
        .run();
    let object = run.json();
    let places = object["error"]["places"].as_array().unwrap();
    assert_eq!(places.len(), 4, "{places:#?}");
    let lines: Vec<&str> = FAULTY.split("\r\n").collect();
    for place in places {
        assert_eq!(place["path"], "faulty.json");
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        let (line, column) = (number("line"), number("column"));
        // Columns count characters, from 1.
        let rest: String = lines[line - 1].chars().skip(column - 1).collect();
        let starts = ["\"2012-10-17\"", "\"说明\"", "\"allow\"", "7]"];
        assert!(
            starts.iter().any(|start| rest.starts_with(start)),
            "{place}: {rest}"
        );
    }
}

#[test]
fn the_faults_of_all_files_are_said_at_once() {
    let run = hello("--policy-file a.json --policy-file b.json --control-policy c.json -o json")
        .file("a.json", "{")
        .file("b.json", r#"{"Version":"1","Statement":[]}"#)
        .file("c.json", "null")
        .run();
    let object = run.json();
    let places = object["error"]["places"].as_array().unwrap();
    let named = |name: &str| places.iter().any(|place| place["path"] == name);
    assert!(named("a.json") && named("c.json"), "{places:#?}");
}

#[test]
fn a_policy_file_with_bytes_that_are_no_text() {
    let run = hello("--policy-file dev.json")
        .file("dev.json", b"{\"Version\":\"\xff\x1b[31m\"}")
        .run();
    assert_eq!(run.exit, 2);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn an_identity_that_the_sandbox_lacks() {
    insta::assert_snapshot!(hello("-a interm").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0010]: the sandbox has no identity `interm`

    hint: did you mean `intern`? it has developer, intern, contractor, admin
    ");
}

#[test]
fn an_identity_without_a_sandbox() {
    insta::assert_snapshot!(outside("--region cn-hangzhou --function-name hello -a intern").run().shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0010]: there is no alias `intern`
      why:      `~/.s/access.yaml` does not exist

    hint: with `--sandbox`, `-a` names one of its identities
    hint: `s config add -a NAME` writes one
    ");
}

#[test]
fn an_endpoint_that_is_none() {
    let at = |url: &str| call(url, "").run();
    insta::assert_snapshot!(at("127.0.0.1:9797").shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0009]: `127.0.0.1:[port]` is not an address with a scheme, like `https://host:port`
      why:      given with `--endpoint`

    hint: pass a scheme, a host and perhaps a port, like `http://127.0.0.1:[port]`
    ");
    insta::assert_snapshot!(at("http://127.0.0.1:9797/2016-08-15").shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0009]: `http://127.0.0.1:[port]/2016-08-15` has something behind the host; an endpoint is a scheme, a host and a port
      why:      given with `--endpoint`

    hint: pass a scheme, a host and perhaps a port, like `http://127.0.0.1:[port]`
    ");
    insta::assert_snapshot!(at("https://alice:secret@fc.example.com").shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0009]: the address carries a user name or a password, which an endpoint does not take
      why:      given with `--endpoint`

    hint: pass a scheme, a host and perhaps a port, like `http://127.0.0.1:[port]`
    ");
    for bad in [
        "",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1?x",
    ] {
        let run = at(bad);
        assert_eq!(run.exit, 2, "{bad}: {}", run.stderr);
        assert!(
            run.stderr.starts_with("error[I0009]: "),
            "{bad}: {}",
            run.stderr
        );
    }
}

#[test]
fn plain_http_to_another_machine() {
    insta::assert_snapshot!(call("http://192.0.2.1:9797", "").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0009]: `http://192.0.2.1:9797` is plain http to another machine, where anyone on the way could read the call
      why:      given with `--endpoint`

    hint: use `https://192.0.2.1:9797`, or pass `--allow-http`
    ");
    // A name that only looks like loopback is another machine.
    for host in [
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "128.0.0.1",
    ] {
        let run = call(&format!("http://{host}:9797"), "").run();
        assert_eq!(run.exit, 2, "{host}");
    }
}

#[test]
fn an_endpoint_of_the_environment_is_named() {
    let run = outside("--region cn-hangzhou --function-name hello")
        .env("SESAME_ENDPOINT", "fc.example.com")
        .run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0009]: `fc.example.com` is not an address with a scheme, like `https://host:port`
      why:      given with `SESAME_ENDPOINT`

    hint: pass a scheme, a host and perhaps a port, like `http://127.0.0.1:[port]`
    ");
}

#[test]
fn an_id_that_no_asynchronous_call_has() {
    let run = hello("--invocation-type async --stateful-async-invocation-id 7th").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0013]: `7th` cannot be the id of an asynchronous call

    hint: it begins with a letter or `_`, goes on with letters, digits, `_` and `-`, and has at most 128 of them
    ");
}

#[test]
fn an_argument_that_is_no_text() {
    let run = hello("--qualifier")
        .arg(OsStr::from_bytes(b"\xff\x1b[31m"))
        .run();
    assert_eq!(run.exit, 2);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn nothing_is_sent_on_bad_input() {
    let fake = Fake::start([result("")]);
    let bad: [fn(Sesame) -> Sesame; 6] = [
        |command| command.args(["-f", "missing"]),
        |command| command.args(["--qualifier", "a b"]),
        |command| command.args(["--policy-file", "missing"]),
        |command| command.args(["--context", "x"]),
        |command| command.args(["--stateful-async-invocation-id", "7"]),
        |command| command.args(["--sts-endpoint", "x"]),
    ];
    for change in bad {
        let run: Run = change(fake.call("-o json")).run();
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["cause"]),
            (2, &"invalid_input".into())
        );
        assert_eq!(object["request"]["sent"], false);
    }
    assert_eq!(fake.hits().len(), 0);
}

#[test]
fn a_command_line_that_cannot_be_read_still_gives_an_object() {
    for words in [
        "--nosuch -o json",
        "-o json --timeout 0",
        "-o json --check-perms=x",
        "--output=json --color",
    ] {
        let run = hello(words).run();
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["cause"]),
            (2, &"invalid_input".into()),
            "{words}"
        );
        assert_eq!(object["error"]["code"], "I0001");
    }
}

#[test]
fn a_region_of_the_environment() {
    let check = |region: &[u8], words: &str| {
        line("invoke --account-id 123 --function-name hello --emit-policy")
            .args(words.split_whitespace())
            .env("ALIBABA_CLOUD_REGION_ID", OsStr::from_bytes(region))
            .run()
    };
    let used = check(b"cn-beijing", "");
    assert!(used.stdout_lossy().contains("acs:fc:cn-beijing:123:"));
    let beaten = check(b"cn-beijing", "--region cn-shanghai");
    assert!(beaten.stdout_lossy().contains("acs:fc:cn-shanghai:123:"));
    let empty = check(b"", "");
    assert!(
        empty
            .stderr
            .starts_with("error[I0003]: no region is given\n")
    );
    insta::assert_snapshot!(check(b"cn-\xff", "").shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0014]: `ALIBABA_CLOUD_REGION_ID` is not UTF-8

    hint: set it to text in UTF-8, or unset it
    ");
}

#[test]
fn a_function_name_that_leaves_its_place_in_the_path() {
    for name in [".", ".."] {
        let run = line("invoke --sandbox --function-name").arg(name).run();
        assert_eq!(run.exit, 2, "{name}: {}", run.stderr);
    }
}

#[test]
fn a_condition_key_in_two_letter_cases() {
    let run =
        hello("--check-perms=only --context acs:SourceIp=10.0.0.1 --context acs:sourceip=10.0.0.2")
            .run();
    assert_eq!(run.exit, 2);
    assert!(
        run.stderr
            .contains("`acs:SourceIp` and `acs:sourceip` differ in letter case only")
    );
}
