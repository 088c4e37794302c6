// The sandbox's page. Every value goes into the document as text, never as markup.
"use strict";

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

// ---- The token: in the address that the sandbox printed, then only in this tab's memory.

const KEY = "sesame-sandbox-token";
let token = null;

function takeToken() {
  const said = new URLSearchParams(location.hash.slice(1)).get("token") ?? new URLSearchParams(location.search).get("token");
  try {
    if (said) sessionStorage.setItem(KEY, said);
    token = said ?? sessionStorage.getItem(KEY);
  } catch {
    token = said ?? token; // no storage: the tab forgets it when it is reloaded
  }
  if (said) history.replaceState(null, "", location.pathname);
  return Boolean(said);
}

class Refused extends Error {}

async function ask(what, options = {}) {
  if (!token) throw new Refused();
  const response = await fetch(`api/${what}`, { ...options, headers: { "x-sandbox-token": token }, cache: "no-store" });
  if (response.status === 401) throw new Refused();
  return response;
}

// ---- What is shown of the connection.

let connected = false;

function connection(state, text) {
  connected = state === "live";
  const shown = connected && paused ? "paused" : state;
  const words = connected && paused ? "Paused" : text;
  $("connection").dataset.state = shown;
  // A status that is set again is read again.
  if ($("connection-text").textContent !== words) $("connection-text").textContent = words;
  $("retry").hidden = state !== "lost" || !token;
}

// A screen reader hears how many came, not each of them.
const SAY_EVERY_MS = 10_000;
let unsaid = { calls: 0, denied: 0 };
let saying = null;

function announce(calls) {
  unsaid.calls += calls.length;
  unsaid.denied += calls.filter((call) => call.verdict === "denied" && !call.let_through).length;
  saying ??= setTimeout(() => {
    $("announcer").textContent = `${plural(unsaid.calls, "new call")}, ${unsaid.denied} denied`;
    [unsaid, saying] = [{ calls: 0, denied: 0 }, null];
  }, SAY_EVERY_MS);
}

// ---- The calls.

const FLUSH_EVERY_MS = 500;
let kept = 1000;
let last = 0;
let cleared = 0;
let missed = 0;
let paused = false;
let waiting = []; // came while paused, or since the last flush
let timer = null;
let flushed = 0;
let open = null; // the row whose details are shown
let current = null; // the row that the Tab key reaches
const rows = []; // newest first, as in the table

/** Leaves out the calls up to a number. */
function empty(upTo) {
  [cleared, missed, waiting] = [upTo, 0, []];
  close();
  rows.splice(0);
  $("rows").replaceChildren();
  summary();
}

function verdictOf(call) {
  if (call.let_through) return "let-through";
  return call.verdict ?? "none";
}

function badge(call) {
  const signs = { allowed: "✓", denied: "✕", undetermined: "?", "let-through": "↷", none: "–" };
  const words = { "let-through": "let through", none: "not asked" };
  const verdict = verdictOf(call);
  return make("span", { class: `badge ${verdict}` },
    make("span", { "aria-hidden": "true" }, `${signs[verdict]} `), words[verdict] ?? verdict);
}

const second = (text) => (text ? make("span", { class: "second" }, text) : null);

/** Without what is the same for everything in this account and region; the details have it all. */
function short(resource) {
  const [, , region, account, ...rest] = resource?.split(":") ?? [];
  const here = ["", "*", $("region").textContent].includes(region) && ["", "*", $("account").textContent].includes(account);
  return here && rest.length ? rest.join(":") : resource;
}

/** What stands where a deciding statement would. */
function undecidedIn(call) {
  const why = { implicit: "nothing allows it" }[call.denial] ?? { undetermined: "cannot be known" }[call.verdict];
  return why ? make("span", { class: "muted" }, why) : "";
}

