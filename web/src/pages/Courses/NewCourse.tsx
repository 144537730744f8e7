import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { mutate } from "swr";
import { send } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";

/** The form of a new course; who makes it owns it. */
export default function NewCourse({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation();
  const [problem, setProblem] = useState("");
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    const [name, code, term] = ["name", "code", "term"].map((field) => String(said.get(field)).trim());
    try {
      const made = await send("post", "/api/courses", {}, { name, code: code || null, term: term || null });
      await mutate("/api/courses");
      go(`/courses/${made.id}`);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <Dialog title={t("courses.new")} onClose={onClose}>
      <form onSubmit={make} className="space-y-4">
        <Field label={t("courses.name")} name="name" required autoFocus maxLength={200} />
        <div className="grid grid-cols-2 gap-4">
          <Field label={t("courses.code")} name="code" maxLength={200} />
          <Field label={t("courses.term")} name="term" maxLength={200} />
        </div>
        {problem && <p role="alert" className="text-bad">{problem}</p>}
        <button type="submit" className="button main">{t("ui.create")}</button>
      </form>
    </Dialog>
  );
}
