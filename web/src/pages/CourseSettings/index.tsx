import type { Course } from "../../api/types.ts";
import { CourseHead } from "../../app/CourseHead.tsx";
import { Page } from "../../app/Page.tsx";
import { owns } from "../../app/roles.ts";
import { Taught } from "../../app/Taught.tsx";
import { t } from "../../i18n/index.ts";
import { About } from "./About.tsx";
import { Cap } from "./Cap.tsx";
import { Model } from "./Model.tsx";

/** What a course says of itself, who may join it, which model answers in it and what that may cost. */
export default function CourseSettings({ courseId }: { courseId: string }) {
  return (
    <Taught courseId={courseId} title={t("settled.title")}>{(course) => <Opened course={course} />}</Taught>
  );
}

function Opened({ course }: { course: Course }) {
  return (
    <Page title={t("settled.title")} head={<CourseHead course={course} />}>
      <div className="max-w-2xl space-y-10">
        {owns(course) ? <About course={course} /> : <p className="text-dim">{t("settled.ownersOnly")}</p>}
        <Model course={course} />
        {owns(course) && <Cap course={course} />}
      </div>
    </Page>
  );
}
