import { type ComponentProps, useId } from "react";

/** A line to type in, under its name. */
export function Field({ label, note, ...input }: { label: string; note?: string } & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">{label}</label>
      <input id={id} className="field" aria-describedby={note ? `${id}-note` : undefined} {...input} />
      {note && <p id={`${id}-note`} className="text-sm text-dim">{note}</p>}
    </div>
  );
}
