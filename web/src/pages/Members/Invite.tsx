import { type FormEvent, useState } from "react";
import { mutate } from "swr";
import { address, send } from "../../api/client.ts";
import type { Course, Role } from "../../api/types.ts";
import { owns, ROLES } from "../../app/roles.ts";
import { t } from "../../i18n/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Select } from "../../ui/Select.tsx";
import { ShownOnce } from "../../ui/ShownOnce.tsx";
import { INVITATIONS } from "./Invitations.tsx";

const DAYS = [1, 7, 30, 180];
const DAY_MS = 86_400_000;

/** Makes a link that lets people into the course, and shows it, once. */
export function Invite({ course, onClose }: { course: Course; onClose: () => void }) {
  const [link, setLink] = useState("");
  const [problem, setProblem] = useState("");
  const make = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    const [days, uses] = [Number(said.get("days")), Number(said.get("uses"))];
    setProblem("");
    try {
      const made = await send("post", INVITATIONS, { course_id: course.id }, {
        role: said.get("role") as Role,
        expiresAt: days ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
        uses: uses || null,
      });
      setLink(made.url);
      await mutate(address(INVITATIONS, { course_id: course.id }));
    } catch (failed) {
      setProblem((failed as Error).message);
    }
  };
  return (
    <Dialog title={t("members.inviteTitle", { course: course.name })} onClose={onClose}>
      {link
        ? (
          <ShownOnce
            label={t("members.link")}
            note={t("members.linkNote")}
            text={link}
            copy={t("members.copy")}
            onClose={onClose}
          />
        )
        : (
          <form onSubmit={make} className="space-y-4">
            <Select label={t("members.as")} name="role" defaultValue="student">
              {ROLES.filter((role) => role !== "owner" || owns(course)).map((role) => (
                <option key={role} value={role}>{t(`role.${role}`)}</option>
              ))}
            </Select>
            <div className="grid grid-cols-2 gap-4">
              <Select label={t("members.goodFor")} name="days" defaultValue="30">
                {DAYS.map((days) => (
                  <option key={days} value={days}>{t("members.days", { count: days })}</option>
                ))}
                <option value="">{t("members.endless")}</option>
              </Select>
              <Field
                label={t("members.uses")}
                name="uses"
                type="number"
                min={1}
                max={100_000}
                placeholder={t("members.noLimit")}
              />
            </div>
            {problem && <p role="alert" className="text-bad">{problem}</p>}
            <button type="submit" className="button main">{t("members.createLink")}</button>
          </form>
        )}
    </Dialog>
  );
}
