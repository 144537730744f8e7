import { useState } from "react";
import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import type { Course, Invitation } from "../../api/types.ts";
import { owns } from "../../app/roles.ts";
import { date, t } from "../../i18n/index.ts";
import { Failed, Loading } from "../../ui/states.tsx";

export const INVITATIONS = "/api/courses/{course_id}/invitations";

/** Invitations with which somebody may still come in. Their links are told once, so they are not here. */
export function Invitations({ course }: { course: Course }) {
  const { data, error, mutate } = useGet(INVITATIONS, { course_id: course.id });
  const [problem, setProblem] = useState("");
  const revoke = async (invitation: Invitation) => {
    if (!confirm(t("members.confirmRevoke"))) return;
    setProblem("");
    try {
      const values = { course_id: course.id, invitation_id: invitation.id };
      await send("delete", "/api/courses/{course_id}/invitations/{invitation_id}", values);
    } catch (failed) {
      setProblem((failed as Error).message);
    }
    await mutate();
  };
  const open = data?.items.filter(isOpen);
  return (
    <section aria-labelledby="invitations" className="mt-8 space-y-3">
      <h2 id="invitations" className="text-lg">{t("members.invitations")}</h2>
      {problem && <p role="alert" className="border-l-4 border-bad pl-3">{problem}</p>}
      {open
        ? open.length
          ? (
            <ul className="divide-y divide-line rounded-xl border border-line">
              {open.map((each) => (
                <li key={each.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
                  <div className="min-w-48 flex-1">
                    <p className="font-medium">{t("members.invitesAs", { role: t(`role.${each.role}`) })}</p>
                    <p className="text-sm text-dim">{limits(each)}</p>
                  </div>
                  {(each.role !== "owner" || owns(course)) && (
                    <button
                      type="button"
                      className="button quiet danger"
                      onClick={() => revoke(each)}
                    >
                      {t("members.revoke")}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
          : <p className="text-dim">{t("members.noInvitations")}</p>
        : error
        ? <Failed error={error} onRetry={() => mutate()} />
        : <Loading rows={1} />}
    </section>
  );
}

const isOpen = ({ expiresAt, usesLeft }: Invitation) =>
  usesLeft !== 0 && (expiresAt === null || new Date(expiresAt) > new Date());

function limits({ createdAt, expiresAt, usesLeft }: Invitation): string {
  return [
    t("members.made", { date: date(createdAt) }),
    expiresAt === null ? t("members.endless") : t("members.until", { date: date(expiresAt) }),
    usesLeft === null ? t("members.anyNumber") : t("members.usesLeft", { count: usesLeft }),
  ].join(" · ");
}
