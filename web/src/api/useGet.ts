import useSWR, { type SWRConfiguration, type SWRResponse } from "swr";
import { address, type Answer, ApiError, fetchJson, type Path, type Values } from "./client.ts";

/** What `GET` of this path answers, kept, and asked again when the window is looked at again; null asks nothing. */
export function useGet<P extends Path>(
  path: P | null,
  values: Values = {},
  options: SWRConfiguration = {},
): SWRResponse<Answer<P>, ApiError> {
  return useSWR(path === null ? null : address(path, values), fetchJson<Answer<P>>, options);
}
