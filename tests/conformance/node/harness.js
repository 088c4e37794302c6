// Runs a table of cases against an SDK and says how each one ended. harness.py is its twin.
'use strict';

const fs = require('fs');
const { randomBytes } = require('crypto');

const PATIENCE = 30_000; // milliseconds that a case may take
const PAUSE = 200; // between two looks at something that is still under way

const identity = (name) => ({ id: `LTAI-conformance-${name}`, secret: `conformance-${name}-secret` });

// `user`, or `{{kept}}`; then perhaps `:wrong` (secret), `:wrong token`, `:no token`.
function caller(as, kept) {
  if (as === null) return null;
  const [name, but] = as.split(':');
  const found = /^\{\{(\w+)\}\}$/.exec(name);
  let who = identity(name);
  if (found) {
    const credentials = kept[found[1]];
    if (!credentials) throw new Error(`nothing was kept as ${found[1]}`);
    who = { id: credentials.AccessKeyId, secret: credentials.AccessKeySecret, token: credentials.SecurityToken };
  }
  if (but === 'wrong') return { ...who, secret: 'not-the-secret' };
  if (but === 'wrong token') return { ...who, token: 'not-the-token' };
  if (but === 'no token') return { ...who, token: undefined };
  return who;
}

// Puts kept values in, and makes bytes of what stands for bytes.
function fill(value, kept) {
  if (typeof value === 'string') {
    return value.replace(/\{\{(\w+)\}\}/g, (_, name) => {
      if (kept[name] === undefined) throw new Error(`nothing was kept as ${name}`);
      return kept[name];
    });
  }
  if (Array.isArray(value)) return value.map((each) => fill(each, kept));
  if (value && value.$bytes !== undefined) return Buffer.from(value.$bytes, 'base64');
  if (value && value.$repeat) return Buffer.from(value.$repeat[0].repeat(value.$repeat[1]));
  if (value && typeof value === 'object' && !Buffer.isBuffer(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, kept)]));
  }
  return value;
}

const show = (value) => {
  const text = Buffer.isBuffer(value) ? `bytes ${JSON.stringify(value.toString('latin1'))}` : JSON.stringify(value) ?? 'nothing';
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text;
};

const wrong = (path, got, expected) => `${path || 'the answer'} is ${show(got)}, expected ${show(expected)}`;

// What is wrong with what came, or null.
function differs(got, expected, path = '') {
  if (Buffer.isBuffer(expected)) {
    const same = Buffer.isBuffer(got) && got.equals(expected);
    return same ? null : wrong(path, got, expected);
  }
  if (typeof expected === 'string' && Buffer.isBuffer(got)) got = got.toString('utf8');
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return wrong(path, got, expected);
    return expected.map((each, index) => differs(got[index], each, `${path}[${index}]`)).find(Boolean) ?? null;
  }
  if (expected === null || typeof expected !== 'object') return got === expected ? null : wrong(path, got, expected);
  const [mark] = Object.keys(expected);
  switch (mark) {
    case '$absent':
      return got === undefined || got === null ? null : wrong(path, got, expected);
    case '$exists':
      return got !== undefined && got !== null ? null : wrong(path, got, expected);
    case '$match':
      return typeof got === 'string' && new RegExp(expected.$match).test(got) ? null : wrong(path, got, expected);
    case '$in':
      return expected.$in.some((each) => differs(got, each, path) === null) ? null : wrong(path, got, expected);
    case '$has':
      return Array.isArray(got) && got.some((each) => differs(each, expected.$has) === null) ? null : wrong(path, got, expected);
    case '$lacks':
      return Array.isArray(got) && got.every((each) => differs(each, expected.$lacks) !== null) ? null : wrong(path, got, expected);
    case '$length':
      return Buffer.byteLength(got) === expected.$length ? differs(got, expected.$text, path) : wrong(`length of ${path}`, Buffer.byteLength(got), expected.$length);
    case '$json':
      try {
        return differs(JSON.parse(String(got)), expected.$json, path);
      } catch {
        return wrong(path, got, expected);
      }
    case '$base64':
      if (typeof got !== 'string') return wrong(path, got, expected);
      return differs(Buffer.from(got, 'base64').toString('utf8'), expected.$base64, path);
  }
  if (got === null || typeof got !== 'object') return wrong(path, got, expected);
  return Object.entries(expected).map(([key, each]) => differs(got[key], each, path ? `${path}.${key}` : key)).find(Boolean) ?? null;
}

const reach = (value, path) => path.split('.').reduce((inner, key) => inner?.[key], value);

const within = (promise, milliseconds) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

// products: what each prefix of an operation stands for: `{ operations: {Name: async (caller, params) => answer}, lacks: [] }`.
async function drive(sdk, table, products) {
  const rows = JSON.parse(fs.readFileSync(process.env.CONFORMANCE_CASES, 'utf8'))[table];
  const kept = { run: randomBytes(6).toString('hex') };
  const leftOut = new Set();
  let failed = 0;
  for (const row of rows) {
    const [prefix, name] = row.call.split(':');
    const product = products[prefix];
    if (!product || !(product.operations[name] ?? product.any)) {
      leftOut.add(row.call);
      continue;
    }
    if (row.needs && product.lacks?.includes(row.needs)) {
      leftOut.add(row.needs);
      continue;
    }
    const operation = product.operations[name] ?? ((who, params) => product.any(name, who, params));
    const end = Date.now() + PATIENCE;
    let problem;
    let got;
    try {
      const who = caller(row.as, kept);
      const params = fill(row.with, kept);
      const expected = fill(row.expect, kept);
      if (expected.refused && product.lacks?.includes('detail')) delete expected.refused.detail;
      for (;;) {
        got = await within(operation(who, params), Math.max(end - Date.now(), 1));
        problem = differs(got, expected);
        if (problem === null) {
          for (const [key, path] of Object.entries(row.keep ?? {})) kept[key] = reach(got, path);
        }
        // What is under way may not be there yet; any other refusal stays.
        const stays = got.refused && got.refused.status !== 404;
        if (problem === null || !row.until || stays || Date.now() + PAUSE > end) break;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      if (problem !== null && got?.refused && !expected.refused) problem += `; refused: ${show(got.refused)}`;
    } catch (error) {
      problem = `${error.name}: ${error.message}`;
    }
    if (problem === null) {
      console.log(`ok ${sdk} ${row.call} ${row.name}`);
    } else {
      failed += 1;
      console.log(`FAIL ${sdk} ${row.call} ${row.name}: ${problem}`);
    }
  }
  if (leftOut.size > 0) console.log(`-- ${sdk} has no ${[...leftOut].sort().join(', ')}`);
  process.exit(failed === 0 ? 0 : 1);
}

module.exports = { drive };
