import type { Refusal } from "../error.ts";
import { isAddress, isPublicHost } from "./public-host.ts";

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Receivers beside public ones that the operator allows. */
export interface NearReceivers {
  /** Tests and local servers: this machine, over http too. */
  loopback: boolean;
  /** Hosts of the operator's own network, "name" or "name:port", over http too. */
  hosts: readonly string[];
}

/** As the operator's configuration has it; nothing set: none. */
export const nearReceivers = (env: {
  ATOMIC_ALLOW_LOOPBACK?: string;
  ATOMIC_WEBHOOK_HOSTS?: string;
}): NearReceivers => ({
  loopback: env.ATOMIC_ALLOW_LOOPBACK === "1",
  hosts: (env.ATOMIC_WEBHOOK_HOSTS ?? "")
    .split(",")
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== ""),
});

/**
 * Whether a webhook may go there; null: it may. https to a public name on the usual port: no address literals, no names
 * of private networks, no credentials; and what `near` names.
 */
export function checkWebhookTarget(text: string, near: NearReceivers): Refusal | null {
  const refuse = (message: string): Refusal => ({ code: "invalid-request", field: "webhook.url", message });
  if (text.length > 2048 || !URL.canParse(text)) return refuse("A webhook's URL is an absolute https URL.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return refuse("A webhook's URL must not hold credentials.");
  if (url.hash !== "") return refuse("A webhook's URL has no fragment.");
  if (/^https?:$/.test(url.protocol)) {
    if (near.loopback && loopbackNames.test(url.hostname)) return null;
    if (near.hosts.includes(url.host)) return null;
  }
  if (url.protocol !== "https:") return refuse("A webhook's URL must be https.");
  if (url.port !== "") return refuse("A webhook's URL uses port 443. Leave the port out.");
  if (isAddress(url)) return refuse("A webhook's URL must name a host, not an IP address.");
  if (!isPublicHost(url)) return refuse("A webhook's URL must name a public host.");
  return null;
}
