import { useState } from "react";
import { useLocation } from "wouter";
import { mutate as mutateAll } from "swr";
import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import type { Course, Member, Role } from "../../api/types.ts";
import { owns, ROLES } from "../../app/roles.ts";
import { useMe } from "../../app/session.tsx";
import { date, t } from "../../i18n/index.ts";
import { SearchField } from "../../ui/SearchField.tsx";
import { Failed, Loading } from "../../ui/states.tsx";

const MANY = 10;

const nameOf = (member: Member) => member.name ?? member.email ?? t("members.nameless");

/** Everybody in the course; its owners change roles and let people go. */
export function People({ course }: { course: Course }) {
  const { data, error, mutate } = useGet("/api/courses/{course_id}/members", { course_id: course.id });
  const [words, setWords] = useState("");
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState("");
  if (error && !data) return <Failed error={error} onRetry={() => mutate()} />;
  if (!data) return <Loading />;
  const change = async (act: () => Promise<string>) => {
    setSaid("");
    setProblem("");
    try {
      setSaid(await act());
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    await mutate();
  };
  const q = words.trim().toLocaleLowerCase();
  const found = data.items.filter((each) =>
    `${each.name ?? ""} ${each.email ?? ""}`.toLocaleLowerCase().includes(q)
  );
  return (
    <section aria-labelledby="people" className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="people" className="text-lg">{t("members.people", { count: data.items.length })}</h2>
        {data.items.length > MANY && (
          <SearchField label={t("members.search")} words={words} onWords={setWords} className="max-w-64" />
        )}
      </div>
      {problem && <p role="alert" className="border-l-4 border-bad pl-3">{problem}</p>}
      <p role="status" className="text-dim empty:hidden">{said}</p>
      {found.length
        ? (
          <ul className="divide-y divide-line rounded-xl border border-line">
            {found.map((each) => (
              <Person
                key={each.userId}
                course={course}
                member={each}
                onChange={change}
              />
            ))}
          </ul>
        )
        : <p className="text-dim">{t("members.notFound")}</p>}
    </section>
  );
}

function Person({ course, member, onChange }: {
  course: Course;
  member: Member;
  onChange: (act: () => Promise<string>) => void;
}) {
  const me = useMe();
  const [, go] = useLocation();
  const own = member.userId === me.id;
  const name = nameOf(member);
  const values = { course_id: course.id, user_id: member.userId };
  const setRole = (role: Role) => {
    if (own && !confirm(t("members.confirmOwnRole", { role: t(`role.${role}`) }))) return;
    onChange(async () => {
      await send("patch", "/api/courses/{course_id}/members/{user_id}", values, { role });
      if (own) await mutateAll((key) => typeof key === "string" && key.startsWith("/api/courses"));
      return t("members.roleChanged", { name, role: t(`role.${role}`) });
    });
  };
  const remove = () => {
    if (
      !confirm(
        own ? t("members.confirmLeave", { course: course.name }) : t("members.confirmRemove", { name }),
      )
    ) return;
    onChange(async () => {
      await send("delete", "/api/courses/{course_id}/members/{user_id}", values);
      if (own) {
        await mutateAll("/api/courses");
        go("/", { replace: true });
      }
      return t("members.removed", { name });
    });
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 [contain-intrinsic-size:auto_4rem] [content-visibility:auto]">
      <div className="min-w-48 flex-1 max-sm:basis-full">
        <p className="font-medium">
          {name}
          {own && <span className="font-normal text-dim">{t("members.you")}</span>}
        </p>
        <p className="text-sm text-dim">
          {[member.name && member.email, t("members.since", { date: date(member.joinedAt) })].filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {owns(course)
        ? (
          <select
            className="field w-auto max-sm:flex-1"
            aria-label={t("members.roleOf", { name })}
            value={member.role}
            onChange={(event) => setRole(event.target.value as Role)}
          >
            {ROLES.map((role) => <option key={role} value={role}>{t(`role.${role}`)}</option>)}
          </select>
        )
        : <span className="text-dim">{t(`role.${member.role}`)}</span>}
      {(own || owns(course)) && (
        <button
          type="button"
          className="button quiet danger"
          aria-label={own ? undefined : t("members.removeName", { name })}
          onClick={remove}
        >
          {own ? t("members.leave") : t("members.remove")}
        </button>
      )}
    </li>
  );
}
