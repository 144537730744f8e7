import { useState } from "react";

/**
 * The picture of a page with passages marked on it; the one before it is dim until it is there, and marks wait for it. `boxes`: left, top, right, bottom in shares of the picture.
 * `fit`: the classes that bound its height, with all of it seen; else it is as wide as what it stands in.
 */
export function MarkedPicture({ src, name, boxes = [], fit }: {
  src: string;
  name: string;
  boxes?: readonly (readonly number[])[];
  fit?: string;
}) {
  const [last, setLast] = useState<{ src: string; seen: boolean }>();
  const coming = last !== undefined && last.src !== src;
  const seen = last?.src === src && last.seen;
  return (
    <div
      aria-busy={last?.src !== src}
      className={`relative overflow-hidden rounded-lg border border-line bg-[white] ${
        fit ? "mx-auto w-fit" : ""
      }`}
    >
      <img
        src={src}
        alt={name}
        onLoad={() => setLast({ src, seen: true })}
        onError={() => setLast({ src, seen: false })}
        className={`block min-h-24 transition-opacity ${coming ? "opacity-40 delay-150" : ""} ${
          fit ? `max-w-full ${fit}` : "w-full"
        }`}
      />
      {seen && boxes.map(([left, top, right, bottom], at) => (
        <span
          key={at}
          data-testid="passage"
          className="pointer-events-none absolute rounded-sm bg-mark/45 mix-blend-multiply"
          style={{
            left: `${left * 100}%`,
            top: `${top * 100}%`,
            width: `${(right - left) * 100}%`,
            height: `${(bottom - top) * 100}%`,
          }}
        />
      ))}
    </div>
  );
}
