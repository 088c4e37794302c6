//! What people type who know Serverless Devs, and what becomes of the defects that its
//! `invoke` has.

use super::harness::{Sesame, line, sesame};

const FILE: &str = "\
edition: 3.0.0
name: demo
access: default
resources:
  hello:
    component: fc3
    props:
      region: cn-hangzhou
      functionName: echo
";

fn with_file(line_of_words: &str) -> Sesame {
    line(line_of_words).file("s.yaml", FILE)
}

#[test]
fn the_command_lines_of_habit_call_the_function() {
    for words in [
        "hello invoke --sandbox -t s.yaml -e x",
        "-t s.yaml hello invoke --sandbox -e x",
        "invoke hello --sandbox -t s.yaml -e x --silent",
        "invoke --sandbox --region cn-hangzhou --function-name echo -e x --invocation-type Sync",
        "invoke --sandbox --function-name echo -e x --invocation-type sync --skip-actions --no-verify",
        "--skip-actions hello invoke --sandbox -t s.yaml -e x",
        "cli fc3 invoke --sandbox --region cn-hangzhou --function-name echo -e x",
        "cli fc invoke --sandbox --region cn-hangzhou --service-name demo --function-name echo -e x",
        "cli fc3 invoke --sandbox -p {\"region\":\"cn-hangzhou\",\"functionName\":\"echo\"} -e x",
        "cli fc invoke --sandbox --props {\"serviceName\":\"demo\",\"functionName\":\"echo\"} -e x",
        "cli fc invoke --sandbox -p {\"service\":{\"name\":\"demo\"},\"function\":{\"name\":\"echo\"}} -e x",
        "invoke hello --sandbox -t s.yaml -e x --output-format default",
        "invoke hello --sandbox -t s.yaml -e x --output-format raw",
    ] {
        let run = with_file(words).run();
        assert_eq!(
            (run.exit, &*run.stdout_lossy()),
            (0, "x"),
            "{words}: {}",
            run.stderr
        );
    }
    let run = with_file("hello invoke --sandbox -t s.yaml -e x --output-format json").run();
    assert_eq!(run.json()["response"]["body"], "x");
}

#[test]
fn a_flag_that_is_dropped_on_purpose_says_what_to_use() {
    for (words, wanted) in [
        ("--domain-name example.com", "`curl`"),
        ("--env prod", "`--template`"),
        ("--overlays prod", "`--template`"),
        ("--baseline-template base.yaml", "`extend: ./base.yaml`"),
        ("--assets code", "`s deploy`"),
        ("-o yaml", "`-o json`"),
        ("--output-format yaml", "`-o json`"),
    ] {
        let run = with_file(&format!("invoke --sandbox -t s.yaml {words}")).run();
        assert_eq!((run.exit, &*run.stdout_lossy()), (2, ""), "{words}");
        let flag = words
            .split(' ')
            .next()
            .unwrap()
            .replace("--output-format", "-o");
        assert!(
            run.stderr
                .contains(&format!("error[I0066]: sesame has no `{flag}")),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains(wanted), "{words}: {}", run.stderr);
    }
    let run = line("invoke --sandbox --env prod -o json").run();
    assert_eq!(run.json()["error"]["code"], "I0066");
}

#[test]
fn no_help_shows_a_flag_of_habit() {
    for words in ["--help", "invoke --help", "policy generate --help"] {
        let help = line(words).run().stdout_lossy();
        for flag in ["--skip-actions", "--assets", "--domain-name", "yaml]"] {
            assert!(!help.contains(flag), "{words}: {flag}");
        }
    }
}

/// Old message, command line, exit status, what ours says.
type Message = (&'static str, &'static str, i32, &'static [&'static str]);

