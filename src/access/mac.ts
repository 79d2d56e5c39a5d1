const encoder = new TextEncoder();

/** HMAC-SHA-256 of `text`. `purpose` keeps what is signed for one use from counting for another. */
export async function mac(secret: string, purpose: string, text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", await keyOf(secret), encoder.encode(`${purpose}\n${text}`)));
}

/** Keys made before: an isolate signs with up to three secrets, and making a key takes longer than signing. */
const made = new Map<string, Promise<CryptoKey>>();
const mostMade = 3;

function keyOf(secret: string): Promise<CryptoKey> {
  const known = made.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const oldest = made.keys().next();
  if (made.size >= mostMade && !oldest.done) made.delete(oldest.value);
  made.set(secret, key);
  return key;
}

export async function sha256Hex(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** Compares in a time that depends only on the lengths. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % Math.max(1, b.length));
  return difference === 0;
}
