//! `sesame invoke` with a project file: where it is found, what it gives, what beats it, and
//! what is said where it cannot be used.

use serde_json::Value;

use super::fake::{Fake, result};
use super::harness::{Listening, Sesame, line};

/// Edition 3.0.0: one function, one that a variable names, one that fails.
pub(crate) const V3: &str = "\
edition: 3.0.0
name: demo
access: default
vars:
  region: cn-hangzhou
resources:
  greeting:
    component: fc3
    props:
      region: ${vars.region}
      functionName: hello
      timeout: 3
      runtime: nodejs20
  mirror:
    component: fc3
    props:
      region: ${vars.region}
      functionName: ${env('MIRROR')}
";

/// Edition 1.0.0.
pub(crate) const V1: &str = "\
edition: 1.0.0
name: demo
services:
  greeting:
    component: fc
    props:
      region: cn-hangzhou
      service:
        name: demo
      function:
        name: hello
        timeout: 60
        runtime: custom-container
";

/// With `MIRROR` in the `.env`.
pub(crate) fn sandboxed(args: &str) -> Sesame {
    line(&format!("invoke --sandbox -t s.yaml {args}"))
        .file("s.yaml", V3)
        .file(".env", "MIRROR=echo\n")
}

fn listening() -> Listening {
    line("sandbox --listen 127.0.0.1:0").listen()
}

/// What a call would be, with nothing sent.
fn resolved(sesame: Sesame) -> Value {
    let run = sesame.key().args(["--dry-run", "-o", "json"]).run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    run.json()
}

#[test]
fn each_edition_is_found_from_below_and_called() {
    let sandbox = listening();
    for (name, text) in [("s.yaml", V1), ("s.yml", V1), ("s.yaml", V3)] {
        let call = sandbox.call("developer", "invoke greeting");
        let run = call.file(name, text).within("a/b").run();
        assert_eq!(
            (run.exit, &*run.stdout_lossy()),
            (0, "Hello world!"),
            "{}",
            run.stderr
        );
    }
    sandbox.end("TERM");
}

#[test]
fn the_names_and_the_region_of_the_file_make_the_target() {
    let v1 = line("invoke --account-id 1 -t s.yaml").file("s.yaml", V1);
    let target = &resolved(v1)["target"];
    assert_eq!(
        (&target["api"], &target["service"], &target["function"]),
        (&"2016-08-15".into(), &"demo".into(), &"hello".into())
    );
    let v3 = line("invoke mirror --account-id 1").file("s.yaml", V3);
    let object = resolved(v3.file(".env", "MIRROR=echo\n"));
    assert_eq!(object["target"]["function"], "echo");
    assert_eq!(object["resource"], "mirror");
}

#[test]
fn a_flag_beats_the_file_and_the_file_the_environment() {
    let region = |args: &str, file: &str| {
        let sesame = line(&format!("invoke greeting --account-id 1 {args}"));
        let sesame = sesame.file("s.yaml", file);
        let object = resolved(sesame.env("ALIBABA_CLOUD_REGION_ID", "cn-beijing"));
        object["target"]["region"].as_str().unwrap().to_owned()
    };
    assert_eq!(region("--region cn-shanghai", V1), "cn-shanghai");
    assert_eq!(region("", V1), "cn-hangzhou");
    let without = V1.replace("      region: cn-hangzhou\n", "");
    assert_eq!(region("", &without), "cn-beijing");
}

#[test]
fn the_time_limit_is_the_function_s_own_and_more() {
    let limit = |args: &str, file: &str| {
        let run = line(&format!("invoke greeting --sandbox -t s.yaml -v {args}"));
        let run = run.file("s.yaml", file).run();
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let said = run
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("time limit: "));
        said.map(str::to_owned)
    };
    assert_eq!(limit("", V3).as_deref(), Some("123 s"));
    assert_eq!(limit("", V1).as_deref(), Some("480 s"));
    // `--timeout` is exact, and makes the file's word unnecessary.
    let broken = V3.replace("timeout: 3\n", "timeout: soon\n");
    assert_eq!(limit("--timeout 9", &broken), None);
}

