import { language } from "../i18n/index.ts";

/** US dollars as people write them; small amounts with the digits that tell them from nothing. */
export function usd(amount: number): string {
  const maximumFractionDigits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  return new Intl.NumberFormat(language(), {
    style: "currency",
    currency: "USD",
    currencyDisplay: "code",
    minimumFractionDigits: 2,
    maximumFractionDigits,
  }).format(amount);
}
