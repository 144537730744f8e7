import type { ReactNode } from "react";
import { useTitle } from "../ui/title.ts";
import { Header } from "./Header.tsx";

/** A page of its own width under the header; `title` is its first heading and the window's. */
export function Page({ title, action, head, children }: {
  title: string;
  action?: ReactNode;
  head?: ReactNode;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <>
      <Header>{head}</Header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-5xl px-4 py-6 outline-none">
        <div className="mb-6 flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-2xl">{title}</h1>
          {action}
        </div>
        {children}
      </main>
    </>
  );
}