function rowOf(call) {
  const by = call.decided_by;
  const time = make("time", { datetime: call.time }, call.time.slice(11, 19));
  const button = make("button", { type: "button", "aria-expanded": "false", tabindex: "-1" }, time,
    make("span", { class: "hidden" }, ` details of call ${call.number}`));
  const cell = (name, ...children) => make("td", { role: "cell", class: name }, ...children);
  const row = make("tr", { role: "row", class: "call" },
    cell("c-time", button),
    cell("c-verdict", badge(call), second(call.denial)),
    cell("c-who", call.identity ?? make("span", { class: "muted" }, "unknown")),
    cell("c-what", call.action ?? call.operation ?? `${call.method} ${call.path}`, second(short(call.resource) ?? (call.action || call.operation ? call.path : null))),
    cell("c-by", by ? by.policy : undecidedIn(call), second(by ? `${by.effect}, statement ${by.statement}` : null)),
    cell("c-status", String(call.status), second(call.error_code)),
    cell("c-ms", call.duration_ms.toFixed(1)));
  const words = [call.time, call.method, call.path, call.identity, call.operation, call.action, call.resource,
    by?.policy, call.status, call.error_code, call.request_id, call.denial, ...call.reasons];
  return { call, row, button, words: words.join("\n").toLowerCase(), verdict: verdictOf(call), detail: null };
}

const matches = (entry) =>
  ($("verdict").value === "" || $("verdict").value === entry.verdict) && entry.words.includes($("find").value.trim().toLowerCase());

function received(news) {
  if (last) missed += news.missed; // those before the first look were not missed
  if (news.calls.length) last = news.calls.at(-1).number;
  waiting.push(...news.calls);
  if (waiting.length > kept) waiting = waiting.slice(-kept);
  if (paused) summary();
  else timer ??= setTimeout(flush, Math.max(0, flushed + FLUSH_EVERY_MS - performance.now()));
}

/** Puts what waits at the top, in one go: laying out 1,000 rows takes its time. */
function flush() {
  clearTimeout(timer);
  [timer, flushed] = [null, performance.now()];
  if (paused) return;
  const calls = waiting.splice(0).filter((call) => call.number > cleared);
  if (!calls.length) return summary();
  const first = rows.length === 0;
  const entries = calls.map(rowOf).reverse();
  for (const entry of entries) {
    entry.row.hidden = !matches(entry);
    if (!first && entries.length < 20) entry.row.classList.add("fresh");
  }
  $("rows").prepend(...entries.map((entry) => entry.row));
  rows.unshift(...entries);
  for (const gone of rows.splice(kept)) {
    if (gone === open) close();
    gone.row.remove();
  }
  if (!first) announce(calls);
  summary();
  stateSoon();
}

function summary() {
  const shown = rows.filter((entry) => !entry.row.hidden);
  const denied = rows.filter((entry) => entry.verdict === "denied").length;
  const parts = [plural(rows.length, "call"), `${denied} denied`];
  if (shown.length !== rows.length) parts.push(`${shown.length} shown`);
  if (missed) parts.push(`${missed} missed`);
  $("summary").textContent = rows.length ? parts.join(" · ") : "";
  $("count-calls").textContent = rows.length || "";
  $("no-calls").hidden = rows.length > 0;
  $("no-match").hidden = rows.length === 0 || shown.length > 0;
  $("calls").hidden = shown.length === 0;
  $("pause").textContent = paused ? (waiting.length ? `Resume (${waiting.length} new)` : "Resume") : "Pause";
  if (!shown.includes(current)) reach(shown[0] ?? null);
}

/** One row at a time is in the order of the Tab key; the arrows move it. */
function reach(entry) {
  current?.button.setAttribute("tabindex", "-1");
  current = entry;
  current?.button.setAttribute("tabindex", "0");
}

function filter() {
  for (const entry of rows) {
    entry.row.hidden = !matches(entry);
    if (entry.row.hidden && entry === open) close();
  }
  summary();
}

