// Drives the entrance in a real browser. usage: node entrance.mjs PLAYWRIGHT CHROMIUM. Takes steps as JSON lines, each
// answered with what the page shows: {url, who, alert, cookies, problems}.
//   ["open", ADDRESS] ["reload"] ["click", TEXT] ["until", TEXT] ["post", ADDRESS, HEADERS] ["forget"]
import readline from 'node:readline';
import { createRequire } from 'node:module';

const [modules, chromium] = process.argv.slice(2);
const { chromium: launcher } = createRequire(modules)('playwright-core');
const browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
console.log('launched');
const problems = [];
let context, page;
const fresh = async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.on('pageerror', error => problems.push(String(error)));
  page.on('console', message => { if (/Content Security Policy/.test(message.text())) problems.push(message.text()); });
};
await fresh();

const steps = {
  open: address => page.goto(address),
  reload: () => page.reload(),
  click: text => page.locator('button', { hasText: text }).click(),
  until: text => page.locator('#who', { hasText: text }).waitFor(),
  // what a page of any origin can make a browser send, with the cookies of the place it goes to
  post: (address, headers) => page.evaluate(([address, headers]) =>
    fetch(address, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}', headers }).then(() => true, () => false),
    [address, headers]),
  forget: async () => { await context.close(); await fresh(); },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    const [name, ...given] = JSON.parse(line);
    await steps[name](...given);
    const shown = await page.evaluate(() => ({
      url: location.href, who: document.querySelector('#who')?.innerText ?? null,
      alert: document.querySelector('[role=alert]')?.innerText ?? null, cookies: location.protocol === 'about:' ? '' : document.cookie,
    }));
    console.log(JSON.stringify({ ...shown, problems }));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error) }));
  }
}
await browser.close();
