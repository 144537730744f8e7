import { address } from "../../api/client.ts";
import { t } from "../../i18n/index.ts";
import { Menu } from "../../ui/Menu.tsx";

/** The chat as a file, or on paper. */
export function ExportMenu({ chatId }: { chatId: string }) {
  const file = (format: string) => address("/api/sessions/{chat_id}/export", { chat_id: chatId, format });
  return (
    <Menu
      label={t("chat.export")}
      text={t("chat.export")}
      items={[
        { label: "Markdown", download: file("markdown") },
        { label: "JSON", download: file("json") },
        { label: t("chat.print"), run: () => print() },
      ]}
    />
  );
}
