import { type ReactNode, useId } from "react";

/** A part of the page: its heading and what it is about at the left, where there is room, the rest beside it. */
export function Section({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-10 gap-y-4 border-t border-line py-8 first:border-t-0 first:pt-0 wide:grid-cols-[16rem_minmax(0,1fr)]"
    >
      <div className="space-y-1">
        <h2 id={id} className="text-lg">{title}</h2>
        {text && <p className="text-sm text-dim">{text}</p>}
      </div>
      <div className="min-w-0 space-y-5">{children}</div>
    </section>
  );
}

/** What did not succeed, as a sentence; nothing where it is empty. */
export function Problem({ said }: { said: string }) {
  return said ? <p role="alert" className="border-l-4 border-bad pl-3">{said}</p> : null;
}
