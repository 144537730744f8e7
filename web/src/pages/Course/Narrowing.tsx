import { useState } from "react";
import type { Course } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { hasAll, wordsIn } from "../../ui/find.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import type { Within } from "../../ui/question.ts";
import { SearchField } from "../../ui/SearchField.tsx";
import { Loading } from "../../ui/states.tsx";
import { useMaterials } from "./useMaterials.ts";

/** The button that narrows questions to one deck or lecture of the course. */
export function NarrowButton({ course, onChoose }: { course: Course; onChoose: (within: Within) => void }) {
  const [choosing, setChoosing] = useState(false);
  const choose = (within: Within) => {
    setChoosing(false);
    onChoose(within);
  };
  return (
    <>
      <button
        type="button"
        className="button quiet icon min-h-11"
        aria-label={t("narrow.button")}
        title={t("narrow.button")}
        onClick={() => setChoosing(true)}
      >
        <Icon name="narrow" />
      </button>
      {choosing && (
        <Dialog title={t("narrow.button")} onClose={() => setChoosing(false)}>
          <Choices course={course} onChoose={choose} />
        </Dialog>
      )}
    </>
  );
}

function Choices({ course, onChoose }: { course: Course; onChoose: (within: Within) => void }) {
  const materials = useMaterials(course.id, true);
  const [query, setQuery] = useState("");
  if (!materials) return <Loading />;
  const shown = materials.filter(({ fileName }) => hasAll(fileName, wordsIn(query)));
  return (
    <>
      <SearchField label={t("narrow.search")} words={query} onWords={setQuery} autoFocus />
      <ul className="-mx-2 max-h-[50dvh] overflow-y-auto">
        {shown.map(({ id, kind, fileName }) => (
          <li key={id}>
            <button
              type="button"
              className="flex w-full items-center gap-2 rounded-md px-2 py-1.5 text-left hover:bg-soft"
              onClick={() => onChoose({ id, name: fileName })}
            >
              <Icon name={kind === "lecture" ? "play" : "page"} size={16} />
              <span className="min-w-0 flex-1 break-words">{fileName}</span>
            </button>
          </li>
        ))}
      </ul>
      {!shown.length && <p className="text-dim">{t("narrow.none")}</p>}
    </>
  );
}

/** What questions are narrowed to, over the box they are typed in. */
export function Narrowed({ within, onEnd }: { within: Within; onEnd: () => void }) {
  return (
    <p className="mx-auto mb-2 flex w-fit max-w-full items-center gap-1 rounded-full bg-soft pl-3 text-sm">
      <span className="truncate">{t("narrow.within", { name: within.name })}</span>
      <button
        type="button"
        className="button quiet icon rounded-full"
        aria-label={t("narrow.end")}
        onClick={onEnd}
      >
        <Icon name="close" size={14} />
      </button>
    </p>
  );
}

/** What a question that was asked was narrowed to. */
export function WasNarrowed({ courseId, ids }: { courseId: string; ids: string[] }) {
  const names = useMaterials(courseId, true)?.filter(({ id }) => ids.includes(id)).map((each) =>
    each.fileName
  );
  if (!names?.length) return null;
  return <p className="text-sm text-dim">{t("narrow.within", { name: names.join(", ") })}</p>;
}