/// Each message of the tool of today, and what stands in its place.
const MESSAGES: &[Message] = &[
    (
        "event | event-file | event-stdin must choose one.",
        "invoke --sandbox --function-name echo -e a -f b",
        2,
        &["error[I0001]", "--event <TEXT>", "--event-file"],
    ),
    (
        "an empty `-e ''` does not count",
        "invoke --sandbox --function-name echo -e= -s",
        2,
        &["error[I0001]"],
    ),
    (
        "invocation-type enum value sync, async.",
        "invoke --sandbox --function-name echo --invocation-type later",
        2,
        &["error[I0001]", "`later`", "--invocation-type"],
    ),
    (
        "region/service-name/function-name can not be empty. (region)",
        "invoke --function-name hello",
        2,
        &["error[I0003]", "`--region`", "`ALIBABA_CLOUD_REGION_ID`"],
    ),
    (
        "region/service-name/function-name can not be empty. (service)",
        "cli fc invoke --region cn-hangzhou --function-name hello",
        2,
        &["error[I0012]", "`--service-name`"],
    ),
    (
        "region/service-name/function-name can not be empty. (function)",
        "invoke --region cn-hangzhou",
        2,
        &["error[I0002]", "`--function-name`", "`--template`"],
    ),
    (
        "functionName not specified, please specify --function-name",
        "cli fc3 invoke --region cn-hangzhou",
        2,
        &["error[I0002]", "`--function-name`"],
    ),
    (
        "Region not specified, please specify --region",
        "cli fc3 invoke --function-name hello",
        2,
        &["error[I0003]", "`--region`"],
    ),
    (
        "Invalid region, The allowed regions are …",
        "invoke --sandbox --region cn-hangzou --function-name echo",
        0,
        &[
            "region `cn-hangzou` is not known",
            "did you mean `cn-hangzhou`?",
        ],
    ),
    (
        "Account id not obtained",
        "invoke --region cn-hangzhou --function-name hello --emit-policy",
        2,
        &["error[I0004]", "`--account-id`"],
    ),
    (
        "ENOENT: no such file or directory, open '…'; Cannot find event-file",
        "invoke --sandbox --function-name echo -f nosuch.json",
        2,
        &["error[I0005]", "`nosuch.json`", "no such file"],
    ),
    (
        "Cannot read properties of undefined (reading 'domainName')",
        "invoke --sandbox --function-name echo --domain-name x",
        2,
        &["error[I0066]", "`--domain-name`"],
    ),
    (
        "the s.yaml/s.yml file was not found.",
        "invoke -t nosuch.yaml",
        2,
        &[
            "error[I0060]",
            "`nosuch.yaml` does not exist",
            "`--template`",
        ],
    ),
    (
        "Not found access: X",
        "invoke -a nobody --region cn-hangzhou --function-name hello",
        2,
        &["error[I0010]", "no alias `nobody`"],
    ),
    (
        "Please select an access: (a menu, and exit 0)",
        "invoke --region cn-hangzhou --function-name hello",
        4,
        &["error[C0001]"],
    ),
    (
        "(--timeout abc is ignored)",
        "invoke --sandbox --function-name echo --timeout abc",
        2,
        &["error[I0001]", "--timeout", "whole number of seconds"],
    ),
];

#[test]
fn every_message_of_today_has_a_counterpart_that_names_the_way_out() {
    for (old, words, exit, wanted) in MESSAGES {
        let run = line(words).run();
        assert_eq!(run.exit, *exit, "{old}: {}", run.stderr);
        for part in *wanted {
            assert!(
                run.stderr.contains(part),
                "{old}: `{part}` in\n{}",
                run.stderr
            );
        }
        if run.exit != 0 {
            assert!(
                run.stderr.contains("hint: "),
                "{old}: no way out in\n{}",
                run.stderr
            );
        }
    }
}

/// Defect, old behaviour, what ours does.
type Defect = (&'static str, &'static str, fn() -> (i32, String, String));

fn ran(sesame: Sesame) -> (i32, String, String) {
    let run = sesame.run();
    let stdout = run.stdout_lossy();
    (run.exit, stdout, run.stderr)
}

const HELLO: &str = "invoke --sandbox -t s.yaml";

