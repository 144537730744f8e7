import { useSearchParams } from "wouter";
import { useGet } from "../../api/useGet.ts";
import { CourseFrame } from "../../app/CourseFrame.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import { Reader } from "./Reader.tsx";

const AT_END_MS = 5000; // who stopped this close to the end has seen it, and begins anew

/** A lecture: the recording with the slide that was up, and what is said beside it. */
export default function LecturePage({ courseId, lectureId }: { courseId: string; lectureId: string }) {
  const values = { upload_id: lectureId };
  const [query] = useSearchParams();
  const { data: talk, error, mutate } = useGet("/api/lectures/{upload_id}/transcript", values);
  const { data: place, error: forgotten } = useGet("/api/lectures/{upload_id}/place", values, {
    revalidateOnFocus: false,
  });
  const named = query.get("t");
  const startOf = (durationMs: number) => {
    if (named !== null) return Math.max(0, Number(named) || 0) * 1000;
    const stoppedMs = place?.positionMs ?? 0;
    return durationMs && stoppedMs > durationMs - AT_END_MS ? 0 : stoppedMs;
  };
  return (
    <CourseFrame courseId={courseId}>
      {(course) =>
        talk && (place || forgotten)
          ? (
            <Reader
              key={lectureId}
              course={course}
              lectureId={lectureId}
              talk={talk}
              startMs={startOf(talk.durationMs ?? 0)}
              named={named}
            />
          )
          : error
          ? <Failed error={error} onRetry={() => mutate()} />
          : <Loading />}
    </CourseFrame>
  );
}
