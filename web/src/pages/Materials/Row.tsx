import type { ReactNode } from "react";
import { Icon } from "../../ui/Icon.tsx";
import type { Status } from "./status.ts";

/** A line of the list: a file, how far it has come, what can be done with it, and more under it. It has no
 *  `content-visibility`: scrolling 300 lines took 1.3 to 2.4 s of the processor with it, 1.0 without. */
export function Row({ kind, name, badge, status, menu, children }: {
  kind: "document" | "lecture";
  name: ReactNode;
  badge?: string;
  status: Status;
  menu?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <li className="card px-3 py-2.5">
      <div className="flex items-start gap-3">
        <span className="mt-1 text-dim">
          <Icon name={kind === "lecture" ? "play" : "page"} />
        </span>
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3">
            <span className="min-w-0 font-medium [overflow-wrap:anywhere]">{name}</span>
            {badge && <span className="rounded-full bg-soft px-2 text-sm">{badge}</span>}
          </div>
          <p className={status.bad ? "text-bad" : "text-dim"}>{status.words}</p>
          {status.share !== undefined && <Bar share={status.share} name={status.words} />}
          {children}
        </div>
        <div className="-my-1 -mr-1 shrink-0">{menu}</div>
      </div>
    </li>
  );
}

function Bar({ share, name }: { share: number; name: string }) {
  return (
    <div
      role="progressbar"
      aria-label={name}
      aria-valuenow={Math.round(share * 100)}
      className="mt-1.5 mb-1 h-1.5 overflow-hidden rounded-full bg-line"
    >
      <div
        className="h-full rounded-full bg-accent transition-[width]"
        style={{ width: `${share * 100}%` }}
      />
    </div>
  );
}
