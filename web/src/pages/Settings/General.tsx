import { useRef, useState } from "react";
import { send } from "../../api/client.ts";
import { signOut } from "../../app/session.tsx";
import { setTheme, type Theme, theme, THEMES } from "../../app/theme.ts";
import { chooseLanguage, language, languageName, LANGUAGES, t } from "../../i18n/index.ts";
import { Select } from "../../ui/Select.tsx";
import { Problem, Section } from "../../ui/Section.tsx";
import { useDoing } from "../../ui/useDoing.ts";

// A change of language draws the page anew; who changed it by keyboard goes on where they were.
let justChosen = false;

/** Language and theme of the page, and the end of all sign-ins. */
export function General() {
  const [shown, setShown] = useState(theme);
  const leaving = useDoing();
  const [problem, setProblem] = useState("");
  const kept = useRef(Promise.resolve());
  // One after the other: what is chosen while another choice is on its way is kept too, and last.
  const keep = (chosen: { language?: string; theme?: Theme }) => {
    setProblem("");
    const keeping = kept.current.then(() => send("patch", "/api/me", {}, chosen));
    kept.current = keeping.then(() => {}, (error: Error) => setProblem(error.message));
    return keeping;
  };
  const speak = async (code: string) => {
    await keep({ language: code });
    justChosen = true;
    await chooseLanguage(code);
  };
  const wear = (chosen: Theme) => {
    setTheme(chosen);
    setShown(chosen);
    keep({ theme: chosen }).catch(() => {}); // it is said below
  };
  return (
    <Section title={t("general.title")}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t("general.language")}
          autoFocus={justChosen}
          onBlur={() => justChosen = false}
          value={language()}
          onChange={(event) => speak(event.target.value).catch((error) => setProblem(error.message))}
        >
          {LANGUAGES.map((code) => <option key={code} value={code}>{languageName(code)}</option>)}
        </Select>
        <Select
          label={t("general.theme")}
          value={shown}
          onChange={(event) => wear(event.target.value as Theme)}
        >
          {THEMES.map((each) => <option key={each} value={each}>{t(`theme.${each}`)}</option>)}
        </Select>
      </div>
      <Problem said={problem} />
      <div className="space-y-2">
        <p className="text-dim">{t("general.signOutText")}</p>
        <button
          type="button"
          className="button"
          disabled={leaving.busy}
          onClick={() => leaving.run(() => signOut(true))}
        >
          {t("general.signOut")}
        </button>
        <Problem said={leaving.problem} />
      </div>
    </Section>
  );
}
