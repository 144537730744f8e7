import "./style.css";
import { createRoot } from "react-dom/client";
import { bringAhead } from "./app/ahead.ts";
import { App } from "./app/App.tsx";
import { applyTheme } from "./app/theme.ts";
import { startLanguage } from "./i18n/index.ts";

applyTheme();
bringAhead();
await startLanguage();
createRoot(document.getElementById("root")!).render(<App />);
