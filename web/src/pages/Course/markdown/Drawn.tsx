import katex from "katex";
import "katex/dist/katex.min.css";
import { memo } from "react";

/** A formula, drawn, with its MathML for who listens. Commands that load or link anything are not followed. */
export default memo(function Drawn({ tex, display }: { tex: string; display: boolean }) {
  const html = katex.renderToString(tex, {
    displayMode: display,
    output: "htmlAndMathml",
    throwOnError: false,
    strict: false,
    trust: false,
    maxSize: 20,
    maxExpand: 200,
  });
  const Tag = display ? "div" : "span";
  // deno-lint-ignore react-no-danger -- KaTeX's own markup, made with `trust: false`
  return <Tag className={display ? "scrolls" : undefined} dangerouslySetInnerHTML={{ __html: html }} />;
});
