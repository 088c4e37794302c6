// RAM: what its API does to users, groups, roles and policies, and to the next call of a function.
'use strict';

const { ACCOUNT, REGION, row, refused, detail, json, has, lacks, absent } = require('./words');

const ram = (name, call, params, expect, more) => row(name, 'admin', `ram:${call}`, params, expect, more);
const gone = (code) => refused(404, `EntityNotExist.${code}`, /./);
const there = (code) => refused(409, `EntityAlreadyExists.${code}`, /./);
const conflict = (code) => refused(409, `DeleteConflict.${code}`, /./);
const allow = (...names) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'fc:InvokeFunction', Resource: names.map((name) => `acs:fc:*:*:functions/${name}`) }],
});
const text = (document) => JSON.stringify(document);
const trust = (who) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${ACCOUNT}:${who}`] } }] });
const date = /^20[0-9]{2}-[0-9]{2}-[0-9]{2}T/;

const call = (name, as, target, expect, more) => row(name, as, 'fc3:Invoke', { function: target }, expect, more);
const greeted = { status: 200, body: 'Hello world!' };
const stopped = (target, over) =>
  refused(
    403,
    'AccessDenied',
    `the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:${REGION}:${ACCOUNT}:functions/${target}'`,
    detail('fc:InvokeFunction', over),
  );
const noPermission = (action, resource) =>
  refused(403, 'NoPermission', `You are not authorized to do this action. Resource: acs:ram:*:${ACCOUNT}:${resource} Action: ${action}`, detail(action));
const custom = { PolicyName: 'call-hello', PolicyType: 'Custom' };
const mover = { UserName: 'mover' };

