import { useState } from "react";
import type { Course } from "../../api/types.ts";
import { CourseHead } from "../../app/CourseHead.tsx";
import { Page } from "../../app/Page.tsx";
import { Taught } from "../../app/Taught.tsx";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Invitations } from "./Invitations.tsx";
import { Invite } from "./Invite.tsx";
import { People } from "./People.tsx";

/** Who belongs to a course, and who may still come in, for who teaches it. */
export default function Members({ courseId }: { courseId: string }) {
  return (
    <Taught courseId={courseId} title={t("members.title")}>{(course) => <Opened course={course} />}</Taught>
  );
}

function Opened({ course }: { course: Course }) {
  const [inviting, setInviting] = useState(false);
  const action = (
    <button type="button" className="button main" onClick={() => setInviting(true)}>
      <Icon name="plus" />
      {t("members.invite")}
    </button>
  );
  return (
    <Page title={t("members.title")} head={<CourseHead course={course} />} action={action}>
      <People course={course} />
      <Invitations course={course} />
      {inviting && <Invite course={course} onClose={() => setInviting(false)} />}
    </Page>
  );
}
