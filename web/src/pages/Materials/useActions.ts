import { useState } from "react";
import { send } from "../../api/client.ts";
import type { Course, Upload } from "../../api/types.ts";
import { teaches } from "../../app/roles.ts";
import { useMe } from "../../app/session.tsx";
import { t } from "../../i18n/index.ts";
import type { Item } from "../../ui/Menu.tsx";
import { manages } from "./rights.ts";
import { sendFiles } from "./sending.ts";

/** What is asked in a window of its own before it is done. */
export type Asked = "rename" | "release" | "move";
type Act = "publish" | "unpublish" | "decline" | "offer" | "reprocess";

/** What this person can do with an upload; what became of it is told by the course's news. */
export function useActions(course: Course, upload: Upload) {
  const [dialog, setDialog] = useState<Asked | null>(null);
  const [problem, setProblem] = useState("");
  const me = useMe();
  const { id, kind, fileName, own, published, offered } = upload;
  const values = { upload_id: id };
  const plural = kind === "lecture" ? "lectures" : "documents";
  const doing = async (done: Promise<unknown>) => {
    setProblem("");
    try {
      await done;
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const act = (what: Act) => doing(send("post", `/api/${plural}/{upload_id}/${what}`, values));
  const remove = () =>
    confirm(t("materials.confirmDelete", { name: fileName })) &&
    void doing(send("delete", `/api/${plural}/{upload_id}`, values));
  const takeBack = () => doing(send("delete", `/api/${plural}/{upload_id}/offer`, values));
  const replace = async () => {
    const file = await chooseFile(fileName);
    // The same name is what makes it a new version of the same upload.
    if (file) {
      sendFiles(me.id, course.id, [new File([file], fileName, { type: file.type })], published || undefined);
    }
  };
  const items: (Item | false)[] = [
    teaches(course) && !published && { label: t("materials.publish"), run: () => act("publish") },
    teaches(course) && {
      label: t(published ? "materials.release" : "materials.publishFrom"),
      run: () => setDialog("release"),
    },
    teaches(course) && published && { label: t("materials.unpublish"), run: () => act("unpublish") },
    teaches(course) && offered && !own && { label: t("materials.decline"), run: () => act("decline") },
    !teaches(course) && own && !published && !offered &&
    { label: t("materials.offer"), run: () => act("offer") },
    own && offered && { label: t("materials.takeBack"), run: takeBack },
    ...manages(course, upload)
      ? [
        { label: t("materials.rename"), run: () => setDialog("rename") },
        own && { label: t("materials.replace"), run: replace },
        own && { label: t("materials.move"), run: () => setDialog("move") },
        { label: t("materials.reprocess"), run: () => act("reprocess") },
        { label: t("materials.delete"), run: remove, danger: true },
      ]
      : [],
  ];
  return {
    act,
    items: items.filter((each) => each !== false),
    dialog,
    closeDialog: () => setDialog(null),
    problem,
  };
}

/** One file with the ending of this name, chosen by the person; null: they chose none. */
function chooseFile(like: string): Promise<File | null> {
  const input = Object.assign(document.createElement("input"), {
    type: "file",
    accept: like.slice(like.lastIndexOf(".")),
  });
  return new Promise((chosen) => {
    input.onchange = () => chosen(input.files?.[0] ?? null);
    input.oncancel = () => chosen(null);
    input.click();
  });
}