/// The numbered defects of the tool of today that a command line alone can show, and what it
/// was seen to do, each with the exit status and the bytes that stand for ours.
const DEFECTS: &[(Defect, i32, &str)] = &[
    (
        ("1", "a function error ends with exit 0", || {
            ran(line("invoke --sandbox --function-name broken -o raw -e x"))
        }),
        3,
        "",
    ),
    (
        ("1", "`-o` swallows a 403: exit 0 and no error", || {
            ran(line(
                "invoke --sandbox -a intern --function-name echo -o raw",
            ))
        }),
        5,
        "",
    ),
    (
        (
            "2",
            "the result stands among logs and spinners on stdout",
            || ran(with_file(HELLO).args(["-e", "{\"a\": 1}"])),
        ),
        0,
        "{\"a\": 1}",
    ),
    (
        ("3", "an event file loses its line breaks", || {
            let call = with_file(HELLO).args(["-f", "event"]);
            ran(call.file("event", "line1\r\nline2\n"))
        }),
        0,
        "line1\r\nline2\n",
    ),
    (
        ("3", "a piped stdin is lost, exit 0", || {
            ran(with_file(HELLO).arg("-s").stdin("a\nb\n"))
        }),
        0,
        "a\nb\n",
    ),
    (
        (
            "4",
            "a caller who may only invoke is refused ListTriggers",
            || ran(with_file(HELLO).args(["-a", "developer", "-e", "x", "--check-perms=strict"])),
        ),
        0,
        "x",
    ),
    (
        (
            "5",
            "calls go over plain http, with `--debug` at the latest",
            || {
                let call = with_file("invoke --account-id 1 --dry-run --debug").key();
                let (exit, stdout, stderr) = ran(call);
                assert!(
                    stdout.starts_with("POST https://1.cn-hangzhou.fc.aliyuncs.com/"),
                    "{stdout}"
                );
                (exit, String::new(), stderr)
            },
        ),
        0,
        "",
    ),
    (
        (
            "6",
            "a trigger in the file creates a role before the call",
            || {
                let triggers = format!(
                    "{FILE}      triggers:\n        - triggerName: o\n          triggerType: oss\n          triggerConfig: {{}}\n"
                );
                ran(with_file(HELLO).file("s.yaml", triggers).args(["-e", "x"]))
            },
        ),
        0,
        "x",
    ),
    (
        ("8", "without credentials a menu is shown, exit 0", || {
            ran(line("invoke --region cn-hangzhou --function-name hello"))
        }),
        4,
        "",
    ),
    (
        (
            "9",
            "`Sync` is wrong for the one, `sync` for the other",
            || ran(with_file(HELLO).args(["-e", "x", "--invocation-type", "SYNC"])),
        ),
        0,
        "x",
    ),
    (
        ("12", "in CLI mode a call dies after 8 s", || {
            let (exit, stdout, stderr) = ran(line(
                "cli fc3 invoke --sandbox --function-name echo -e x -v",
            ));
            assert!(!stderr.contains("time limit"), "{stderr}");
            (exit, stdout, stderr)
        }),
        0,
        "x",
    ),
    (
        (
            "[R] filter",
            "`s invoke -e invoke` sends an empty body",
            || ran(with_file(HELLO).args(["-e", "invoke"])),
        ),
        0,
        "invoke",
    ),
    (
        (
            "[R] filter",
            "`s hello invoke -e hello` sends an empty body",
            || ran(with_file("hello invoke --sandbox -t s.yaml -e hello")),
        ),
        0,
        "hello",
    ),
    (
        (
            "[R] yaml",
            "a missing variable is sent as the name `$%7Benv(SVCX)%7D`",
            || {
                let file = FILE.replace("functionName: echo", "functionName: ${env(SVCX)}");
                ran(with_file(HELLO).file("s.yaml", file))
            },
        ),
        2,
        "",
    ),
    (
        (
            "[R] yaml",
            "a `${…}` of edition 3.0.0 runs as JavaScript",
            || {
                let code = "${require('fs').writeFileSync('owned','')}";
                let file = FILE.replace("functionName: echo", &format!("functionName: \"{code}\""));
                let run = with_file(HELLO).file("s.yaml", file).run();
                assert_eq!(run.read("owned"), None);
                (run.exit, run.stdout_lossy(), run.stderr)
            },
        ),
        2,
        "",
    ),
    (
        (
            "[R] twice",
            "`--function-name` with two resources calls the function twice",
            || {
                let two = format!(
                    "{FILE}  other:\n    component: fc3\n    props:\n      region: cn-hangzhou\n      functionName: hello\n"
                );
                ran(with_file(HELLO).file("s.yaml", two).args([
                    "--function-name",
                    "echo",
                    "-e",
                    "x",
                ]))
            },
        ),
        0,
        "x",
    ),
    (
        (
            "[R] both",
            "`-e` and `-f` together: one of them is dropped",
            || ran(with_file(HELLO).args(["-e", "a", "-f", "s.yaml"])),
        ),
        2,
        "",
    ),
];

#[test]
fn the_defects_of_today_are_not_ours() {
    for ((number, old, ours), exit, stdout) in DEFECTS {
        let (ended, out, stderr) = ours();
        assert_eq!(ended, *exit, "{number} {old}: {stderr}");
        // A function's own error is the function's bytes.
        if ended != 3 {
            assert_eq!(out, *stdout, "{number} {old}: {stderr}");
        }
    }
}

#[test]
fn properties_that_cannot_be_taken_name_their_field() {
    for (props, wanted) in [
        ("", "not JSON"),
        ("{\"region\":", "line 1 column 10"),
        ("[]", "is a list, not an object"),
        (
            "{\"functionName\":7}",
            "`functionName` of `--props` is a number, not text",
        ),
        ("{\"timeout\":\"3\"}", "`timeout` of `--props` is text"),
    ] {
        let run = sesame(["invoke", "--sandbox", "-p", props]).run();
        assert_eq!(run.exit, 2, "{props}");
        assert!(
            run.stderr.contains("error[I0065]") && run.stderr.contains(wanted),
            "{}",
            run.stderr
        );
    }
}
