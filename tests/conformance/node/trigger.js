// An HTTP trigger as a client calls it that has no SDK: plain HTTP, with a Host of its own.
'use strict';

const http = require('http');

const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');

function anonymous(address, { method, host, path, query = {}, body, headers = {} }) {
  const [hostname, port] = address.split(':');
  const search = Object.entries(query).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
  const content = body === undefined ? undefined : Buffer.from(body);
  const options = {
    hostname,
    port,
    method,
    path: encoded(path) + (search && `?${search}`),
    headers: { ...(host ? { host } : {}), ...(content ? { 'content-length': content.length } : {}), ...headers },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, async (response) => {
      try {
        resolve(surfaced(response, Buffer.concat(await response.toArray())));
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
    request.end(content);
  });
}

// The platform's own answers are marked; all others are the function's.
function surfaced({ statusCode: status, headers }, body) {
  if (!/^fccommonerror$/i.test(headers['x-fc-error-type'] ?? '')) return { status, headers, body };
  const said = JSON.parse(body.toString('utf8'));
  return {
    refused: {
      status,
      code: said.Code ?? said.ErrorCode,
      message: said.Message ?? said.ErrorMessage,
      detail: said.AccessDeniedDetail,
      request_id: headers['x-fc-request-id'],
    },
  };
}

module.exports = { anonymous, encoded };
