/** `npm run keys`: API keys of tenants. */
import { main, wrong } from "./command.ts";

const usage = `npm run keys -- add TENANT
npm run keys -- revoke ID

A key is shown once; only its SHA-256 is kept.`;

await main({
  usage,
  async run(api, [verb, word]) {
    if ((verb !== "add" && verb !== "revoke") || word === undefined) throw wrong("Say add TENANT or revoke ID.", usage);
    if (verb === "revoke") {
      await api.call("DELETE", `/v1/keys/${word}`);
      return console.log(`Revoked ${word}.`);
    }
    const { id, key } = await api.call<{ id: string; key: string }>("POST", "/v1/keys", { tenant: word });
    console.log(`${key}\n\nThis is the only time it is shown. Revoke it with: npm run keys -- revoke ${id}`);
  },
});
