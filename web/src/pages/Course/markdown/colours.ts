import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import sql from "highlight.js/lib/languages/sql";

for (const [name, grammar] of Object.entries({ bash, c, cpp, java, javascript, python, r, sql })) {
  hljs.registerLanguage(name, grammar);
}
hljs.registerAliases(["typescript", "ts", "tsx", "jsx", "json"], { languageName: "javascript" });
hljs.registerAliases(["shell", "console"], { languageName: "bash" });

/** Code as escaped HTML with colours; null: of a language that none are known for. */
export function coloured(text: string, language: string): string | null {
  return hljs.getLanguage(language) ? hljs.highlight(text, { language }).value : null;
}
