// Drives the example page in a real browser. usage: node browser.mjs PLAYWRIGHT CHROMIUM URL [PICTURE]. Says `launched` when
// the browser runs, then takes steps as JSON lines, each answered with what the page shows: {status, articles, alert, card,
// dialogs, problems}.
//   ["ask", WORDS] ["click", SELECTOR, TEXT] ["reload"] ["until", STATUS] ["until words", TEXT] ["picture"]
import readline from 'node:readline';
import { createRequire } from 'node:module';

const [modules, chromium, url, picture] = process.argv.slice(2);
const { chromium: launcher } = createRequire(modules)('playwright-core');
const browser = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
console.log('launched');
const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
const dialogs = [], problems = [];
page.on('dialog', dialog => { dialogs.push(dialog.message()); dialog.dismiss(); });
page.on('pageerror', error => problems.push(String(error)));
page.on('request', request => { if (!request.url().startsWith(new URL(url).origin)) problems.push(request.url()); });
await page.goto(url);
await page.waitForSelector('main');

const steps = {
  ask: async words => { await page.fill('input', words); await page.click('form button'); },
  click: (selector, text) => page.locator(selector, text ? { hasText: text } : {}).first().click(),
  reload: async () => { await page.reload(); await page.waitForSelector('main'); },
  until: status => page.waitForSelector(`main[data-status=${status}]`),
  'until words': text => page.locator('article.assistant', { hasText: text }).waitFor(),
  'until card': () => page.waitForSelector('#card'),
  picture: () => picture && page.screenshot({ path: picture, fullPage: true }),
};

const shown = () => page.evaluate(async () => {
  const image = document.querySelector('#card img');
  if (image) await image.decode().catch(() => {});
  return {
    status: document.querySelector('main').dataset.status,
    articles: [...document.querySelectorAll('article')].map(each => ({
      role: each.className, text: each.innerText, buttons: [...each.querySelectorAll('.cite')].map(button => button.innerText),
      tags: [...new Set([...each.querySelectorAll('*')].map(element => element.tagName.toLowerCase()))],
    })),
    alert: document.querySelector('[role=alert]')?.innerText ?? null,
    card: document.querySelector('#card') && {
      where: document.querySelector('#card h2').innerText, text: document.querySelector('#card').innerText,
      image: image?.naturalWidth ?? null, audio: document.querySelector('#card audio')?.getAttribute('src') ?? null,
    },
  };
});

for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    const [name, ...given] = JSON.parse(line);
    await steps[name](...given);
    console.log(JSON.stringify({ ...await shown(), dialogs, problems }));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error) }));
  }
}
await browser.close();
