// npm @alicloud/fc2: API 2016-08-15, FC v1 signature.
'use strict';

const FC = require('@alicloud/fc2');
const { drive } = require('./harness');
const { ADDRESS } = require('./cloud');
const { anonymous } = require('./trigger');

const client = (who) =>
  new FC('1234567890123456', {
    accessKeyID: who.id,
    accessKeySecret: who.secret,
    securityToken: who.token,
    region: 'cn-hangzhou',
    endpoint: `http://${ADDRESS}`,
    timeout: 30_000,
  });

// The SDK throws a plain Error, whose text has the status and the request id.
function refusal(error) {
  const found = /failed with (\d+)\. requestid: (\S+), message: ([\s\S]*)\.$/.exec(error.message);
  if (!found) throw error;
  const status = Number(found[1]);
  // No code: the answer is the function's own.
  if (error.code === undefined) return { status };
  return { refused: { status, code: error.code, request_id: found[2], message: found[3] } };
}

const asked = (operation) => async (who, params) => {
  try {
    return await operation(who && client(who), params);
  } catch (error) {
    return refusal(error);
  }
};

const read = (operation) =>
  asked(async (fc, params) => {
    const { headers, data } = await operation(fc, params);
    return { status: 200, headers, body: data };
  });

async function invoke(fc, { service, function: name, qualifier, event, type, log, id }) {
  const headers = {};
  if (type) headers['X-Fc-Invocation-Type'] = type;
  if (log) headers['X-Fc-Log-Type'] = log;
  if (id) headers['X-Fc-Stateful-Async-Invocation-Id'] = id;
  const { headers: answered, data } = await fc.invokeFunction(service, name, event, headers, qualifier, { rawBuf: true });
  // The SDK reads JSON for us, and does not say the status of a success.
  const body = Buffer.isBuffer(data) || typeof data === 'string' ? data : JSON.stringify(data);
  return {
    status: type === 'Async' ? 202 : 200,
    headers: answered,
    body: Buffer.from(body),
    function_error: answered['x-fc-error-type'] !== undefined,
  };
}

// An HTTP trigger by the old path. The SDK has no method of its own for it, only its signed requests.
async function trigger(fc, { service, function: name, method, path, query, body, headers }) {
  const proxy = `/proxy/${service}/${name}${path}`;
  if (!fc) return anonymous(ADDRESS, { method, path: `/2016-08-15${proxy}`, query, body, headers });
  const answered = await fc.request(method, proxy, query, body, headers, { rawBuf: true });
  return { status: 200, headers: answered.headers, body: Buffer.from(answered.data) };
}

const tasks = ({ service, function: name, qualifier }) =>
  `/services/${service}${qualifier ? `.${qualifier}` : ''}/functions/${name}/stateful-async-invocations`;

const operations = {
  Invoke: asked(invoke),
  Trigger: asked(trigger),
  GetFunction: read((fc, { service, function: name, qualifier }) => fc.getFunction(service, name, {}, qualifier)),
  ListFunctions: read((fc, { service, ...options }) => fc.listFunctions(service, options)),
  DeleteFunction: read((fc, { service, function: name }) => fc.deleteFunction(service, name)),
  ListServices: read((fc, options) => fc.listServices(options)),
  GetService: read((fc, { service }) => fc.getService(service)),
  ListTriggers: read((fc, { service, function: name, ...options }) => fc.listTriggers(service, name, options)),
  GetTrigger: read((fc, { service, function: name, trigger: which }) => fc.getTrigger(service, name, which)),
  ListVersions: read((fc, { service, ...options }) => fc.listVersions(service, options)),
  ListAliases: read((fc, { service, ...options }) => fc.listAliases(service, options)),
  GetAlias: read((fc, { service, alias }) => fc.getAlias(service, alias)),
  GetAccountSettings: read((fc) => fc.getAccountSettings()),
  // The SDK names no task operations; these are its general requests.
  GetTask: read((fc, { id, ...of }) => fc.get(`${tasks(of)}/${id}`)),
  StopTask: read((fc, { id, ...of }) => fc.put(`${tasks(of)}/${id}`)),
  ListTasks: read((fc, { status, ...of }) => fc.get(tasks(of), status ? { status } : null)),
};

// It signs a path as it sends it, where the service signs what it decodes to.
module.exports = { operations, lacks: ['spaces in a path'] };
if (require.main === module) drive('npm:fc2', 'fc 2016-08-15', { fc: module.exports });