#[test]
fn a_function_name_picks_one_and_is_called_once() {
    let object = sandboxed("--function-name echo -e x -o json").run().json();
    assert!(object.get("results").is_none(), "{object}");
    assert_eq!(object["resource"], "mirror");
    assert_eq!(object["response"]["body"], "x");
    // In a file that was named, no other function is meant than those that it has.
    let run = sandboxed("--function-name hallo").run();
    assert_eq!(run.exit, 2);
    assert!(
        run.stderr.contains("error[I0062]") && run.stderr.contains("did you mean `hello`?"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_found_file_without_the_function_is_left_aside() {
    let sandbox = listening();
    let run = sandbox
        .call("developer", "invoke --function-name echo -e x -o json")
        .file("s.yaml", V1)
        .run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let object = run.json();
    assert!(object.get("resource").is_none());
    let warning = object["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("has no function `echo`, so it is left aside"),
        "{warning}"
    );
    sandbox.end("TERM");
}

#[test]
fn a_broken_file_matters_where_its_values_are_needed() {
    let broken = "edition: 3.0.0\nresources:\n\tgreeting: {}\n";
    let code = |args: &str| {
        let run = line(&format!("invoke --account-id 1 {args} --dry-run")).key();
        let run = run.file("s.yaml", broken).run();
        (run.exit, run.stderr)
    };
    let flags = "--region cn-hangzhou --function-name hello";
    let (exit, stderr) = code(flags);
    assert_eq!(exit, 0, "{stderr}");
    assert!(
        stderr.contains("s.yaml:3:") && stderr.contains("left aside"),
        "{stderr}"
    );
    for args in [
        "",
        "--region cn-hangzhou",
        "--function-name hello",
        "greeting --region cn-hangzhou --function-name hello",
        &format!("-t s.yaml {flags}"),
    ] {
        let (exit, stderr) = code(args);
        assert_eq!(exit, 2, "{args}: {stderr}");
        assert!(
            stderr.contains("error[I0060]") && stderr.contains("s.yaml:3:"),
            "{args}: {stderr}"
        );
    }
}

#[test]
fn a_value_that_nobody_needs_is_not_asked_for() {
    let broken = V3.replace("functionName: hello", "functionName: ${nowhere}");
    let call = |args: &str| sandboxed(args).file("s.yaml", &broken).run();
    assert_eq!(call("mirror").exit, 0);
    assert_eq!(call("greeting --function-name hello").exit, 0);
    assert_eq!(call("greeting").exit, 2);
}

#[test]
fn an_unresolved_value_is_shown_where_it_stands() {
    let run = line("invoke mirror --sandbox -t s.yaml")
        .file("s.yaml", V3)
        .run();
    insta::assert_snapshot!(run.shown());
    let run = line("invoke mirror --sandbox -t s.yaml -o json")
        .file("s.yaml", V3)
        .run();
    let object = run.json();
    let place = &object["error"]["places"][0];
    assert_eq!((&place["line"], &place["column"]), (&18.into(), &21.into()));
}

#[test]
fn a_resource_that_is_not_there_is_an_error_that_names_those_that_are() {
    for args in ["invoke greting", "greting invoke"] {
        let run = line(&format!("{args} --sandbox -t s.yaml"))
            .file("s.yaml", V3)
            .run();
        assert_eq!(run.exit, 2);
        assert!(
            run.stderr.contains("(did you mean `greeting`?)"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains("it has `greeting`, `mirror`"),
            "{}",
            run.stderr
        );
    }
    let run = line("invoke greeting").key().run();
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("error[I0063]"), "{}", run.stderr);
}

#[test]
fn the_sandbox_and_cli_take_only_a_file_that_is_named() {
    for args in ["invoke --sandbox", "cli fc3 invoke --sandbox"] {
        let run = line(args).file("s.yaml", V1).run();
        assert!(
            run.stderr.contains("no function is given"),
            "{}",
            run.stderr
        );
        let run = line(&format!("{args} greeting")).file("s.yaml", V1).run();
        assert!(run.stderr.contains("error[I0063]"), "{}", run.stderr);
    }
    let run = line("cli fc invoke --sandbox -t s.yaml")
        .file("s.yaml", V1)
        .run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
}

#[test]
fn a_file_above_the_repository_or_of_another_name_is_not_looked_at() {
    let call = line("invoke").key().file("s.yaml", V1).within("r/a");
    std::fs::create_dir(call.path("r/.git")).unwrap();
    let run = call.run();
    assert!(
        run.stderr.contains("no region is given") || run.stderr.contains("no function is given"),
        "{}",
        run.stderr
    );
}

/// `access.yaml` with one alias, in the clear, as the tool of today takes it: a key of the
/// sandbox's developer.
fn with_alias(sesame: Sesame, alias: &str) -> Sesame {
    std::fs::create_dir_all(sesame.path(".s")).unwrap();
    let text = format!(
        "{alias}:\n  AccountID: '1234567890123456'\n  AccessKeyID: LTAI-sandbox-developer\n  AccessKeySecret: sandbox-developer-secret\n"
    );
    sesame.file(".s/access.yaml", text)
}

#[test]
fn the_alias_of_the_file_signs_where_no_flag_names_one() {
    let sandbox = listening();
    let naming = |alias: &str| {
        let access = format!("name: demo\naccess: {alias}\nservices");
        V1.replace("name: demo\nservices", &access)
    };
    // The environment has another key, which may do everything.
    let call = |file: &str, alias: &str, args: &str| {
        let call = sandbox.call("admin", &format!("invoke -v {args}"));
        with_alias(call.file("s.yaml", file), alias).run()
    };
    let signed = |file: &str, alias: &str, args: &str| {
        let run = call(file, alias, args);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let by = |line: &str| line.strip_prefix("signed with ").map(str::to_owned);
        run.stderr.lines().find_map(by).unwrap()
    };
    assert!(signed(&naming("prod"), "prod", "").contains("`LTAI-sandbox-developer` from"));
    assert!(signed(&naming("prod"), "ops", "-a ops").contains("`LTAI-sandbox-developer` from"));
    // Without such an alias nobody else signs.
    let run = call(&naming("prod"), "other", "");
    assert_eq!(run.exit, 2);
    for part in [
        "error[I0010]: there is no alias `prod`",
        "the project file names `prod`: ",
        "s.yaml:3:9",
        "`-a ALIAS` or `--profile NAME`",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    // `default` is what every new project says: with no such alias it means nobody.
    assert!(signed(&naming("default"), "other", "").contains("`LTAI-sandbox-admin`"));
    assert!(signed(&naming("default"), "default", "").contains("`LTAI-sandbox-developer`"));
    sandbox.end("TERM");
    let run = line("invoke --region cn-hangzhou")
        .file("s.yaml", naming("default"))
        .run();
    assert_eq!(run.exit, 4);
    assert!(
        run.stderr.contains("the project file names `default`: "),
        "{}",
        run.stderr
    );
}

#[test]
fn the_account_in_a_name_is_the_one_that_the_credentials_record() {
    let file = V1
        .replace("name: demo\nservices", "name: demo\naccess: prod\nservices")
        .replace("name: hello", "name: f-${config(AccountID)}");
    let call = line("invoke --dry-run -o json").file("s.yaml", &file);
    let object = with_alias(call, "prod").run().json();
    assert_eq!(object["target"]["function"], "f-1234567890123456");
    let run = line("invoke --dry-run -a sandbox")
        .key()
        .file("s.yaml", &file)
        .run();
    assert!(run.stderr.contains("`--account-id`"), "{}", run.stderr);
}

#[test]
fn a_host_that_only_the_file_names_gets_nothing_signed() {
    let file = V3.replace(
        "      timeout: 3\n",
        "      timeout: 3\n      endpoint: fc.example.com\n",
    );
    let call = |args: &str| {
        let call = line(&format!("invoke greeting --account-id 1 --dry-run {args}"));
        call.key().file("s.yaml", &file).run()
    };
    let run = call("");
    assert_eq!(run.exit, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("error[I0064]") && run.stderr.contains("s.yaml:13:17"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("--allow-endpoint fc.example.com"),
        "{}",
        run.stderr
    );
    let url = |args: &str| {
        call(args)
            .stdout_lossy()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(url("--allow-endpoint fc.example.com").contains("https://fc.example.com/2023-03-30/"));
    assert!(
        url("--endpoint https://fc.cn-hangzhou.aliyuncs.com")
            .contains("https://fc.cn-hangzhou.aliyuncs.com/")
    );
    assert_eq!(call("--allow-endpoint other.example.com").exit, 2);
}

#[cfg(unix)]
#[test]
fn two_resources_of_one_function_name_are_not_both_called() {
    let fake = Fake::start([result("x")]);
    let call = |args: &str| {
        let call = line(&format!("invoke {args} --account-id 1 --endpoint")).arg(fake.url());
        call.key().file("s.yaml", V3).env("MIRROR", "hello")
    };
    let run = call("--function-name hello").run();
    assert_eq!(run.exit, 2);
    let both = "`greeting` and `mirror` could each be `hello`";
    assert!(run.stderr.contains(both), "{}", run.stderr);
    assert!(fake.hits().is_empty());
    assert_eq!(call("mirror --function-name hello").run().exit, 0);
    fake.only_hit();
}

#[test]
fn a_file_that_could_hurt_is_refused_in_bounds() {
    let long = format!(
        "edition: 3.0.0\nresources: {{a: {{component: fc3, props: {{x: \"{}\", functionName: \"${{nope}}\"}}}}}}\n",
        "y".repeat(900_000)
    );
    let huge = "a: 1\n".repeat(10_000_000);
    let cases = [
        (
            "billion laughs",
            include_str!("../project/bad-billion-laughs/s.yaml"),
            "I0060",
        ),
        (
            "alias to itself",
            include_str!("../project/bad-alias-to-itself/s.yaml"),
            "I0060",
        ),
        ("tab", include_str!("../project/bad-tab/s.yaml"), "I0060"),
        (
            "duplicate key",
            include_str!("../project/bad-duplicate-key/s.yaml"),
            "I0060",
        ),
        ("a long line", &long, "I0061"),
        ("50 MB", &huge, "I0060"),
    ];
    for (name, text, code) in cases {
        let run = line("invoke --sandbox -t s.yaml")
            .file("s.yaml", text)
            .run();
        assert_eq!(run.exit, 2, "{name}");
        assert!(
            run.stderr.contains(&format!("error[{code}]")),
            "{name}: {}",
            run.stderr
        );
        assert!(
            run.stderr.len() < 4_000,
            "{name}: {} bytes",
            run.stderr.len()
        );
        // The reader refuses 50 MB before it looks for lines.
        let place = run.stderr.contains("s.yaml:") || name == "50 MB";
        assert!(place, "{name}: {}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_can_be_named_and_a_signal_ends_the_wait() {
    let call = line("invoke --sandbox -t pipe");
    let path = call.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let running = call.start();
    // Opening for writing returns once the command has it open for reading.
    let writer = std::fs::File::options().write(true).open(&path).unwrap();
    running.signal("TERM");
    let run = running.end();
    drop(writer);
    assert_eq!(run.exit, 143, "{}", run.stderr);
}
