import type { Refusal } from "../error.ts";

/** Names that lead into a private network or nowhere, whatever they resolve to. */
const privateNames =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|test|invalid|onion)$/;
const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a webhook may go there; null: it may. https to a public name on the usual port: no address literals (the URL
 * parser has made 2130706433, 0x7f.1 and 127.1 dotted quads by then), no names of private networks, no credentials.
 * `allowLoopback`: tests and local servers may also name this machine, over http.
 */
export function checkWebhookTarget(text: string, allowLoopback: boolean): Refusal | null {
  const refuse = (message: string): Refusal => ({ code: "invalid-request", field: "webhook.url", message });
  if (text.length > 2048 || !URL.canParse(text)) return refuse("A webhook's URL is an absolute https URL.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return refuse("A webhook's URL must not hold credentials.");
  if (url.hash !== "") return refuse("A webhook's URL has no fragment.");
  if (allowLoopback && loopbackNames.test(url.hostname) && /^https?:$/.test(url.protocol)) return null;
  if (url.protocol !== "https:") return refuse("A webhook's URL must be https.");
  if (url.port !== "") return refuse("A webhook's URL uses port 443. Leave the port out.");
  const host = url.hostname.replace(/\.$/, "");
  if (host.startsWith("[") || /^\d+(\.\d+){0,3}$/.test(host))
    return refuse("A webhook's URL must name a host, not an IP address.");
  if (!host.includes(".") || privateNames.test(host)) return refuse("A webhook's URL must name a public host.");
  return null;
}
