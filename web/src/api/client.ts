// Requests to the service, typed by its OpenAPI document. The browser's cookie says who asks.
import type { paths } from "./schema.d.ts";
import { problemsArrived, t, tMaybe } from "../i18n/index.ts";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;
type Json<R> = R extends { content: { "application/json": infer B } } ? B : undefined;
type Success<O> = O extends { responses: infer R }
  ? Json<R extends { 200: infer S } ? S : R extends { 201: infer S } ? S : never>
  : never;

/** What a request answers when it succeeds. */
export type Answer<P extends keyof paths, M extends Method = "get"> = Success<Operation<P, M>>;
/** The body a request takes. */
export type Body<P extends keyof paths, M extends Method> = Operation<P, M> extends
  { requestBody?: { content: { "application/json": infer B } } } ? B : undefined;
export type Path = keyof paths;
export type Values = Record<string, string | number | boolean | null | undefined>;

/** A request that failed. `code` is the service's, or `offline` where it was not reached. */
export class ApiError extends Error {
  constructor(readonly code: string, message: string, readonly status: number, readonly field?: string) {
    super(message);
  }
}

/** Tells the page about itself: `signed-out`, and `outdated` when the service serves a newer page. */
export const news = new EventTarget();

/** The address of a path with its {names} filled in; what is left of the values becomes the query. */
export function address(path: Path, values: Values = {}): string {
  const left = { ...values };
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    const value = left[name];
    delete left[name];
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(left)) {
    if (value !== undefined && value !== null) query.append(name, String(value));
  }
  return query.size ? `${filled}?${query}` : filled;
}

/** Send a request that changes something. Throws `ApiError`. */
export function send<M extends Exclude<Method, "get">, P extends Path>(
  method: M,
  path: P,
  values: Values = {},
  body?: Body<P, M>,
  more: RequestInit = {},
): Promise<Answer<P, M>> {
  const json = body === undefined ? {} : {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return fetchJson(address(path, values), { method: method.toUpperCase(), ...json, ...more });
}

/** The JSON of an address; undefined where it has none. Throws `ApiError`. */
export async function fetchJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    await problemsArrived();
    throw new ApiError("offline", t("problem.offline"), 0);
  }
  if (!heard(response).ok) throw await errorOf(response);
  const said = await response.text();
  return said ? JSON.parse(said) : undefined as T;
}

/** A response, after its news about the page has been told. */
export function heard(response: Response): Response {
  const served = response.headers.get("x-page-version");
  if (served && __VERSION__ !== "dev" && served !== __VERSION__) news.dispatchEvent(new Event("outdated"));
  if (response.status === 401) news.dispatchEvent(new Event("signed-out"));
  return response;
}

async function errorOf(response: Response): Promise<ApiError> {
  await problemsArrived();
  return problem(await response.text().catch(() => ""), response.status);
}

/** The error in the service's JSON, in the page's language; a general one where it is none of the service's. */
export function problem(text: string, status = 0): ApiError {
  try {
    const { code, message, field } = JSON.parse(text).error;
    return new ApiError(code, tMaybe(`problem.${code}`) ?? message, status, field);
  } catch {
    return new ApiError("internal", t("problem.internal"), status);
  }
}
