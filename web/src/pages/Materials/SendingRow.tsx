import { t } from "../../i18n/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { kindOf } from "./files.ts";
import { Row } from "./Row.tsx";
import { forget, sendAgain, type Sending } from "./sending.ts";
import type { Status } from "./status.ts";

/** A file on its way, refused, or there already. */
export function SendingRow({ sending }: { sending: Sending }) {
  const { key, file, state } = sending;
  const over = state === "failed" || state === "there";
  return (
    <Row
      kind={kindOf(file)}
      name={file.name}
      status={statusOf(sending)}
      menu={state !== "taken" && (
        <button
          type="button"
          className="button quiet icon"
          aria-label={t(over ? "sending.close" : "sending.stop", { name: file.name })}
          onClick={() => forget(key)}
        >
          <Icon name="close" />
        </button>
      )}
    >
      {sending.again && (
        <button type="button" className="button mt-1" onClick={() => sendAgain(sending)}>
          {t("state.again")}
        </button>
      )}
    </Row>
  );
}

function statusOf({ state, share, problem = "" }: Sending): Status {
  switch (state) {
    case "failed":
      return { words: problem, bad: true };
    case "there":
      return { words: problem };
    case "uploading":
      if (share === null) return { words: t("sending.lost") };
      return share < 1
        ? { words: t("sending.uploading", { percent: Math.floor(share * 100) }), share }
        : { words: t("sending.checking") };
    default:
      return { words: t("materials.waiting") };
  }
}
