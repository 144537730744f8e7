import { Component, type ReactNode } from "react";
import { t } from "../i18n/index.ts";
import { Failed } from "./states.tsx";

/** Keeps a page that broke from taking the others along. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return <Failed error={new Error(t("problem.page"))} onRetry={() => location.reload()} />;
  }
}
