import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { useLocation } from "wouter";
import { Icon } from "./Icon.tsx";

/** One line of a menu. `href` leads to a page of ours, `download` to a file; `run` does something. */
export type Item = { label: string; run?: () => void; href?: string; download?: string; danger?: boolean };

/**
 * A button that opens a menu. `label` is its name, `text` what it shows; null shows three dots. `about` is the id of
 * what it is about, where its name does not say so.
 */
export function Menu({ label, about, text = null, items, quiet = true }: {
  label: string;
  about?: string;
  text?: ReactNode;
  items: Item[];
  quiet?: boolean;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [, go] = useLocation();

  const place = () => {
    const at = button.current!.getBoundingClientRect();
    const { style, offsetHeight, offsetWidth } = list.current!;
    const below = at.bottom + offsetHeight + 8 < innerHeight;
    style.top = `${below ? at.bottom + 4 : at.top - offsetHeight - 4}px`;
    style.left = `${Math.max(8, Math.min(at.right - offsetWidth, innerWidth - offsetWidth - 8))}px`;
    list.current!.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const all = [...list.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Tab") list.current!.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };
  const choose = (item: Item) => {
    list.current!.hidePopover();
    if (item.href) go(item.href);
    item.run?.();
  };
  const look = "block w-full rounded-md px-3 py-1.5 text-left hover:bg-soft focus:bg-soft";
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-describedby={about}
        aria-haspopup="menu"
        popoverTarget={id}
        className={`button ${quiet ? "quiet" : ""} ${text === null ? "icon" : ""}`}
      >
        {text === null ? <Icon name="more" /> : (
          <>
            {text}
            <Icon name="down" size={14} />
          </>
        )}
      </button>
      <div
        ref={list}
        id={id}
        role="menu"
        aria-label={label}
        popover="auto"
        onToggle={(event) => event.newState === "open" && place()}
        onKeyDown={onKey}
        className="fixed m-0 min-w-40 rounded-xl border border-line bg-ground text-ink p-1 shadow-lg"
      >
        {items.map((item) =>
          item.download
            ? (
              <a
                key={item.label}
                role="menuitem"
                tabIndex={-1}
                href={item.download}
                download
                className={look}
                onClick={() => list.current!.hidePopover()}
              >
                {item.label}
              </a>
            )
            : (
              <button
                key={item.label}
                type="button"
                role="menuitem"
                tabIndex={-1}
                className={`${look} ${item.danger ? "text-bad" : ""}`}
                onClick={() => choose(item)}
              >
                {item.label}
              </button>
            )
        )}
      </div>
    </>
  );
}
