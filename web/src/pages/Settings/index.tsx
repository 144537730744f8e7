import { useEffect, useState } from "react";
import { Page } from "../../app/Page.tsx";
import { t, tMaybe } from "../../i18n/index.ts";
import { General } from "./General.tsx";
import { Keys } from "./Keys.tsx";
import { Problem } from "../../ui/Section.tsx";
import { Tokens } from "./Tokens.tsx";
import { Usage } from "./Usage.tsx";
import { YourData } from "./YourData.tsx";

/** What a person sets for themselves: who pays for answers, what they cost, their programs, their data, the page. */
export default function Settings() {
  const [refused] = useState(whyRefused);
  useEffect(forgetRefusal, []);
  return (
    <Page title={t("settings.title")}>
      {refused && (
        <div className="mb-6">
          <Problem said={refused} />
        </div>
      )}
      <div>
        <Keys />
        <Usage />
        <Tokens />
        <YourData />
        <General />
      </div>
    </Page>
  );
}

/** Why OpenRouter's page sent the browser back without a key. Empty: it did not. */
function whyRefused(): string {
  const code = new URLSearchParams(location.search).get("openrouter");
  return code === null ? "" : tMaybe(`problem.${code}`) ?? t("keys.refused");
}

/** Take it out of the address, so that it is not said again. */
function forgetRefusal() {
  const query = new URLSearchParams(location.search);
  if (!query.has("openrouter")) return;
  query.delete("openrouter");
  history.replaceState(null, "", location.pathname + (query.size ? `?${query}` : ""));
}
