import { Suspense, useSyncExternalStore } from "react";
import { Link, matchRoute, useLocation, useRouter } from "wouter";
import { SWRConfig } from "swr";
import { ApiError } from "../api/client.ts";
import { language, onLanguage, t } from "../i18n/index.ts";
import { Boundary } from "../ui/Boundary.tsx";
import { later } from "../ui/later.ts";
import { Loading } from "../ui/states.tsx";
import { Notices } from "./Notices.tsx";
import { Page } from "./Page.tsx";
import { ROUTES } from "./routes.ts";
import { Session } from "./session.tsx";

const PAGES = ROUTES.map(([paths, load, ...words]) => [paths, later(load, ...words)] as const);

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
  const { parser } = useRouter();
  for (const [paths, Shown] of PAGES) {
    for (const each of paths) {
      const [matches, found] = matchRoute(parser, each, path);
      if (!matches) continue;
      const params = found as Record<string, string>;
      return (
        <Boundary key={paths[0]}>
          <Suspense fallback={<Loading />}>
            <Shown key={params.courseId} {...params} />
          </Suspense>
        </Boundary>
      );
    }
  }
  return <Missing />;
}

function Missing() {
  return (
    <Page title={t("missing.title")}>
      <p className="mb-4 text-dim">{t("missing.text")}</p>
      <Link href="/" className="button">{t("missing.action")}</Link>
    </Page>
  );
}
