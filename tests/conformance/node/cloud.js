// What the SDKs of the newer make (openapi-core) share: a client, an answer, a refusal.
'use strict';

const { $OpenApiUtil } = require('@alicloud/openapi-core');

const ADDRESS = process.env.CONFORMANCE_ADDRESS;

const config = (who) =>
  new $OpenApiUtil.Config({
    accessKeyId: who.id,
    accessKeySecret: who.secret,
    securityToken: who.token,
    endpoint: ADDRESS,
    protocol: 'http',
    regionId: 'cn-hangzhou',
    readTimeout: 30_000,
  });

// A service's refusal, as the SDK surfaces it; any other error goes on.
function refusal(error) {
  if (error.statusCode === undefined) throw error;
  return {
    refused: {
      status: error.statusCode,
      code: error.code,
      message: error.data?.Message ?? error.message,
      detail: error.accessDeniedDetail,
      request_id: error.requestId,
    },
  };
}

// The SDK's name of a method or of a field: GetUser, getUser.
const lower = (name) => name[0].toLowerCase() + name.slice(1);

// An SDK of RPC operations: every operation has a request class named after it, fields are named as on the wire.
function rpc({ default: Client, ...models }) {
  return {
    operations: {},
    any: async (name, who, params) => {
      const client = new Client(config(who));
      const Request = models[`${name}Request`];
      try {
        if (!Request) return (await client[lower(name)]()).body.toMap();
        const fields = Object.fromEntries(Object.entries(Request.names()).map(([field, wire]) => [wire, field]));
        const unknown = Object.keys(params).filter((wire) => !fields[wire]);
        if (unknown.length > 0) throw new Error(`${name} of the SDK does not take ${unknown}`);
        const request = Object.fromEntries(Object.entries(params).map(([wire, value]) => [fields[wire], value]));
        return (await client[lower(name)](new Request(request))).body.toMap();
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

module.exports = { ADDRESS, config, refusal, rpc };
