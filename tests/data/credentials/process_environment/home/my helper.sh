test -z "$ALIBABA_CLOUD_ROLE_SESSION_NAME$SECURITY_TOKEN" || exit 9
test -n "$HOME" || exit 8
echo canary-of-the-stderr >&2
cat <<END
{"mode": "AK", "access_key_id": "LTAI-ext", "access_key_secret": "canary-of-the-secret"}
END
