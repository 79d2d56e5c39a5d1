const encoder = new TextEncoder();
const prefix = "whsec_";

/** HMAC-SHA-256. */
async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, encoder.encode(text)));
}

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** A tenant's own signing secret, made of the server's: it is kept nowhere, and rotates with the operator's key. */
export async function tenantWebhookSecret(serverSecret: string, tenant: string): Promise<string> {
  return prefix + base64(await hmac(new Uint8Array(encoder.encode(serverSecret)), `atomic/webhook/1\n${tenant}`));
}

/** The `webhook-signature` of a message (Standard Webhooks, scheme v1). null: this is no signing secret. */
export async function signWebhook(
  secret: string,
  id: string,
  timestampS: number,
  body: string,
): Promise<string | null> {
  const encoded = secret.startsWith(prefix) ? secret.slice(prefix.length) : "";
  if (encoded === "" || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  let key: Uint8Array<ArrayBuffer>;
  try {
    key = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
  return `v1,${base64(await hmac(key, `${id}.${timestampS}.${body}`))}`;
}
