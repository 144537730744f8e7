import { mutate } from "swr";
import { send } from "../../api/client.ts";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Field } from "../../ui/Field.tsx";
import { Settled } from "./Settled.tsx";

/** The course's name and term, who may join it, and whether it is over. */
export function About({ course }: { course: Course }) {
  const save = async (said: FormData) => {
    const [name, code, term, instructor] = ["name", "code", "term", "instructor"].map((field) =>
      String(said.get(field)).trim()
    );
    await send("patch", "/api/courses/{course_id}", { course_id: course.id }, {
      name,
      code: code || null,
      term: term || null,
      instructor: instructor || null,
      open: said.has("open"),
      studentsAddLectures: said.has("studentsAddLectures"),
      archived: said.has("archived"),
    });
    await mutate((key) => typeof key === "string" && key.startsWith("/api/courses"));
  };
  return (
    <Settled title={t("settled.about")} onSave={save}>
      <Field label={t("courses.name")} name="name" required maxLength={200} defaultValue={course.name} />
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label={t("courses.code")} name="code" maxLength={200} defaultValue={course.code ?? ""} />
        <Field label={t("courses.term")} name="term" maxLength={200} defaultValue={course.term ?? ""} />
        <Field
          label={t("settled.instructor")}
          name="instructor"
          maxLength={200}
          defaultValue={course.instructor ?? ""}
        />
      </div>
      <Check name="open" on={course.open} label={t("settled.open")} note={t("settled.openNote")} />
      <Check
        name="studentsAddLectures"
        on={course.studentsAddLectures}
        label={t("settled.studentsAdd")}
        note={t("settled.studentsAddNote")}
      />
      <Check
        name="archived"
        on={course.archived}
        label={t("settled.archived")}
        note={t("settled.archivedNote")}
      />
    </Settled>
  );
}

function Check({ name, on, label, note }: { name: string; on: boolean; label: string; note: string }) {
  return (
    <label className="flex items-start gap-3">
      <input type="checkbox" name={name} defaultChecked={on} className="mt-1.5 size-4 accent-accent" />
      <span>
        <span className="block font-medium">{label}</span>
        <span className="block text-sm text-dim">{note}</span>
      </span>
    </label>
  );
}
