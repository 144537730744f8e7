import { useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import type { Course, Transcript as Talk } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { deckAt } from "../../ui/links.ts";
import { MarkedPicture } from "../../ui/MarkedPicture.tsx";
import { placeOf } from "../../ui/place.ts";
import { isSound, Recording, usePlayer } from "../../ui/player.tsx";
import { suggestQuestion } from "../../ui/question.ts";
import { ReaderTitle } from "../../ui/ReaderTitle.tsx";
import { lineAt, slideAt } from "../../ui/talk.ts";
import { useTitle } from "../../ui/title.ts";
import { useWide } from "../../ui/useMedia.ts";
import { Chapters } from "./Chapters.tsx";
import { Speed } from "./Speed.tsx";
import { Transcript } from "./Transcript.tsx";
import { useKeys } from "./useKeys.ts";
import { useRemembered } from "./useRemembered.ts";

/** A lecture from `startMs` on. `named`: the second in the address, which leads there again when it changes. */
export function Reader({ course, lectureId, talk, startMs, named }: {
  course: Course;
  lectureId: string;
  talk: Talk;
  startMs: number;
  named: string | null;
}) {
  const wide = useWide();
  const player = usePlayer(startMs);
  const [, leave] = useLocation();
  const at = lineAt(talk.items, player.atMs);
  const slide = slideAt(talk.slides, player.atMs);
  useTitle(talk.title);
  useKeys(player, talk.items, at);
  useRemembered(lectureId, player.atMs);
  const film = talk.mediaUrl !== null && !isSound(talk.fileName);
  const wordsAlone = !talk.mediaUrl && !talk.slides.length;
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && named !== null) player.go(startMs, false);
    first.current = false;
  }, [named]);
  const ask = () => {
    const place = placeOf({ kind: "speech", fileName: talk.fileName, startMs: player.atMs });
    suggestQuestion(t("reader.about", { place }), { id: lectureId, name: talk.fileName });
    leave(`/courses/${course.id}`);
  };
  const chapters = talk.chapters.length > 1 && (
    <Chapters chapters={talk.chapters} atMs={player.atMs} onGo={player.go} list={wide} />
  );
  return (
    <main
      id="main"
      tabIndex={-1}
      className={`flex min-h-0 flex-1 flex-col outline-none ${
        wordsAlone ? "mx-auto w-full max-w-3xl" : "wide:flex-row"
      }`}
    >
      <div
        className={`shrink-0 space-y-3 border-line p-4 max-wide:border-b max-wide:py-3 ${
          wordsAlone ? "" : "wide:min-w-0 wide:flex-1 wide:overflow-y-auto"
        }`}
      >
        <ReaderTitle kind="lecture" course={course} id={lectureId} {...talk} />
        {talk.mediaUrl
          ? <Recording player={player} talk={talk} name={talk.fileName} />
          : <p className="text-dim">{t("lecture.noRecording")}</p>}
        <div className="flex flex-wrap items-center gap-2">
          {talk.mediaUrl && <Speed media={player.media} />}
          {!wide && chapters}
          <span className="flex-1" />
          <button type="button" className="button" onClick={ask}>
            <Icon name="ask" />
            {t("lecture.ask")}
          </button>
        </div>
        {(slide || (wide && chapters)) && (
          <div className="gap-4 wide:flex">
            <div className="min-w-0 flex-1">
              {slide && (
                <>
                  <MarkedPicture
                    fit={film ? "max-h-[18dvh] wide:max-h-[36dvh]" : "max-h-[24dvh] wide:max-h-[60dvh]"}
                    src={`${slide.imageUrl}&width=1000`}
                    name={placeOf({ kind: "slide", ...slide })}
                  />
                  <Link
                    href={deckAt(course.id, slide.documentId, slide.page)}
                    className="link mx-auto mt-1 block w-fit text-sm"
                  >
                    {placeOf({ kind: "slide", ...slide })}
                  </Link>
                </>
              )}
            </div>
            {wide && chapters}
          </div>
        )}
      </div>
      <Transcript
        course={course}
        lectureId={lectureId}
        talk={talk}
        at={at}
        beside={!wordsAlone}
        onGo={player.go}
      />
    </main>
  );
}
