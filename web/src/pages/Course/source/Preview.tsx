import { useGet } from "../../../api/useGet.ts";
import { t } from "../../../i18n/index.ts";
import type { Cited } from "../messages.ts";
import { placeOf } from "../../../ui/place.ts";

export const PREVIEW_ID = "source-preview";
const WIDTH = 352; // px

/** The first words of a source, beside the citation that is pointed at. */
export function Preview({ source, at }: { source: Cited; at: DOMRect }) {
  const { data } = useGet("/api/sources/{source_id}", { source_id: source.id }, { revalidateIfStale: false });
  const below = at.bottom < innerHeight * 0.6;
  const place = {
    left: Math.max(8, Math.min(at.left, innerWidth - WIDTH - 8)),
    ...(below ? { top: at.bottom + 6 } : { bottom: innerHeight - at.top + 6 }),
  };
  return (
    <div
      id={PREVIEW_ID}
      role="tooltip"
      style={{ ...place, width: WIDTH, maxWidth: "calc(100vw - 1rem)" }}
      className="no-print pointer-events-none fixed z-40 rounded-xl border border-line bg-ground p-3 text-sm shadow-lg"
    >
      <p className="font-medium">{placeOf(source)}</p>
      <p className="mt-1 line-clamp-5 min-h-5 text-dim">{data?.quote ?? t("state.loading")}</p>
    </div>
  );
}
