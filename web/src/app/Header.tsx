import type { ReactNode } from "react";
import { Link } from "wouter";
import { t } from "../i18n/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { Menu } from "../ui/Menu.tsx";
import { signOut, useMe } from "./session.tsx";

/** The line over every page: home at the left, the person at the right, what the page adds between them. */
export function Header({ children }: { children?: ReactNode }) {
  const me = useMe();
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:button"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main")?.focus();
        }}
      >
        {t("header.skip")}
      </a>
      <header className="no-print flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-ground px-4 min-h-13 py-1.5">
        <Link href="/" aria-label="StudyBuddy" className="flex items-center gap-2 font-semibold text-ink">
          <img src="/icon.svg" alt="" width={24} height={24} />
          <span className="max-wide:hidden">StudyBuddy</span>
        </Link>
        <div className="flex-1 min-w-0 flex flex-wrap items-center gap-x-4 max-wide:has-[nav]:contents">
          {children}
        </div>
        <Menu
          label={t("header.account")}
          text={
            <>
              <Icon name="person" />
              <span className="max-w-40 truncate max-wide:hidden">
                {me.name ?? me.email ?? t("header.account")}
              </span>
            </>
          }
          items={[
            { label: t("header.settings"), href: "/settings" },
            ...me.operator ? [{ label: t("header.operator"), href: "/operator" }] : [],
            { label: t("header.signOut"), run: () => signOut() },
          ]}
        />
      </header>
    </>
  );
}
