/**
 * The picture of a page with passages marked on it. `boxes`: left, top, right, bottom in shares of the picture.
 * `whole`: all of it is seen in the height that a page of its own has, else it is as wide as what it stands in.
 */
export function MarkedPicture({ src, name, boxes = [], whole = false }: {
  src: string;
  name: string;
  boxes?: readonly (readonly number[])[];
  whole?: boolean;
}) {
  return (
    <div
      className={`relative overflow-hidden rounded-lg border border-line bg-white ${
        whole ? "mx-auto w-fit" : ""
      }`}
    >
      <img
        src={src}
        alt={name}
        className={`block min-h-24 ${whole ? "max-h-[calc(100dvh-9rem)] max-w-full" : "w-full"}`}
      />
      {boxes.map(([left, top, right, bottom], at) => (
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
