import { exports } from "cloudflare:workers";
import type { LoggedEvent } from "../../src/job/job-event.ts";
import type { JobView } from "../../src/job/job-view.ts";

export type Key = Record<string, string>;
export const operator: Key = { authorization: "Bearer operator-key-of-the-tests" };

/** A request to the Worker itself, through its own fetch handler. */
export const call = (path: string, init: RequestInit = {}, key: Key = operator): Promise<Response> =>
  exports.default.fetch(`https://atomic.test${path}`, {
    ...init,
    headers: { "content-type": "application/json", ...key, ...(init.headers as Key) },
  });

export const post = (path: string, body: unknown, key: Key = operator): Promise<Response> =>
  call(path, { method: "POST", body: JSON.stringify(body) }, key);

export const viewOf = async (id: string, key: Key = operator): Promise<JobView> =>
  (await (await call(`/v1/jobs/${id}`, {}, key)).json()) as JobView;

/** The whole log of a job, as its event stream tells it until the job is over. */
export async function eventsOf(id: string, after = 0, key: Key = operator): Promise<LoggedEvent[]> {
  const text = await (await call(`/v1/jobs/${id}/events?after=${after}`, {}, key)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => JSON.parse(line.slice(5)) as LoggedEvent);
}

export async function keyOf(tenant: string): Promise<Key> {
  const { key } = (await (await post("/v1/keys", { tenant })).json()) as { key: string };
  return { authorization: `Bearer ${key}` };
}

/** Adds a bidder whose calls go to the scripted provider. */
export async function addBidder(id: string, providerUrl: string, script: object, more: object = {}): Promise<void> {
  const model = id.replaceAll("/", "-");
  const response = await call(`/v1/bidders/${id}`, {
    method: "PUT",
    body: JSON.stringify({
      endpoint: { type: "openai-compatible", model, baseUrl: `${providerUrl}/v1` },
      price: { input: 1, output: 2 },
      ...more,
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  await fetch(`${providerUrl}/script`, { method: "POST", body: JSON.stringify({ model, script }) });
}
