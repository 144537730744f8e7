import type { ComponentType } from "react";
import { parse } from "regexparam"; // as wouter itself reads addresses
import { matchRoute } from "wouter";
import type { Catalogue } from "../i18n/index.ts";
import { later } from "../ui/later.ts";

// deno-lint-ignore no-explicit-any -- each page names the props that its address gives it
type Load = () => Promise<{ default: ComponentType<any> }>;

type Params = Readonly<Record<string, string | undefined>>;

// Every page with its addresses; `:name` comes to the page as a prop. A page is loaded when it is first opened, with the
// catalogues of words that it needs beside the base, and stays as it is from one of its addresses to another.
const ROUTES: readonly (readonly [addresses: readonly string[], Load, ...words: Catalogue[]])[] = [
  [["/"], () => import("../pages/Courses/index.tsx")],
  [["/join/:code"], () => import("../pages/Join/index.tsx"), "join"],
  [
    ["/courses/:courseId", "/courses/:courseId/chats/:chatId"],
    () => import("../pages/Course/index.tsx"),
    "course",
  ],
  [["/courses/:courseId/materials"], () => import("../pages/Materials/index.tsx"), "materials", "findings"],
  [["/courses/:courseId/health"], () => import("../pages/Health/index.tsx"), "teaching", "findings"],
  [["/courses/:courseId/settings"], () => import("../pages/CourseSettings/index.tsx"), "teaching"],
  [["/courses/:courseId/members"], () => import("../pages/Members/index.tsx"), "teaching"],
  [["/courses/:courseId/decks/:deckId"], () => import("../pages/Deck/index.tsx"), "reader", "findings"],
  [["/courses/:courseId/lectures/:lectureId"], () => import("../pages/Lecture/index.tsx"), "reader"],
  [["/settings"], () => import("../pages/Settings/index.tsx"), "settings"],
  [["/operator"], () => import("../pages/Operator/index.tsx"), "operator"],
];

const PAGES = ROUTES.map(([addresses, load, ...words]) => {
  const Shown = later(load, ...words);
  return { addresses, name: addresses[0], bring: Shown.bring, Shown };
});

/** The page at an address, what the address names, and `bring`, which loads its files; undefined: there is none. */
export function pageAt(path: string) {
  for (const page of PAGES) {
    for (const each of page.addresses) {
      const [found, params] = matchRoute<Params>(parse, each, path);
      if (found) return { ...page, params };
    }
  }
}
