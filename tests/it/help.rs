//! Help, version, suggestions, and colours.

use super::fake::{Fake, refusal, result};
use super::harness::{Sesame, line};

#[test]
fn the_whole_help() {
    let run = line("--help").run();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    insta::assert_snapshot!("help", run.stdout_lossy());
}

#[test]
fn the_help_of_invoke() {
    let run = line("invoke -h").run();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    insta::assert_snapshot!("help_of_invoke", run.stdout_lossy());
}

#[test]
fn every_command_line_of_the_help_is_one() {
    for command in ["--help", "invoke --help"] {
        let help = line(command).run().stdout_lossy();
        let examples: Vec<&str> = help
            .lines()
            .filter(|line| line.trim_start().starts_with("sesame "))
            .collect();
        assert!(!examples.is_empty(), "{help}");
        for example in examples {
            // Only the words matter here: the flags must exist and their values be possible.
            let words = example
                .trim()
                .replace("-e '{\"name\":\"Ali\"}'", "-e {}")
                .replacen("sesame ", "", 1);
            let run = line(&words)
                .arg("--dry-run")
                .file("event.json", "{}")
                .file("event.bin", "")
                .file("dev.json", "{}")
                .run();
            assert!(
                !run.stderr.starts_with("error[I0001]"),
                "{example}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn nothing_is_help_and_a_wrong_usage() {
    let run = line("").run();
    assert_eq!((run.exit, &*run.stdout), (2, &b""[..]));
    assert!(run.stderr.contains("Usage: sesame"), "{}", run.stderr);
}

#[test]
fn the_version() {
    let run = line("--version").run();
    let expected = format!("sesame {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (run.exit, run.stdout_lossy(), &*run.stderr),
        (0, expected, "")
    );
    assert_eq!(line("-V").run().exit, 0);
}

#[test]
fn a_typing_error_is_corrected() {
    insta::assert_snapshot!(line("invok --sandbox").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: unrecognized subcommand `invok`

    hint: a similar subcommand exists: `invoke`
    hint: `sesame --help` shows every flag
    ");
    insta::assert_snapshot!(line("invoke --sandbox --fuction-name hello").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0001]: unexpected argument `--fuction-name` found

    hint: a similar argument exists: `--function-name`
    hint: `sesame invoke --help` shows every flag
    ");
}

const ESCAPE: char = '\u{1b}';

/// Commands that have something to colour: a result, a warning, an error, help, a usage error.
fn colourful() -> [Sesame; 5] {
    let hello = "invoke --sandbox --function-name hello --check-perms";
    [
        line(hello),
        line(hello).args(["--region", "xx-nowhere-9"]),
        line(hello).args(["-a", "intern"]),
        line("--help"),
        line(hello).arg("--nosuch"),
    ]
}

#[test]
fn there_is_no_colour_in_a_pipe() {
    for command in colourful() {
        let run = command.run();
        assert!(!run.stderr.contains(ESCAPE), "{:?}", run.stderr);
        assert!(!run.stdout_lossy().contains(ESCAPE));
    }
}

#[test]
fn there_is_colour_when_it_is_asked_for() {
    for command in colourful().into_iter().take(3) {
        let run = command.args(["--color", "always"]).run();
        assert!(run.stderr.contains(ESCAPE), "{}", run.stderr);
        assert!(!run.stdout_lossy().contains(ESCAPE), "stdout is data");
    }
}

#[test]
fn a_flag_beats_the_environment() {
    let [command, _, denied, ..] = colourful();
    let run = command
        .args(["--color", "always"])
        .env("NO_COLOR", "1")
        .run();
    assert!(run.stderr.contains(ESCAPE));
    let run = denied
        .args(["--color", "never"])
        .env("CLICOLOR_FORCE", "1")
        .run();
    assert!(!run.stderr.contains(ESCAPE));
}

#[test]
fn no_color_is_heeded() {
    for command in colourful() {
        let run = command
            .env("NO_COLOR", "1")
            .env("TERM", "xterm-256color")
            .run();
        assert!(!run.stderr.contains(ESCAPE), "{:?}", run.stderr);
    }
}

#[test]
fn colours_change_no_word() {
    let fake = Fake::start([refusal(404, "FunctionNotFound", "no")]);
    let plain = fake.call("").run().shown();
    let coloured = fake.call("--color always").run().shown();
    let codes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    assert_ne!(coloured, plain);
    assert_eq!(codes.replace_all(&coloured, ""), plain);
    let fake = Fake::start([result("x")]);
    let object = fake.call("-o json --color always").run();
    assert!(!object.stdout_lossy().contains(ESCAPE));
}

#[test]
fn colour_can_be_forced_by_the_environment() {
    for [name, value] in [["CLICOLOR_FORCE", "1"], ["NO_COLOR", "1"], ["TERM", "dumb"]] {
        let [_, _, denied, ..] = colourful();
        let run = denied.env(name, value).run();
        assert_eq!(
            run.stderr.contains(ESCAPE),
            name == "CLICOLOR_FORCE",
            "{name}"
        );
    }
}

#[test]
fn no_example_is_broken_over_two_lines() {
    let help = line("--help").run().stdout_lossy();
    let examples = help.split("Examples:\n").nth(1).unwrap();
    assert!(
        examples.lines().all(|line| line.starts_with("  sesame ")),
        "{help}"
    );
}
