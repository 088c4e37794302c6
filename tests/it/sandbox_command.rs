//! `sesame sandbox` in the foreground: its start line, its access log, what it records, its end.

use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use super::harness::{Listening, line};

fn sandbox(args: &str) -> Listening {
    line(&format!("sandbox --listen 127.0.0.1:0 {args}")).listen()
}

fn example(args: &str) -> Listening {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sandbox/example.yaml");
    let command = line(&format!("sandbox --listen 127.0.0.1:0 {args}"));
    command.arg("--config").arg(file).listen()
}

#[test]
fn it_says_where_it_listens_and_how_each_identity_is_used() {
    let sandbox = sandbox("");
    let url = sandbox.url.clone();
    let run = sandbox.end("TERM");
    assert_eq!(run.exit, 0);
    let export = |name: &str| {
        format!(
            "# {name}\nexport ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI-sandbox-{name} \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET=sandbox-{name}-secret \
             ALIBABA_CLOUD_REGION_ID=cn-hangzhou SESAME_ENDPOINT={url}\n"
        )
    };
    let page = format!("page: {url}/_sandbox/#token=");
    assert!(run.stderr.contains(&page), "{}", run.stderr);
    for name in ["developer", "intern", "contractor", "admin"] {
        assert!(run.stderr.contains(&export(name)), "{}", run.stderr);
    }
    assert_eq!(run.stdout_lossy(), "");
}

#[test]
fn the_lines_of_an_identity_are_all_that_a_call_needs() {
    let sandbox = sandbox("");
    let hello = sandbox
        .call("developer", "invoke --function-name hello -o raw")
        .run();
    assert_eq!(
        (hello.exit, hello.stdout_lossy().as_str()),
        (0, "Hello world!")
    );
    let denied = sandbox
        .call("intern", "invoke --function-name hello -o json")
        .run();
    assert_eq!(denied.exit, 5);
    assert_eq!(denied.json()["error"]["cause"], "permission_implicit_deny");
    assert_eq!(sandbox.end("INT").exit, 0);
}

#[test]
fn each_call_is_one_line() {
    let sandbox = sandbox("");
    for (identity, service, function) in [
        ("developer", "", "hello"),
        ("intern", "--service-name demo", "hello"),
        ("contractor", "", "billing"),
        ("developer", "", "nothing"),
    ] {
        let args =
            format!("invoke --account-id 1234567890123456 {service} --function-name {function}");
        sandbox.call(identity, &args).run();
    }
    let run = sandbox.end("TERM");
    let lines: Vec<String> = run
        .stdout_lossy()
        .lines()
        .map(|line| {
            let (time, rest) = line.split_once(' ').unwrap();
            assert!(time.ends_with('Z') && time.len() == 20, "{line}");
            let fields: Vec<&str> = rest.split(' ').collect();
            assert!(fields[8].parse::<f64>().unwrap() >= 0.0, "{line}");
            assert_eq!(fields[9], "ms", "{line}");
            [&fields[..8], &fields[10..]].concat().join(" ")
        })
        .collect();
    let account = "acs:fc:cn-hangzhou:1234567890123456:";
    let (fc3, fc2) = (
        "POST /2023-03-30/functions",
        "POST /2016-08-15/services/demo/functions",
    );
    let action = "fc:InvokeFunction";
    assert_eq!(
        lines,
        [
            format!(
                "{fc3}/hello/invocations developer {action} {account}functions/hello allowed AliyunFCInvocationAccess#0 200"
            ),
            format!(
                "{fc2}/hello/invocations intern {action} {account}services/demo/functions/hello denied(implicit) - 403 AccessDenied"
            ),
            format!(
                "{fc3}/billing/invocations contractor {action} {account}functions/billing denied(explicit) contractor#1 403 AccessDenied"
            ),
            format!(
                "{fc3}/nothing/invocations developer {action} {account}functions/nothing allowed AliyunFCInvocationAccess#0 404 FunctionNotFound"
            ),
        ]
    );
}

#[test]
fn as_json_each_line_keeps_its_schema() {
    let sandbox = sandbox("-o json");
    let asked = "invoke --function-name billing --check-perms=only";
    sandbox.call("contractor", asked).run();
    sandbox
        .call("contractor", "invoke --function-name billing")
        .run();
    let run = sandbox.end("TERM");
    let lines: Vec<Value> = run
        .stdout_lossy()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (Some(identity), Some(call)) = (lines.first(), lines.last()) else {
        panic!("no line");
    };
    for line in &lines {
        super::schema::check(line);
    }
    assert_eq!(identity["operation"], "GetCallerIdentity");
    assert_eq!(identity["action"], Value::Null);
    assert_eq!(call["verdict"], "denied");
    assert_eq!(call["denial"], "explicit");
    assert_eq!(call["decided_by"]["policy"], "contractor");
    assert_eq!(call["decided_by"]["statement"], 1);
    assert_eq!(call["error_code"], "AccessDenied");
}

