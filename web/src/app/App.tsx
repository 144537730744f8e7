import { Suspense, useSyncExternalStore } from "react";
import { Link, useLocation } from "wouter";
import { SWRConfig } from "swr";
import { ApiError } from "../api/client.ts";
import { language, onLanguage, t } from "../i18n/index.ts";
import { Boundary } from "../ui/Boundary.tsx";
import { Loading } from "../ui/states.tsx";
import { Notices } from "./Notices.tsx";
import { Page } from "./Page.tsx";
import { pageAt } from "./routes.ts";
import { Session } from "./session.tsx";

/** The page. A change of language draws all of it anew. */
export function App() {
  const spoken = useSyncExternalStore(onLanguage, language);
  return (
    <SWRConfig value={{ shouldRetryOnError: (error) => error instanceof ApiError && error.status >= 500 }}>
      <Notices key={`notices-${spoken}`} />
      <Session key={spoken}>
        <Pages />
      </Session>
    </SWRConfig>
  );
}

function Pages() {
  const [path] = useLocation();
  const page = pageAt(path);
  if (!page) return <Missing />;
  const { name, Shown, params } = page;
  return (
    <Boundary key={name}>
      <Suspense fallback={<Loading />}>
        <Shown key={params.courseId} {...params} />
      </Suspense>
    </Boundary>
  );
}

function Missing() {
  return (
    <Page title={t("missing.title")}>
      <p className="mb-4 text-dim">{t("missing.text")}</p>
      <Link href="/" className="button">{t("missing.action")}</Link>
    </Page>
  );
}
