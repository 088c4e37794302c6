// STS: who am I, and roles: what their credentials can do, over both signatures of Function Compute.
'use strict';

const { ACCOUNT, REGION, row, refused, detail, absent } = require('./words');

const role = (name, over = {}) => ({ RoleArn: `acs:ram::${ACCOUNT}:role/${name}`, RoleSessionName: 'night', ...over });
const assume = (name, as, params, expect, more) => row(name, as, 'sts:AssumeRole', params, expect, more);
const policy = (Effect, ...functions) =>
  JSON.stringify({
    Version: '1',
    Statement: [
      ...(Effect === 'Deny' ? [{ Effect: 'Allow', Action: '*', Resource: '*' }] : []),
      { Effect, Action: 'fc:InvokeFunction', Resource: functions.map((name) => `acs:fc:*:*:${name}`) },
    ],
  });

const greeted = { status: 200, body: 'Hello world!' };
const fc2Denied = (name) =>
  refused(403, 'AccessDenied', `the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:${REGION}:${ACCOUNT}:services/demo/functions/${name}'`);
const fc3Denied = (name, over) =>
  refused(
    403,
    'AccessDenied',
    `the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:${REGION}:${ACCOUNT}:functions/${name}'`,
    detail('fc:InvokeFunction', { AuthPrincipalType: 'AssumedRoleUser', AuthPrincipalDisplayName: 'ci:night', ...over }),
  );
const noAssume = (over) => refused(403, 'NoPermission', /You are not authorized to do this action/, detail('sts:AssumeRole', over));

