import { type ReactNode, useEffect, useRef } from "react";
import { t } from "../i18n/index.ts";
import { Icon } from "./Icon.tsx";

/** A window over the page; it closes by its button, by Escape, and by a press beside it. */
export function Dialog(
  { title, onClose, children }: { title: string; onClose: () => void; children: ReactNode },
) {
  const dialog = useModal();
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className="w-[min(32rem,calc(100vw-2rem))] rounded-2xl border border-line bg-ground p-0 shadow-xl"
    >
      <div className="p-5 space-y-4">
        <div className="flex items-center justify-between gap-3">
          <h2 className="text-lg">{title}</h2>
          <button type="button" className="button quiet icon" aria-label={t("ui.close")} onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

/** A dialog element that is open, above everything else, for as long as it is shown. */
export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    if (!element.open) element.showModal();
  }, []);
  return dialog;
}
