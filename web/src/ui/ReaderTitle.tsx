import { useState } from "react";
import { mutate } from "swr";
import { address, type Answer, fetchJson, send } from "../api/client.ts";
import type { Course } from "../api/types.ts";
import { teaches } from "../app/roles.ts";
import { t } from "../i18n/index.ts";
import { CorrectButton, CorrectionForm, SaidCorrected } from "./Correction.tsx";
import { Field } from "./Field.tsx";

const SHOWN = {
  deck: ["/api/documents/{upload_id}/pages", "/api/documents/{upload_id}/title"],
  lecture: ["/api/lectures/{upload_id}/transcript", "/api/lectures/{upload_id}/title"],
} as const;

/** The title over a deck or a lecture; who teaches corrects it, and everybody sees that it was corrected. */
export function ReaderTitle({ kind, course, id, title, readTitle }: {
  kind: keyof typeof SHOWN;
  course: Course;
  id: string;
  title: string;
  readTitle: string | null;
}) {
  const [correcting, setCorrecting] = useState(false);
  const [from, setFrom] = useState(title); // as it was when this was begun
  const mine = teaches(course);
  const [shown, path] = SHOWN[kind];
  const values = { upload_id: id };
  const done = () => mutate(address(shown, values));
  const undo = () => send("delete", path, values).then(done);
  const save = async (said: FormData, over: boolean) => {
    const wanted = String(said.get("title")).trim();
    const now = await fetchJson<Answer<typeof shown>>(address(shown, values));
    if (!over && now.title !== from) return now.title;
    if (wanted === (now.readTitle ?? now.title)) await send("delete", path, values);
    else await send("put", path, values, { title: wanted });
    await done();
    return null;
  };
  if (correcting) {
    return (
      <>
        <h1 className="sr-only">{title}</h1>
        <CorrectionForm onSave={save} onClose={() => setCorrecting(false)}>
          <Field
            label={t("correct.name")}
            name="title"
            required
            maxLength={300}
            defaultValue={from}
            autoFocus
          />
        </CorrectionForm>
      </>
    );
  }
  return (
    <>
      <div className="flex items-center gap-1">
        <h1 className="min-w-0 truncate text-lg">{title}</h1>
        {mine && (
          <CorrectButton
            name={t("correct.nameButton")}
            small
            onClick={() => {
              setFrom(title);
              setCorrecting(true);
            }}
          />
        )}
      </div>
      {readTitle !== null && (
        <SaidCorrected
          said={t("correct.named", { read: readTitle })}
          undo={t("correct.undoName")}
          onUndo={mine ? undo : undefined}
        />
      )}
    </>
  );
}
