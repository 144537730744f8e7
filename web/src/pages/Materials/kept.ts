// Files on their way that the browser keeps (where they lie, not a copy): who closes the page and comes back goes on
// without choosing them again.

/** A file that is kept until it is sent. `at`: milliseconds since 1970 when it was chosen. */
export type Kept = {
  key: string;
  userId: string;
  courseId: string;
  file: File;
  published?: boolean;
  at: number;
};

const LONGEST_MS = 2 * 86_400_000; // the service keeps what was sent of a file as long

/** Keep a file. Where the browser keeps nothing, or has no room for it, it is sent all the same. */
export const keepFile = (kept: Kept) => inStore("readwrite", (store) => store.put(kept)).catch(() => {});

export const dropFile = (key: string) => inStore("readwrite", (store) => store.delete(key)).catch(() => {});

/** The files of a person for a course that no window is sending now. */
export async function keptFiles(userId: string, courseId: string): Promise<Kept[]> {
  try {
    const all: Kept[] = await inStore("readonly", (store) => store.getAll());
    const old = all.filter((each) => Date.now() - each.at > LONGEST_MS);
    old.forEach((each) => void dropFile(each.key));
    const sent = new Set((await navigator.locks?.query())?.held?.map((each) => each.name));
    return all.filter((each) =>
      each.userId === userId && each.courseId === courseId && !old.includes(each) && !sent.has(each.key)
    );
  } catch {
    return [];
  }
}

/** Do something while no other window takes this file for its own; false: one does, and nothing is done. */
export async function holding(key: string, work: () => Promise<void>): Promise<boolean> {
  if (navigator.locks) { // not there where the address is neither this machine's nor https
    return await navigator.locks.request(
      key,
      { ifAvailable: true },
      (lock) => lock ? work().then(() => true) : false,
    );
  }
  await work();
  return true;
}

async function inStore<T>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open("uploads", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("files", { keyPath: "key" });
  const database = await answer(opening);
  try {
    return await answer(ask(database.transaction("files", mode).objectStore("files")));
  } finally {
    database.close();
  }
}

const answer = <T>(request: IDBRequest<T>) =>
  new Promise<T>((found, failed) => {
    request.onsuccess = () => found(request.result);
    request.onerror = () => failed(request.error);
  });
