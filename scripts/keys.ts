/** `npm run keys`: API keys of tenants. */
import { wholeNumber } from "./arguments.ts";
import { main, wrong } from "./command.ts";

const usage = `npm run keys -- list
npm run keys -- add TENANT [--days N] [--read-only]
npm run keys -- revoke ID

A key is shown once; only its SHA-256 is kept.

  --days N      it works for N days, 1 to 3650 (default: until it is revoked)
  --read-only   it lists, follows and explains the tenant's jobs and previews auctions; everything else is refused`;

interface Listed {
  id: string;
  tenant: string;
  createdAtMs: number;
  revokedAtMs: number | null;
  expiresAtMs: number | null;
  scope: "all" | "read";
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** One line of the list. */
function lineOf({ id, tenant, createdAtMs, revokedAtMs, expiresAtMs, scope }: Listed): string {
  const words = [id, tenant.padEnd(20), `since ${day(createdAtMs)}`];
  if (scope !== "all") words.push(`${scope} only`);
  if (revokedAtMs !== null) words.push(`revoked ${day(revokedAtMs)}`);
  else if (expiresAtMs !== null) words.push(`${expiresAtMs > Date.now() ? "until" : "expired"} ${day(expiresAtMs)}`);
  return words.join("  ");
}

await main({
  usage,
  words: 2,
  options: { days: { type: "string" }, "read-only": { type: "boolean" } },
  async run(api, [verb, word], { days, "read-only": readOnly }) {
    if (verb !== "add" && (days !== undefined || readOnly === true))
      throw wrong("--days and --read-only are of a key that is added.", usage);
    if (verb === "list") {
      if (word !== undefined) throw wrong(`"${word}" is a word too many.`, usage);
      const { keys } = await api.call<{ keys: Listed[] }>("GET", "/v1/keys");
      if (keys.length === 0) return console.log("There is no key yet: npm run keys -- add TENANT.");
      for (const key of keys) console.log(lineOf(key));
      return;
    }
    if ((verb !== "add" && verb !== "revoke") || word === undefined)
      throw wrong("Say list, add TENANT or revoke ID.", usage);
    if (verb === "revoke") {
      await api.call("DELETE", `/v1/keys/${encodeURIComponent(word)}`);
      return console.log(`Revoked ${word}.`);
    }
    const { id, key, expiresAtMs } = await api.call<Listed & { key: string }>("POST", "/v1/keys", {
      tenant: word,
      ...(typeof days === "string" ? { days: wholeNumber("days", days, 1) } : {}),
      ...(readOnly === true ? { scope: "read" } : {}),
    });
    const until = expiresAtMs === null ? "" : ` It works until ${day(expiresAtMs)} (UTC).`;
    console.log(`${key}\n\nThis is the only time it is shown.${until} Revoke it with: npm run keys -- revoke ${id}`);
  },
});