#[test]
fn what_is_allowed_is_recorded_for_all_and_for_each() {
    let sandbox = sandbox("--record-policy rec.json");
    let call = |identity, args: &str| {
        let args = format!("invoke --account-id 1234567890123456 {args}");
        sandbox.call(identity, &args).run().exit
    };
    assert_eq!(call("developer", "--function-name hello"), 0);
    assert_eq!(call("developer", "--function-name hello"), 0);
    assert_eq!(
        call(
            "admin",
            "--service-name demo --function-name echo --qualifier prod"
        ),
        0
    );
    assert_eq!(call("intern", "--function-name hello"), 5);
    let run = sandbox.end("TERM");
    let account = "acs:fc:cn-hangzhou:1234567890123456:";
    let recorded = |name: &str| {
        let document: Value = serde_json::from_str(&run.read(name).unwrap()).unwrap();
        let statements = document["Statement"].as_array().unwrap().clone();
        let resources = statements
            .into_iter()
            .map(|statement| statement["Resource"].clone());
        resources.collect::<Vec<_>>()
    };
    let hello = format!("{account}functions/hello");
    let echo = format!("{account}services/demo.prod/functions/echo");
    assert_eq!(recorded("rec.json"), [serde_json::json!([hello, echo])]);
    assert_eq!(recorded("rec.developer.json"), [hello.as_str()]);
    assert_eq!(recorded("rec.admin.json"), [echo.as_str()]);
    assert!(run.read("rec.intern.json").is_none());
}

#[test]
fn soft_lets_denials_pass_and_records_them() {
    let sandbox = sandbox("--soft --record-policy rec.json");
    let args = "invoke --account-id 1234567890123456 --function-name hello";
    assert_eq!(sandbox.call("intern", args).run().exit, 0);
    let forged = sandbox.call("intern", args).env(
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "canary-of-the-wrong-secret",
    );
    assert_eq!(forged.run().exit, 4, "signatures are checked all the same");
    let run = sandbox.end("TERM");
    let log = run.stdout_lossy();
    assert!(log.contains(" let-through(implicit) - 200 "), "{log}");
    assert!(log.contains(" - - - - - 403 "), "{log}");
    assert!(
        run.read("rec.intern.json")
            .unwrap()
            .contains("functions/hello")
    );
}

#[test]
fn a_config_s_identities_call_what_it_describes() {
    let sandbox = example("");
    let call = |identity: &str, args: &str| sandbox.call(identity, &format!("invoke {args}")).run();
    assert_eq!(
        call(
            "developer",
            "--service-name demo --function-name hello --qualifier prod"
        )
        .exit,
        0
    );
    let disabled = call(
        "leaver",
        "--function-name hello --account-id 1234567890123456 -o json",
    );
    assert_eq!(disabled.json()["error"]["cause"], "access_key_disabled");
    assert_eq!(disabled.exit, 4);
    let group_only = call("robot", "--function-name billing -o json");
    assert_eq!(group_only.exit, 5, "read-only in the resource group");
    assert_eq!(sandbox.end("TERM").exit, 0);
}

#[test]
fn a_port_that_is_taken_and_a_wrong_config_are_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let run = line(&format!("sandbox --listen {address}")).run();
    assert_eq!(run.exit, 2);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0028]: the sandbox cannot listen on `127.0.0.1:[port]`: something listens there already

    hint: `--listen 127.0.0.1:[port]` takes any free port
    ");
    let run = line("sandbox --listen 127.0.0.1:0 --config s.yaml -o json")
        .file("s.yaml", "account: 1\nregion: cn-hangzhou\nuser: {}\n")
        .run();
    assert_eq!(run.exit, 2);
    assert_eq!(run.json()["error"]["code"], "I0027");
    let run = line("sandbox --listen 127.0.0.1:0 --config s.yaml")
        .file("s.yaml", "account: 1\nregion: cn-hangzhou\nuser: {}\n")
        .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0027]: `s.yaml` is not a configuration of the sandbox
    error: unknown key `user`; did you mean `users`?
     --> s.yaml:3:1
      |
    3 | user: {}
      | ^^^^

    hint: `docs/reference/sandbox.md` shows every key
    ");
    let run = line("sandbox --listen 127.0.0.1:0 --record-policy nowhere/rec.json").run();
    assert_eq!(run.exit, 2);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0011]: cannot write the recorded policy to `nowhere/rec.json`: No such file or directory (os error 2)

    hint: check the folder and its permissions
    ");
    let run = line("sandbox --listen 80").run();
    assert_eq!(run.exit, 2);
}

#[test]
fn other_machines_are_let_in_only_with_a_warning() {
    let sandbox = line("sandbox --listen 0.0.0.0:0 -q").listen();
    let run = sandbox.end("TERM");
    assert!(!run.stderr.contains("export"), "{}", run.stderr);
    let sandbox = line("sandbox --listen 0.0.0.0:0").listen();
    let run = sandbox.end("TERM");
    assert!(
        run.stderr
            .contains("warning: other machines can reach this sandbox"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_log_that_nobody_reads_any_more_ends_it_quietly() {
    let mut sandbox = sandbox("");
    drop(sandbox.running.child.stdout.take());
    sandbox
        .call("developer", "invoke --function-name hello")
        .run();
    let run = sandbox.wait();
    assert_eq!(run.exit, 0);
    assert!(!run.stderr.contains("error"), "{}", run.stderr);
}

#[test]
fn invoke_takes_a_config_too() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sandbox/example.yaml");
    let invoke = |args: &str| {
        let sandbox = format!("--sandbox={}", file.display());
        line("invoke").arg(sandbox).args(args.split(' ')).run()
    };
    let run = invoke("--function-name hello --check-perms");
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(
        run.stderr.contains("AliyunFCInvocationAccess"),
        "{}",
        run.stderr
    );
    let run = invoke("--function-name billing -a robot --check-perms=only -o json");
    assert_eq!(run.exit, 5);
    let run = invoke("--function-name hello -a nobody");
    assert_eq!(run.exit, 2);
}
