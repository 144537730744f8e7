import { address, ApiError, heard, problem } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { kindOf } from "./files.ts";

/** What became of a file that was sent. `added` false: these very bytes were there already, as this upload. */
export type Taken = { upload: Upload; added: boolean };

/** Send a file to a course. `published` undefined: as is usual for who sends it. Throws `ApiError`.
 *  @param onProgress is told which share of it has been sent. */
export function upload(
  courseId: string,
  file: File,
  { published, onProgress, signal }: {
    published?: boolean;
    onProgress: (share: number) => void;
    signal: AbortSignal;
  },
): Promise<Taken> {
  const form = new FormData();
  form.append("courseId", courseId);
  if (published !== undefined) form.append("published", String(published));
  form.append("file", file, file.name);
  return new Promise((taken, refused) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.open("POST", address(kindOf(file) === "lecture" ? "/api/lectures" : "/api/documents"));
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => {
      const { status, responseText } = request;
      heard(new Response(null, { status, headers: { "x-page-version": version(request) } }));
      if (status >= 300) refused(problem(responseText, status));
      else taken({ upload: JSON.parse(responseText), added: status === 201 });
    };
    request.onerror = () => refused(new ApiError("offline", t("problem.offline"), 0));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

const version = (request: XMLHttpRequest) => request.getResponseHeader("x-page-version") ?? "";
