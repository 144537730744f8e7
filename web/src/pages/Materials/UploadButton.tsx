import { type ChangeEvent, useId } from "react";
import type { Course } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { AddByLink } from "./AddByLink.tsx";

/** Takes files to upload; who teaches says whether the course sees them at once. */
export function UploadButton({ course, published, onPublished, onFiles }: {
  course: Course;
  published: boolean;
  onPublished: (published: boolean) => void;
  onFiles: (files: Iterable<File>) => void;
}) {
  const id = useId();
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles([...event.target.files!]);
    event.target.value = ""; // the same file may be chosen again
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      {teaches(course) && (
        <select
          aria-label={t("materials.newFiles")}
          className="field w-auto"
          value={String(published)}
          onChange={(event) => onPublished(event.target.value === "true")}
        >
          <option value="true">{t("materials.newPublished")}</option>
          <option value="false">{t("materials.newPrivate")}</option>
        </select>
      )}
      <AddByLink course={course} published={published} />
      <label
        htmlFor={id}
        className="button main cursor-pointer focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent"
      >
        <Icon name="plus" />
        {t("materials.upload")}
        <input id={id} type="file" multiple className="sr-only" onChange={take} />
      </label>
    </div>
  );
}
