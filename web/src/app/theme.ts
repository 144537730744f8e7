/** The theme this browser was told to use; `system` follows the machine's. */
export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function theme(): Theme {
  const kept = localStorage.getItem("theme");
  return THEMES.find((each) => each === kept) ?? "system";
}

export function setTheme(chosen: Theme) {
  localStorage.setItem("theme", chosen);
  applyTheme();
}

export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}
