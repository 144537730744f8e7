import { t } from "../i18n/index.ts";
import { useTitle } from "../ui/title.ts";

/** How to get in. `byPage`: people sign in at the issuer's page; else by a command on the machine. */
export function SignIn({ byPage, told }: { byPage: boolean; told?: string }) {
  useTitle(t("signIn.title"));
  const here = location.pathname + location.search;
  return (
    <main className="mx-auto mt-[15vh] max-w-md px-4 space-y-4">
      <p className="text-dim">StudyBuddy</p>
      <h1 className="text-2xl">{t("signIn.title")}</h1>
      {told && <p role="alert" className="border-l-4 border-bad pl-3">{told}</p>}
      {byPage
        ? (
          <>
            <p>{t("signIn.byPage")}</p>
            <a className="button main" href={`/api/auth/sign-in?returnTo=${encodeURIComponent(here)}`}>
              {t("signIn.button")}
            </a>
          </>
        )
        : (
          <>
            <p>{t("signIn.byCommand")}</p>
            <pre className="rounded-lg bg-raised border border-line px-3 py-2 overflow-x-auto"><code>studybuddy open</code></pre>
          </>
        )}
    </main>
  );
}