module.exports = [
  row('a user', 'developer', 'sts:GetCallerIdentity', {}, {
    AccountId: ACCOUNT,
    Arn: `acs:ram::${ACCOUNT}:user/developer`,
    IdentityType: 'RAMUser',
    PrincipalId: /^[0-9]+$/,
    UserId: /^[0-9]+$/,
    RequestId: /./,
  }),
  row('a user without any permission', 'intern', 'sts:GetCallerIdentity', {}, { Arn: `acs:ram::${ACCOUNT}:user/intern` }),
  row('a wrong secret', 'developer:wrong', 'sts:GetCallerIdentity', {}, refused(400, 'SignatureDoesNotMatch', /^Specified signature is not matched with our calculation\./)),
  // The older gateway says what it signed, and the older SDK falls over a text without it.
  row('the string that should have been signed', 'developer:wrong', 'sts:GetCallerIdentity', {},
    refused(400, 'SignatureDoesNotMatch', /^Specified signature is not matched with our calculation\. server string to sign is:POST&%2F&AccessKeyId%3DLTAI/), { needs: 'a string to sign' }),
  row('an unknown key', 'nobody', 'sts:GetCallerIdentity', {}, refused(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.')),
  row('a disabled key', 'leaver', 'sts:GetCallerIdentity', {}, refused({ $in: [400, 403] }, 'InvalidAccessKeyId.Inactive', 'Specified access key is disabled.')),

  assume('a role', 'robot', role('ci', { DurationSeconds: 900 }), {
    Credentials: { AccessKeyId: /^STS\./, AccessKeySecret: /./, SecurityToken: /./, Expiration: /^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$/ },
    AssumedRoleUser: { Arn: /^acs:ram::1234567890123456:(assumed-)?role\/ci\/night$/, AssumedRoleId: /^[0-9]+:night$/ },
    RequestId: /./,
  }, { keep: { session: 'Credentials' } }),
  row('who the role is', '{{session}}', 'sts:GetCallerIdentity', {}, {
    AccountId: ACCOUNT,
    Arn: `acs:ram::${ACCOUNT}:assumed-role/ci/night`,
    IdentityType: 'AssumedRoleUser',
    PrincipalId: /^[0-9]+:night$/,
    RoleId: /^[0-9]+$/,
    UserId: absent,
  }),
  row('the role calls FC 3.0', '{{session}}', 'fc3:Invoke', { function: 'hello' }, greeted),
  row('the role calls FC 2.0', '{{session}}', 'fc2:Invoke', { service: 'demo', function: 'hello' }, greeted),
  row('and may not read', '{{session}}', 'fc3:GetFunction', { function: 'hello' },
    refused(403, 'AccessDenied', /'fc:GetFunction'/, detail('fc:GetFunction', { AuthPrincipalType: 'AssumedRoleUser', AuthPrincipalDisplayName: 'ci:night' }))),
  row('its token is needed', '{{session}}:no token', 'sts:GetCallerIdentity', {}, { refused: { status: { $in: [400, 403, 404] }, code: /./ } }),
  row('its token is not another', '{{session}}:wrong token', 'sts:GetCallerIdentity', {}, refused({ $in: [400, 403] }, /^InvalidSecurityToken/, /./)),
  row('its token is not another, on FC 3.0', '{{session}}:wrong token', 'fc3:Invoke', { function: 'hello' }, refused({ $in: [400, 403] }, /./, /./)),
  row('its token is not another, on FC 2.0', '{{session}}:wrong token', 'fc2:Invoke', { service: 'demo', function: 'hello' }, refused({ $in: [400, 403] }, /./, /./)),
  row('its secret is not another', '{{session}}:wrong', 'fc3:Invoke', { function: 'hello' }, refused(403, 'SignatureNotMatch', /does not match/)),

  assume('a session policy that allows one function', 'robot', role('ci', { Policy: policy('Allow', 'functions/hello', 'services/demo/functions/hello') }), { Credentials: { AccessKeyId: /^STS\./ } },
    { keep: { narrow: 'Credentials' } }),
  row('lets that one pass on FC 3.0', '{{narrow}}', 'fc3:Invoke', { function: 'hello' }, greeted),
  row('and on FC 2.0', '{{narrow}}', 'fc2:Invoke', { service: 'demo', function: 'hello' }, greeted),
  row('and no other on FC 3.0', '{{narrow}}', 'fc3:Invoke', { function: 'echo' }, fc3Denied('echo', { PolicyType: 'SessionPolicy' })),
  row('and no other on FC 2.0', '{{narrow}}', 'fc2:Invoke', { service: 'demo', function: 'echo' }, fc2Denied('echo')),
  assume('a session policy that denies one function', 'robot', role('ci', { Policy: policy('Deny', 'functions/hello') }), { Credentials: { AccessKeyId: /^STS\./ } }, { keep: { wide: 'Credentials' } }),
  row('stops that one', '{{wide}}', 'fc3:Invoke', { function: 'hello' }, fc3Denied('hello', { PolicyType: 'SessionPolicy', NoPermissionType: 'ExplicitDeny' })),
  row('and no other', '{{wide}}', 'fc3:Invoke', { function: 'echo', event: 'x' }, { status: 200, body: 'x' }),
  row('and gives nothing that the role lacks', '{{wide}}', 'fc3:GetFunction', { function: 'echo' }, refused(403, 'AccessDenied', /'fc:GetFunction'/)),

  assume('a caller without sts:AssumeRole', 'intern', role('ci'), noAssume({ PolicyType: 'AccountLevelIdentityBasedPolicy' })),
  assume('a role that trusts someone else', 'robot', role('elsewhere'), noAssume({ PolicyType: 'AssumeRolePolicy' })),
  assume('the one whom it trusts', 'admin', role('elsewhere'), { Credentials: { AccessKeyId: /^STS\./ } }),
  assume('an external id that is missing', 'robot', role('partner'), noAssume({ PolicyType: 'AssumeRolePolicy' })),
  assume('an external id that is another', 'robot', role('partner', { ExternalId: 'ticket-8' }), noAssume({ PolicyType: 'AssumeRolePolicy' })),
  assume('the external id', 'robot', role('partner', { ExternalId: 'ticket-7' }), { Credentials: { AccessKeyId: /^STS\./ } }, { keep: { partner: 'Credentials' } }),
  row('the partner calls', '{{partner}}', 'fc3:Invoke', { function: 'hello' }, greeted),
  assume('less than 15 minutes', 'robot', role('ci', { DurationSeconds: 899 }), refused(400, 'InvalidParameter.DurationSeconds', /DurationSeconds/)),
  assume('more than the role allows', 'robot', role('ci', { DurationSeconds: 3601 }), refused(400, 'InvalidParameter.DurationSeconds', /DurationSeconds/)),
  assume('an unknown role', 'robot', role('nope'), refused(404, 'EntityNotExist.Role', /[Rr]ole/)),
  assume('a role that is none', 'robot', { RoleArn: 'ci', RoleSessionName: 'night' }, refused(400, 'InvalidParameter.RoleArn', 'The parameter RoleArn is wrongly formed.')),
  assume('a session name that is none', 'robot', role('ci', { RoleSessionName: 'a b' }), refused(400, 'InvalidParameter.RoleSessionName', 'The parameter RoleSessionName is wrongly formed.')),
  assume('a session policy that is none', 'robot', role('ci', { Policy: '{"Version":' }), refused(400, 'InvalidParameter.PolicyGrammar', 'The parameter Policy has not passed grammar check.')),
  assume('a wrong secret for a role', 'robot:wrong', role('ci'), refused(400, 'SignatureDoesNotMatch', /^Specified signature is not matched with our calculation\./)),
];
