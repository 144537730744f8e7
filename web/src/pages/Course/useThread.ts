// A chat as it goes on: asked, streamed, stopped, and taken up again after whatever cut it.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, fetchJson, heard, problem, send } from "../../api/client.ts";
import { tellChats } from "./chats.ts";
import { readMessages } from "./history.ts";
import type { Message } from "./messages.ts";

const THROTTLE_MS = 50; // 20 drawings a second: more is not seen, and costs the main thread
const FIRST_WAIT_MS = 400;
const STOP_WAIT_MS = 300;
const STOP_TRIES = 10;
const LONGEST_WAIT_MS = 8000;

/** Like the SDK's, but it tells that an answer is streamed again from its first part, and what a question is narrowed to. */
class Transport extends DefaultChatTransport<Message> {
  override readonly resumeStreamIsReplay = true;

  override sendMessages(options: Parameters<DefaultChatTransport<Message>["sendMessages"]>[0]) {
    const { sourceIds } = options.messages.findLast((message) => message.role === "user")?.metadata ?? {};
    return super.sendMessages({ ...options, body: { ...options.body, sourceIds } });
  }
}

export type Thread = ReturnType<typeof useThread>;

export function useThread(chatId: string, courseId: string, history: Message[], isNew: boolean) {
  const [lost, setLost] = useState(false);
  const [transport] = useState(() =>
    new Transport({
      api: "/api/chat",
      body: { courseId },
      fetch: async (url, init) => heard(await fetch(url, init)),
    })
  );
  const gone = useRef(false);
  const busyNow = useRef(false);
  const chat = useChat<Message>({
    id: chatId,
    messages: history,
    transport,
    throttle: THROTTLE_MS,
    onFinish: ({ message, isDisconnect, isError }) => {
      tellChats();
      if (isDisconnect) void comeBack();
      else if (!isError || message.parts.length) void reload();
    },
  });
  const { messages, setMessages, status, resumeStream, regenerate, clearError } = chat;

  /** Take what the service keeps: it knows keys and versions, and what was said while nobody read. */
  const reload = useCallback(async () => {
    const kept = await readMessages(chatId);
    if (!gone.current) setMessages(kept);
    return kept;
  }, [chatId, setMessages]);

  /** Ask for the answer again and again until the service is back, then follow it, or take what it became. */
  const comeBack = async () => {
    setLost(true);
    for (let wait = FIRST_WAIT_MS; !gone.current; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await waited(wait);
      try {
        const answering = await isAnswering(chatId);
        setLost(false);
        clearError();
        if (answering) return await resumeStream();
        const question = latest.current.findLast((message) => message.role === "user");
        const kept = answering === null ? [] : await reload();
        if (question && !kept.some((message) => message.id === question.id)) {
          setMessages([...kept, question]);
          await regenerate(); // the question never arrived
        }
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 0)) return setLost(false);
      }
    }
  };

  useEffect(() => {
    if (status === "streaming") tellChats(); // it is in the list from the first word on
  }, [status]);

  const latest = useRef(messages);
  latest.current = messages;
  useEffect(() => {
    gone.current = false;
    if (!isNew) {
      void resumeStream().then(() => {
        // an answer that ended between the two looks is kept by now
        if (latest.current.at(-1)?.role === "user") void reload().catch(() => {});
      });
    }
    return () => {
      gone.current = true;
    };
  }, []);

  /** Stop the answer; one that was only just asked for may not have begun, so it is tried for a while. */
  const stop = async () => {
    for (let tries = 0; tries < STOP_TRIES && !gone.current; tries++) {
      const told = await send("post", "/api/chat/{chat_id}/stop", { chat_id: chatId }).catch(() => null);
      if (told?.stopped || !busyNow.current) return;
      await waited(STOP_WAIT_MS);
    }
  };
  const show = async (branch: string) => {
    await send("patch", "/api/sessions/{chat_id}", { chat_id: chatId }, { branch });
    await reload();
  };
  const ask = (text: string, sourceIds?: string[], messageId?: string) =>
    chat.sendMessage({ text, messageId, metadata: { sourceIds } });
  const busy = busyNow.current = status === "submitted" || status === "streaming" || lost;
  const error = chat.error && !lost ? problem(chat.error.message) : null;
  return { messages, busy, lost, error, ask, regenerate, stop, show };
}

/** Whether an answer is being written in this chat; null: there is no such chat. */
async function isAnswering(chatId: string): Promise<boolean | null> {
  try {
    return (await fetchJson<{ answering: boolean }>(`/api/sessions/${chatId}`)).answering;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Some time later, or as soon as the machine has a network again. */
const waited = (ms: number) =>
  new Promise<void>((done) => {
    const timer = setTimeout(end, ms);
    addEventListener("online", end);
    function end() {
      clearTimeout(timer);
      removeEventListener("online", end);
      done();
    }
  });
