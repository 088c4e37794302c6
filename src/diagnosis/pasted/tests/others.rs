//! Texts of other clouds and programs, of the field, and with several refusals.

use serde_json::json;

use super::*;

#[test]
fn what_is_unlike_them_is_unknown() {
    for text in [
        "",
        "hello",
        "{}",
        "[]",
        "null",
        "403 Forbidden",
        "<html><body><h1>403 Forbidden</h1></body></html>",
        r#"{"message":"Bad credentials","documentation_url":"https://docs.example.com"}"#,
        r#"{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}"#,
        r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'y' over scope 'z'"}}"#,
        r#"{"Code":"AccessDenied","Message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:f"}"#,
        "An error occurred (AccessDeniedException) when calling the Invoke operation: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: lambda:InvokeFunction",
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>0A49CE4060975EAC</RequestId><HostId>gKBvn1mIVrTCX0N9Yp+MCa2Sl0=</HostId></Error>",
        r#"{"kind":"Status","status":"Failure","message":"pods is forbidden","reason":"Forbidden","code":403}"#,
        "Error: getaddrinfo ENOTFOUND fc.aliyuncs.com { errno: 'ENOTFOUND', code: 'ENOTFOUND' }",
        "Error: Cannot find module 'x' { code: 'MODULE_NOT_FOUND' }",
        "fatal: the caller is not authorised",
        "Error code: RISK.RISK_CONTROL_REJECTION\nError message: To keep your account secure, your order is suspended.",
        r#"{"error":{"code":"AccessDenied.Unpurchased","message":"Access to model denied."}}"#,
        "ErrorCode: UserNotAllowed\nMessage: The user is not allowed, please submit the application.",
        r#"{"http_status":403,"headers":{"server":"nginx"},"body":"<html>403</html>"}"#,
        r#"{"http_status":200,"headers":{"x-fc-request-id":"1"},"body":{"message":"Hello world!"}}"#,
        r#"{"http_status":500,"headers":{},"body":""}"#,
    ] {
        let explanation = explained(text);
        assert_eq!(
            explanation.cause,
            Cause::Unknown,
            "{text}\n{:#?}",
            explanation.reading
        );
        assert_eq!(
            (explanation.count, explanation.failure.suggested_policy),
            (0, None),
            "{text}"
        );
    }
}

#[test]
fn refusals_seen_in_the_field_are_known() {
    for (text, cause) in [
        (
            "2640E5C1-7F21-4051-B2D5-702699C574A6 Status Code: 400 Code: Forbidden.RAM Message: User not authorized to operate on the specified resource, or this API doesn't support RAM.",
            Cause::PermissionDenied,
        ),
        (
            "Aliyun.Acs.Core.Exceptions.ClientException: Forbidden.RAM : User not authorized to operate on the specified resource, or this API doesn't support RAM. + [ RequestId : 0DCC6ABD-2296-503E-A5FF-89D50809DCA0 ]",
            Cause::PermissionDenied,
        ),
        (
            "code: 'NoPermission',\n  message: 'NoPermission: You are not authorized to do this action. You should be authorized by RAM.',",
            Cause::PermissionDenied,
        ),
        (
            "com.aliyuncs.exceptions.ClientException: Forbidden.NoPermission : This operation for acs:kms:ap-southeast-5:1234567890:key/fd3c46b8 is forbidden by permission system. \nat com.aliyuncs",
            Cause::PermissionDenied,
        ),
        (
            "ErrorCode: InvalidSecurityToken.Expired\nMessage: Specified SecurityToken is expired.",
            Cause::SecurityTokenExpired,
        ),
        (
            "ErrorCode: InvalidTimeStamp.Expired\nMessage: Specified time stamp or date value is expired.",
            Cause::ClockSkew,
        ),
        (
            "ErrorCode: InvalidAccessKeyId.Inactive\nMessage: Specified access key is disabled.",
            Cause::AccessKeyDisabled,
        ),
        (
            "ErrorCode: InvalidRegionId.NotFound\nMessage: The specified region does not exist.",
            Cause::WrongRegion,
        ),
        (
            "ErrorCode: Throttling.User\nMessage: Request was denied due to user flow control.",
            Cause::Throttled,
        ),
        (
            "ErrorCode: EntityNotExist.User\nMessage: The user does not exist.",
            Cause::ResourceNotFound,
        ),
        (
            "ErrorCode: EntityAlreadyExists.Policy\nMessage: The policy already exists.",
            Cause::Conflict,
        ),
        (
            "ErrorCode: EntityTooLarge\nMessage: payload size exceeds maximum allowed size (33554432 bytes)",
            Cause::PayloadTooLarge,
        ),
        (
            "Error Type: UnhandledInvocationError\nInvoke Result:\n{\"errorMessage\":\"Function timed out after 3 seconds (maxMemoryUsage: 112.24MB)\"}",
            Cause::FunctionTimeout,
        ),
        (
            r#"{"http_status":429,"headers":{"x-fc-request-id":"1"},"body":""}"#,
            Cause::Throttled,
        ),
        (
            r#"{"http_status":499,"headers":{"x-fc-request-id":"1"},"body":{"ErrorCode":"X","ErrorMessage":"y"}}"#,
            Cause::ClientCanceled,
        ),
        (
            r#"{"http_status":503,"headers":{"x-fc-request-id":"1"},"body":{"Code":"X","Message":"y"}}"#,
            Cause::ServiceError,
        ),
    ] {
        let explanation = explained(text);
        assert_eq!(
            explanation.cause, cause,
            "{text}\n{:#?}",
            explanation.reading
        );
    }
}

