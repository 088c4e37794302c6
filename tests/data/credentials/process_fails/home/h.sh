printf %s '{"mode": "AK", "access_key_id": "LTAI-ext", "access_key_secret": "canary-of-the-secret"}'
exit 3
