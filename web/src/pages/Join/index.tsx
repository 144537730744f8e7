import { useState } from "react";
import { useLocation } from "wouter";
import { mutate } from "swr";
import { send } from "../../api/client.ts";
import { Page } from "../../app/Page.tsx";
import { t } from "../../i18n/index.ts";

/** An invitation that was opened. */
export default function Join({ code }: { code: string }) {
  const [, go] = useLocation();
  const [problem, setProblem] = useState("");
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
    <Page title={t("join.title")}>
      <p className="mb-4">{t("join.text")}</p>
      {problem && <p role="alert" className="mb-4 border-l-4 border-bad pl-3">{problem}</p>}
      <button type="button" className="button main" onClick={join}>{t("join.button")}</button>
    </Page>
  );
}