function move(event) {
  const shown = rows.filter((entry) => !entry.row.hidden);
  if (event.key === "Escape" && open) {
    open.button.focus(); // it may have been in the details
    return close();
  }
  const at = shown.findIndex((entry) => entry.button === event.target);
  if (at < 0) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (to === undefined || !shown[to]) return;
  event.preventDefault();
  reach(shown[to]);
  shown[to].button.focus();
}

// ---- One call's details.

function close() {
  if (!open) return;
  open.detail.remove();
  open.row.classList.remove("open");
  open.button.setAttribute("aria-expanded", "false");
  open.button.removeAttribute("aria-controls");
  open.detail = null;
  open = null;
}

async function toggle(entry) {
  const again = entry === open;
  close();
  reach(entry);
  if (again) return;
  open = entry;
  const policy = make("div", {}, make("p", { class: "muted" }, entry.call.decided_by ? "Reading the policy…" : ""));
  const inside = make("div", { class: "inside" }, facts(entry.call), policy);
  entry.detail = make("tr", { role: "row", class: "detail", id: `detail-${entry.call.number}` },
    make("td", { role: "cell", colspan: "7" }, inside));
  entry.row.classList.add("open");
  entry.row.after(entry.detail);
  entry.button.setAttribute("aria-expanded", "true");
  entry.button.setAttribute("aria-controls", entry.detail.id);
  if (!entry.call.decided_by) return policy.replaceChildren(...undecided(entry.call));
  try {
    const response = await ask(`calls/${entry.call.number}`);
    if (!response.ok) throw new Error((await response.text()).trim());
    policy.replaceChildren(...deciding((await response.json())));
    const [text, marked] = [policy.querySelector("pre"), policy.querySelector("mark")];
    if (marked) text.scrollTop = marked.offsetTop - text.clientHeight / 4;
  } catch (error) {
    policy.replaceChildren(make("p", { class: "muted" }, `The policy cannot be shown: ${error.message}`));
  }
}

function facts(call) {
  const list = make("dl", { class: "facts" });
  const fact = (name, value, mono = false) => {
    if (value === null || value === undefined || value === "") return;
    list.append(make("dt", {}, name), make("dd", { class: mono ? "mono" : null }, value));
  };
  const kind = { explicit: "denied by a statement that says so", implicit: "denied because nothing allows it" }[call.denial];
  const words = { allowed: "allowed", undetermined: "undetermined, and so refused" }[call.verdict] ?? kind ?? "RAM was not asked";
  fact("Verdict", call.let_through ? `let through, though ${words.replace(", and so refused", "")}` : words);
  if (call.reasons.length) fact("Because", make("ul", {}, ...call.reasons.map((reason) => make("li", {}, reason))));
  fact("Identity", call.identity ?? "unknown: no good signature");
  fact("Action", call.action, true);
  fact("Resource", call.resource, true);
  fact("Request", `${call.method} ${call.path}`, true);
  fact("Operation", [call.product, call.operation].filter(Boolean).join(" "));
  fact("Answer", [call.status, call.error_code].filter(Boolean).join(" "));
  fact("Time", call.time);
  fact("Took", `${call.duration_ms} ms`);
  fact("Request id", call.request_id, true);
  return list;
}

function undecided(call) {
  if (!call.identity || !call.verdict) return [];
  const go = make("button", { type: "button", class: "link" }, `the policies of ${call.identity}`);
  go.addEventListener("click", () => showIdentity(call.identity));
  const what = call.verdict === "denied" ? "None of the statements that apply to this identity matches this call." : "No single statement decides this call.";
  return [make("h3", {}, "No deciding statement"), make("p", { class: "muted" }, what), make("p", {}, "See ", go, ".")];
}

