// The AI SDK's own client, without React. usage: node client.mjs SDK_ROOT, then a line {base, token, course, steps, ...}
// for each run. It takes the steps with each version in turn and answers with a line {v5: {...}, v6: {...}, v7: {...}}.
import fs from 'node:fs';
import readline from 'node:readline';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const root = process.argv[2];
const wait = ms => new Promise(done => setTimeout(done, ms));

const loaded = {};
async function load(version) {
  const dist = `${root}/${version}/node_modules/ai/dist/`;
  const file = ['index.mjs', 'index.js'].find(name => fs.existsSync(dist + name));
  return import(pathToFileURL(dist + file));
}

function makeChat(sdk, options) {
  class State {
    constructor(messages) { this.status = 'ready'; this.messages = messages; }
    pushMessage = message => { this.messages = this.messages.concat(message); };
    popMessage = () => { this.messages = this.messages.slice(0, -1); };
    replaceMessage = (at, message) => { this.messages = this.messages.map((old, n) => (n === at ? structuredClone(message) : old)); };
    snapshot = value => structuredClone(value);
  }
  class Chat extends sdk.AbstractChat {
    constructor({ messages = [], ...init }) { super({ ...init, state: new State(messages) }); }
  }
  return new Chat(options);
}

const text = message => (message?.parts ?? []).filter(part => part.type === 'text').map(part => part.text).join('');

async function run(version, given) {
  const headers = given.token ? { authorization: `Bearer ${given.token}` } : {};
  const sdk = await (loaded[version] ??= load(version));
  const seen = { errors: [], dataParts: [], http: [] };
  const id = given.chat ?? randomUUID();
  let base = given.base, messages = [];
  const open = () => makeChat(sdk, {
    id, messages,
    transport: new sdk.DefaultChatTransport({ api: `${base}/api/chat`, headers, body: { courseId: given.course } }),
    onError: error => seen.errors.push(error.message),
    onData: part => seen.dataParts.push(part.type),
  });
  let chat = open(), pending;
  const call = async (method, path, body) => {
    const response = await fetch(base + path, { method, headers: { ...headers, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    return { status: response.status, body: response.status === 204 ? null : await response.json() };
  };
  const until = async test => { for (let n = 0; n < 1500 && !test(); n++) await wait(10); };
  const steps = {
    send: words => chat.sendMessage({ text: words }),
    begin: words => { pending = chat.sendMessage({ text: words }); },
    words: count => until(() => text(chat.messages.at(-1)).split(' ').length >= count && chat.messages.at(-1).role === 'assistant'),
    sourced: async () => {  // until a citation is alive; what the answer said by then
      const sources = () => (chat.messages.at(-1)?.parts ?? []).filter(part => part.type === 'source-document');
      await until(() => sources().length);
      const found = { text: text(chat.messages.at(-1)), status: chat.status };
      for (let n = 0; n < 50 && found.opened !== 200; n++) {
        found.opened = (await call('GET', `/api/sources/${sources()[0]?.sourceId}`)).status;
        await wait(10);
      }
      (seen.sourced ??= []).push(found);
    },
    comeback: () => { pending = chat.resumeStream(); },
    end: () => pending,
    edit: (at, words) => chat.sendMessage({ text: words, messageId: chat.messages[at].id }),
    regenerate: at => chat.regenerate(at === undefined ? undefined : { messageId: chat.messages[at].id }),
    stop: async () => seen.http.push((await call('POST', `/api/chat/${id}/stop`)).status),
    leave: () => chat.stop(),
    reload: async other => {
      base = other ?? base;
      messages = (await call('GET', `/api/sessions/${id}/messages`)).body.items;
      chat = open();
    },
    resume: () => chat.resumeStream(),
    second: async words => {
      const tab = open();
      await tab.sendMessage({ text: words });
      seen.tab = { status: tab.status, error: tab.error?.message };
    },
    wait: ms => wait(ms),
  };
  for (const [name, ...values] of given.steps) await steps[name](...values);
  const history = await call('GET', `/api/sessions/${id}/messages`);
  const items = history.body?.items ?? [];
  seen.valid = items.length ? (await sdk.safeValidateUIMessages({ messages: items })).success : null;
  return { id, status: chat.status, error: chat.error?.message, messages: chat.messages, history: items, ...seen };
}

// Many ready-made streams judged by one version: [{body, ...}] -> what the client made of each.
async function judge(version, given) {
  const sdk = await (loaded[version] ??= load(version));
  const found = [];
  for (const body of given.streams) {
    let error;
    const chat = makeChat(sdk, {
      id: 'c', onError: e => { error = e.message; },
      transport: new sdk.DefaultChatTransport({ api: 'http://x/', fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }) }),
    });
    await chat.sendMessage({ text: 'q' });
    const message = chat.messages.at(-1);
    found.push({ status: chat.status, error, message });
  }
  const histories = [];
  for (const parts of given.histories ?? []) {
    const messages = [{ id: 'm', role: 'assistant', metadata: {}, parts }];
    histories.push(parts.length ? (await sdk.safeValidateUIMessages({ messages })).success : true);
  }
  return { found, histories };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const given = JSON.parse(line), out = {};
  try {
    for (const version of given.versions ?? ['v5', 'v6', 'v7']) out[version] = await (given.streams ? judge : run)(version, given);
  } catch (error) {
    out.failed = String(error.stack);
  }
  fs.writeSync(1, JSON.stringify(out) + '\n');
}
