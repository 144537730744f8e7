import { send } from "../../api/client.ts";
import { useGet } from "../../api/useGet.ts";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { Settled } from "./Settled.tsx";

/** The most that the course may cost who runs the service in a day. */
export function Cap({ course }: { course: Course }) {
  const { data, error, mutate } = useGet("/api/usage", { courseId: course.id, days: 1 });
  if (!data) return error ? <Failed error={error} onRetry={() => mutate()} /> : <Loading rows={1} />;
  const save = async (said: FormData) => {
    const cap = String(said.get("cap")).trim();
    const dailyUsd = cap === "" ? null : Number(cap);
    await send("put", "/api/courses/{course_id}/cap", { course_id: course.id }, { dailyUsd });
    await mutate();
  };
  const { spentUsd, capUsd, ownCapUsd } = data.today;
  const spent = t("settled.spent", { usd: spentUsd.toFixed(2) });
  return (
    <Settled title={t("settled.cap")} text={t("settled.capText")} onSave={save}>
      <Field
        label={t("settled.capUsd")}
        note={capUsd === null ? spent : `${spent} ${t("settled.capNow", { usd: capUsd.toFixed(2) })}`}
        name="cap"
        type="number"
        min={0}
        max={1_000_000}
        step="0.01"
        placeholder={t("settled.noCap")}
        defaultValue={ownCapUsd ?? ""}
      />
    </Settled>
  );
}
