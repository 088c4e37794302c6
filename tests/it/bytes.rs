//! The event's and the result's bytes, unchanged in both directions.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fake::{Fake, result};
use super::harness::{Sesame, line};

/// 1 MiB with every byte value, CRLF, NUL and broken UTF-8 in it; the same in every run.
fn mebibyte() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes: Vec<u8> = (0..1024 * 1024)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect();
    bytes[..8].copy_from_slice(b"\r\n\0\xff\xfe\xc3(\x1b");
    assert!((0..=255).all(|value| bytes.contains(&value)));
    assert!(std::str::from_utf8(&bytes).is_err());
    bytes
}

/// `echo` of both generations.
fn echoes() -> [Sesame; 2] {
    [
        line("invoke --sandbox --function-name echo"),
        line("invoke --sandbox --service-name demo --function-name echo"),
    ]
}

#[test]
fn a_file_comes_back() {
    let event = mebibyte();
    for echo in echoes() {
        let run = echo
            .file("event.bin", &event)
            .args(["-f", "event.bin"])
            .run();
        assert_eq!(run.exit, 0, "{}", run.stderr);
        assert!(run.stdout == event);
    }
}

#[test]
fn stdin_comes_back() {
    let event = mebibyte();
    for flags in [&["-f", "-"][..], &["-s"], &["--event-stdin", "-o", "raw"]] {
        for echo in echoes() {
            let run = echo.stdin(event.clone()).args(flags).run();
            assert_eq!(run.exit, 0, "{}", run.stderr);
            assert!(run.stdout == event, "{flags:?}");
        }
    }
}

#[test]
fn an_argument_comes_back() {
    // One argument has room for 128 KiB on Linux, and for every byte but NUL.
    let text = "{\"text\": \"中文 \\r\\n\u{1f600} ".repeat(4700);
    let bytes: Vec<u8> = mebibyte()
        .into_iter()
        .filter(|byte| *byte != 0)
        .take(120 * 1024)
        .collect();
    assert!(text.len() > 110 * 1024 && text.len() < 128 * 1024);
    for event in [text.as_bytes(), &bytes] {
        for echo in echoes() {
            let run = echo.arg("-e").arg(OsStr::from_bytes(event)).run();
            assert_eq!(run.exit, 0, "{}", run.stderr);
            assert!(run.stdout == event);
        }
    }
}

#[test]
fn the_object_holds_bytes_in_base64_and_text_as_text() {
    let event = mebibyte();
    for echo in echoes() {
        let object = echo
            .stdin(event.clone())
            .args(["-s", "-o", "json"])
            .run()
            .json();
        assert!(object["response"]["body"].is_null());
        let body = object["response"]["body_base64"].as_str().unwrap();
        assert!(STANDARD.decode(body).unwrap() == event);
    }
    let text = "中文\r\n\0\u{1b}[31m\u{202e}";
    for echo in echoes() {
        let run = echo.stdin(text).args(["-s", "-o", "json"]).run();
        assert_eq!(run.json()["response"]["body"], text);
        assert!(run.json()["response"]["body_base64"].is_null());
        assert!(
            !run.stdout_lossy().contains(['\u{1b}', '\u{202e}']),
            "escaped on the way"
        );
    }
}

#[test]
fn no_byte_is_added_or_acted_on() {
    for body in [
        "",
        "\n",
        "no line end",
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\r\n\r\n",
        "\u{feff}x",
    ] {
        let fake = Fake::start([result(body)]);
        for form in ["text", "raw"] {
            let run = fake.call("--color always -o").arg(form).run();
            assert_eq!(run.stdout, body.as_bytes(), "{form}");
        }
    }
}

#[test]
fn the_event_arrives_as_it_is() {
    let event = mebibyte();
    let fake = Fake::start([result("")]);
    fake.call("-s").stdin(event.clone()).run();
    assert!(fake.only_hit().body == event);
}

#[test]
fn stdin_is_read_only_when_asked() {
    let fake = Fake::start([result("")]);
    fake.call("").stdin("not for the function").run();
    assert_eq!(fake.only_hit().body, b"");
}
