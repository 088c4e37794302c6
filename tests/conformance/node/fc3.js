// npm @alicloud/fc20230330: API 2023-03-30, ACS3-HMAC-SHA256.
'use strict';

const { Readable } = require('stream');
const { default: Client, ...models } = require('@alicloud/fc20230330');
const { default: OpenApiUtil } = require('@alicloud/openapi-util');
const { RuntimeOptions } = require('@darabonba/typescript');
const { drive } = require('./harness');
const { ADDRESS, config, refusal } = require('./cloud');
const { anonymous, encoded } = require('./trigger');

const asked = (operation) => async (who, params) => {
  try {
    return await operation(new Client(config(who)), params);
  } catch (error) {
    return refusal(error);
  }
};

const read = (operation) =>
  asked(async (fc, params) => {
    const { statusCode: status, headers, body } = await operation(fc, params);
    return { status, headers, body: body?.toMap ? body.toMap() : body };
  });

async function invoke(fc, { function: name, qualifier, event, type, log, id }) {
  const request = new models.InvokeFunctionRequest({
    qualifier,
    body: event === undefined ? undefined : Readable.from([Buffer.from(event)]),
  });
  const headers = new models.InvokeFunctionHeaders({ xFcInvocationType: type, xFcLogType: log, xFcAsyncTaskId: id });
  const answered = await fc.invokeFunctionWithOptions(name, request, headers, new RuntimeOptions({}));
  return {
    status: answered.statusCode,
    headers: answered.headers,
    body: Buffer.concat((await answered.body.toArray()).map((chunk) => Buffer.from(chunk))),
    function_error: answered.headers['x-fc-error-type'] !== undefined,
  };
}

// The vendor's recipe for a trigger by host: the signer of @alicloud/openapi-util over the date alone.
function trigger(who, { host, method, path, query = {}, body, headers = {} }) {
  const sent = { ...headers };
  if (who) {
    const date = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const signed = { method, pathname: encoded(path), query, headers: { 'x-acs-date': date } };
    if (who.token) signed.headers['x-acs-security-token'] = who.token;
    Object.assign(sent, signed.headers, {
      authorization: OpenApiUtil.getAuthorization(signed, 'ACS3-HMAC-SHA256', '', who.id, who.secret),
    });
  }
  return anonymous(ADDRESS, { method, host, path, query, body, headers: sent });
}

const request = (name, params) => new models[`${name}Request`](params);

const operations = {
  Invoke: asked(invoke),
  Trigger: trigger,
  GetFunction: read((fc, { function: name, ...params }) => fc.getFunction(name, request('GetFunction', params))),
  ListFunctions: read((fc, params) => fc.listFunctions(request('ListFunctions', params))),
  DeleteFunction: read((fc, { function: name }) => fc.deleteFunction(name)),
  ListTriggers: read((fc, { function: name, ...params }) => fc.listTriggers(name, request('ListTriggers', params))),
  GetTrigger: read((fc, { function: name, trigger: which }) => fc.getTrigger(name, which)),
  ListVersions: read((fc, { function: name, ...params }) => fc.listFunctionVersions(name, request('ListFunctionVersions', params))),
  ListAliases: read((fc, { function: name, ...params }) => fc.listAliases(name, request('ListAliases', params))),
  GetAlias: read((fc, { function: name, alias }) => fc.getAlias(name, alias)),
  DescribeRegions: read((fc, params) => fc.describeRegions(request('DescribeRegions', params))),
  GetTask: read((fc, { function: name, id, ...params }) => fc.getAsyncTask(name, id, request('GetAsyncTask', params))),
  StopTask: read((fc, { function: name, id, ...params }) => fc.stopAsyncTask(name, id, request('StopAsyncTask', params))),
  ListTasks: read((fc, { function: name, ...params }) => fc.listAsyncTasks(name, request('ListAsyncTasks', params))),
};

module.exports = { operations };
if (require.main === module) drive('npm:fc20230330', 'fc 2023-03-30', { fc: module.exports });
