import type { Transcript } from "../../api/types.ts";
import { clock, t } from "../../i18n/index.ts";
import { Menu } from "../../ui/Menu.tsx";

/** The parts of a lecture by the headings of its slides: a list, or a menu where there is no room for one. */
export function Chapters({ chapters, atMs, onGo, list }: {
  chapters: Transcript["chapters"];
  atMs: number;
  onGo: (ms: number) => void;
  list: boolean;
}) {
  if (!list) {
    const items = chapters.map(({ startMs, title }) => ({
      label: `${clock(startMs)} ${title}`,
      run: () => onGo(startMs),
    }));
    return <Menu label={t("lecture.chapters")} text={t("lecture.chapters")} items={items} quiet={false} />;
  }
  const now = chapters.findLast((chapter) => chapter.startMs <= atMs);
  return (
    <section aria-labelledby="chapters" className="w-60 shrink-0">
      <h2 id="chapters" className="mb-1 px-2 text-base">{t("lecture.chapters")}</h2>
      <ol className="text-sm">
        {chapters.map((chapter) => (
          <li key={chapter.startMs}>
            <button
              type="button"
              aria-current={chapter === now ? "step" : undefined}
              className="flex w-full gap-3 rounded-md px-2 py-1 text-left text-dim hover:bg-soft aria-[current]:font-medium aria-[current]:text-ink"
              onClick={() => onGo(chapter.startMs)}
            >
              <span className="tabular-nums">{clock(chapter.startMs)}</span>
              <span className="min-w-0 flex-1">{chapter.title}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
