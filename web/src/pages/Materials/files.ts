const RECORDING =
  "3gp aac aif aifc aiff amr asf au avi caf flac flv m2ts m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg mpg mts oga ogg " +
  "ogv opus ts wav weba webm wma wmv";
const CAPTIONS = "vtt srt sbv ttml dfxp json3 json";
const LECTURE = new RegExp(`\\.(${`${RECORDING} ${CAPTIONS}`.replaceAll(" ", "|")})$`, "i");
const OF_THE_SYSTEM = /^(\.|~\$|Thumbs\.db$|desktop\.ini$)/i;

/** Whether a file is told to the service as a document or as a lecture; what it really is, the service sees itself. */
export function kindOf(file: { name: string; type: string }): "document" | "lecture" {
  return /^(audio|video)\//.test(file.type) || LECTURE.test(file.name) ? "lecture" : "document";
}

/** The files somebody dropped, those of folders too, without what a system hides in folders. */
export async function filesOf(dropped: DataTransfer): Promise<File[]> {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()); // at once: it is empty after a pause
  return (await Promise.all(entries.map((entry) => entry ? within(entry) : []))).flat();
}

async function within(entry: FileSystemEntry): Promise<File[]> {
  if (OF_THE_SYSTEM.test(entry.name)) return [];
  if (entry.isFile) {
    return [
      await new Promise<File>((found, failed) => (entry as FileSystemFileEntry).file(found, failed)),
    ];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  while (true) { // a folder is told a hundred names at a time
    const some = await new Promise<FileSystemEntry[]>((read, failed) => reader.readEntries(read, failed));
    if (!some.length) return found;
    for (const each of some) found.push(...await within(each));
  }
}
