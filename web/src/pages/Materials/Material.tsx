import { memo, useId } from "react";
import { Link } from "wouter";
import type { Course, Upload } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { date, t } from "../../i18n/index.ts";
import { deckAt, lectureAt } from "../../ui/links.ts";
import { Menu } from "../../ui/Menu.tsx";
import { ChangeDialog } from "./ChangeDialog.tsx";
import { Findings } from "./Findings.tsx";
import { isDated, manages } from "./rights.ts";
import { Row } from "./Row.tsx";
import { isLocked, statusOf } from "./status.ts";
import { Unlock } from "./Unlock.tsx";
import { useActions } from "./useActions.ts";

/** A deck or a lecture of the course under this name; drawn anew only when it changes, as a course has hundreds. */
export const Material = memo(function Material({ course, upload, name }: {
  course: Course;
  upload: Upload;
  name: string;
}) {
  const { act, items, dialog, closeDialog, problem } = useActions(course, upload);
  const mine = manages(course, upload);
  const failed = upload.status === "failed";
  const named = useId();
  const menu = items.length > 0 && <Menu label={t("materials.options")} about={named} items={items} />;
  return (
    <Row
      kind={upload.kind}
      name={
        <span id={named}>
          <Name upload={upload} name={name} />
        </span>
      }
      badge={badgeOf(course, upload)}
      status={statusOf(upload)}
      menu={menu}
    >
      {mine && failed && !isLocked(upload) && (
        <button
          type="button"
          className="button mt-1"
          onClick={() => act("reprocess")}
        >
          {t("materials.retry")}
        </button>
      )}
      {problem && <p role="alert" className="text-bad">{problem}</p>}
      {mine && isLocked(upload) && <Unlock upload={upload} />}
      {!failed && upload.findings.length > 0 && <Findings upload={upload} />}
      {dialog && <ChangeDialog what={dialog} upload={upload} onClose={closeDialog} />}
    </Row>
  );
});

/** The name, which leads to its reader once there is something to read. */
function Name({ upload: { kind, id, courseId, pages, status }, name }: { upload: Upload; name: string }) {
  if (!pages && status !== "ready") return name;
  const href = kind === "lecture" ? lectureAt(courseId, id) : deckAt(courseId, id);
  return <Link href={href} className="link">{name}</Link>;
}

/** Who sees it, where that is not everybody of the course. */
function badgeOf(course: Course, upload: Upload): string | undefined {
  if (upload.offered) return t(teaches(course) && !upload.own ? "materials.offered" : "materials.youOffered");
  if (!upload.published) return t("materials.private");
  if (!isDated(upload)) return;
  const at = date(upload.releaseAt!, { dateStyle: "medium", timeStyle: "short" });
  return t("materials.from", { date: at });
}
