import type { ReactNode } from "react";
import { useModal } from "./Dialog.tsx";

/** On a narrow window, what stands beside the page on a wide one: over it, closed by Escape or a press beside it. */
export function Sheet({ label, side, onClose, children }: {
  label: string;
  side: "left" | "right";
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useModal();
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      className={`m-0 h-dvh max-h-none w-[min(26rem,92vw)] max-w-none border-line bg-ground p-0 shadow-xl ${
        side === "left" ? "mr-auto border-r" : "ml-auto border-l"
      }`}
    >
      <div className="h-full">{children}</div>
    </dialog>
  );
}
