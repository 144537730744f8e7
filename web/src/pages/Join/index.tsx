import { useState } from "react";
import { useLocation } from "wouter";
import { mutate } from "swr";
import { send } from "../../api/client.ts";
import type { Invited } from "../../api/types.ts";
import { useGet } from "../../api/useGet.ts";
import { Page } from "../../app/Page.tsx";
import { date, t } from "../../i18n/index.ts";
import { Failed, Loading } from "../../ui/states.tsx";

/** An invitation that was opened: who invites to what, and the way in. */
export default function Join({ code }: { code: string }) {
  const { data, error, mutate: again } = useGet("/api/invitations/{code}", { code });
  return (
    <Page title={t("join.title")}>
      {data
        ? <Found code={code} invited={data} />
        : error
        ? <Failed error={error} onRetry={error.code === "invitation_ended" ? undefined : () => again()} />
        : <Loading rows={2} />}
    </Page>
  );
}

function Found({ code, invited }: { code: string; invited: Invited }) {
  const { courseName: course, invitedBy: name, expiresAt, joinedAs } = invited;
  const [, go] = useLocation();
  const [problem, setProblem] = useState("");
  const role = t(`joinAs.${invited.role}`);
  const join = async () => {
    try {
      const { courseId } = await send("post", "/api/invitations/{code}/accept", { code });
      await mutate("/api/courses");
      go(`/courses/${courseId}`, { replace: true });
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <div className="max-w-prose space-y-3">
      <p className="text-lg">
        {name ? t("join.by", { name, course, role }) : t("join.byNobody", { course, role })}
      </p>
      <p className="text-dim">
        {joinedAs ? t("join.joined", { role: t(`joinAs.${joinedAs}`) }) : t("join.text")}
        {expiresAt &&
          ` ${t("join.until", { date: date(expiresAt, { dateStyle: "long", timeStyle: "short" }) })}`}
      </p>
      {problem && <p role="alert" className="border-l-4 border-bad pl-3">{problem}</p>}
      <button type="button" className="button main" onClick={join}>{t("join.button")}</button>
    </div>
  );
}
