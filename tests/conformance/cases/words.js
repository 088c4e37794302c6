// The words that the tables of cases are written in.
'use strict';

const ACCOUNT = '1234567890123456';
const REGION = 'cn-hangzhou';

// A regular expression in a table is a text that must be found. Only what JavaScript and Python both read.
RegExp.prototype.toJSON = function () {
  return { $match: this.source };
};

// Who asks what, and what must come. `more`: keep, until and needs, as README.md explains them.
const row = (name, as, call, params, expect, more = {}) => ({ name, as, call, with: params, expect, ...more });

const refused = (status, code, message, detail) => ({ refused: { status, code, message, detail, request_id: /./ } });

// AccessDeniedDetail, as a denial by the caller's policies carries it.
const detail = (action, over = {}) => ({
  AuthAction: action,
  AuthPrincipalType: 'SubUser',
  AuthPrincipalOwnerId: ACCOUNT,
  AuthPrincipalDisplayName: /^[0-9]+$/,
  NoPermissionType: 'ImplicitDeny',
  PolicyType: 'AccountLevelIdentityBasedPolicy',
  EncodedDiagnosticMessage: /./,
  ...over,
});

// Function Compute's own denial. The API of 2016 has no detail.
const denied = (api, action, resource, over) =>
  refused(
    403,
    'AccessDenied',
    `the caller is not authorized to perform '${action}' on resource '${resource}'`,
    api === '2016-08-15' ? undefined : detail(action, over),
  );

const json = (expected) => ({ $json: expected });
const base64 = (expected) => ({ $base64: expected });
const bytes = (buffer) => ({ $bytes: Buffer.from(buffer).toString('base64') });
const repeat = (text, times) => ({ $repeat: [text, times] });
const has = (expected) => ({ $has: expected });
const lacks = (expected) => ({ $lacks: expected });
const absent = { $absent: true };

module.exports = { ACCOUNT, REGION, row, refused, detail, denied, json, base64, bytes, repeat, has, lacks, absent };
