import { exports } from "cloudflare:workers";
import { inject } from "vitest";

/** What Worker tests ask the Worker and the scripted provider. */
export const operator = { authorization: "Bearer operator-key-of-the-tests" };
/**
 * Who tells languages in this process. The files share one market: a job that names nobody may be put to a bidder of
 * another file, which is slow, broken or talks nonsense on purpose.
 */
export const languageSpecialists = ["embedded/eld-small", "embedded/franc"];

type Headers = Record<string, string>;

export const call = (path: string, init: RequestInit = {}, headers: Headers = operator): Promise<Response> =>
  exports.default.fetch(`https://atomic.test${path}`, {
    ...init,
    headers: { "content-type": "application/json", ...headers },
  });

export const post = (path: string, body: unknown, headers: Headers = {}): Promise<Response> =>
  call(path, { method: "POST", body: JSON.stringify(body) }, { ...operator, ...headers });

export const put = (path: string, body: unknown): Promise<Response> =>
  call(path, { method: "PUT", body: JSON.stringify(body) });

/** A new tenant's key. */
export async function keyOf(tenant: string): Promise<Headers> {
  const { key } = (await (await post("/v1/keys", { tenant })).json()) as { key: string };
  return { authorization: `Bearer ${key}` };
}

/** A model of the scripted provider as a bidder; prices are USD per million tokens. */
export async function bidder(model: string, script: object, more: object = {}): Promise<string> {
  const url = inject("providerUrl");
  await fetch(`${url}/script`, { method: "POST", body: JSON.stringify({ model, script }) });
  const endpoint = { type: "openai-compatible", model, baseUrl: `${url}/v1` };
  const response = await put(`/v1/bidders/test/${model}`, { endpoint, price: { input: 1, output: 2 }, ...more });
  if (!response.ok) throw new Error(await response.text());
  return `test/${model}`;
}
