// Function Compute, asked the same in each of its three API versions.
'use strict';

const { ACCOUNT, REGION, row, refused, denied, json, base64, bytes, repeat, has, lacks, absent } = require('./words');

const SYNC_LIMIT = 32 * 1024 * 1024;
const ASYNC_LIMIT = 128 * 1024;
const EVERY_BYTE = bytes([...Array(256).keys()]);

module.exports = (api) => {
  const third = api === '2023-03-30';
  const prefix = `acs:fc:${REGION}:${ACCOUNT}:`;
  // Names a function, and the resource that it is.
  const at = (name, more = {}) => (third ? { function: name, ...more } : { service: 'demo', function: name, ...more });
  const of = (name, qualifier) =>
    third
      ? `${prefix}functions/${name}${qualifier ? `/${qualifier}` : ''}`
      : `${prefix}services/demo${qualifier ? `.${qualifier}` : ''}/functions/${name}`;
  const owner = third ? 'functions/hello' : 'services/demo'; // what has versions and aliases
  const owned = third ? { function: 'hello' } : { service: 'demo' };
  const noDenial = (action, resource, over) => denied(api, action, resource, over);
  const id = third ? 'x-fc-async-task-id' : 'x-fc-stateful-async-invocation-id';

  const signatures = [
    row('a wrong secret', 'developer:wrong', 'fc:Invoke', at('hello'), refused(403, 'SignatureNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your access key and signing method.')),
    row('an unknown key', 'nobody', 'fc:Invoke', at('hello'), refused(403, 'InvalidAccessKeyID', "invalid access key ID 'LTAI-conformance-nobody'")),
    row('a disabled key', 'leaver', 'fc:Invoke', at('hello'), refused(403, /./, /^the access key ID is disabled 'LTAI-conformance-leaver'/)),
    row('a wrong secret on a reading call', 'reader:wrong', 'fc:GetFunction', at('hello'), refused(403, 'SignatureNotMatch', /does not match/)),
    row('a wrong secret on an unknown function', 'developer:wrong', 'fc:Invoke', at('nope'), refused(403, 'SignatureNotMatch', /does not match/)),
  ];

  const invocations = [
    row('a sync call', 'developer', 'fc:Invoke', at('hello'), {
      status: 200,
      body: 'Hello world!',
      headers: {
        'x-fc-request-id': /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/,
        'x-fc-invocation-duration': /^[0-9]+(\.[0-9]+)?$/,
        'x-fc-max-memory-usage': /^[0-9]+(\.[0-9]+)?$/,
        'x-fc-instance-id': /./,
        'x-fc-error-type': absent,
        'x-fc-log-result': absent,
        'content-type': 'application/octet-stream',
      },
    }),
    row('an event reaches the function', 'developer', 'fc:Invoke', at('hello', { event: '{"name":"Ali"}' }), { body: 'Hello Ali!' }),
    row('every byte comes back', 'developer', 'fc:Invoke', at('echo', { event: EVERY_BYTE }), { status: 200, body: EVERY_BYTE }),
    row('text beyond ASCII comes back', 'developer', 'fc:Invoke', at('echo', { event: 'häßlich 你好 \u{1f980}' }), { body: 'häßlich 你好 \u{1f980}' }),
    row('no event, no answer', 'developer', 'fc:Invoke', at('echo'), { status: 200, body: '' }),
    row('a command reads and writes', 'developer', 'fc:Invoke', at('upper', { event: 'quiet\r\n\u0000' }), { status: 200, body: 'QUIET\r\n\u0000' }),
    row('a custom runtime is called at /invoke', 'developer', 'fc:Invoke', at('web', { event: EVERY_BYTE }), {
      status: 200,
      body: bytes([...Array(256).keys()].reverse()),
    }),
    row('the version LATEST', 'developer', 'fc:Invoke', at('hello', { qualifier: 'LATEST' }), { status: 200, body: 'Hello world!' }),
    row('a version', 'developer', 'fc:Invoke', at('hello', { qualifier: '1' }), { status: 200, body: 'Hello world!' }),
    row('an alias', 'developer', 'fc:Invoke', at('hello', { qualifier: 'prod' }), {
      status: 200,
      body: 'Hello world!',
      ...(third ? {} : { headers: { 'x-fc-invocation-service-version': '1' } }),
    }),
    row('a log tail', 'developer', 'fc:Invoke', at('upper', { event: 'a', log: 'Tail' }), {
      body: 'A',
      headers: {
        'x-fc-log-result': base64(
          /^FC Invoke Start RequestId: 1-[0-9a-f-]+\n(.*\n)*upper saw 1 bytes\n(.*\n)*FC Invoke End RequestId: 1-[0-9a-f-]+\n\nDuration: [0-9.]+ ms, Billed Duration: [0-9]+ ms, Memory Size: 128 MB, Max Memory Used: [0-9.]+ MB$/,
        ),
      },
    }),
    row('a log tail is the last 4 KB', 'developer', 'fc:Invoke', at('chatty', { log: 'Tail' }), {
      body: 'done',
      headers: { 'x-fc-log-result': base64({ $length: 4096, $text: /line 0999\n(.*\n)*FC Invoke End(.*\n)*.*Max Memory Used: [0-9.]+ MB$/ }) },
    }),
    row('a log of None', 'developer', 'fc:Invoke', at('upper', { event: 'a', log: 'None' }), { body: 'A', headers: { 'x-fc-log-result': absent } }),
    row('32 MB pass', 'developer', 'fc:Invoke', at('echo', { event: repeat('x', SYNC_LIMIT) }), { status: 200, body: repeat('x', SYNC_LIMIT) }),
    row('more than 32 MB do not', 'developer', 'fc:Invoke', at('echo', { event: repeat('x', SYNC_LIMIT + 1) }),
      refused(400, 'EntityTooLarge', `payload size exceeds maximum allowed size (${SYNC_LIMIT} bytes)`)),
  ];

  const functionErrors = [
    row('a function that raises', 'developer', 'fc:Invoke', at('broken'), {
      status: 200,
      function_error: true,
      body: json({ errorMessage: /./, errorType: /./, stackTrace: { $exists: true } }),
    }),
    row('the kind of its error', 'developer', 'fc:Invoke', at('broken'), { headers: { 'x-fc-error-type': /^(Unh|H)andledInvocationError$/, 'x-fc-request-id': /^1-/ } },
      { needs: 'error headers' }),
    row('its log', 'developer', 'fc:Invoke', at('raises', { log: 'Tail' }), { headers: { 'x-fc-log-result': base64(/ValueError: the ledger does not balance/) } },
      { needs: 'error headers' }),
    row('a command that exits', 'developer', 'fc:Invoke', at('raises'), {
      status: 200,
      function_error: true,
      body: json({ errorMessage: /^Process exited unexpectedly before completing request \(duration: [0-9]+ms, maxMemoryUsage: [0-9.]+MB\)$/ }),
    }),
    row('a function past its timeout', 'developer', 'fc:Invoke', at('slow', { event: '{"ms":5000}' }), {
      status: 200,
      function_error: true,
      body: json({ errorMessage: /^Function timed out after 1 seconds \(maxMemoryUsage: [0-9.]+MB\)$/ }),
    }),
    row('one within it', 'developer', 'fc:Invoke', at('slow', { event: '{"ms":10}' }), { status: 200, function_error: false }),
  ];

  const unknownFunction = (name) =>
    refused(404, 'FunctionNotFound', third ? `function '${name}' does not exist.` : `function '${name}' does not exist in service 'demo'`);
  const unknown = [
    row('an unknown function', 'developer', 'fc:Invoke', at('nope'), unknownFunction('nope')),
    row('an unknown version', 'developer', 'fc:Invoke', at('hello', { qualifier: '7' }),
      refused(404, 'VersionNotFound', third ? /'7'.*does not exist/ : "version '7' of service 'demo' does not exist")),
    row('an unknown alias', 'developer', 'fc:Invoke', at('hello', { qualifier: 'nope' }), refused(404, 'AliasNotFound', /'nope'.*does not exist/)),
    row('an unknown function, read', 'reader', 'fc:GetFunction', at('nope'), unknownFunction('nope')),
    row('triggers of an unknown function', 'reader', 'fc:ListTriggers', at('nope'), unknownFunction('nope')),
    row('an unknown trigger', 'reader', 'fc:GetTrigger', at('web', { trigger: 'nope' }), refused(404, 'TriggerNotFound', /'nope'.*does not exist/)),
    row('an unknown alias, read', 'reader', 'fc:GetAlias', { ...owned, alias: 'nope' }, refused(404, 'AliasNotFound', /'nope'.*does not exist/)),
    row('an operation that is not there names itself', 'admin', 'fc:DeleteFunction', at('hello'), refused(501, /./, /DeleteFunction|DELETE/)),
    row('and has changed nothing', 'developer', 'fc:Invoke', at('hello'), { status: 200, body: 'Hello world!' }),
  ];
  if (!third) {
    const missing = refused(404, 'ServiceNotFound', "service 'nope' does not exist");
    unknown.push(
      row('an unknown service', 'developer', 'fc:Invoke', { service: 'nope', function: 'hello' }, missing),
      row('an unknown service, read', 'reader', 'fc:GetService', { service: 'nope' }, missing),
      row('functions of an unknown service', 'reader', 'fc:ListFunctions', { service: 'nope' }, missing),
      row('versions of an unknown service', 'reader', 'fc:ListVersions', { service: 'nope' }, missing),
    );
  } else {
    unknown.push(row('versions of an unknown function', 'reader', 'fc:ListVersions', { function: 'nope' }, unknownFunction('nope')));
  }

  const invoke = 'fc:InvokeFunction';
  const denials = [
    row('nothing allows', 'intern', 'fc:Invoke', at('hello'), noDenial(invoke, of('hello'))),
    row('a qualifier is part of the resource', 'intern', 'fc:Invoke', at('hello', { qualifier: 'prod' }), noDenial(invoke, of('hello', 'prod'))),
    row('so is LATEST, when it is said', 'intern', 'fc:Invoke', at('hello', { qualifier: 'LATEST' }), noDenial(invoke, of('hello', 'LATEST'))),
    row('a Deny', 'contractor', 'fc:Invoke', at('billing'), noDenial(invoke, of('billing'), { NoPermissionType: 'ExplicitDeny' })),
    row('what the Deny does not name', 'contractor', 'fc:Invoke', at('hello'), { status: 200, body: 'Hello world!' }),
    row('authorisation precedes existence', 'intern', 'fc:Invoke', at('nope'), noDenial(invoke, of('nope'))),
    row('an async call needs the same', 'intern', 'fc:Invoke', at('hello', { type: 'Async' }), noDenial(invoke, of('hello'))),
    row('a reader may not call', 'reader', 'fc:Invoke', at('hello'), noDenial(invoke, of('hello'))),
    row('a caller may not read', 'developer', 'fc:GetFunction', at('hello'), noDenial('fc:GetFunction', of('hello'))),
    row('nor list functions', 'developer', 'fc:ListFunctions', third ? {} : { service: 'demo' },
      noDenial('fc:ListFunctions', `${prefix}${third ? '' : 'services/demo/'}functions/*`)),
    row('nor triggers', 'developer', 'fc:ListTriggers', at('web'), noDenial('fc:ListTriggers', `${of('web')}/triggers/*`)),
    row('nor one trigger', 'developer', 'fc:GetTrigger', at('web', { trigger: 'http' }), noDenial('fc:GetTrigger', `${of('web')}/triggers/http`)),
    row('nor versions', 'developer', 'fc:ListVersions', owned,
      noDenial(third ? 'fc:ListFunctionVersions' : 'fc:ListServiceVersions', `${prefix}${owner}/versions${third ? '/*' : ''}`)),
    row('nor aliases', 'developer', 'fc:ListAliases', owned, noDenial('fc:ListAliases', `${prefix}${owner}/aliases/*`)),
    row('nor one alias', 'developer', 'fc:GetAlias', { ...owned, alias: 'prod' }, noDenial('fc:GetAlias', `${prefix}${owner}/aliases/prod`)),
  ];
  if (third) {
    denials.push(row('nor regions', 'developer', 'fc:DescribeRegions', {}, refused(403, 'AccessDenied', /'fc:DescribeRegions'/)));
    denials.push(row('a grant at resource-group scope counts for its group', 'reader', 'fc:Invoke', at('billing'), { status: 200, body: 'Hello world!' }));
  } else {
    denials.push(
      row('nor services', 'developer', 'fc:ListServices', {}, noDenial('fc:ListServices', `${prefix}services/*`)),
      row('nor one service', 'developer', 'fc:GetService', { service: 'demo' }, noDenial('fc:GetService', `${prefix}services/demo`)),
      row('nor the account', 'developer', 'fc:GetAccountSettings', {}, noDenial('fc:GetAccountSettings', `${prefix}account-settings/*`)),
    );
  }

  const http = { authType: 'function', methods: ['GET', 'POST', 'PUT'] };
  const trigger = { triggerName: 'http', triggerType: 'http', triggerConfig: third ? json(http) : http };
  const names = (...list) => list.map((functionName) => ({ functionName }));
  const inDemo = third ? {} : { service: 'demo' };
  const reading = [
    row('a function', 'reader', 'fc:GetFunction', at('billing'), {
      status: 200,
      body: { functionName: 'billing', memorySize: 512, timeout: 7, ...(third ? { functionArn: /^acs:fc:cn-hangzhou:1234567890123456:functions\/billing/ } : {}) },
    }),
    row('its environment', 'reader', 'fc:GetFunction', at('upper'), { body: { functionName: 'upper', environmentVariables: { GREETING: 'hi' } } }),
    row('a function of a version', 'reader', 'fc:GetFunction', at('hello', { qualifier: 'prod' }), { status: 200, body: { functionName: 'hello' } }),
    row('all functions', 'reader', 'fc:ListFunctions', inDemo, { status: 200, body: { functions: has({ functionName: 'hello', memorySize: 128 }) } }),
    row('functions by prefix', 'reader', 'fc:ListFunctions', { ...inDemo, prefix: 'list-' }, { body: { functions: names('list-a', 'list-b', 'list-c'), nextToken: absent } }),
    row('a first page', 'reader', 'fc:ListFunctions', { ...inDemo, prefix: 'list-', limit: 2 }, { body: { functions: names('list-a', 'list-b'), nextToken: /./ } },
      { keep: { next: 'body.nextToken' } }),
    row('the last page', 'reader', 'fc:ListFunctions', { ...inDemo, prefix: 'list-', limit: 2, nextToken: '{{next}}' }, { body: { functions: names('list-c'), nextToken: absent } }),
    row('triggers', 'reader', 'fc:ListTriggers', at('web'), { status: 200, body: { triggers: [trigger] } }),
    row('no triggers', 'reader', 'fc:ListTriggers', at('hello'), { status: 200, body: { triggers: [] } }),
    row('a trigger', 'reader', 'fc:GetTrigger', at('web', { trigger: 'http' }), { status: 200, body: trigger }),
    row('versions', 'reader', 'fc:ListVersions', owned, { status: 200, body: { versions: [{ versionId: '1' }] } }),
    row('aliases', 'reader', 'fc:ListAliases', owned, { status: 200, body: { aliases: [{ aliasName: 'prod', versionId: '1' }] } }),
    row('an alias, read', 'reader', 'fc:GetAlias', { ...owned, alias: 'prod' }, { status: 200, body: { aliasName: 'prod', versionId: '1' } }),
  ];
  if (third) {
    reading.push(
      row('functions of services are not listed', 'reader', 'fc:ListFunctions', { limit: 100 }, { body: { functions: lacks({ functionName: /\$/ }) } }),
      row('regions', 'admin', 'fc:DescribeRegions', {}, { status: 200, body: { Regions: { Region: has({ RegionId: REGION }) } } }),
    );
  } else {
    reading.push(
      row('all services', 'reader', 'fc:ListServices', {}, { status: 200, body: { services: has({ serviceName: 'demo' }) } }),
      row('services by prefix', 'reader', 'fc:ListServices', { prefix: 'oth' }, { body: { services: [{ serviceName: 'other' }] } }),
      row('a service', 'reader', 'fc:GetService', { service: 'demo' }, { status: 200, body: { serviceName: 'demo' } }),
      row('the account', 'reader', 'fc:GetAccountSettings', {}, { status: 200, body: { availableAZs: { $exists: true } } }),
    );
  }

  const slept = JSON.stringify({ ms: 30000 });
  const task = (name, suffix) => at(name, { id: `t-{{run}}-${suffix}` });
  const taskId = third ? 'taskId' : 'invocationId';
  const list = (rows) => ({ body: { [third ? 'tasks' : 'invocations']: rows } });
  const asynchronous = [
    row('an async call is accepted', 'developer', 'fc:Invoke', at('note', { type: 'Async', event: '{"key":"{{run}}","text":"dönè"}' }), {
      status: 202,
      body: '',
      headers: { 'x-fc-request-id': /^1-/, [id]: /./, 'x-fc-log-result': absent },
    }),
    row('and runs', 'developer', 'fc:Invoke', at('recall', { event: '{"key":"{{run}}"}' }), { body: 'dönè' }, { until: true }),
    row('128 KB pass', 'developer', 'fc:Invoke', at('hello', { type: 'Async', event: repeat('x', ASYNC_LIMIT) }), { status: 202 }),
    row('more than 128 KB do not', 'developer', 'fc:Invoke', at('hello', { type: 'Async', event: repeat('x', ASYNC_LIMIT + 1) }),
      refused(400, 'EntityTooLarge', `payload size exceeds maximum allowed size (${ASYNC_LIMIT} bytes)`)),
    row('an async call of an unknown function', 'developer', 'fc:Invoke', at('nope', { type: 'Async' }), unknownFunction('nope')),
    row('an id of the caller', 'developer', 'fc:Invoke', { ...task('upper', 'own'), type: 'Async', event: 'abc' }, { status: 202, headers: { [id]: 't-{{run}}-own' } }),
    row('the same id again', 'developer', 'fc:Invoke', { ...task('upper', 'own'), type: 'Async', event: 'abc' }, refused(409, /AlreadyExist/, /./)),
    row('an id that is none', 'developer', 'fc:Invoke', at('upper', { id: '9 lives', type: 'Async' }), refused(400, 'InvalidArgument', /./)),
    row('its end', 'admin', 'fc:GetTask', task('upper', 'own'), {
      status: 200,
      body: { [taskId]: 't-{{run}}-own', status: 'Succeeded', requestId: /^1-/, alreadyRetriedTimes: { $in: [0, absent] }, startedTime: { $exists: true }, endTime: { $exists: true } },
    }, { until: true }),
    row('a call that fails once is run again', 'developer', 'fc:Invoke', { ...task('flaky', 'once'), type: 'Async', event: '{"key":"once-{{run}}","failures":1}' }, { status: 202 }),
    row('and succeeds', 'admin', 'fc:GetTask', task('flaky', 'once'), { body: { status: 'Succeeded', alreadyRetriedTimes: 1 } }, { until: true }),
    row('a call that always fails', 'developer', 'fc:Invoke', { ...task('flaky', 'never'), type: 'Async', event: '{"key":"never-{{run}}","failures":9}' }, { status: 202 }),
    row('has failed after its retries', 'admin', 'fc:GetTask', task('flaky', 'never'), {
      body: { status: 'Failed', alreadyRetriedTimes: 2, [third ? 'taskErrorMessage' : 'invocationErrorMessage']: /./ },
    }, { until: true }),
    row('a long task', 'developer', 'fc:Invoke', { ...task('nap', 'long'), type: 'Async', event: slept }, { status: 202 }),
    row('is running', 'admin', 'fc:GetTask', task('nap', 'long'), { body: { status: 'Running' } }, { until: true }),
    row('a caller may not read it', 'developer', 'fc:GetTask', task('nap', 'long'),
      noDenial(third ? 'fc:GetAsyncTask' : 'fc:GetStatefulAsyncInvocation', `${of('nap')}/${third ? 'async-tasks' : 'stateful-async-invocations'}/t-{{run}}-long`)),
    row('nor stop it', 'developer', 'fc:StopTask', task('nap', 'long'),
      noDenial(third ? 'fc:StopAsyncTask' : 'fc:StopStatefulAsyncInvocation', `${of('nap')}/${third ? 'async-tasks' : 'stateful-async-invocations'}/t-{{run}}-long`)),
    row('nor list them', 'developer', 'fc:ListTasks', at('nap'),
      noDenial(third ? 'fc:ListAsyncTasks' : 'fc:ListStatefulAsyncInvocations', `${of('nap')}/${third ? 'async-tasks' : 'stateful-async-invocations'}/*`)),
    row('it is stopped', 'admin', 'fc:StopTask', task('nap', 'long'), { refused: absent }),
    row('and has stopped', 'admin', 'fc:GetTask', task('nap', 'long'), { body: { status: 'Stopped' } }, { until: true }),
    row('a finished task cannot be stopped', 'admin', 'fc:StopTask', task('upper', 'own'), refused(412, /./, /./)),
    row('tasks', 'admin', 'fc:ListTasks', at('flaky'), list(has({ [taskId]: 't-{{run}}-once' }))),
    row('tasks by status', 'admin', 'fc:ListTasks', at('flaky', { status: 'Failed' }), list([{ [taskId]: 't-{{run}}-never', status: 'Failed' }])),
    row('no tasks', 'admin', 'fc:ListTasks', at('flaky', { status: 'Expired' }), list([])),
    row('an unknown task', 'admin', 'fc:GetTask', task('upper', 'nope'), refused(404, /NotFound$/, /./)),
  ];

  const base = third ? (name) => ({ host: `${name}.local.fcapp.run` }) : (name) => ({ service: 'demo', function: name });
  const request = { method: 'POST', path: '/a/b-c.d', query: { a: '1', 'a-b': 'x y', z: 'ü=' }, body: 'häßlich', headers: { 'x-question': 'yes' } };
  const told = {
    status: 200,
    headers: { 'x-answer': 'yes' },
    body: json({ method: 'POST', path: /\/a\/b-c\.d$/, query: [['a', '1'], ['a-b', 'x y'], ['z', 'ü=']], body: 'häßlich', 'x-question': 'yes' }),
  };
  const triggers = [
    row('a signed trigger', 'developer', 'fc:Trigger', { ...base('web'), ...request }, told),
    row('a space in the path', 'developer', 'fc:Trigger', { ...base('web'), method: 'GET', path: '/a b' }, { status: 200, body: json({ path: /\/a%20b$/ }) }, { needs: 'spaces in a path' }),
    row('an & in the query', 'developer', 'fc:Trigger', { ...base('web'), method: 'GET', path: '/', query: { b: 'x&y=z', a: '' } },
      { status: 200, body: json({ query: [['a', ''], ['b', 'x&y=z']] }) }, { needs: 'an & in a query' }),
    row('a signed GET', 'developer', 'fc:Trigger', { ...base('web'), method: 'GET', path: '/' }, { status: 200, body: json({ method: 'GET', query: [], body: '' }) }),
    row('an anonymous trigger', null, 'fc:Trigger', { ...base('site'), ...request }, told),
    row('an anonymous trigger, signed', 'intern', 'fc:Trigger', { ...base('site'), method: 'GET', path: '/x' }, { status: 200, body: json({ path: /\/x$/ }) }),
    row("a function's own 418", 'developer', 'fc:Trigger', { ...base('web'), method: 'GET', path: '/status/418' }, { status: 418 }),
    row("a function's own 403 is not the platform's", 'developer', 'fc:Trigger', { ...base('web'), method: 'GET', path: '/status/403' }, { status: 403, refused: absent }),
    row('a trigger with a wrong secret', 'developer:wrong', 'fc:Trigger', { ...base('web'), ...request }, refused(403, 'SignatureNotMatch', /does not match/)),
    row('a trigger with an unknown key', 'nobody', 'fc:Trigger', { ...base('web'), ...request }, refused(403, 'InvalidAccessKeyID', /LTAI-conformance-nobody/)),
    row('a trigger without permission', 'intern', 'fc:Trigger', { ...base('web'), ...request }, refused(403, 'AccessDenied', /'fc:InvokeFunction'/)),
    row('a trigger without a signature', null, 'fc:Trigger', { ...base('web'), ...request }, refused(400, 'MissingRequiredHeader', 'required HTTP header Date was not specified')),
  ];

  return [...signatures, ...invocations, ...functionErrors, ...unknown, ...denials, ...reading, ...asynchronous, ...triggers];
};
