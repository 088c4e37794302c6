// A sandbox of one's own, calls to it as one of its identities, and bare requests.
'use strict';

const { spawn, execFile } = require('node:child_process');
const crypto = require('node:crypto');
const http = require('node:http');
const readline = require('node:readline');

const started = new Set();
process.on('exit', () => { for (const child of started) child.kill('SIGKILL'); });

/** Starts the binary; resolves when it has said where its page is. */
function start(binary, config, policies, port = 0) {
  const child = spawn(binary, ['sandbox', '--listen', `127.0.0.1:${port}`, '--config', config, '--record-policy', policies],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  started.add(child);
  const ended = new Promise((resolve) => child.once('exit', (status) => { started.delete(child); resolve(status); }));
  return new Promise((resolve, reject) => {
    const said = [];
    readline.createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const page = /^page: ((http:\/\/127\.0\.0\.1:(\d+))\/\S+#token=(\S+))$/.exec(line);
      if (!page) return;
      const [, address, origin, at, token] = page;
      resolve({ page: address, origin, port: Number(at), token, stop: () => { child.kill('SIGTERM'); return ended; } });
    });
    child.once('error', reject);
    ended.then((status) => reject(new Error(`the sandbox ended with ${status}: ${said.join('\n')}`)));
  });
}

const keyOf = (user) => ({ id: `LTAI-page-${user}`, secret: `page-${user}-secret` });

/** Runs `sesame invoke` with a key; resolves to its status, whatever it is. */
function invoke(binary, sandbox, key, name) {
  const environment = {
    PATH: process.env.PATH, HOME: '/nonexistent', SESAME_ENDPOINT: sandbox.origin, ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou',
    ALIBABA_CLOUD_ACCESS_KEY_ID: key.id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: key.secret,
    ...(key.token ? { ALIBABA_CLOUD_SECURITY_TOKEN: key.token } : {}),
  };
  return new Promise((resolve) => {
    execFile(binary, ['invoke', '--function-name', name, '--account-id', '1234567890123456'], { env: environment, timeout: 30_000 },
      (error) => resolve(error?.code ?? 0));
  });
}

/** A request as it is written here: any method, path and Host. */
function request(sandbox, { method = 'GET', path = '/', headers = {}, body = '' }) {
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: '127.0.0.1', port: sandbox.port, method, path, headers, agent: false }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
    });
    asked.once('error', reject);
    asked.setTimeout(10_000, () => asked.destroy(new Error('no answer in 10 s')));
    asked.end(body);
  });
}

/** A call signed with ACS3, for what sesame itself would not send. */
function signed(sandbox, key, { action, version, path = '/', query = {}, body = '' }) {
  const hex = (text) => crypto.createHash('sha256').update(text).digest('hex');
  const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const pairs = Object.keys(query).sort().map((name) => `${encode(name)}=${encode(query[name])}`).join('&');
  const uri = path.split('/').map(encode).join('/');
  const headers = {
    host: `127.0.0.1:${sandbox.port}`, 'x-acs-action': action, 'x-acs-content-sha256': hex(body),
    'x-acs-date': new Date().toISOString().replace(/\.\d+/, ''), 'x-acs-signature-nonce': crypto.randomUUID(), 'x-acs-version': version,
  };
  const names = Object.keys(headers).sort();
  const canonical = ['POST', uri, pairs, ...names.map((name) => `${name}:${headers[name]}`), '', names.join(';'), hex(body)].join('\n');
  const signature = crypto.createHmac('sha256', key.secret).update(`ACS3-HMAC-SHA256\n${hex(canonical)}`).digest('hex');
  headers.authorization = `ACS3-HMAC-SHA256 Credential=${key.id},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return request(sandbox, { method: 'POST', path: pairs ? `${uri}?${pairs}` : uri, headers, body });
}

module.exports = { start, keyOf, invoke, request, signed };
