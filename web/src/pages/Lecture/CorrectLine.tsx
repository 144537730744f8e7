import { useId, useState } from "react";
import { mutate } from "swr";
import { address, type Answer, fetchJson, send } from "../../api/client.ts";
import type { Line } from "../../api/types.ts";
import { clock, t } from "../../i18n/index.ts";
import { CorrectionForm } from "../../ui/Correction.tsx";

const TRANSCRIPT = "/api/lectures/{upload_id}/transcript";
const SEGMENT = "/api/lectures/{upload_id}/segments/{number}";

/** The form for a line of a transcript. */
export function CorrectLine({ lectureId, line: given, onClose }: {
  lectureId: string;
  line: Line;
  onClose: () => void;
}) {
  const id = useId();
  const [line] = useState(given); // as it was when this was begun: it may be loaded anew meanwhile
  const save = async (said: FormData, over: boolean) => {
    const text = String(said.get("text")).replaceAll("\r\n", "\n").trim();
    const talk = await fetchJson<Answer<typeof TRANSCRIPT>>(address(TRANSCRIPT, { upload_id: lectureId }));
    const now = talk.items.find((each) => each.startMs === line.startMs);
    if (!over && now?.text !== line.text) return now?.text ?? "";
    const values = { upload_id: lectureId, number: line.number };
    if (text === (line.readText ?? line.text)) await send("delete", SEGMENT, values);
    else await send("put", SEGMENT, values, { text });
    await mutate(address(TRANSCRIPT, { upload_id: lectureId }));
    return null;
  };
  return (
    <CorrectionForm onSave={save} onClose={onClose}>
      <label htmlFor={id} className="sr-only">{t("correct.line", { at: clock(line.startMs) })}</label>
      <textarea
        id={id}
        name="text"
        required
        autoFocus
        className="field min-h-20 py-2 [field-sizing:content]"
        maxLength={2000}
        defaultValue={line.text}
      />
    </CorrectionForm>
  );
}

/** Have a line as it was heard again. */
export async function undoLine(lectureId: string, line: Line) {
  await send("delete", SEGMENT, { upload_id: lectureId, number: line.number });
  await mutate(address(TRANSCRIPT, { upload_id: lectureId }));
}
