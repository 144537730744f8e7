import { address, ApiError, fetchJson, heard, problem } from "../../api/client.ts";
import type { Upload } from "../../api/types.ts";
import { t } from "../../i18n/index.ts";
import { kindOf } from "./files.ts";

/** What became of a file that was sent. `added` false: these very bytes were there already, as this upload. */
export type Taken = { upload: Upload; added: boolean };

const RETRY_MS = [0, 1000, 3000, ...Array(700).fill(5000)]; // an hour without a network

/** Send a file to a course; what was sent of it before, by this browser, is not sent again. Throws `ApiError`.
 *  @param published undefined: as is usual for who sends it.
 *  @param onProgress is told which share of it has been sent; null: the connection is lost, and tried again.
 *  @param signal stops it for good: the service keeps nothing of it. */
export async function upload(
  courseId: string,
  file: File,
  { published, onProgress, signal }: {
    published?: boolean;
    onProgress: (share: number | null) => void;
    signal: AbortSignal;
  },
): Promise<Taken> {
  const tus = await import("tus-js-client");
  let began = 0;
  let gone = false;
  const last = await new Promise<Response>((taken, refused) => {
    const sending = new tus.Upload(file, {
      endpoint: address("/api/uploads"),
      metadata: {
        filename: file.name,
        courseId,
        kind: kindOf(file),
        ...published === undefined ? {} : { published: String(published) },
      },
      fingerprint: ({ name, size, lastModified }) =>
        Promise.resolve(`${courseId} ${name} ${size} ${lastModified}`),
      removeFingerprintOnSuccess: true,
      retryDelays: RETRY_MS,
      onShouldRetry: (error) => {
        const again = !gone && mayHelp(error.originalResponse?.getStatus() ?? 0);
        if (again) onProgress(null);
        return again;
      },
      onProgress: (sent, all) => onProgress(all ? sent / all : 1),
      onBeforeRequest: async () => { // a file that is not there fails as a network does, and would be waited for
        gone = !await isReadable(file);
        if (gone) throw new Error("the file is gone");
      },
      onAfterResponse: (_, answer) => {
        const response = heard(responseOf(answer));
        began ||= Date.parse(response.headers.get("date") ?? "");
      },
      onSuccess: ({ lastResponse }) => taken(responseOf(lastResponse)),
      onError: (error) => refused(gone ? new ApiError("file_gone", t("sending.gone"), 400) : errorOf(error)),
    });
    signal.addEventListener("abort", () => void sending.abort(true).catch(() => {}));
    sending.findPreviousUploads().then(([before]) => {
      if (before) sending.resumeFromPreviousUpload(before);
      if (!signal.aborted) sending.start();
    });
  });
  const upload = await fetchJson<Upload>(last.headers.get("content-location")!);
  return { upload, added: !(Date.parse(upload.uploadedAt) < began) };
}

/** Whether a file is still there as it was when it was chosen: a browser keeps where it lies and not what is in it. */
const isReadable = (file: File) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

/** Whether sending on may help after such an answer; 0: there was none. Others are at it, or have sent on meanwhile. */
const mayHelp = (status: number) => status === 0 || status >= 500 || [409, 423, 429].includes(status);

type Answer = { getStatus(): number; getHeader(name: string): string | undefined; getBody(): string };

function responseOf(answer: Answer): Response {
  const headers = new Headers();
  for (const name of ["date", "content-location", "x-page-version"]) {
    const value = answer.getHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(null, { status: answer.getStatus(), headers });
}

function errorOf(error: Error & { originalResponse?: Answer | null }): ApiError {
  const answer = error.originalResponse;
  return answer
    ? problem(answer.getBody(), answer.getStatus())
    : new ApiError("offline", t("problem.offline"), 0);
}
