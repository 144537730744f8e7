import { useDeferredValue, useState } from "react";
import { Link, useLocation } from "wouter";
import useSWRInfinite from "swr/infinite";
import { address, type Answer, type ApiError, fetchJson, send } from "../../api/client.ts";
import type { Course, Session } from "../../api/types.ts";
import { date, t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { SearchField } from "../../ui/SearchField.tsx";
import { Failed } from "../../ui/states.tsx";
import { tellChats, useChatNews } from "./chats.ts";

const PAGE = 50;

/** The chats of a course, newest first under their day; searched, renamed, put away, deleted. */
export function ChatList({ course, chatId }: { course: Course; chatId: string }) {
  const [words, setWords] = useState("");
  const [archived, setArchived] = useState(false);
  const q = useDeferredValue(words.trim());
  return (
    <aside aria-label={t("course.chat")} className="flex h-full flex-col gap-2 p-3">
      <Link href={`/courses/${course.id}`} className="button">
        <Icon name="plus" />
        {t("chats.new")}
      </Link>
      <nav aria-label={t("chats.title")} className="flex min-h-0 flex-1 flex-col gap-2">
        <SearchField label={t("chats.search")} words={words} onWords={setWords} />
        <div className="-mx-1 min-h-0 flex-1 overflow-y-auto px-1">
          <Chats course={course} chatId={chatId} q={q} archived={archived} />
        </div>
        <button
          type="button"
          className="button quiet"
          aria-pressed={archived}
          onClick={() => setArchived(!archived)}
        >
          {archived ? t("chats.showCurrent") : t("chats.showArchived")}
        </button>
      </nav>
    </aside>
  );
}

function Chats(
  { course, chatId, q, archived }: { course: Course; chatId: string; q: string; archived: boolean },
) {
  const { data, error, size, setSize, mutate } = useSWRInfinite<Answer<"/api/sessions">, ApiError>(
    (_, before) =>
      before && !before.nextBefore ? null : address("/api/sessions", {
        course: course.id,
        limit: PAGE,
        q: q || null,
        archived: archived || null,
        before: before?.nextBefore,
      }),
    fetchJson,
    { keepPreviousData: true },
  );
  useChatNews(() => void mutate());
  if (error && !data) return <Failed error={error} onRetry={() => mutate()} />;
  const found = data?.flatMap((page) => page.items) ?? [];
  return (
    <>
      {days(found).map(([day, chats]) => (
        <section key={day}>
          <h2 className="mt-3 mb-1 px-2 text-sm font-medium text-dim">{day}</h2>
          <ul>
            {chats.map((chat) => (
              <Chat
                key={chat.id}
                chat={chat}
                course={course}
                here={chat.id === chatId}
              />
            ))}
          </ul>
        </section>
      ))}
      {data && !found.length && (
        <p className="px-2 py-3 text-sm text-dim">
          {q ? t("chats.notFound") : archived ? t("chats.noneArchived") : t("chats.none")}
        </p>
      )}
      {data?.at(-1)?.nextBefore && (
        <button
          type="button"
          className="button quiet w-full"
          onClick={() => setSize(size + 1)}
        >
          {t("chats.more")}
        </button>
      )}
    </>
  );
}

function Chat({ chat, course, here }: { chat: Session; course: Course; here: boolean }) {
  const [renaming, setRenaming] = useState(false);
  const [, go] = useLocation();
  const values = { chat_id: chat.id };
  const rename = async (title: string) => {
    setRenaming(false);
    if (title && title !== chat.title) {
      await send("patch", "/api/sessions/{chat_id}", values, { title });
      tellChats();
    }
  };
  const remove = async () => {
    if (!confirm(t("chats.confirmDelete", { title: chat.title }))) return;
    await send("delete", "/api/sessions/{chat_id}", values);
    tellChats();
    if (here) go(`/courses/${course.id}`);
  };
  const putAway = async () => {
    await send("patch", "/api/sessions/{chat_id}", values, { archived: !chat.archived });
    tellChats();
  };
  if (renaming) {
    return (
      <li>
        <input
          autoFocus
          className="field"
          aria-label={t("chats.titleOf")}
          defaultValue={chat.title}
          maxLength={200}
          onFocus={(event) => event.target.select()}
          onBlur={(event) => rename(event.target.value.trim())}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setRenaming(false);
          }}
        />
      </li>
    );
  }
  return (
    <li className={`group flex items-center rounded-lg ${here ? "bg-soft" : "hover:bg-soft"}`}>
      <Link
        href={`/courses/${course.id}/chats/${chat.id}`}
        aria-current={here ? "page" : undefined}
        className="min-w-0 flex-1 truncate px-2 py-1.5 text-ink"
      >
        {chat.title || t("chats.untitled")}
      </Link>
      <Menu
        label={t("chats.options", { title: chat.title })}
        items={[
          { label: t("chats.rename"), run: () => setRenaming(true) },
          { label: chat.archived ? t("chats.takeBack") : t("chats.archive"), run: putAway },
          { label: t("chats.delete"), run: remove, danger: true },
        ]}
      />
    </li>
  );
}

/** Chats under the day of their last question, in the order they come. */
function days(chats: Session[]): [string, Session[]][] {
  const today = new Date().toDateString();
  const yesterday = new Date(Date.now() - 86_400_000).toDateString();
  const groups = new Map<string, Session[]>();
  for (const chat of chats) {
    const day = new Date(chat.updatedAt).toDateString();
    const name = day === today
      ? t("chats.today")
      : day === yesterday
      ? t("chats.yesterday")
      : date(chat.updatedAt, { month: "long", year: "numeric" });
    groups.set(name, [...groups.get(name) ?? [], chat]);
  }
  return [...groups];
}
