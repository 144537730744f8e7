import { type FormEvent, useId, useState } from "react";
import { send } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";

/** Asks for the password of a protected PDF. */
export function Unlock({ upload }: { upload: Upload }) {
  const id = useId();
  const [problem, setProblem] = useState("");
  const unlock = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    try {
      await send("post", "/api/documents/{upload_id}/unlock", { upload_id: upload.id }, { password });
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <form onSubmit={unlock} className="my-1 flex flex-wrap items-center gap-2">
      <label htmlFor={id}>{t("materials.password")}</label>
      <input
        id={id}
        name="password"
        type="password"
        required
        autoComplete="off"
        className="field w-48"
        aria-describedby={problem ? `${id}-problem` : undefined}
      />
      <button type="submit" className="button">{t("materials.unlock")}</button>
      {problem && <p id={`${id}-problem`} role="alert" className="text-bad">{problem}</p>}
    </form>
  );
}
