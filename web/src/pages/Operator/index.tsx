import { Page } from "../../app/Page.tsx";
import { useMe } from "../../app/session.tsx";
import { t } from "../../i18n/index.ts";
import { People } from "./People.tsx";
import { Service } from "./Service.tsx";

/** For who runs the service: whether it is well, and its people. */
export default function Operator() {
  const me = useMe();
  return (
    <Page title={t("operator.title")}>
      {me.operator
        ? (
          <div>
            <Service />
            <People />
          </div>
        )
        : <p className="text-dim">{t("operator.notYours")}</p>}
    </Page>
  );
}
