// Serves the page and hands /api on with the token, as a frontend's own server does: the token never reaches a browser.
// Whoever reaches this server asks as the token's owner, so it answers under its own names only (a page that points its
// own name at 127.0.0.1 is turned away) and lets no other site's page ask anything, on another port of this machine either.
// usage: npm install --no-package-lock && node server.mjs [PORT] [API_URL] [TOKEN_FILE]
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const [port = '3001', api = 'http://127.0.0.1:8000', tokenFile = path.join(here, '../../.studybuddy/run/api.token')] = process.argv.slice(2);
const bundle = await build({
  entryPoints: [path.join(here, 'page.jsx')], bundle: true, write: false, format: 'esm', jsx: 'automatic',
  target: 'es2022', minify: true, define: { 'process.env.NODE_ENV': '"production"' },
});
const files = {
  '/': ['text/html; charset=utf-8', fs.readFileSync(path.join(here, 'index.html'))],
  '/page.js': ['text/javascript; charset=utf-8', bundle.outputFiles[0].contents],
};
const policy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; connect-src 'self'";

const names = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
const foreign = ({ method, headers }) => {
  if (!names.has(headers.host?.toLowerCase())) return 421;
  const origin = headers.origin, site = headers['sec-fetch-site'];
  if (origin !== undefined && origin !== `http://${headers.host}`) return 403;
  return method !== 'GET' && method !== 'HEAD' && site !== undefined && site !== 'same-origin' ? 403 : null;
};
const handed = ['accept', 'content-type', 'content-length', 'transfer-encoding', 'range', 'if-none-match', 'if-range'];

http.createServer({ maxHeaderSize: 65536, headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) => {
  const refused = foreign(request);
  if (refused) return response.writeHead(refused, { connection: 'close' }).end();
  const file = files[request.url.split('?')[0]];
  if (file) return response.writeHead(200, { 'content-type': file[0], 'content-security-policy': policy }).end(file[1]);
  if (!request.url.startsWith('/api/')) return response.writeHead(404).end();
  const token = fs.readFileSync(tokenFile, 'utf8').trim();
  const headers = { host: new URL(api).host, authorization: `Bearer ${token}` };
  for (const name of handed) if (request.headers[name] !== undefined) headers[name] = request.headers[name];
  const onward = http.request(api + request.url, { method: request.method, headers }, answer => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  response.on('close', () => onward.destroy());
  onward.on('error', () => response.headersSent ? response.destroy() : response.writeHead(502).end());
  request.pipe(onward);
}).listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
