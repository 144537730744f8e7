/** The picture of a page with passages marked on it. `boxes`: left, top, right, bottom in shares of the picture. */
export function MarkedPicture({ src, name, boxes = [] }: {
  src: string;
  name: string;
  boxes?: readonly (readonly number[])[];
}) {
  return (
    <div className="relative overflow-hidden rounded-lg border border-line bg-white">
      <img src={src} alt={name} className="block min-h-24 w-full" />
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
