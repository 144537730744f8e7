import { useEffect, useState } from "react";
import type { ApiError } from "../../api/client.ts";
import type { Course } from "../../api/types.ts";
import { Failed, Loading } from "../../ui/states.tsx";
import { readMessages } from "./history.ts";
import type { Message } from "./messages.ts";
import { Thread } from "./Thread.tsx";

/** A chat from what the service keeps of it. `isNew`: nothing yet, so it is not asked for. */
export function Conversation({ course, chatId, isNew, onAsked }: {
  course: Course;
  chatId: string;
  isNew: boolean;
  onAsked: () => void;
}) {
  const [history, setHistory] = useState<Message[] | null>(isNew ? [] : null);
  const [error, setError] = useState<ApiError | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (history === null) readMessages(chatId).then(setHistory, setError);
  }, [tries]);
  if (history) {
    return <Thread course={course} chatId={chatId} history={history} isNew={isNew} onAsked={onAsked} />;
  }
  if (!error) return <Loading />;
  return <Failed error={error} onRetry={() => (setError(null), setTries(tries + 1))} />;
}
