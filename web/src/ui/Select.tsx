import { type ComponentProps, useId } from "react";

/** A choice under its name; its children are the options. */
export function Select(
  { label, note, ...select }: { label: string; note?: string } & ComponentProps<"select">,
) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">{label}</label>
      <select id={id} className="field" aria-describedby={note ? `${id}-note` : undefined} {...select} />
      {note && <p id={`${id}-note`} className="text-sm text-dim">{note}</p>}
    </div>
  );
}
