import { useEffect, useState } from "react";
import { t } from "../../../i18n/index.ts";

/** A block of code. Colours come when it is whole; they change no size. */
export function Code({ text, language, live }: { text: string; language?: string; live: boolean }) {
  const [html, setHtml] = useState<string | null>(null);
  useEffect(() => {
    if (live || !language) return;
    let here = true;
    import("./colours.ts").then(({ coloured }) => here && setHtml(coloured(text, language)));
    return () => {
      here = false;
    };
  }, [text, language, live]);
  // deno-lint-ignore react-no-danger -- highlight.js escapes what it colours
  const words = html === null ? <code>{text}</code> : <code dangerouslySetInnerHTML={{ __html: html }} />;
  return (
    <pre tabIndex={0} aria-label={language ? t("chat.codeIn", { language }) : t("chat.code")} role="group">
      {words}
    </pre>
  );
}
