import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";

/** An empty chat. */
export function Start({ course }: { course: Course; onAsk: (text: string) => void }) {
  return (
    <div className="my-auto space-y-2 py-8 text-center">
      <p className="text-xl font-semibold">{t("start.title")}</p>
      <p className="text-dim">{t("start.text", { course: course.name })}</p>
    </div>
  );
}
