//! Exit 4: nobody signs, or the service does not take who signs.

use super::fake::{Fake, NOBODY, call, refusal};
use super::harness::{KEY_ID, SECRET, line, sesame, shell_words};

const CALL: &str =
    "invoke --region cn-hangzhou --account-id 1234567890123456 --function-name hello";

#[test]
fn no_credentials_anywhere() {
    let run = line(CALL).run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0001]: no credentials found
      why:      environment: `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` are not set

    hint: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` (and `ALIBABA_CLOUD_SECURITY_TOKEN` for temporary credentials)
    hint: no account is needed to try
          sesame invoke --sandbox --function-name hello
    ");
}

#[test]
fn half_a_pair() {
    let run = line(CALL).env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID).run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0002]: the credentials from environment cannot be used: `ALIBABA_CLOUD_ACCESS_KEY_ID` is set and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is not

    hint: set both, or neither
    ");
    let run = line(CALL)
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
        .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0002]: the credentials from environment cannot be used: `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is set and `ALIBABA_CLOUD_ACCESS_KEY_ID` is not

    hint: set both, or neither
    ");
}

#[test]
fn a_secret_with_a_line_break() {
    let run = line(CALL)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", format!("{SECRET}\n"))
        .run();
    assert_eq!(run.exit, 4);
    let title = "error[C0002]: the credentials from environment cannot be used: \
                 `ALIBABA_CLOUD_ACCESS_KEY_SECRET` holds a space, a line break or a character outside ASCII\n";
    assert!(run.stderr.starts_with(title), "{}", run.stderr);
}

#[test]
fn a_secret_that_is_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let run = line(CALL)
        .env("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
        .env(
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            std::ffi::OsStr::from_bytes(b"\xff\xfe"),
        )
        .run();
    assert_eq!(run.exit, 4);
    let title = "error[C0002]: the credentials from environment cannot be used: \
                 `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is not UTF-8\n";
    assert!(run.stderr.starts_with(title), "{}", run.stderr);
}

#[test]
fn credentials_are_sought_before_anything_is_sent() {
    let object = call(NOBODY, "-o json")
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")
        .run()
        .json();
    assert_eq!(object["error"]["cause"], "no_credentials");
    assert_eq!(object["request"]["sent"], false);
}

#[test]
fn the_secret_is_another_key_s() {
    let text = "The request signature we calculated does not match the signature you provided. Check your access key and signing method.";
    let fake = Fake::start([refusal(403, "SignatureNotMatch", text)]);
    let run = fake.call("").run();
    assert_eq!(fake.hits().len(), 1);
    insta::assert_snapshot!(run.shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0005]: the secret does not belong to the access key
      said:     SignatureNotMatch: The request signature we calculated does not match the signature you provided. Check your access key and signing method.
      request:  [request id]

    hint: check that `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is the one of this access key, whole and without spaces
    ");
}

#[test]
fn the_key_does_not_exist() {
    let text = format!("invalid access key ID '{KEY_ID}'");
    let fake = Fake::start([refusal(403, "InvalidAccessKeyID", &text)]);
    insta::assert_snapshot!(fake.call("").run().shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0004]: the access key does not exist
      said:     InvalidAccessKeyID: invalid access key ID 'LTAI-test-key'
      request:  [request id]

    hint: check `ALIBABA_CLOUD_ACCESS_KEY_ID`; temporary keys vanish when they run out
    ");
}

#[test]
fn the_key_is_disabled() {
    let text = format!("the access key ID is disabled '{KEY_ID}'.");
    let fake = Fake::start([refusal(403, "AccessDenied", &text)]);
    insta::assert_snapshot!(fake.call("").run().shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0003]: the access key is disabled
      said:     AccessDenied: the access key ID is disabled 'LTAI-test-key'.
      request:  [request id]

    hint: enable it in the RAM console, or use another key of the same user
    ");
}

#[test]
fn the_clock_is_off() {
    let text = "the difference between the request time 'Thu, 04 Jan 2024 01:33:13 GMT' and the current time 'Thu, 04 Jan 2024 08:34:58 GMT' is too large";
    let fake = Fake::start([refusal(403, "RequestTimeTooSkewed", text)]);
    insta::assert_snapshot!(fake.call("").run().shown(), @"
    exit: 4
    --- stdout

    --- stderr
    error[C0008]: this machine's clock is more than 15 minutes off
      why:      the request's clock was 7 h 1 min 45 s behind the service's
      said:     RequestTimeTooSkewed: the difference between the request time '[date]' and the current time '[date]' is too large
      request:  [request id]

    hint: set this machine's clock
    ");
}

#[test]
fn the_token_has_run_out() {
    let fake = Fake::start([refusal(
        403,
        "InvalidSecurityToken.Expired",
        "Specified SecurityToken is expired.",
    )]);
    insta::assert_snapshot!(fake.call("").temporary_key().run().shown(), @r"
    exit: 4
    --- stdout

    --- stderr
    error[C0007]: the temporary credentials have run out
      said:     InvalidSecurityToken.Expired: Specified SecurityToken is expired.
      request:  [request id]

    hint: fetch new temporary credentials and call again
    ");
}

#[test]
fn every_refusal_of_a_key_is_exit_4() {
    let refusals = [
        (
            403,
            "InvalidAccessKeyID.Inactive",
            "",
            "access_key_disabled",
        ),
        (
            404,
            "InvalidAccessKeyId.NotFound",
            "Specified access key is not found.",
            "access_key_not_found",
        ),
        (
            400,
            "SignatureDoesNotMatch",
            "Specified signature is not matched with our calculation.",
            "signature_mismatch",
        ),
        (
            403,
            "InvalidSecurityToken.Malformed",
            "Specified SecurityToken is malformed.",
            "security_token_invalid",
        ),
        (
            400,
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
            "clock_skew",
        ),
        (
            400,
            "MissingRequiredHeader",
            "required HTTP header Date was not specified",
            "authentication_missing",
        ),
        (
            400,
            "InvalidArgument",
            "invalid authorization ''",
            "authentication_missing",
        ),
    ];
    for (status, code, text, cause) in refusals {
        let fake = Fake::start([refusal(status, code, text)]);
        let run = fake.call("-o json").temporary_key().run();
        assert_eq!(
            (run.exit, &run.json()["error"]["cause"]),
            (4, &cause.into()),
            "{code}"
        );
    }
}

#[test]
fn the_command_that_needs_no_account_works() {
    let object = line(CALL).arg("-o").arg("json").run().json();
    let hints = object["error"]["hints"].as_array().unwrap();
    let commands: Vec<&str> = hints
        .iter()
        .filter_map(|hint| hint["command"].as_str())
        .collect();
    assert_eq!(commands.len(), 1);
    let run = sesame(shell_words(commands[0])).run();
    assert_eq!((run.exit, &*run.stdout), (0, &b"Hello world!"[..]));
}
