import { type FormEvent, useState } from "react";
import { address, fetchJson } from "../../api/client.ts";
import type { Course } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";

/** Adds a lecture that lies elsewhere, by its link; for who may add lectures. */
export function AddByLink({ course, published }: { course: Course; published: boolean }) {
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  if (!teaches(course) && !course.studentsAddLectures) return null;
  const close = () => {
    setAsking(false);
    setProblem("");
  };
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    form.append("courseId", course.id);
    if (teaches(course)) form.append("published", String(published));
    try {
      await fetchJson(address("/api/lectures"), { method: "POST", body: form });
      close();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {t("materials.addByLink")}
      </button>
      {asking && (
        <Dialog title={t("materials.addByLink")} onClose={close}>
          <form onSubmit={add} className="space-y-4">
            <Field
              label={t("materials.link")}
              note={t("materials.linkNote")}
              name="url"
              type="url"
              required
              autoFocus
            />
            {problem && <p role="alert" className="text-bad">{problem}</p>}
            <div className="flex justify-end gap-2">
              <button type="button" className="button" onClick={close}>{t("ui.cancel")}</button>
              <button type="submit" className="button main">{t("materials.add")}</button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
