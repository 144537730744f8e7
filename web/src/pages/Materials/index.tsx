import { useEffect, useMemo, useState } from "react";
import type { Course } from "../../api/types.ts";
import { CourseHead } from "../../app/CourseHead.tsx";
import { Known } from "../../app/Known.tsx";
import { Page } from "../../app/Page.tsx";
import { teaches } from "../../app/roles.ts";
import { useMe } from "../../app/session.tsx";
import { t } from "../../i18n/index.ts";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { DropArea } from "./DropArea.tsx";
import { Material } from "./Material.tsx";
import { forget, goOnSending, sendFiles, useSending } from "./sending.ts";
import { SendingRow } from "./SendingRow.tsx";
import { Told } from "./Told.tsx";
import { UploadButton } from "./UploadButton.tsx";
import { useMaterials } from "./useMaterials.ts";

/** The materials of a course: what is there, what becomes of what was uploaded, and more of it. */
export default function Materials({ courseId }: { courseId: string }) {
  return (
    <Known courseId={courseId} rows={5}>
      {(course, again) => <Opened course={course} onRefused={again} />}
    </Known>
  );
}

function Opened({ course, onRefused }: { course: Course; onRefused: () => void }) {
  const { uploads, lost } = useMaterials(course.id, onRefused);
  const sending = useSending(course.id);
  const [published, setPublished] = useState(true);
  const me = useMe();
  const send = (files: Iterable<File>) =>
    sendFiles(me.id, course.id, files, teaches(course) ? published : undefined);
  const shared = useMemo(() => repeated(uploads?.map((each) => each.fileName) ?? []), [uploads]);
  useEffect(() => void goOnSending(me.id, course.id), [me.id, course.id]);
  useEffect(() => { // once it is listed, its own line says what becomes of it
    const listed = new Set(uploads?.map((each) => each.id));
    sending.filter((each) => each.state === "taken" && listed.has(each.upload!.id))
      .forEach((each) => forget(each.key));
  }, [uploads, sending]);
  return (
    <Page
      title={t("materials.title")}
      head={<CourseHead course={course} />}
      action={
        <UploadButton course={course} published={published} onPublished={setPublished} onFiles={send} />
      }
    >
      <DropArea onFiles={send} />
      <Told uploads={uploads} />
      {lost && uploads && <p role="status" className="mb-4 text-dim">{t("materials.lost")}</p>}
      {uploads || sending.length
        ? (
          <ul className="space-y-2">
            {sending.map((each) => <SendingRow key={each.key} sending={each} />)}
            {uploads?.map((each) => (
              <Material
                key={each.id}
                course={course}
                upload={each}
                name={shared.has(each.fileName) ? each.sourceName : each.fileName}
              />
            ))}
          </ul>
        )
        : lost
        ? <Failed error={new Error(t("problem.offline"))} />
        : <Loading rows={5} />}
      {uploads?.length === 0 && !sending.length && (
        <Empty
          title={t("materials.none")}
          text={t(teaches(course) ? "materials.noneTeacher" : "materials.noneStudent")}
        />
      )}
    </Page>
  );
}

/** The names that several files have: those are told apart by their folders. */
const repeated = (names: string[]) => new Set(names.filter((name, at) => names.indexOf(name) !== at));
