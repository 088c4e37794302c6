//! Several functions of one project file: each call has a result of its own.

use serde_json::Value;

use super::fake::{Fake, Reply};
use super::harness::line;
use super::invoke_project::{V1, V3, sandboxed};

#[test]
fn several_functions_each_have_a_result_of_their_own() {
    let run = sandboxed("-e {}").run();
    assert_eq!((run.exit, &*run.stdout_lossy()), (0, "Hello world!{}"));
    let heads: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("===="))
        .collect();
    assert_eq!(heads.len(), 6, "{}", run.stderr);
    assert_eq!(
        (heads[0], heads[3]),
        ("========= greeting =========", "========= mirror =========")
    );

    let object = sandboxed("-e {} -o json").run().json();
    let results = object["results"].as_array().unwrap();
    let row = |index: usize| {
        (
            &results[index]["resource"],
            &results[index]["response"]["body"],
        )
    };
    assert_eq!(row(0), (&"greeting".into(), &"Hello world!".into()));
    assert_eq!(row(1), (&"mirror".into(), &"{}".into()));
    assert_eq!(object["request"]["sent"], true);
    assert!(object["target"].is_null() && object["response"].is_null());
}

#[test]
fn the_failure_of_one_hides_neither_the_others_nor_itself() {
    let file = V3.replace("functionName: hello", "functionName: broken");
    let several = |args: &str| sandboxed(args).file("s.yaml", &file).run();
    let run = several("-e x");
    assert_eq!(run.exit, 3, "{}", run.stderr);
    assert!(run.stdout_lossy().ends_with("}x"), "{}", run.stdout_lossy());
    assert_eq!(
        run.stderr.matches("error[F0001]").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("this is the resource `greeting`"),
        "{}",
        run.stderr
    );

    let run = several("-e x -o json");
    let object = run.json();
    assert_eq!(run.exit, 3);
    let ok = |index: usize| object["results"][index]["ok"].as_bool().unwrap();
    assert_eq!((ok(0), ok(1)), (false, true));
    assert_eq!(object["error"], object["results"][0]["error"]);
    assert_eq!(object["results"][1]["error"], Value::Null);
}

#[test]
fn the_first_failure_in_order_gives_the_exit_status() {
    // The first is not found, the second cannot be told.
    let file = V3.replace("functionName: hello", "functionName: nosuch");
    let call = |args: &str| {
        let call = line(&format!("invoke --sandbox -a admin -t s.yaml {args}"));
        call.file("s.yaml", &file).run()
    };
    let run = call("-o json");
    assert_eq!(run.exit, 7, "{}", run.stderr);
    let object = run.json();
    assert_eq!(object["results"][1]["error"]["code"], "I0061");
    assert_eq!(object["results"][1]["request"]["sent"], false);
    let turned = file.replace("greeting:", "zz:").replace(
        "${vars.region}\n      functionName: nosuch",
        "cn-hangzhou\n      functionName: ${env('X')}",
    );
    assert_eq!(call("").exit, 7);
    assert_eq!(
        line("invoke --sandbox -t s.yaml")
            .file("s.yaml", turned)
            .run()
            .exit,
        2
    );
}

#[test]
fn one_policy_allows_all_of_the_calls() {
    let run = sandboxed("--emit-policy").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    let resources = document["Statement"][0]["Resource"].as_array().unwrap();
    assert_eq!(resources.len(), 2, "{document}");
    // A policy that lacks one of them would be taken for the whole.
    let run = line("invoke --sandbox -t s.yaml --emit-policy=p.json")
        .file("s.yaml", V3)
        .run();
    assert_eq!((run.exit, run.read("p.json")), (2, None), "{}", run.stderr);
}

#[test]
fn each_call_is_checked_by_itself() {
    let run = sandboxed("-a intern --check-perms=only -o json").run();
    assert_eq!(run.exit, 5);
    let object = run.json();
    for result in object["results"].as_array().unwrap() {
        assert_eq!(result["error"]["code"], "P0001");
        assert_eq!(result["preflight"]["verdict"], "denied");
    }
    let run = sandboxed("--check-perms=only -o json").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(run.json()["results"][1]["preflight"]["verdict"], "allowed");
}

