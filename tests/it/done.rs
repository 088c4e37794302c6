//! Exit 0: what is printed when all is well, in each form of stdout.

use super::harness::{line, sesame};

#[test]
fn a_checked_call_shows_the_statement_that_allows_it_and_the_log() {
    let run = line("invoke --sandbox --function-name hello --check-perms")
        .args(["-e", r#"{"name":"Ali"}"#])
        .run();
    assert_eq!(run.stdout, b"Hello Ali!");
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    Hello Ali!
    --- stderr
    preflight: allowed: `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
    note: this statement allows it
     --> AliyunFCInvocationAccess:8:19
      |
    6 |         "fc:InvokeFunction"
      |         ------------------- matches `fc:InvokeFunction`
    7 |       ],
    8 |       "Resource": "*",
      |                   ^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    "#);
}

#[test]
fn a_call_of_fc_2_by_an_alias() {
    let run = line(
        "invoke --sandbox --service-name demo --function-name hello --qualifier prod --check-perms",
    )
    .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    preflight: allowed: `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:services/demo.prod/functions/hello`
    note: this statement allows it
     --> AliyunFCInvocationAccess:8:19
      |
    6 |         "fc:InvokeFunction"
      |         ------------------- matches `fc:InvokeFunction`
    7 |       ],
    8 |       "Resource": "*",
      |                   ^^^ matches `acs:fc:cn-hangzhou:1234567890123456:services/demo.prod/functions/hello`
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    "#);
}

#[test]
fn json_is_one_object_with_everything_in_it() {
    let run = line("invoke --sandbox --function-name hello --check-perms -o json")
        .args(["-e", r#"{"name":"Ali"}"#])
        .run();
    assert_eq!(run.stderr, "");
    insta::assert_snapshot!("json_of_a_checked_call", run.shown_json());
}

#[test]
fn raw_is_the_bytes_and_nothing_else() {
    let run = line("invoke --sandbox --function-name hello --check-perms -o raw").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    ");
}

#[test]
fn quiet_leaves_the_bytes() {
    let run = line("-q invoke --sandbox --function-name hello --check-perms").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    ");
    let same = line("invoke --sandbox --function-name hello --check-perms --silent").run();
    assert_eq!((same.stdout, same.stderr), (run.stdout, run.stderr));
}

#[test]
fn without_a_check_there_is_no_word_of_it() {
    let run = line("invoke --sandbox --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    ");
}

#[test]
fn without_a_log_none_is_shown() {
    let run = line("invoke --sandbox --function-name hello --log none").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr

    FC Invoke Result[code: 200]:
    ");
}

#[test]
fn an_asynchronous_call_shows_its_ids() {
    let own = line("invoke --sandbox --function-name hello --invocation-type ASYNC")
        .args(["--async-task-id", "order-7"])
        .run();
    assert_eq!(own.stdout, b"");
    insta::assert_snapshot!(own.shown(), @r"
    exit: 0
    --- stdout

    --- stderr
    request id: [request id]
    async id: order-7

    FC Invoke Result[code: 202]:
    ");
    let given = line("invoke --sandbox --service-name demo --function-name hello").args([
        "--invocation-type",
        "async",
        "-o",
        "json",
    ]);
    let object = given.run().json();
    assert_eq!(object["response"]["status"], 202);
    assert_eq!(object["request"]["invocation_type"], "Async");
    assert_eq!(object["response"]["async_id"], object["request"]["id"]);
}

#[test]
fn verbose_says_what_is_sent_and_by_whom() {
    let run = line("invoke --sandbox --function-name hello -v").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    POST http://127.0.0.1:[port]/2023-03-30/functions/hello/invocations
    signed with `LTAI-sandbox-developer` from sandbox identity `developer`
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    ");
}

#[test]
fn debug_shows_the_header_fields_and_hides_the_signature() {
    for target in [
        &["--function-name", "hello"][..],
        &["--service-name", "demo", "--function-name", "hello"],
    ] {
        let run = line("invoke --sandbox --debug").args(target).run();
        assert!(
            run.stderr.contains("> authorization: [hidden]"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("< 200"), "{}", run.stderr);
    }
}

#[test]
fn a_region_that_is_not_known_warns_and_goes_on() {
    let run = line("invoke --sandbox --region cn-hangzou --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 0
    --- stdout
    Hello world!
    --- stderr
    warning: region `cn-hangzou` is not known to sesame (did you mean `cn-hangzhou`?); going on
    ========= FC invoke Logs begin =========
    FC Invoke Start RequestId: [request id]
    FC Invoke End RequestId: [request id]

    Duration: [n] ms, Billed Duration: [n] ms, Memory Size: 128 MB, Max Memory Used: 10.83 MB
    ========= FC invoke Logs end =========

    FC Invoke Result[code: 200]:
    ");
    let json = line("invoke --sandbox --region xx-nowhere-9 --function-name hello -o json").run();
    let warnings = json.json()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1);
    assert!(warnings[0].as_str().unwrap().contains("`xx-nowhere-9`"));
}

#[test]
fn an_empty_event_is_an_event() {
    for args in [&["-e", ""][..], &["-f", "empty"], &["-s"], &[]] {
        let run = line("invoke --sandbox --function-name echo -o raw")
            .file("empty", "")
            .args(args)
            .run();
        assert_eq!((run.exit, run.stdout), (0, Vec::new()), "{args:?}");
    }
}

#[test]
fn an_event_may_begin_with_a_hyphen() {
    let run = line("invoke --sandbox --function-name echo -o raw")
        .args(["-e", "-7"])
        .run();
    assert_eq!((run.exit, &*run.stdout), (0, &b"-7"[..]));
}

#[test]
fn global_flags_stand_before_and_after_the_command() {
    let before = line("-o raw -a admin invoke --sandbox --function-name hello").run();
    let after = line("invoke --sandbox --function-name hello -a admin -o raw").run();
    assert_eq!((before.exit, &*before.stdout), (0, &b"Hello world!"[..]));
    assert_eq!((after.exit, &*after.stdout), (0, &b"Hello world!"[..]));
}

#[test]
fn the_sandbox_does_not_look_at_the_environment() {
    let run = sesame([
        "invoke",
        "--sandbox",
        "--function-name",
        "hello",
        "-o",
        "json",
        "--check-perms",
    ])
    .temporary_key()
    .env("SESAME_ENDPOINT", "http://127.0.0.1:1")
    .env("SESAME_FC_ENDPOINT", "not an address")
    .env("ALIBABA_CLOUD_REGION_ID", "cn-beijing")
    .env("HTTP_PROXY", "http://127.0.0.1:1")
    .env("http_proxy", "http://127.0.0.1:1")
    .env("ALL_PROXY", "http://127.0.0.1:1")
    .run();
    let object = run.json();
    assert_eq!(object["response"]["body"], "Hello world!");
    assert_eq!(object["target"]["region"], "cn-hangzhou");
    assert_eq!(object["preflight"]["principal"]["name"], "developer");
}
