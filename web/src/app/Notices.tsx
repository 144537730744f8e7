import { useEffect, useState, useSyncExternalStore } from "react";
import { news } from "../api/client.ts";
import { t } from "../i18n/index.ts";

const whenLine = (changed: () => void) => {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
};

/** Bars over every page: no network, and a newer page than this one. */
export function Notices() {
  const online = useSyncExternalStore(whenLine, () => navigator.onLine);
  const [outdated, setOutdated] = useState(false);
  useEffect(() => {
    const tell = () => setOutdated(true);
    news.addEventListener("outdated", tell);
    addEventListener("vite:preloadError", tell); // a piece of the page that the service no longer has
    return () => {
      news.removeEventListener("outdated", tell);
      removeEventListener("vite:preloadError", tell);
    };
  }, []);
  return (
    <div
      role="status"
      className="no-print fixed inset-x-0 top-12 z-50 flex flex-col items-center gap-2 p-2 pointer-events-none"
    >
      {!online && <p className="card bg-raised shadow-lg py-2">{t("notice.offline")}</p>}
      {outdated && (
        <p className="card bg-raised shadow-lg py-2 flex items-center gap-3 pointer-events-auto">
          {t("notice.outdated")}
          <button type="button" className="button main" onClick={() => location.reload()}>
            {t("notice.reload")}
          </button>
        </p>
      )}
    </div>
  );
}
