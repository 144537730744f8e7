// Build of the page: hashed files, each beside its gzip and Brotli twins, so that the server compresses nothing.
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const API = Deno.env.get("API") ?? "http://127.0.0.1:8000";
const EVERY_PAGE = new RegExp([
  "node_modules.(.deno.)?(react|react-dom|scheduler|swr|wouter|regexparam|dequal|use-sync-external-store)@",
  "src.(i18n.index|api.(client|useGet)|app.(ahead|App|Header|Notices|Page|routes|session|theme))[.]",
  "src.ui.(Boundary|Icon|later|Menu|states|title)[.]",
].join("|"));
const COMPRESSED = /\.(js|css|html|svg|json)$/;

/** KaTeX names its 20 fonts in three formats each; every browser this page runs in takes the first. */
function onlyWoff2(): Plugin {
  const others = /,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["'][^"']*["']\)/g;
  return {
    name: "only-woff2",
    enforce: "pre",
    transform: (code, id) => id.includes("katex") && id.endsWith(".css") ? code.replace(others, "") : null,
  };
}

function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }) {
      for (const name of readdirSync(dir!, { recursive: true, encoding: "utf-8" })) {
        if (!COMPRESSED.test(name)) continue;
        const bytes = readFileSync(join(dir!, name));
        writeFileSync(join(dir!, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        writeFileSync(join(dir!, `${name}.br`), brotliCompressSync(bytes));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), onlyWoff2(), compressed()],
  define: { __VERSION__: JSON.stringify(Deno.env.get("PAGE_VERSION") ?? "dev") },
  build: {
    outDir: "../serving/dist",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy lets no data: address in
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      // What every page needs is one file: it compresses better so than in the pieces that pages share.
      output: { codeSplitting: { groups: [{ name: "base", test: EVERY_PAGE }] } },
    },
  },
  // Cookies know no ports and the service compares Origin with Host, so the page's own server passes both on.
  server: { host: "127.0.0.1", proxy: { "/api": { target: API, changeOrigin: false } } },
});
