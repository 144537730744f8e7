import { type ComponentProps, isValidElement, memo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remend from "remend";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { Chip } from "../source/Chip.tsx";
import { blocksOf } from "./blocks.ts";
import { Code } from "./Code.tsx";
import { Formula } from "./Formula.tsx";
import { markFormulas } from "./formulas.ts";
import { handles } from "./handles.ts";
import { syntax } from "./syntax.ts";
import "./markdown.css";

/** Words of a model. HTML in them is shown as text, and nothing is loaded from elsewhere. `live`: more are coming. */
export function Markdown({ text, live }: { text: string; live: boolean }) {
  const blocks = blocksOf(text);
  return (
    <div className="markdown">
      {blocks.map((block, at) => <Block key={at} text={block} live={live && at === blocks.length - 1} />)}
    </div>
  );
}

const PLUGINS = [syntax, handles];

const Block = memo(function Block({ text, live }: { text: string; live: boolean }) {
  const marked = markFormulas(text, live);
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={live ? LIVE : COMPONENTS}>
      {live ? remend(marked) : marked}
    </ReactMarkdown>
  );
});

function Anchor({ href = "", children }: ComponentProps<"a">) {
  const handle = /^#source-(\d+)$/.exec(href)?.[1];
  if (handle) return <Chip handle={Number(handle)}>{children}</Chip>;
  if (!/^https?:/.test(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" className="link" title={new URL(href).host}>
      {children}
      <span className="sr-only">({t("chat.foreignLink")})</span>
      <span className="ml-0.5 inline-block align-[-2px]">
        <Icon name="away" size={13} />
      </span>
    </a>
  );
}

/** A block of code, or a formula on lines of its own, which Markdown's tree tells in the same way. */
function pre(live: boolean) {
  return function Pre({ children }: { children?: ReactNode }) {
    const { className = "", children: text } = isValidElement(children)
      ? children.props as { className?: string; children?: ReactNode }
      : {};
    const words = String(text ?? "").replace(/\n$/, "");
    if (className.includes("math-display")) return <Formula tex={words} display />;
    return <Code text={words} language={/language-([\w+#-]+)/.exec(className)?.[1]} live={live} />;
  };
}

const BASE: Components = {
  a: Anchor,
  input: ({ checked }) => <span>{checked ? "\u2611" : "\u2610"}</span>, // of a list of tasks
  img: ({ alt }) => <>{alt}</>,
  code: ({ className, children }) =>
    className?.includes("math-inline") ? <Formula tex={String(children)} /> : <code>{children}</code>,
  table: ({ children }) => (
    <div className="scrolls" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  h1: ({ children }) => <h2>{children}</h2>, // the page's own heading is the first
};
const COMPONENTS: Components = { ...BASE, pre: pre(false) };
const LIVE: Components = { ...BASE, pre: pre(true) };
