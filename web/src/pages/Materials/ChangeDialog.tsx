import { type FormEvent, useId, useState } from "react";
import { send } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { useGet } from "../../api/useGet.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import type { Asked } from "./useActions.ts";

/** Asks for what is to be changed of an upload: its name, its date, its course. */
export function ChangeDialog(
  { what, upload, onClose }: { what: Asked; upload: Upload; onClose: () => void },
) {
  const [problem, setProblem] = useState("");
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    try {
      await change(what, upload, given);
      onClose();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title={titleOf(what)} onClose={onClose}>
      <form onSubmit={save} className="space-y-4">
        {what === "rename" && (
          <Field
            label={t("materials.name")}
            name="fileName"
            defaultValue={upload.fileName}
            required
            autoFocus
            maxLength={255}
          />
        )}
        {what === "release" && (
          <Field
            label={t("materials.date")}
            note={t("materials.dateNote")}
            name="releaseAt"
            type="datetime-local"
            defaultValue={localTime(upload.releaseAt)}
            autoFocus
          />
        )}
        {what === "move" && <Courses from={upload.courseId} />}
        {problem && <p role="alert" className="text-bad">{problem}</p>}
        <div className="flex justify-end gap-2">
          <button type="button" className="button" onClick={onClose}>{t("ui.cancel")}</button>
          <button type="submit" className="button main">{t("materials.save")}</button>
        </div>
      </form>
    </Dialog>
  );
}

function Courses({ from }: { from: string }) {
  const id = useId();
  const { data } = useGet("/api/courses");
  const others = data?.items.filter((each) => each.id !== from && !each.archived);
  if (others?.length === 0) return <p>{t("materials.noOtherCourse")}</p>;
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">{t("materials.course")}</label>
      <select id={id} name="courseId" className="field" required>
        {others?.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
      </select>
    </div>
  );
}

function titleOf(what: Asked): string {
  switch (what) {
    case "rename":
      return t("materials.rename");
    case "release":
      return t("materials.release");
    case "move":
      return t("materials.move");
  }
}

function change(what: Asked, { id, kind, published }: Upload, given: FormData): Promise<unknown> {
  const path = kind === "lecture" ? "/api/lectures/{upload_id}" : "/api/documents/{upload_id}";
  const values = { upload_id: id };
  if (what === "rename") return send("patch", path, values, { fileName: String(given.get("fileName")) });
  if (what === "move") return send("patch", path, values, { courseId: String(given.get("courseId")) });
  const at = String(given.get("releaseAt"));
  const release = { releaseAt: at ? new Date(at).toISOString() : null };
  return published ? send("patch", path, values, release) : send("post", `${path}/publish`, values, release);
}

/** A time as a field for times takes it: of this machine's zone, without it. */
function localTime(at: string | null): string {
  if (at === null) return "";
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