function deciding(call) {
  const by = call.decided_by;
  const { before, statement, after } = call.policy_text;
  const text = make("pre", { tabindex: "0", role: "group", "aria-label": `Text of the policy ${by.policy}` });
  const code = make("code", {}, before ?? "");
  if (statement) {
    code.append(make("span", { class: "hidden" }, "deciding statement begins "), make("mark", {}, statement),
      make("span", { class: "hidden" }, " deciding statement ends"), after ?? "");
  }
  text.append(code);
  return [make("h3", { class: "wrap" }, `${by.effect} in ${by.policy}`),
    make("p", { class: "muted" }, `statement ${by.statement}, counted from 0 · line ${by.line}, column ${by.column} · ${layerOf(by.layer)}`), text];
}

const layerOf = (layer) => ({
  control: "control policy", session: "session policy", account: "account scope", "resource-group": "resource-group scope",
})[layer] ?? layer;

// ---- Identities and recorded policies.

let shownState = {};
let stateTimer = null;

/** Once a second at most. */
function stateSoon() {
  stateTimer ??= setTimeout(() => { stateTimer = null; readState().catch(() => {}); }, 1000);
}

async function readState() {
  const response = await ask("state");
  if (!response.ok) throw new Error(`status ${response.status}`);
  const state = await response.json();
  kept = state.kept;
  $("account").textContent = state.account;
  $("region").textContent = state.region;
  $("soft").hidden = !state.soft;
  $("example").textContent = state.example;
  cards("identities", state.identities, (one) => one.name, identityCard);
  cards("recorded", state.recorded, (one) => one.identity, recordedCard);
  $("not-whole").hidden = state.recorded_whole;
}

/** Draws again only what changed, so that nothing closes or loses focus under the reader. */
function cards(name, list, keyOf, draw) {
  const before = shownState[name] ?? new Map();
  const now = new Map();
  for (const one of list) {
    const text = JSON.stringify(one);
    const known = before.get(keyOf(one));
    now.set(keyOf(one), known?.text === text ? known : { text, card: draw(one, known?.card) });
  }
  const wanted = [...now.values()].map((one) => one.card);
  const same = $(name).children.length === wanted.length && wanted.every((card, at) => $(name).children[at] === card);
  if (!same) $(name).replaceChildren(...wanted);
  shownState[name] = now;
  $(`no-${name}`).hidden = list.length > 0;
  $(`count-${name}`).textContent = list.length || "";
}

function identityCard(one, before) {
  const opened = new Set([...(before?.querySelectorAll("details[open]") ?? [])].map((details) => details.dataset.name));
  const list = make("dl", { class: "facts" });
  const fact = (name, value) => { if (value) list.append(make("dt", {}, name), make("dd", {}, value)); };
  fact("Key", one.access_key_id);
  fact(one.groups.length > 1 ? "Groups" : "Group", one.groups.join(", "));
  const policies = one.policies.map((policy) => {
    const where = [policy.type, layerOf(policy.layer), policy.through && `through ${policy.through}`].filter(Boolean).join(" · ");
    return make("details", { "data-name": policy.name, open: opened.has(policy.name) ? "" : null },
      make("summary", {}, policy.name, " ", make("small", {}, where)), make("pre", { tabindex: "0" }, make("code", {}, policy.text)));
  });
  if (!policies.length) policies.push(make("p", { class: "muted" }, "No policy: every call that needs a permission is denied."));
  return make("article", { class: "card", tabindex: "-1", "data-identity": one.name },
    make("header", {}, make("h3", {}, one.name), make("span", { class: "badge" }, one.kind)), list.children.length ? list : null, ...policies);
}

function recordedCard(one) {
  const parts = one.documents.flatMap((document, at) => {
    const text = make("pre", { tabindex: "0", role: "group", "aria-label": `Recorded policy of ${one.identity}` }, make("code", {}, JSON.stringify(document, null, 2)));
    const of = one.documents.length > 1 ? `document ${at + 1} of ${one.documents.length}` : "";
    const button = make("button", { type: "button" }, "Copy", make("span", { class: "hidden" }, ` the recorded policy of ${one.identity} ${of}`));
    button.addEventListener("click", () => copy(text, button));
    return [make("header", {}, at === 0 ? make("h3", {}, one.identity) : null, make("span", { class: "muted" }, of), button), text];
  });
  return make("article", { class: "card" }, ...parts);
}

