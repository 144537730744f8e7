import "./style.css";
import { createRoot } from "react-dom/client";
import { bringAhead } from "./app/ahead.ts";
import { App } from "./app/App.tsx";
import { applyTheme } from "./app/theme.ts";
import { startLanguage } from "./i18n/index.ts";

applyTheme();
const files = bringAhead();
await startLanguage();
// A stand-in that is drawn stays for a while: one is for files that are longer on their way than anybody notices.
await Promise.race([files, new Promise((over) => setTimeout(over, 200))]);
createRoot(document.getElementById("root")!).render(<App />);
