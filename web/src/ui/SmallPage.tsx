import { useState } from "react";
import { Link } from "wouter";
import { address } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { deckAt } from "./links.ts";

/** A page of a deck, small, over its number, which leads to it. */
export function SmallPage({ courseId, deck, page }: {
  courseId: string;
  deck: { id: string; fileName: string };
  page: number;
}) {
  const [drawn, setDrawn] = useState(true);
  const src = address("/api/courses/{course_id}/documents/{document_id}/pages/{page}/image", {
    course_id: courseId,
    document_id: deck.id,
    page,
    width: 320,
  });
  return (
    <figure className="space-y-1 text-sm">
      <div className="flex aspect-4/3 items-center justify-center overflow-hidden rounded-lg border border-line bg-raised">
        {drawn
          ? (
            <img
              src={src}
              loading="lazy"
              alt={t("findings.picture", { name: deck.fileName, page })}
              className="size-full object-contain"
              onError={() => setDrawn(false)}
            />
          )
          : <span className="px-2 text-center text-dim">{t("findings.noPicture")}</span>}
      </div>
      <figcaption>
        <Link className="link" href={deckAt(courseId, deck.id, page)}>{t("place.page", { page })}</Link>
      </figcaption>
    </figure>
  );
}
