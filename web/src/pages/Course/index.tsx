import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { Course } from "../../api/types.ts";
import { CourseHead } from "../../app/CourseHead.tsx";
import { Header } from "../../app/Header.tsx";
import { Known } from "../../app/Known.tsx";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { useTitle } from "../../ui/title.ts";
import { useWide } from "../../ui/useMedia.ts";
import { ChatList } from "./ChatList.tsx";
import { Conversation } from "./Conversation.tsx";
import { SourceScope } from "./source/SourceScope.tsx";
import { SourcePane } from "./source/SourcePane.tsx";

/** A course: its chats at the left, the conversation in the middle, the source that was opened at the right. */
export default function CoursePage({ courseId, chatId }: { courseId: string; chatId?: string }) {
  return <Known courseId={courseId}>{(course) => <Opened course={course} chatId={chatId} />}</Known>;
}

function Opened({ course, chatId }: { course: Course; chatId?: string }) {
  const wide = useWide();
  const [, go] = useLocation();
  const [listed, setListed] = useState(false);
  const draft = useDraft(chatId);
  const shown = chatId ?? draft;
  useTitle(course.name);
  useEffect(() => setListed(false), [shown]);
  const chats = <ChatList course={course} chatId={shown} />;
  return (
    <SourceScope key={shown}>
      <div className="flex h-dvh flex-col print:h-auto">
        <Header>
          {!wide && (
            <button type="button" className="button quiet" onClick={() => setListed(true)}>
              <Icon name="list" />
              {t("chats.title")}
            </button>
          )}
          <CourseHead course={course} title />
        </Header>
        <div className="flex min-h-0 flex-1">
          {wide && <div className="no-print w-68 shrink-0 border-r border-line bg-raised">{chats}</div>}
          {!wide && listed && (
            <Sheet label={t("chats.title")} side="left" onClose={() => setListed(false)}>{chats}</Sheet>
          )}
          <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
            <Conversation
              key={shown}
              course={course}
              chatId={shown}
              isNew={chatId === undefined || chatId === draft}
              onAsked={() =>
                chatId === undefined && go(`/courses/${course.id}/chats/${draft}`, { replace: true })}
            />
          </main>
          <SourcePane course={course} />
        </div>
      </div>
    </SourceScope>
  );
}

/** The id of the chat that the next question begins: another one as soon as it has become a chat that was left. */
function useDraft(chatId?: string): string {
  const [draft, setDraft] = useState(newId);
  const used = useRef(false);
  useEffect(() => {
    if (chatId === draft) used.current = true;
    else if (used.current) {
      used.current = false;
      setDraft(newId());
    }
  }, [chatId, draft]);
  return draft;
}

const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
