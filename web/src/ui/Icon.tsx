const PATHS = {
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  down: "M6 9l6 6 6-6",
  left: "M15 6l-6 6 6 6",
  right: "M9 6l6 6-6 6",
  list: "M4 6h16M4 12h16M4 18h10",
  copy: "M9 9h11v11H9zM5 15V4h11",
  again: "M20 11a8 8 0 1 0-2.3 5.7M20 4v7h-7",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  ask: "M12 19V5M5 12l7-7 7 7",
  stop: "M7 7h10v10H7z",
  page: "M6 3h9l4 4v14H6zM14 3v5h5",
  play: "M8 5l11 7-11 7z",
  up: "M7 11v9H4v-9zM7 11l4-8a2 2 0 0 1 2 2v5h6l-2 10H7",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  narrow: "M4 5h16l-6 7v6l-4 2v-8z",
  away: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
} as const;

/** A small picture beside words, or in a button that has a name of its own. */
export function Icon({ name, size = 18 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 3 : 2}
      strokeLinecap="round"
      strokeLinejoin="round"
      className="shrink-0"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
