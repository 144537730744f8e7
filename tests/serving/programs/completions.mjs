// What npm's `openai` client sees of a course: node completions.mjs PATH-OF-THE-CLIENT '{"base", "token", "course"}'
const [path, given] = process.argv.slice(2);
const { default: OpenAI } = await import(path);
const { base, token, course } = JSON.parse(given);
const client = new OpenAI({ apiKey: token, baseURL: base, maxRetries: 0 });
const messages = [{ role: "user", content: "What is the entropy of a fair coin?" }];

const models = [];
for await (const model of client.models.list()) models.push(model.id);

const whole = (await client.chat.completions.create({ model: course, messages })).choices[0].message;

let streamed = "", usage = null;
const options = { model: course, messages, stream: true, stream_options: { include_usage: true } };
for await (const chunk of await client.chat.completions.create(options)) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}

let refused = null;
try {
  await client.chat.completions.create({ model: "no such course", messages });
} catch (error) {
  refused = { status: error.status, code: error.code, type: error.type };
}
console.log(JSON.stringify({ models, whole, streamed, usage, refused }));
