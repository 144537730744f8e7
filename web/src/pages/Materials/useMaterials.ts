import { useEffect, useState } from "react";
import { address } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { language } from "../../i18n/index.ts";

const AGAIN_MS = 3000;

/** The uploads of a course by name, told as they change; null: not told yet. `lost`: the service is not reached now.
 *  A window that nobody looks at listens to nothing: a browser keeps six connections to a service, for all its tabs.
 *  @param onRefused is called when the service no longer lets this person listen. */
export function useMaterials(courseId: string, onRefused: () => void) {
  const [found, setFound] = useState<ReadonlyMap<string, Upload> | null>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      clearTimeout(again);
      source?.close();
      if (document.hidden) return;
      source = new EventSource(address("/api/courses/{course_id}/events", { course_id: courseId }));
      source.onopen = () => setLost(false);
      source.onerror = () => {
        setLost(true);
        if (source!.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
        onRefused();
        again = setTimeout(open, AGAIN_MS);
      };
      source.addEventListener("uploads", (event) => setFound(byId(JSON.parse(event.data).items)));
      source.addEventListener("upload", (event) => {
        const upload: Upload = JSON.parse(event.data);
        setFound((before) => new Map(before).set(upload.id, upload));
      });
      source.addEventListener("gone", (event) => {
        const { id } = JSON.parse(event.data);
        setFound((before) => byId([...before!.values()].filter((each) => each.id !== id)));
      });
    };
    open();
    document.addEventListener("visibilitychange", open);
    addEventListener("online", open);
    return () => {
      clearTimeout(again);
      source?.close();
      document.removeEventListener("visibilitychange", open);
      removeEventListener("online", open);
    };
  }, [courseId]);
  return { uploads: found && byName([...found.values()]), lost };
}

const byId = (uploads: Upload[]) => new Map(uploads.map((each) => [each.id, each]));

function byName(uploads: Upload[]): Upload[] {
  const { compare } = new Intl.Collator(language(), { numeric: true, sensitivity: "base" });
  return uploads.sort((one, other) => compare(one.fileName, other.fileName));
}