const access = [
  row('a wrong secret', 'admin:wrong', 'ram:ListUsers', {}, refused(400, 'SignatureDoesNotMatch', /^Specified signature is not matched with our calculation\./)),
  row('an unknown key', 'nobody', 'ram:ListUsers', {}, refused(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.')),
  row('no permission to list', 'developer', 'ram:ListUsers', {}, noPermission('ram:ListUsers', 'user/*')),
  row('no permission to read', 'developer', 'ram:GetUser', { UserName: 'intern' }, noPermission('ram:GetUser', 'user/intern')),
  row('no permission to create', 'developer', 'ram:CreateRole', { RoleName: 'mine', AssumeRolePolicyDocument: text(trust('root')) }, noPermission('ram:CreateRole', 'role/*')),
  row('no permission, and no such user', 'developer', 'ram:GetUser', { UserName: 'nope' }, noPermission('ram:GetUser', 'user/nope')),
  row('no permission to attach', 'developer', 'ram:AttachPolicyToUser', { UserName: 'developer', PolicyName: 'AdministratorAccess', PolicyType: 'System' },
    refused(403, 'NoPermission', /Action: ram:AttachPolicyToUser/, detail('ram:AttachPolicyToUser'))),
];

const users = [
  ram('a user', 'CreateUser', { ...mover, DisplayName: 'Mover', Comments: 'moves' }, { User: { ...mover, DisplayName: 'Mover', UserId: /^[0-9]+$/, CreateDate: date }, RequestId: /./ }),
  ram('the same user', 'CreateUser', mover, there('User')),
  ram('a name that is none', 'CreateUser', { UserName: 'a b' }, refused(400, 'InvalidParameter.UserName.InvalidChars', /UserName/)),
  ram('the user, read', 'GetUser', mover, { User: { ...mover, DisplayName: 'Mover' } }),
  ram('a user of the configuration', 'GetUser', { UserName: 'intern' }, { User: { UserName: 'intern' } }),
  ram('no user', 'GetUser', { UserName: 'nope' }, gone('User')),
  ram('all users', 'ListUsers', {}, { Users: { User: has(mover) }, IsTruncated: false }),
  ram('a first page of users', 'ListUsers', { MaxItems: 1 }, { Users: { User: [{ UserName: /./ }] }, IsTruncated: true, Marker: /./ }, { keep: { marker: 'Marker', first: 'Users.User.0.UserName' } }),
  ram('the rest of them', 'ListUsers', { Marker: '{{marker}}' }, { Users: { User: lacks({ UserName: '{{first}}' }) } }),
  ram('an access key', 'CreateAccessKey', mover, { AccessKey: { AccessKeyId: /./, AccessKeySecret: /./, Status: 'Active' } }, { keep: { key: 'AccessKey', keyId: 'AccessKey.AccessKeyId' } }),
  ram('an access key of nobody', 'CreateAccessKey', { UserName: 'nope' }, gone('User')),
  ram('its list shows no secret', 'ListAccessKeys', mover, { AccessKeys: { AccessKey: [{ AccessKeyId: '{{keyId}}', Status: 'Active', AccessKeySecret: absent }] } }),
  row('the new user is known', '{{key}}', 'sts:GetCallerIdentity', {}, { Arn: `acs:ram::${ACCOUNT}:user/mover` }),
  call('and may do nothing', '{{key}}', 'hello', stopped('hello')),
];

const policies = [
  ram('a policy', 'CreatePolicy', { PolicyName: 'call-hello', PolicyDocument: text(allow('hello')), Description: 'greets' },
    { Policy: { ...custom, DefaultVersion: 'v1', Description: 'greets', CreateDate: date } }),
  ram('the same policy', 'CreatePolicy', { PolicyName: 'call-hello', PolicyDocument: text(allow('hello')) }, there('Policy')),
  ram('a document that is none', 'CreatePolicy', { PolicyName: 'bad', PolicyDocument: '{"Version":"1","Statement":[{"Effect":"Perhaps"}]}' }, refused(400, 'MalformedPolicyDocument', /./)),
  ram('which has left nothing', 'GetPolicy', { PolicyName: 'bad', PolicyType: 'Custom' }, gone('Policy')),
  ram('the policy, read', 'GetPolicy', custom, { Policy: { ...custom, DefaultVersion: 'v1' }, DefaultPolicyVersion: { VersionId: 'v1', IsDefaultVersion: true, PolicyDocument: json(allow('hello')) } }),
  ram('a system policy, read', 'GetPolicy', { PolicyName: 'AliyunFCInvocationAccess', PolicyType: 'System' }, {
    Policy: { PolicyName: 'AliyunFCInvocationAccess', PolicyType: 'System' },
    DefaultPolicyVersion: { PolicyDocument: json({ Statement: [{ Action: { $in: ['fc:InvokeFunction', ['fc:InvokeFunction']] }, Effect: 'Allow', Resource: '*' }] }) },
  }),
  ram('custom policies', 'ListPolicies', { PolicyType: 'Custom' }, { Policies: { Policy: has(custom) } }),
  ram('system policies', 'ListPolicies', { PolicyType: 'System' }, { Policies: { Policy: has({ PolicyName: 'AdministratorAccess', PolicyType: 'System' }) } }),
  ram('the policy is attached', 'AttachPolicyToUser', { ...mover, ...custom }, { RequestId: /./ }),
  call('the next call passes', '{{key}}', 'hello', greeted),
  row('with FC 2.0 still closed', '{{key}}', 'fc2:Invoke', { service: 'demo', function: 'hello' }, refused(403, 'AccessDenied', /services\/demo\/functions\/hello'$/)),
  call('another does not', '{{key}}', 'echo', stopped('echo')),
  ram('attached twice', 'AttachPolicyToUser', { ...mover, ...custom }, there('User.Policy')),
  ram('attached to nobody', 'AttachPolicyToUser', { UserName: 'nope', ...custom }, gone('User')),
  ram('no such policy', 'AttachPolicyToUser', { ...mover, PolicyName: 'nope', PolicyType: 'Custom' }, gone('Policy')),
  ram('the policies of a user', 'ListPoliciesForUser', mover, { Policies: { Policy: [{ ...custom, DefaultVersion: 'v1', AttachDate: date }] } }),
  ram('the bearers of a policy', 'ListEntitiesForPolicy', custom, { Users: { User: [mover] }, Groups: { Group: [] }, Roles: { Role: [] } }),
  ram('an attached policy is not deleted', 'DeletePolicy', { PolicyName: 'call-hello' }, conflict('Policy.User')),
  ram('nor a user with a policy', 'DeleteUser', mover, refused(409, /^DeleteConflict\.User\.(Policy|AccessKey)$/, /./)),

  ram('a second version', 'CreatePolicyVersion', { PolicyName: 'call-hello', PolicyDocument: text(allow('echo')), SetAsDefault: false }, { PolicyVersion: { VersionId: 'v2', IsDefaultVersion: false } }),
  ram('a version that is none', 'CreatePolicyVersion', { PolicyName: 'call-hello', PolicyDocument: '[]' }, refused(400, 'MalformedPolicyDocument', /./)),
  call('changes nothing yet', '{{key}}', 'hello', greeted),
  ram('both versions', 'ListPolicyVersions', custom, { PolicyVersions: { PolicyVersion: has({ VersionId: 'v1', IsDefaultVersion: true }) } }),
  ram('the second one among them', 'ListPolicyVersions', custom, { PolicyVersions: { PolicyVersion: has({ VersionId: 'v2', IsDefaultVersion: false }) } }),
  ram('the second one, read', 'GetPolicyVersion', { ...custom, VersionId: 'v2' }, { PolicyVersion: { VersionId: 'v2', IsDefaultVersion: false, PolicyDocument: json(allow('echo')) } }),
  ram('a policy of two versions is not deleted', 'DeletePolicy', { PolicyName: 'call-hello' }, refused(409, /^DeleteConflict\.Policy\.(User|Version)$/, /./)),
  ram('it becomes the default', 'SetDefaultPolicyVersion', { PolicyName: 'call-hello', VersionId: 'v2' }, { RequestId: /./ }),
  call('and stops the first function', '{{key}}', 'hello', stopped('hello')),
  row('and opens the second', '{{key}}', 'fc3:Invoke', { function: 'echo', event: 'x' }, { status: 200, body: 'x' }),
  ram('the default is not deleted', 'DeletePolicyVersion', { PolicyName: 'call-hello', VersionId: 'v2' }, conflict('Policy.Version.Default')),
  ram('back to the first', 'SetDefaultPolicyVersion', { PolicyName: 'call-hello', VersionId: 'v1' }, { RequestId: /./ }),
  call('which counts again', '{{key}}', 'hello', greeted),
  ram('the second goes', 'DeletePolicyVersion', { PolicyName: 'call-hello', VersionId: 'v2' }, { RequestId: /./ }),
  ram('and is gone', 'GetPolicyVersion', { ...custom, VersionId: 'v2' }, gone('Policy.Version')),

  ram('the policy is detached', 'DetachPolicyFromUser', { ...mover, ...custom }, { RequestId: /./ }),
  call('the next call fails again', '{{key}}', 'hello', stopped('hello')),
  ram('detached twice', 'DetachPolicyFromUser', { ...mover, ...custom }, gone('User.Policy')),
  ram('no policies left', 'ListPoliciesForUser', mover, { Policies: { Policy: [] } }),
];

const movers = { GroupName: 'movers' };
const groups = [
  ram('a group', 'CreateGroup', { ...movers, Comments: 'all who move' }, { Group: { ...movers, CreateDate: date } }),
  ram('the same group', 'CreateGroup', movers, there('Group')),
  ram('the group, read', 'GetGroup', movers, { Group: movers }),
  ram('no group', 'GetGroup', { GroupName: 'nope' }, gone('Group')),
  ram('all groups', 'ListGroups', {}, { Groups: { Group: has(movers) } }),
  ram('its policy', 'AttachPolicyToGroup', { ...movers, ...custom }, { RequestId: /./ }),
  call('does not count for who is outside', '{{key}}', 'hello', stopped('hello')),
  ram('a member', 'AddUserToGroup', { ...mover, ...movers }, { RequestId: /./ }),
  call('counts for the member', '{{key}}', 'hello', greeted),
  ram('a member twice', 'AddUserToGroup', { ...mover, ...movers }, there('User.Group')),
  ram('nobody as a member', 'AddUserToGroup', { UserName: 'nope', ...movers }, gone('User')),
  ram('the groups of a user', 'ListGroupsForUser', mover, { Groups: { Group: [movers] } }),
  ram('the users of a group', 'ListUsersForGroup', movers, { Users: { User: [mover] } }),
  ram('the policies of a group', 'ListPoliciesForGroup', movers, { Policies: { Policy: [custom] } }),
  ram('not among those of the user', 'ListPoliciesForUser', mover, { Policies: { Policy: [] } }),
  ram('its bearers', 'ListEntitiesForPolicy', custom, { Users: { User: [] }, Groups: { Group: [movers] } }),
  ram('attached to the group twice', 'AttachPolicyToGroup', { ...movers, ...custom }, there('Group.Policy')),
  ram('a policy with a group is not deleted', 'DeletePolicy', { PolicyName: 'call-hello' }, conflict('Policy.Group')),
  ram('a group with members is not deleted', 'DeleteGroup', movers, refused(409, /^DeleteConflict\.Group\.(User|Policy)$/, /./)),
  ram('the member leaves', 'RemoveUserFromGroup', { ...mover, ...movers }, { RequestId: /./ }),
  call('and has lost the policy', '{{key}}', 'hello', stopped('hello')),
  ram('it leaves twice', 'RemoveUserFromGroup', { ...mover, ...movers }, gone('User.Group')),
  ram('a group with a policy is not deleted', 'DeleteGroup', movers, conflict('Group.Policy')),
  ram('detached from the group', 'DetachPolicyFromGroup', { ...movers, ...custom }, { RequestId: /./ }),
  ram('detached from it twice', 'DetachPolicyFromGroup', { ...movers, ...custom }, gone('Group.Policy')),
  ram('the group goes', 'DeleteGroup', movers, { RequestId: /./ }),
  ram('and is gone', 'ListUsersForGroup', movers, gone('Group')),
];

const porter = { RoleName: 'porter' };
const porterArn = `acs:ram::${ACCOUNT}:role/porter`;
const porterAs = (name, as, expect, more) => row(name, as, 'sts:AssumeRole', { RoleArn: porterArn, RoleSessionName: 'night' }, expect, more);
const atNight = { AuthPrincipalType: 'AssumedRoleUser', AuthPrincipalDisplayName: 'porter:night' };
const roles = [
  ram('a role', 'CreateRole', { ...porter, AssumeRolePolicyDocument: text(trust('root')), Description: 'carries' },
    { Role: { ...porter, Arn: porterArn, RoleId: /^[0-9]+$/, AssumeRolePolicyDocument: json(trust('root')), CreateDate: date } }),
  ram('the same role', 'CreateRole', { ...porter, AssumeRolePolicyDocument: text(trust('root')) }, there('Role')),
  ram('a role that trusts nothing', 'CreateRole', { RoleName: 'bad', AssumeRolePolicyDocument: '{}' }, refused(400, /^(MalformedPolicyDocument|InvalidParameter\.AssumeRolePolicyDocument)/, /./)),
  ram('the role, read', 'GetRole', porter, { Role: { ...porter, Arn: porterArn, MaxSessionDuration: 3600, Description: 'carries' } }),
  ram('no role', 'GetRole', { RoleName: 'nope' }, gone('Role')),
  ram('all roles', 'ListRoles', {}, { Roles: { Role: has({ RoleName: 'porter', Arn: porterArn }) } }),
  porterAs('it is assumed', 'robot', { Credentials: { AccessKeyId: /^STS\./ } }, { keep: { session: 'Credentials' } }),
  call('and may do nothing', '{{session}}', 'hello', stopped('hello', atNight)),
  ram('its policy', 'AttachPolicyToRole', { ...porter, ...custom }, { RequestId: /./ }),
  call('counts at once', '{{session}}', 'hello', greeted),
  ram('attached to the role twice', 'AttachPolicyToRole', { ...porter, ...custom }, there('Role.Policy')),
  ram('the policies of a role', 'ListPoliciesForRole', porter, { Policies: { Policy: [custom] } }),
  ram('its bearers', 'ListEntitiesForPolicy', custom, { Roles: { Role: [{ ...porter, Arn: porterArn }] } }),
  ram('a role with a policy is not deleted', 'DeleteRole', porter, conflict('Role.Policy')),
  ram('another trust', 'UpdateRole', { ...porter, NewAssumeRolePolicyDocument: text(trust('user/admin')) }, { Role: { AssumeRolePolicyDocument: json(trust('user/admin')) } }),
  porterAs('who is trusted no more', 'robot', refused(403, 'NoPermission', /You are not authorized to do this action/, detail('sts:AssumeRole', { PolicyType: 'AssumeRolePolicy' }))),
  porterAs('who is trusted now', 'admin', { Credentials: { AccessKeyId: /^STS\./ } }),
  ram('detached from the role', 'DetachPolicyFromRole', { ...porter, ...custom }, { RequestId: /./ }),
  call('the session has lost it', '{{session}}', 'hello', stopped('hello', atNight)),
  ram('detached from it twice', 'DetachPolicyFromRole', { ...porter, ...custom }, gone('Role.Policy')),
  ram('the role goes', 'DeleteRole', porter, { RequestId: /./ }),
  ram('and is gone', 'ListPoliciesForRole', porter, gone('Role')),
];

const invocation = { PolicyName: 'AliyunFCInvocationAccess', PolicyType: 'System' };
const noHello = { PolicyName: 'no-hello', PolicyType: 'Custom' };
const diagnosis = [
  ram('a system policy', 'AttachPolicyToUser', { ...mover, ...invocation }, { RequestId: /./ }),
  call('opens every function', '{{key}}', 'billing', greeted),
  call('what is denied by nothing', 'intern', 'hello', stopped('hello'), { keep: { implicit: 'refused.detail.EncodedDiagnosticMessage' }, needs: 'detail' }),
  row('is decoded', 'admin', 'ram:DecodeDiagnosticMessage', { EncodedDiagnosticMessage: '{{implicit}}' }, {
    DecodedDiagnosticMessage: {
      AuthAction: 'fc:InvokeFunction',
      AuthResource: `acs:fc:${REGION}:${ACCOUNT}:functions/hello`,
      ExplicitDeny: false,
      NoPermissionPolicyType: 'AccountLevelIdentityBasedPolicy',
      AuthPrincipal: { AuthPrincipalType: 'SubUser', AuthPrincipalOwnerId: ACCOUNT, AuthPrincipalDisplayName: /^[0-9]+$/ },
    },
  }, { needs: 'detail' }),
  ram('a policy that denies', 'CreatePolicy', { PolicyName: 'no-hello', PolicyDocument: text({ Version: '1', Statement: [{ Effect: 'Deny', Action: 'fc:*', Resource: 'acs:fc:*:*:functions/hello' }] }) }, { Policy: noHello }),
  ram('is attached', 'AttachPolicyToUser', { ...mover, ...noHello }, { RequestId: /./ }),
  call('and wins', '{{key}}', 'hello', stopped('hello', { NoPermissionType: 'ExplicitDeny' })),
  call('which its message says', '{{key}}', 'hello', stopped('hello', { NoPermissionType: 'ExplicitDeny' }), { keep: { explicit: 'refused.detail.EncodedDiagnosticMessage' }, needs: 'detail' }),
  row('once decoded', 'admin', 'ram:DecodeDiagnosticMessage', { EncodedDiagnosticMessage: '{{explicit}}' }, {
    DecodedDiagnosticMessage: { ExplicitDeny: true, MatchedPolicies: has({ PolicyIdentifier: /no-hello/, PolicyType: 'Custom', Effect: 'Deny' }) },
  }, { needs: 'detail' }),
  row('which needs a permission', 'intern', 'ram:DecodeDiagnosticMessage', { EncodedDiagnosticMessage: 'x' }, refused(403, 'NoPermission', /Action: ram:DecodeDiagnosticMessage/)),
  ram('a message that is none', 'DecodeDiagnosticMessage', { EncodedDiagnosticMessage: 'bm9uZQ==' }, refused(400, /./, /./)),
];

const attachments = [
  row('attachments at account scope', 'admin', 'rm:ListPolicyAttachments', { PrincipalType: 'IMSUser', PrincipalName: `mover@${ACCOUNT}.onaliyun.com` }, {
    PolicyAttachments: { PolicyAttachment: has({ ...invocation, PrincipalType: 'IMSUser', ResourceGroupId: ACCOUNT }) },
    TotalCount: 2,
  }),
  row('attachments at resource-group scope', 'admin', 'rm:ListPolicyAttachments', { PrincipalType: 'IMSUser', PrincipalName: `reader@${ACCOUNT}.onaliyun.com` }, {
    PolicyAttachments: { PolicyAttachment: has({ ...invocation, ResourceGroupId: 'rg-demo' }) },
  }),
  row('of one resource group', 'admin', 'rm:ListPolicyAttachments', { PrincipalType: 'IMSUser', PrincipalName: `reader@${ACCOUNT}.onaliyun.com`, ResourceGroupId: 'rg-demo' }, {
    PolicyAttachments: { PolicyAttachment: [{ ...invocation, ResourceGroupId: 'rg-demo' }] },
  }),
  row('no permission to see them', 'developer', 'rm:ListPolicyAttachments', {}, refused(403, 'NoPermission', /ram:ListPolicyAttachments/)),
];

const endings = [
  ram('a user with keys is not deleted', 'DeleteUser', mover, refused(409, /^DeleteConflict\.User\.(Policy|AccessKey)$/, /./)),
  ram('without the denial', 'DetachPolicyFromUser', { ...mover, ...noHello }, { RequestId: /./ }),
  ram('without the system policy', 'DetachPolicyFromUser', { ...mover, ...invocation }, { RequestId: /./ }),
  ram('still with a key', 'DeleteUser', mover, conflict('User.AccessKey')),
  ram('the key goes', 'DeleteAccessKey', { ...mover, UserAccessKeyId: '{{keyId}}' }, { RequestId: /./ }),
  call('and is not known any more', '{{key}}', 'hello', refused(403, 'InvalidAccessKeyID', "invalid access key ID '{{keyId}}'")),
  ram('it goes twice', 'DeleteAccessKey', { ...mover, UserAccessKeyId: '{{keyId}}' }, gone('User.AccessKey')),
  ram('the user goes', 'DeleteUser', mover, { RequestId: /./ }),
  ram('and is gone', 'GetUser', mover, gone('User')),
  ram('twice', 'DeleteUser', mover, gone('User')),
  ram('the policy goes', 'DeletePolicy', { PolicyName: 'call-hello' }, { RequestId: /./ }),
  ram('and is gone too', 'GetPolicy', custom, gone('Policy')),
  ram('a system policy stays', 'DeletePolicy', { PolicyName: 'AdministratorAccess' }, { refused: { status: { $in: [400, 403, 404] }, code: /./ } }),
];

module.exports = [...access, ...users, ...policies, ...groups, ...roles, ...diagnosis, ...attachments, ...endings];
