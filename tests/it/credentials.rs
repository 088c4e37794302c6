//! Exit 4: nobody signs, or the service does not take who signs.

use super::fake::{ACCOUNT, Fake, NOBODY, call, refusal, result};
use super::harness::{KEY_ID, SECRET, Sesame, line, sesame, shell_words};

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
      why:      OIDC: `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` and `ALIBABA_CLOUD_OIDC_TOKEN_FILE` are not set
      why:      aliyun CLI profile: `~/.aliyun/config.json` does not exist
      why:      credentials file: `~/.alibabacloud/credentials.ini` does not exist
      why:      Serverless Devs environment: `AccessKeyID` and `AccessKeySecret` are not set, and no `…_serverless_devs_key`
      why:      Serverless Devs access.yaml: `~/.s/access.yaml` does not exist
      why:      ECS metadata: `ALIBABA_CLOUD_ECS_METADATA_DISABLED` is set
      why:      credentials URI: `ALIBABA_CLOUD_CREDENTIALS_URI` is not set

    hint: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` (and `ALIBABA_CLOUD_SECURITY_TOKEN` for temporary credentials), or run `aliyun configure`
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
      why:      the key `LTAI-test-key` is from environment
      said:     SignatureNotMatch: The request signature we calculated does not match the signature you provided. Check your access key and signing method.
      request:  [request id]

    hint: check that the secret is the one of this access key, whole and without spaces
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
      why:      the key `LTAI-test-key` is from environment
      said:     InvalidAccessKeyID: invalid access key ID 'LTAI-test-key'
      request:  [request id]

    hint: check the access key id; temporary keys vanish when they run out
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
      why:      the key `LTAI-test-key` is from environment
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
      why:      the key `LTAI-test-key` is from environment
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
      why:      the key `LTAI-test-key` is from environment
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

/// A profile of the aliyun CLI in the home folder, and no key in the environment.
fn with_profile(words: &str, profile: &str) -> Sesame {
    let run = line("invoke --function-name hello").args(words.split_whitespace());
    std::fs::create_dir(run.path(".aliyun")).unwrap();
    run.file(
        ".aliyun/config.json",
        format!(r#"{{"current":"dev","profiles":[{{"name":"dev",{profile}}}]}}"#),
    )
}

const AK: &str = r#""mode":"AK","access_key_id":"LTAI-test-key","access_key_secret":"canary-of-the-access-key-secret","region_id":"cn-beijing""#;

#[test]
fn the_profile_gives_the_region_where_nothing_else_does() {
    let region = |words: &str, variable: &str| {
        let words = format!("--dry-run --account-id {ACCOUNT} -o json {words}");
        let run = with_profile(&words, AK).env("ALIBABA_CLOUD_REGION_ID", variable);
        run.run().json()["target"]["region"].clone()
    };
    assert_eq!(region("", ""), "cn-beijing");
    assert_eq!(region("--profile dev", ""), "cn-beijing");
    assert_eq!(region("", "cn-shanghai"), "cn-shanghai");
    assert_eq!(region("--region cn-hangzhou", "cn-shanghai"), "cn-hangzhou");
}

#[test]
fn an_unknown_profile_is_named_before_the_region_is_missed() {
    let run = with_profile("--profile deb", AK).run();
    assert_eq!(run.exit, 2);
    assert!(
        run.stderr
            .starts_with("error[I0010]: there is no profile `deb`\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_refusal_of_the_key_says_where_it_is_from() {
    let fake = Fake::start([refusal(403, "SignatureNotMatch", "The signature is wrong.")]);
    let words = format!("--account-id {ACCOUNT} --endpoint {}", fake.url());
    let run = with_profile(&words, AK).run();
    assert_eq!(run.exit, 4);
    let line = "the key `LTAI-test-key` is from aliyun CLI profile `dev` (AK)\n";
    assert!(run.stderr.contains(line), "{}", run.stderr);
}

#[test]
fn where_nothing_is_signed_no_program_runs() {
    let external = r#""mode":"External","process_command":"touch ran","region_id":"cn-beijing""#;
    for words in ["--emit-policy", "--check-perms=only --policy-file p.json"] {
        let words = format!("{words} --account-id {ACCOUNT}");
        let run = with_profile(&words, external)
            .env("PATH", "/usr/bin:/bin")
            .file("p.json", r#"{"Version":"1","Statement":[]}"#)
            .run();
        assert_eq!(run.read("ran"), None, "{words}: {}", run.stderr);
    }
    let dry = with_profile(&format!("--dry-run --account-id {ACCOUNT}"), external);
    let run = dry.env("PATH", "/usr/bin:/bin").run();
    assert_eq!(
        (run.exit, run.read("ran")),
        (4, Some(String::new())),
        "what signs needs it"
    );
}

#[test]
fn a_file_that_others_may_read_is_mentioned_only_when_asked() {
    let words = format!("--account-id {ACCOUNT} --dry-run");
    let notice = "others may read `~/.aliyun/config.json`, which holds credentials: `chmod 600` keeps them out\n";
    let quiet = with_profile(&words, AK).run();
    assert!(!quiet.stderr.contains(notice));
    let verbose = with_profile(&format!("{words} -v"), AK).run();
    assert!(verbose.stderr.contains(notice), "{}", verbose.stderr);
}

#[test]
fn a_profile_means_nothing_to_the_sandbox() {
    let run = with_profile("--sandbox --profile dev", AK).run();
    assert_eq!(run.exit, 2);
    assert!(
        run.stderr
            .contains("`--profile dev` means nothing to the sandbox")
    );
    let both = with_profile("-a x --profile dev", AK).run();
    assert!(both.stderr.starts_with("error[I0001]"), "{}", both.stderr);
}

#[test]
fn the_name_of_a_profile_drives_no_terminal() {
    for (words, secret) in [("-v", SECRET), ("", "")] {
        let fake = Fake::start([result("done")]);
        let profile = format!(
            r#""name":"\u001b[31mred","mode":"AK","access_key_id":"LTAI-test-key","access_key_secret":"{secret}""#
        );
        // The last of two names counts.
        let run = with_profile(words, &profile).args([
            "--region",
            "cn-hangzhou",
            "--account-id",
            ACCOUNT,
            "--endpoint",
            &fake.url(),
            "--profile",
            "\u{1b}[31mred",
        ]);
        let run = run.run();
        assert!(run.stderr.contains("[31mred"), "{}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
    }
}
