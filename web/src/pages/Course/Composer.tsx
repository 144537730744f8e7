import { useEffect, useRef, useState } from "react";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { NarrowButton, Narrowed } from "./Narrowing.tsx";
import { useQuestion, type Within } from "../../ui/question.ts";

/** The box for a question. Its words are its own state: typing draws nothing of the conversation. */
export function Composer({ course, busy, onAsk, onStop }: {
  course: Course;
  busy: boolean;
  onAsk: (text: string, within?: Within) => void;
  onStop: () => void;
}) {
  const [words, setWords] = useState("");
  const [within, setWithin] = useState<Within>();
  const box = useRef<HTMLTextAreaElement>(null);
  useQuestion((text, about) => {
    setWords(text);
    setWithin(about);
    box.current!.focus();
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { tagName, isContentEditable } = event.target as HTMLElement;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || isContentEditable) return;
      if (["INPUT", "TEXTAREA", "SELECT"].includes(tagName)) return;
      event.preventDefault();
      box.current!.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const ask = () => {
    if (busy || !words.trim()) return;
    onAsk(words.trim(), within);
    setWords("");
  };
  return (
    <form
      className="no-print border-t border-line bg-ground px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      {within && <Narrowed within={within} onEnd={() => setWithin(undefined)} />}
      <div className="mx-auto flex max-w-3xl items-end gap-2">
        <NarrowButton
          course={course}
          onChoose={(chosen) => {
            setWithin(chosen);
            box.current!.focus();
          }}
        />
        <textarea
          ref={box}
          aria-label={t("chat.question")}
          placeholder={t("chat.placeholder")}
          className="field max-h-48 min-h-11 flex-1 resize-none py-2 [field-sizing:content]"
          rows={1}
          maxLength={20_000}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            ask();
          }}
        />
        {busy
          ? (
            <button type="button" className="button min-h-11" onClick={onStop}>
              <Icon name="stop" />
              {t("chat.stop")}
            </button>
          )
          : (
            <button type="submit" className="button main min-h-11" disabled={!words.trim()}>
              <Icon name="ask" />
              {t("chat.ask")}
            </button>
          )}
      </div>
    </form>
  );
}
