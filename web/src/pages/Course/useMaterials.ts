import { useGet } from "../../api/useGet.ts";
import type { Upload } from "../../api/types.ts";

/** What of a course can be asked about, decks before lectures; undefined: not known yet. `wanted`: whether to look. */
export function useMaterials(courseId: string, wanted: boolean): Upload[] | undefined {
  const values = { courseId };
  const { data: decks } = useGet(wanted ? "/api/documents" : null, values, { revalidateOnFocus: false });
  const { data: lectures } = useGet(wanted ? "/api/lectures" : null, values, { revalidateOnFocus: false });
  return decks && lectures && [...decks.items, ...lectures.items].filter(isRead);
}

/** Whether there is something of it to ask about; what is processed again can be asked about meanwhile. */
const isRead = ({ status, pages, durationMs }: Upload) => status === "ready" || !!pages || !!durationMs;