async function copy(source, button) {
  const label = button.firstChild;
  try {
    await navigator.clipboard.writeText(source.textContent);
    label.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    source.focus();
    label.textContent = "Selected: copy it with the keyboard";
  }
  $("announcer").textContent = label.textContent;
  setTimeout(() => { label.textContent = "Copy"; }, 2500);
}

function showIdentity(name) {
  history.pushState(null, "", "#identities"); // unlike a link, this leaves the focus to us
  showView();
  const card = [...$("identities").children].find((one) => one.dataset.identity === name);
  card?.scrollIntoView({ block: "center" });
  card?.focus();
}

// ---- The views: one at a time, each with an address.

let refused = false; // then there is no view, only how to get one

function showView() {
  const known = ["calls", "identities", "recorded"];
  const name = known.find((one) => `#${one}` === location.hash) ?? "calls";
  $("no-token").hidden = !refused;
  for (const one of known) $(`view-${one}`).hidden = refused || one !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${$(`title-${name}`).textContent} – sesame sandbox`;
  return name;
}

// ---- The stream. A fetch, because an EventSource cannot carry the token.

const SILENCE_MS = 45_000; // three heart-beats
let wake = () => {};
let stop = new AbortController();

async function follow() {
  stop = new AbortController();
  let silence = null;
  const heard = () => { clearTimeout(silence); silence = setTimeout(() => stop.abort(), SILENCE_MS); };
  heard();
  try {
    const response = await ask(`events?after=${last}`, { signal: stop.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    await readState();
    connection("live", "Live");
    summary();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
        if (data.length) received(JSON.parse(data.join("\n")));
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

async function keepFollowing() {
  for (let delay = 1; ;) {
    const started = Date.now();
    try {
      await follow();
    } catch (error) {
      if (error instanceof Refused) {
        connection("lost", token ? "Refused" : "No token");
        refused = true;
        showView();
        await new Promise((done) => { wake = done; });
        refused = false;
        showView();
        continue;
      }
    }
    if (Date.now() - started > 10_000) delay = 1;
    connection("lost", "The sandbox does not answer; trying again…");
    await new Promise((done) => { wake = done; setTimeout(done, delay * 1000 * (0.75 + Math.random() / 2)); });
    delay = Math.min(delay * 2, 30);
  }
}

// ---- Start.

$("rows").addEventListener("click", (event) => {
  const row = event.target.closest("tr.call");
  const entry = rows.find((one) => one.row === row);
  // Selecting text in a row is no click on it.
  if (entry && (event.target.closest("button") || getSelection().isCollapsed)) toggle(entry);
});
$("rows").addEventListener("keydown", move);
$("filter").addEventListener("submit", (event) => event.preventDefault());
$("find").addEventListener("input", filter);
$("verdict").addEventListener("change", filter);
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  if (connected) connection("live", "Live");
  if (paused) summary();
  else flush();
});
$("clear").addEventListener("click", () => {
  empty(last);
  $("title-calls").focus();
});
$("retry").addEventListener("click", () => wake());
$("skip").addEventListener("click", (event) => { event.preventDefault(); $("main").focus(); });
window.addEventListener("online", () => wake());
window.addEventListener("popstate", showView);
window.addEventListener("hashchange", () => {
  const before = token;
  if (takeToken()) {
    if (token !== before) { last = 0; empty(0); } // another sandbox, which counts from 1
    stop.abort();
    wake();
  }
  $(`title-${showView()}`).focus({ preventScroll: true });
});

takeToken();
showView();
keepFollowing();
