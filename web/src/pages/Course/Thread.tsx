import { lazy, memo, Suspense, useEffect, useRef } from "react";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Composer } from "./Composer.tsx";
import { ExportMenu } from "./ExportMenu.tsx";
import { citedIn, KEYLESS, type Message } from "./messages.ts";
import type { Within } from "../../ui/question.ts";
import { Working } from "../../ui/states.tsx";
import { Question } from "./Question.tsx";
import { Start } from "./Start.tsx";
import { useStickToEnd } from "./useStickToEnd.ts";
import { type Thread as Talk, useThread } from "./useThread.ts";

// An answer's Markdown is half of what a chat loads. It is brought at once, and the question can be written meanwhile.
const answers = import("./Answer.tsx");
answers.catch(() => {}); // it is said where an answer is shown
const Answer = lazy(() => answers);

/** A conversation: what was said, what is being said, and the box for the next question. */
export function Thread({ course, chatId, history, isNew, onAsked }: {
  course: Course;
  chatId: string;
  history: Message[];
  isNew: boolean;
  onAsked: () => void;
}) {
  const talk = useThread(chatId, course.id, history, isNew);
  const { messages, busy, lost, error } = talk;
  const scroller = useRef<HTMLDivElement>(null);
  const toEnd = useStickToEnd(scroller);
  const ask = (text: string, within?: Within) => {
    toEnd();
    void talk.ask(text, within && [within.id]);
    onAsked();
  };
  const waiting = busy && messages.at(-1)?.role === "user";
  return (
    <div className="flex h-full flex-col">
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto print:overflow-visible">
        <div className="mx-auto flex min-h-full max-w-3xl flex-col gap-5 px-4 py-5">
          {messages.length > 0
            ? (
              <div className="no-print -mb-2 flex justify-end">
                <ExportMenu chatId={chatId} />
              </div>
            )
            : <Start course={course} onAsk={ask} />}
          <Said course={course} chatId={chatId} talk={talk} />
          {waiting && (
            <article aria-label={t("chat.answer")} aria-busy>
              <Working>{t("chat.searching")}</Working>
            </article>
          )}
          {lost && <p role="status" className="text-dim">{t("chat.lost")}</p>}
          {error && error.code !== KEYLESS && (
            <div
              role="alert"
              className="rounded-xl border border-bad bg-bad-soft px-4 py-3 flex items-center gap-4"
            >
              <p className="flex-1">{error.message}</p>
              <button type="button" className="button" onClick={() => talk.regenerate()}>
                {t("state.again")}
              </button>
            </div>
          )}
        </div>
      </div>
      <Announcer messages={messages} busy={busy} />
      <Composer course={course} busy={busy} onAsk={ask} onStop={talk.stop} />
    </div>
  );
}

function Said({ course, chatId, talk }: { course: Course; chatId: string; talk: Talk }) {
  const { messages, busy } = talk;
  const latest = useRef(talk);
  latest.current = talk;
  const actions = useRef({
    edit: (message: Message, text: string) =>
      void latest.current.ask(text, message.metadata?.sourceIds, message.id),
    again: (messageId: string) => void latest.current.regenerate({ messageId }),
    show: (key: string) => void latest.current.show(key),
  }).current;
  return messages.map((message, at) => (
    <Row
      key={message.id}
      courseId={course.id}
      chatId={chatId}
      message={message}
      live={busy && at === messages.length - 1}
      busy={busy}
      {...actions}
    />
  ));
}

type Actions = {
  edit: (message: Message, text: string) => void;
  again: (messageId: string) => void;
  show: (key: string) => void;
};

/** One message; drawn again only when it changes, however long the chat is. */
const Row = memo(function Row({ courseId, chatId, message, live, busy, edit, again, show }: {
  courseId: string;
  chatId: string;
  message: Message;
  live: boolean;
  busy: boolean;
} & Actions) {
  return message.role === "user"
    ? <Question courseId={courseId} message={message} busy={busy} onEdit={edit} onShow={show} />
    : (
      <Suspense fallback={<Coming />}>
        <Answer chatId={chatId} message={message} live={live} busy={busy} onAgain={again} onShow={show} />
      </Suspense>
    );
});

const Coming = () => (
  <article aria-label={t("chat.answer")} aria-busy className="min-h-40">
    <Working>{t("state.loading")}</Working>
  </article>
);

/** Tells screen readers that an answer begins and ends, and not each of its words. */
function Announcer({ messages, busy }: { messages: Message[]; busy: boolean }) {
  const was = useRef(busy);
  const told = useRef("");
  useEffect(() => {
    was.current = busy;
  }, [busy]);
  if (busy) told.current = t("chat.answering");
  else if (was.current) {
    const last = messages.at(-1);
    told.current = t("chat.complete", { count: last ? citedIn(last).length : 0 });
  }
  return <div role="status" className="sr-only">{told.current}</div>;
}