#[test]
fn of_several_refusals_the_last_is_explained() {
    let refusal = |function: &str, id: &str| {
        json!({"RequestId": id, "Code": "AccessDenied", "AccessDeniedDetail": {"NoPermissionType": "ImplicitDeny"},
            "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/{function}'")})
    };
    let log = format!(
        "08:30 call {}\n08:31 call {}\n08:32 message: giving up\n",
        refusal("a", "1-a"),
        refusal("b", "1-b")
    );
    let explanation = explained(&log);
    assert_eq!(explanation.count, 2);
    assert!(
        explanation
            .reading
            .resource
            .unwrap()
            .ends_with("functions/b")
    );
    assert_eq!(explanation.reading.request_id.as_deref(), Some("1-b"));
    assert_eq!(explanation.reading.code.as_deref(), Some("AccessDenied"));
    // The same one twice is one.
    let again = explained(&format!("{0}\nretrying\n{0}\n", refusal("a", "1-a")));
    assert_eq!(again.count, 1);
    // Another, without the fields that the first had.
    let mixed = format!(
        "{}\n{}\n",
        refusal("a", "1-a"),
        r#"{"ErrorCode":"AccessDenied","ErrorMessage":"FC service is not enabled for current user."}"#
    );
    let mixed = explained(&mixed);
    assert_eq!((mixed.count, mixed.cause), (2, Cause::ServiceNotActivated));
    assert_eq!((mixed.reading.action, mixed.reading.denial), (None, None));
}

#[test]
fn what_an_object_says_stays_together() {
    let second = json!({"RequestId": "1-b", "Code": "AccessDenied",
        "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource '{OWN}'")});
    for first in [
        "the caller is not authorized to perform 'fc:GetFunction' on resource 'acs:fc:cn-hangzhou:1:functions/f'",
        "FC service is not enabled for current user.",
        r#"{"errorType":"Error","errorMessage":"boom","stackTrace":[]}"#,
        r#"{"errorMessage":"boom"}"#,
        "message: retrying",
        r#"{"Code":"FunctionNotFound","Message":"function 'x' does not exist."}"#,
    ] {
        for second in [second.to_string(), format!("{second:#}")] {
            let explanation = explained(&format!("{first}\n{second}\n"));
            assert_eq!(
                explanation.reading.request_id.as_deref(),
                Some("1-b"),
                "{first}"
            );
            assert_eq!(
                explanation.reading.code.as_deref(),
                Some("AccessDenied"),
                "{first}"
            );
            assert!(granted(&explanation).is_some(), "{first}");
            // And the other way round.
            let explanation = explained(&format!("{second}\n{first}\n"));
            assert!(
                first == "message: retrying" || explanation.reading.request_id.is_none(),
                "{first}"
            );
        }
    }
}
