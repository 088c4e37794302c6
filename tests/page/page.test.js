// The sandbox's page in a browser, from its start to the end of its sandbox. The rows run in their order.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const { start, keyOf, invoke, request, signed } = require('./sandbox.js');

const { SESAME: binary, PAGE_BROWSER: executablePath, PAGE_WORK: work } = process.env;
const config = path.join(__dirname, 'sandbox.yaml');
const policies = path.join(work, 'policy.json');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const WAIT = 15_000; // a bound, not a measure
const DENY = /^\{\s*"?Effect"?: *"?Deny/;
const HOSTILE = '<img src=x onerror=hostile()>';
const SECRETS = fs.readFileSync(config, 'utf8').match(/page-[a-z]+-secret/g);

let [passed, failed] = [0, 0];

async function test(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${String(error.message).replace(/\s*\n\s*/g, ' | ').slice(0, 600)}`);
  }
}

/** Looks again until it holds; then what it is. */
async function until(what, holds, look) {
  const end = Date.now() + WAIT;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A tab whose complaints are kept: the console's, the policy's, and requests to anywhere else. */
async function tab(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(WAIT);
  const complaints = [];
  await context.exposeFunction('complain', (text) => complaints.push(text));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => window.complain(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    window.hostile = () => window.complain('a text from outside ran');
  });
  const page = await context.newPage();
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => { complaints.push(dialog.message()); dialog.dismiss(); });
  page.on('request', (asked) => { if (!asked.url().startsWith(`${origin}/_sandbox/`)) complaints.push(`asks ${asked.url()}`); });
  return { context, page, complaints };
}

const shot = (page, name, options) => page.screenshot({ path: path.join(work, `${name}.png`), ...options });
const live = (page) => page.locator('#connection[data-state="live"]').waitFor();
const shownRows = (page) => page.locator('tr.call:visible');
const newest = (page, user) => page.locator('tr.call', { has: page.locator('td.c-who', { hasText: user }) }).first();
const focused = (page) => page.evaluate(() => document.activeElement.closest('tr')?.rowIndex ?? document.activeElement.id);

async function tabTo(page, selector) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await page.locator(selector).evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`40 times Tab do not reach ${selector}`);
}

async function main(browser) {
  const sandbox = await start(binary, config, policies);
  const { origin, token } = sandbox;
  const call = (user, name) => invoke(binary, sandbox, keyOf(user), name);
  const { context, page, complaints } = await tab(browser, origin);

  await test('without the token it says what to do and shows nothing', async () => {
    await page.goto(`${origin}/_sandbox/`);
    await page.locator('#no-token').waitFor();
    assert.match(await page.locator('#no-token').innerText(), /Open the address that the sandbox printed/);
    for (const view of ['identities', 'recorded', 'calls']) {
      await page.locator(`nav a[href="#${view}"]`).click();
      assert.equal(await page.locator('.view:visible').count(), 0, view);
      assert.equal(await page.locator('#no-token').isVisible(), true, view);
    }
    assert.equal((await page.content()).includes('1234567890123456'), false);
    await shot(page, 'no-token');
  });

  await test('the token opens it, and leaves the address', async () => {
    await page.goto(sandbox.page);
    await live(page);
    assert.equal(page.url(), `${origin}/_sandbox/`);
    assert.equal(await page.locator('#account').innerText(), '1234567890123456');
    assert.match(await page.locator('#no-calls').innerText(), /sesame invoke/);
    await page.reload();
    await live(page);
    await shot(page, 'empty');
  });

  await test('a call appears without a reload', async () => {
    await page.evaluate(() => { window.sameDocument = true; });
    assert.equal(await call('developer', 'hello'), 0);
    const row = newest(page, 'developer');
    await row.waitFor();
    assert.match(await row.innerText(), /allowed[\s\S]*fc:InvokeFunction[\s\S]*functions\/hello[\s\S]*AliyunFCInvocationAccess[\s\S]*200/);
    assert.equal(await page.evaluate(() => window.sameDocument), true);
  });

  await test('each verdict is told', async () => {
    assert.notEqual(await call('contractor', 'billing'), 0);
    assert.notEqual(await call('intern', 'hello'), 0);
    assert.equal(await call('reader', 'billing'), 0);
    assert.notEqual(await call('reader', 'hello'), 0);
    const answer = await signed(sandbox, keyOf('ci'), { action: 'AssumeRole', version: '2015-04-01',
      query: { RoleArn: 'acs:ram::1234567890123456:role/deployer', RoleSessionName: 'night' } });
    assert.equal(answer.status, 200, answer.text);
    const { AccessKeyId: id, AccessKeySecret: secret, SecurityToken: session } = JSON.parse(answer.text).Credentials;
    SECRETS.push(secret, session);
    assert.equal(await invoke(binary, sandbox, { id, secret, token: session }, 'hello'), 0);
    const anonymous = await request(sandbox, { method: 'POST', path: '/2023-03-30/functions/hello/invocations' });
    assert.equal(anonymous.status, 400);
    await until('calls', (count) => count === 8, () => shownRows(page).count());
    const told = async (who) => (await newest(page, who).locator('td.c-verdict').innerText()).replace(/\s+/g, ' ');
    assert.equal(await told('contractor'), '✕ denied explicit');
    assert.equal(await told('intern'), '✕ denied implicit');
    assert.equal(await told('deployer'), '✓ allowed');
    assert.equal(await told('unknown'), '– not asked');
    const reader = page.locator('tr.call', { has: page.locator('td.c-who', { hasText: 'reader' }) });
    assert.match(await reader.nth(0).innerText(), /denied/);
    assert.match(await reader.nth(1).innerText(), /allowed/);
    assert.equal(await page.locator('#summary').innerText(), '8 calls · 3 denied');
    await shot(page, 'light');
  });

  await test('the deciding statement of a Deny is marked in its policy', async () => {
    await newest(page, 'contractor').click();
    const mark = page.locator('tr.detail mark');
    await mark.waitFor();
    const statement = await mark.innerText();
    assert.match(statement, DENY);
    assert.ok(statement.includes('functions/billing') && !statement.includes('fc:*"'), statement);
    assert.ok(await mark.evaluate((element) => {
      const [inner, outer] = [element.getBoundingClientRect(), element.closest('pre').getBoundingClientRect()];
      return inner.bottom > outer.top && inner.top < outer.bottom;
    }), 'it is in sight');
    assert.match(await page.locator('tr.detail').innerText(), /denied by a statement that says so[\s\S]*Deny in contractor/);
    await shot(page, 'detail');
    await newest(page, 'contractor').click();
    await page.locator('tr.detail').waitFor({ state: 'detached' });
  });

  await test('a denial that nothing decides leads to the policies of its identity', async () => {
    await newest(page, 'intern').click();
    assert.match(await page.locator('tr.detail').innerText(), /because nothing allows it[\s\S]*No deciding statement/);
    await page.getByRole('button', { name: 'the policies of' }).click();
    const card = page.locator('.card[data-identity="intern"], .card[data-identity="user/intern"]');
    assert.match(await card.innerText(), /No policy: every call that needs a permission is denied/);
    assert.ok(await card.evaluate((element) => element === document.activeElement));
    await page.goBack();
    await shownRows(page).first().waitFor();
    await newest(page, 'intern').click();
  });

  await test('the list works with the keyboard alone', async () => {
    await page.reload();
    await live(page);
    await shownRows(page).first().waitFor();
    await tabTo(page, 'tr.call:first-child button');
    assert.equal(await focused(page), 1);
    for (const [key, row] of [['ArrowDown', 2], ['ArrowDown', 3], ['ArrowUp', 2], ['End', 8], ['ArrowDown', 8], ['Home', 1], ['ArrowUp', 1]]) {
      await page.keyboard.press(key);
      assert.equal(await focused(page), row, key);
    }
    assert.equal(await page.locator('tr.call button[tabindex="0"]').count(), 1);
    await page.locator('#rows').evaluate((rows) => [...rows.rows].find((row) => row.innerText.includes('contractor')).querySelector('button').focus());
    const at = await focused(page);
    await page.keyboard.press('Enter');
    await page.locator('tr.detail mark').waitFor();
    const button = newest(page, 'contractor').locator('button');
    assert.equal(await button.getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'PRE');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('tr.detail').count(), 0);
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
    assert.equal(await focused(page), at, 'the focus comes back');
    await page.keyboard.press('Enter');
    await page.locator('tr.detail').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('tr.detail').count(), 0);
  });

  await test('the first Tab offers to skip to the content', async () => {
    await page.reload();
    await live(page);
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'skip');
    assert.ok((await page.locator('#skip').boundingBox()).y >= 0);
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'main');
  });

  await test('the filter shows what matches, and new calls heed it', async () => {
    await page.locator('#find').fill('  BILLING ');
    await until('rows', (count) => count === 2, () => shownRows(page).count());
    await page.locator('#verdict').selectOption('denied');
    await until('rows', (count) => count === 1, () => shownRows(page).count());
    assert.match(await page.locator('#summary').innerText(), /8 calls · 3 denied · 1 shown/);
    await call('developer', 'hello');
    await call('contractor', 'billing');
    await until('rows', (count) => count === 2, () => shownRows(page).count());
    await page.locator('#find').fill('nothing has this');
    await page.locator('#no-match').waitFor();
    await page.locator('#find').fill('');
    await page.locator('#verdict').selectOption('');
    await until('rows', (count) => count === 10, () => shownRows(page).count());
  });

  await test('Pause holds new calls back, Clear takes the old away', async () => {
    await page.locator('#pause').click();
    await call('developer', 'hello');
    await page.getByRole('button', { name: 'Resume (1 new)' }).waitFor();
    assert.equal(await shownRows(page).count(), 10);
    assert.equal(await page.locator('#connection-text').innerText(), 'Paused');
    await page.locator('#pause').click();
    await until('rows', (count) => count === 11, () => shownRows(page).count());
    await page.locator('#clear').click();
    assert.equal(await shownRows(page).count(), 0);
    await call('contractor', 'billing');
    await until('rows', (count) => count === 1, () => shownRows(page).count());
  });

  await test('the identities have their policies, by every way', async () => {
    await page.locator('nav a[href="#identities"]').click();
    const text = await page.locator('#identities').innerText();
    for (const who of ['developer', 'contractor', 'intern', 'reader', 'ci', 'deployer']) assert.ok(text.includes(who), who);
    assert.match(text, /AliyunFCReadOnlyAccess\s+System · account scope · through group backend/);
    assert.match(text, /AliyunFCInvocationAccess\s+System · resource-group scope/);
    assert.match(text, /Key\s+LTAI-page-developer/);
    const policy = page.locator('.card', { hasText: 'contractor' }).locator('details').first();
    await policy.locator('summary').focus();
    await page.keyboard.press('Enter');
    assert.match(await policy.locator('pre').innerText(), /functions\/billing/);
    await shot(page, 'identities');
  });

  await test('the recorded policy appears, and Copy takes it', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await page.locator('nav a[href="#recorded"]').click();
    const card = page.locator('#recorded .card', { hasText: 'developer' });
    const shown = JSON.parse(await card.locator('pre').innerText());
    assert.deepEqual(shown.Statement.map((one) => [one.Action].flat()), [['fc:InvokeFunction']]);
    assert.match(JSON.stringify(shown), /functions\/hello/);
    const beside = JSON.parse(fs.readFileSync(path.join(work, 'policy.developer.json'), 'utf8'));
    assert.deepEqual(shown, beside, 'as --record-policy writes it');
    await card.getByRole('button').click();
    await card.getByRole('button', { name: 'Copied' }).waitFor();
    assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())), shown);
    await shot(page, 'recorded');
  });

  await test('a name from outside is shown as text and runs nothing', async () => {
    await signed(sandbox, keyOf('contractor'), { action: 'InvokeFunction', version: '2023-03-30', path: `/2023-03-30/functions/${HOSTILE}/invocations` });
    await request(sandbox, { method: 'POST', path: `/2023-03-30/functions/${encodeURIComponent(HOSTILE)}/invocations` });
    await page.locator('nav a[href="#calls"]').click();
    await until('rows', (count) => count === 3, () => shownRows(page).count());
    for (const row of [0, 1]) {
      await shownRows(page).nth(row).locator('button').click();
      assert.match(await page.locator('tr.detail').innerText(), /%3Cimg%20src/);
    }
    await newest(page, 'contractor').locator('button').focus();
    await shownRows(page).nth(2).click();
    await page.locator('tr.detail mark').waitFor();
    assert.ok((await page.locator('tr.detail mark').innerText()).includes(`</pre>${HOSTILE}`));
    assert.equal(await page.locator('main img').count(), 0);
  });

  const own = { host: `127.0.0.1:${sandbox.port}`, 'x-sandbox-token': token };
  const read = async (what) => JSON.parse((await request(sandbox, { path: `/_sandbox/api/${what}`, headers: own })).text);

  await test('so is every field that the sandbox says, whatever it lets through one day', async () => {
    const spoilt = (value) => {
      if (typeof value === 'string') return value + HOSTILE;
      if (Array.isArray(value)) return value.map(spoilt);
      return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoilt(one)])) : value;
    };
    const calls = (await read('calls')).filter((one) => one.decided_by).map(spoilt);
    const number = calls.at(-1).number;
    const [state, call] = [spoilt(await read('state')), spoilt(await read(`calls/${number}`))];
    // Without the content policy, what the page's script alone holds back.
    const other = await tab(browser, origin, { bypassCSP: true });
    const say = (what, body) => other.page.route(`${origin}/_sandbox/api/${what}`, (route) => route.fulfill({ body }));
    await say('state', JSON.stringify(state));
    await say(`calls/${number}`, JSON.stringify(call));
    await say('events?after=*', `event: calls\ndata: ${JSON.stringify({ missed: 0, calls })}\n\n`);
    await other.page.goto(sandbox.page);
    await shownRows(other.page).first().locator('button').click();
    await other.page.locator('tr.detail mark').waitFor();
    for (const view of ['#view-calls', '#identities', '#recorded']) {
      assert.ok((await other.page.locator(view).textContent()).split(HOSTILE).length > 5, view);
    }
    assert.equal(await other.page.locator('main img').count(), 0);
    assert.deepEqual(other.complaints, []);
    await other.context.close();
  });

  await test('nothing complained so far, and nothing asked elsewhere', async () => assert.deepEqual(complaints, []));

  await test('light, dark and narrow are legible and named', async () => {
    for (const colorScheme of ['light', 'dark']) {
      // The checker is a script that the page's own policy would not let in.
      const other = await tab(browser, origin, { colorScheme, bypassCSP: true });
      await other.page.goto(sandbox.page);
      await live(other.page);
      await other.page.evaluate(axe);
      for (const width of [1280, 320]) {
        await other.page.setViewportSize({ width, height: 900 });
        for (const view of ['calls', 'identities', 'recorded']) {
          await other.page.locator(`nav a[href="#${view}"]`).click();
          if (view === 'calls') {
            await other.page.locator('tr.call', { hasText: 'explicit' }).last().locator('button').click();
            await other.page.locator('tr.detail mark').waitFor();
          }
          await other.page.locator('details').evaluateAll((all) => { for (const one of all) one.open = true; });
          const found = await other.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
          const broken = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).slice(0, 3)}`);
          assert.deepEqual(broken, [], `${view}, ${colorScheme}, ${width} px`);
          const [inner, outer] = await other.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
          assert.ok(inner <= outer, `${view} at ${width} px is ${inner} px wide`);
          await shot(other.page, `${view}-${colorScheme}-${width}`, { fullPage: true });
          if (view === 'calls') await other.page.keyboard.press('Escape');
        }
        await other.page.locator('nav a[href="#calls"]').click();
      }
      await other.context.close();
    }
  });

  await test('without a clipboard, Copy selects the text', async () => {
    const other = await tab(browser, origin);
    await other.context.addInitScript(() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); });
    await other.page.goto(sandbox.page);
    await live(other.page);
    await other.page.locator('nav a[href="#recorded"]').click();
    const card = other.page.locator('#recorded .card').first();
    await card.getByRole('button').click();
    await card.getByRole('button', { name: 'Selected' }).waitFor();
    assert.equal(await other.page.evaluate(() => getSelection().toString()), await card.locator('pre').innerText());
    await other.context.close();
  });

  const paths = ['/_sandbox/', '/_sandbox/page.js', '/_sandbox/api/state', '/_sandbox/api/calls'];

  await test('another host, another site, another method and no token are refused', async () => {
    for (const at of paths) {
      const status = async (headers, method = 'GET') => (await request(sandbox, { method, path: at, headers: { ...own, ...headers } })).status;
      assert.equal(await status({}), 200, at);
      assert.equal(await status({ host: `rebound.example:${sandbox.port}` }), 403, at);
      assert.equal(await status({ origin: 'http://evil.example' }), 403, at);
      assert.equal(await status({ 'sec-fetch-site': 'cross-site' }), 403, at);
      assert.equal(await status({}, 'POST'), 405, at);
      if (at.includes('/api/')) assert.equal(await status({ 'x-sandbox-token': 'wrong' }), 401, at);
    }
    const bare = await request(sandbox, { path: '/_sandbox/api/state', headers: { host: own.host } });
    assert.equal(bare.status, 401);
  });

  await test('a page of another site sees nothing of it', async () => {
    const other = await browser.newContext();
    const foreign = await other.newPage();
    await foreign.route('http://evil.example/', (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }));
    await foreign.goto('http://evil.example/');
    const seen = await foreign.evaluate(([address, said]) => fetch(address, { headers: { 'x-sandbox-token': said } }).then((answer) => answer.text(), () => null),
      [`${origin}/_sandbox/api/state`, token]);
    assert.equal(seen, null);
    await other.close();
  });

  await test('every answer has the strict policy', async () => {
    for (const at of paths) {
      const { headers } = await request(sandbox, { path: at, headers: own });
      const policy = headers['content-security-policy'] ?? '';
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
        assert.ok(policy.includes(part), `${at}: ${part}`);
      }
      assert.doesNotMatch(policy, /unsafe|\*|data:/);
      assert.equal(headers['x-content-type-options'], 'nosniff', at);
      assert.equal(headers['cache-control'], 'no-store', at);
    }
  });

  await test('no secret is in it', async () => {
    assert.ok(SECRETS.length >= 8, `${SECRETS.length} secrets to look for`);
    const numbers = (await read('calls')).map((one) => one.number);
    assert.ok(numbers.length > 10);
    for (const at of [...paths, ...numbers.map((number) => `/_sandbox/api/calls/${number}`)]) {
      const { text } = await request(sandbox, { path: at, headers: own });
      for (const secret of SECRETS) assert.equal(text.includes(secret), false, `${secret.slice(0, 20)} in ${at}`);
      assert.equal(text.includes(token), false, `the token in ${at}`);
    }
    const document = await page.content();
    for (const secret of [...SECRETS, token]) assert.equal(document.includes(secret), false, 'in the document');
  });

  await test('the end of the sandbox is told', async () => {
    const before = [...complaints];
    assert.equal(await sandbox.stop(), 0);
    assert.deepEqual(before, []);
    await page.locator('#connection[data-state="lost"]').waitFor();
    assert.match(await page.locator('#connection-text').innerText(), /The sandbox does not answer/);
    assert.equal(await page.locator('#retry').isVisible(), true);
    assert.ok(await shownRows(page).count() > 0, 'what was seen stays');
    await shot(page, 'lost');
  });

  await test('the next sandbox at this address needs its own token, and shows its own calls', async () => {
    const next = await start(binary, config, policies, sandbox.port);
    await page.locator('#no-token').waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('.view:visible').count(), 0);
    assert.equal(await invoke(binary, next, keyOf('developer'), 'hello'), 0);
    await page.goto(next.page);
    await live(page);
    await until('calls', (text) => text === '1 call · 0 denied', () => page.locator('#summary').innerText());
    assert.equal(await shownRows(page).count(), 1);
    assert.equal(await next.stop(), 0);
  });
}

(async () => {
  process.on('SIGTERM', () => process.exit(143));
  fs.rmSync(policies, { force: true });
  const browser = await chromium.launch({ executablePath, args: flags });
  console.log(`-- Chromium ${browser.version()}`);
  try {
    await main(browser);
  } finally {
    await browser.close();
  }
})().catch((error) => {
  failed += 1;
  console.log(`FAIL the run: ${error.message}`);
}).finally(() => {
  console.log(`page: ${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0); // with every sandbox that a row left behind
});
