import { address, fetchJson } from "../../api/client.ts";
import type { Message } from "./messages.ts";

/** The shown branch of a chat, all of it. */
export async function readMessages(chatId: string): Promise<Message[]> {
  const values = { chat_id: chatId, limit: 1000 };
  const { items } = await fetchJson<{ items: Message[] }>(
    address("/api/sessions/{chat_id}/messages", values),
  );
  return items;
}