#[test]
fn the_policies_of_the_account_are_read_once_for_all_of_them() {
    let sandbox = line("sandbox --listen 127.0.0.1:0 -o json").listen();
    let call = sandbox.call("admin", "invoke --check-perms=only -v -o json");
    let run = call.file("s.yaml", V3).env("MIRROR", "echo").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let results = run.json()["results"].clone();
    assert_eq!(results[1]["preflight"]["verdict"], "allowed");
    let noted = sandbox.end("TERM").stdout_lossy();
    assert_eq!(noted.matches("GetCallerIdentity").count(), 1, "{noted}");
    assert_eq!(
        noted.matches("\"ram:ListPoliciesForUser\"").count(),
        1,
        "{noted}"
    );
}

#[test]
fn a_dry_run_shows_each_request_and_sends_none() {
    let run = sandboxed("--dry-run").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let shown = run.stdout_lossy();
    assert_eq!(shown.matches("nothing was sent").count(), 2, "{shown}");
}

#[test]
fn what_is_no_function_is_skipped_with_a_word() {
    let file = format!("{V3}  site:\n    component: oss\n    props: {{}}\n");
    let object = sandboxed("-e {} -o json")
        .file("s.yaml", &file)
        .run()
        .json();
    assert_eq!(object["results"].as_array().unwrap().len(), 2);
    let warning = object["warnings"][0].as_str().unwrap();
    assert!(warning.contains("`site` is not a function"), "{warning}");
}

#[test]
fn a_policy_is_generated_for_each_function_of_the_file() {
    let generate = |args: &str| {
        let call = line(&format!(
            "policy generate --all --account-id 1 -t s.yaml {args}"
        ));
        call.file("s.yaml", V3).file(".env", "MIRROR=echo\n")
    };
    let object = generate("-o json").run().json();
    let statement = &object["documents"][0]["Statement"][0];
    assert_eq!(
        statement["Resource"],
        serde_json::json!([
            "acs:fc:cn-hangzhou:1:functions/echo",
            "acs:fc:cn-hangzhou:1:functions/hello"
        ])
    );
    let terraform = generate("--format terraform --for invoke,async").run();
    assert!(
        terraform.stdout_lossy().contains("sesame_invoke_async_all"),
        "{}",
        terraform.stdout_lossy()
    );
    let run = generate("-o json").file(".env", "").run();
    assert_eq!(run.json()["error"]["code"], "I0061");
    let run = line("policy generate --all --account-id 1 -o json").run();
    assert_eq!(run.json()["error"]["code"], "I0063");
    let run = line("policy generate -t s.yaml -o json").run();
    assert_eq!(run.json()["error"]["code"], "I0001");
    // Each function is of its own generation.
    let run = line("policy generate --all --account-id 1 -t s.yaml")
        .file("s.yaml", V1)
        .run();
    assert!(
        run.stdout_lossy().contains("services/demo"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_event_is_read_once_for_all_of_them() {
    let run = sandboxed("-s -o json").stdin("[1]").run();
    assert_eq!(run.json()["results"][1]["response"]["body"], "[1]");
    let run = sandboxed("-f nosuch.json").run();
    assert_eq!(run.exit, 2);
    assert_eq!(
        run.stderr.matches("error[I0005]").count(),
        1,
        "{}",
        run.stderr
    );
}

#[test]
fn what_ends_all_of_them_is_said_once() {
    let run = sandboxed("-f nosuch.json -o json").run();
    let object = run.json();
    assert_eq!(object["error"]["code"], "I0005");
    assert!(object.get("results").is_none(), "{object}");
}

#[test]
fn a_signal_ends_the_call_at_hand_and_those_to_come() {
    let fake = Fake::start([Reply::Hang]);
    let call = line("invoke --account-id 1 -o json --endpoint").arg(fake.url());
    let call = call.key().file("s.yaml", V3).env("MIRROR", "echo");
    let running = call.start();
    fake.wait_for_a_hit();
    running.signal("TERM");
    let run = running.end();
    let object = run.json();
    assert_eq!(run.exit, 143);
    assert_eq!(fake.hits().len(), 1);
    assert_eq!(object["results"].as_array().unwrap().len(), 1);
    assert_eq!(object["results"][0]["error"]["code"], "N0006");
    assert_eq!(object["results"][0]["request"]["sent"], true);
}
