// Who is signed in, and how the others get in: by the ticket of `studybuddy open`, or by the issuer's page.
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { ApiError, fetchJson, news, send } from "../api/client.ts";
import type { Me } from "../api/types.ts";
import { SignIn } from "./SignIn.tsx";
import { Failed, Loading } from "../ui/states.tsx";
import { chooseLanguage, language, LANGUAGES, t, tMaybe } from "../i18n/index.ts";
import { setTheme } from "./theme.ts";

type State =
  | { is: "asking" }
  | { is: "in"; me: Me }
  | { is: "out"; byPage: boolean; told?: string }
  | { is: "failed"; error: ApiError };

const MeContext = createContext<Me | null>(null);

/** Who is signed in. */
export function useMe(): Me {
  return useContext(MeContext)!;
}

/** Shows its children to who is signed in, and the others how to get in. */
export function Session({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ is: "asking" });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const told = fromAddress();
    useTicket().then(async (refused) => setState(await find(refused ?? told)));
  }, [tries]);
  useEffect(() => {
    const ask = () => find().then(setState);
    news.addEventListener("signed-out", ask, { once: true });
    return () => news.removeEventListener("signed-out", ask);
  }, [state]);
  switch (state.is) {
    case "asking":
      return <Loading />;
    case "failed":
      return <Failed error={state.error} onRetry={() => setTries(tries + 1)} />;
    case "out":
      return <SignIn byPage={state.byPage} told={state.told} />;
    case "in":
      return <MeContext value={state.me}>{children}</MeContext>;
  }
}

let ahead: Promise<Response> | undefined;

/** Begin to ask who is signed in, before there is anything to show it in. */
export function askAhead() {
  ahead = fetch("/api/me");
  ahead.catch(() => {}); // it is said where it is used
}

async function find(told?: string): Promise<State> {
  try {
    const asked = ahead ?? fetch("/api/me");
    ahead = undefined;
    const response = await asked;
    if (response.ok) {
      const me: Me = await response.json();
      await follow(me);
      return { is: "in", me };
    }
    if (response.status !== 401) {
      return { is: "failed", error: new ApiError("internal", t("problem.not_ready"), response.status) };
    }
    const { byPage } = await fetchJson<{ byPage: boolean }>("/api/auth");
    return { is: "out", byPage, told };
  } catch {
    return { is: "failed", error: new ApiError("offline", t("problem.offline"), 0) };
  }
}

/** Have the page as this person chose it, in whichever browser that was. */
async function follow({ language: chosen, theme: worn }: Me) {
  if (worn) setTheme(worn);
  if (chosen && chosen !== language() && LANGUAGES.includes(chosen)) await chooseLanguage(chosen);
}

const ticketHere = () => new URLSearchParams(location.hash.slice(1)).get("ticket");

/** Whether the address holds a ticket that signs in. */
export const hasTicket = () => ticketHere() !== null;

/** Sign in with the ticket in the address, which leaves it first: neither the history nor a bookmark keeps it. */
async function useTicket(): Promise<string | undefined> {
  const ticket = ticketHere();
  if (ticket === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await send("post", "/api/auth/ticket", {}, { ticket });
  } catch (error) {
    return error instanceof ApiError && error.status !== 422 ? error.message : t("problem.ticket_expired");
  }
}

/** Why the issuer's page sent the browser back without signing it in. */
function fromAddress(): string | undefined {
  const query = new URLSearchParams(location.search);
  const code = query.get("signIn");
  if (code === null) return;
  query.delete("signIn");
  history.replaceState(null, "", location.pathname + (query.size ? `?${query}` : "") + location.hash);
  return tMaybe(`problem.${code}`) ?? t("problem.sign_in_refused");
}

export async function signOut(everywhere = false) {
  await send("post", "/api/auth/sign-out", {}, { everywhere });
  location.assign("/");
}
