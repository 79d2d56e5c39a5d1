/** `npm run keys`: API keys of tenants. */
import { main, wrong } from "./command.ts";

const usage = `npm run keys -- list
npm run keys -- add TENANT
npm run keys -- revoke ID

A key is shown once; only its SHA-256 is kept.`;

interface Listed {
  id: string;
  tenant: string;
  createdAtMs: number;
  revokedAtMs: number | null;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

await main({
  usage,
  words: 2,
  async run(api, [verb, word]) {
    if (verb === "list") {
      if (word !== undefined) throw wrong(`"${word}" is a word too many.`, usage);
      const { keys } = await api.call<{ keys: Listed[] }>("GET", "/v1/keys");
      if (keys.length === 0) return console.log("There is no key yet: npm run keys -- add TENANT.");
      for (const { id, tenant, createdAtMs, revokedAtMs } of keys)
        console.log(
          `${id}  ${tenant.padEnd(20)}  since ${day(createdAtMs)}${revokedAtMs === null ? "" : `  revoked ${day(revokedAtMs)}`}`,
        );
      return;
    }
    if ((verb !== "add" && verb !== "revoke") || word === undefined)
      throw wrong("Say list, add TENANT or revoke ID.", usage);
    if (verb === "revoke") {
      await api.call("DELETE", `/v1/keys/${encodeURIComponent(word)}`);
      return console.log(`Revoked ${word}.`);
    }
    const { id, key } = await api.call<{ id: string; key: string }>("POST", "/v1/keys", { tenant: word });
    console.log(`${key}\n\nThis is the only time it is shown. Revoke it with: npm run keys -- revoke ${id}`);
  },
});
