import { base64url, mac, sameText } from "./mac.ts";

/** What a signed-in browser's cookie says. */
export interface Session {
  tenant: string;
  role: "operator" | "tenant";
  keyId: string;
  expiresAtMs: number;
}

const purpose = "atomic/session/1";

/** `<claims>.<MAC>`, both base64url. It holds no secret; whoever has it is signed in until it expires. */
export async function writeSession(secret: string, session: Session): Promise<string> {
  const claims = base64url(new TextEncoder().encode(JSON.stringify(session)));
  return `${claims}.${base64url(await mac(secret, purpose, claims))}`;
}

/** The session, or null when the token is forged, was cut, or has expired. */
export async function readSession(secret: string, token: string, nowMs: number): Promise<Session | null> {
  const [claims, claimed, ...more] = token.split(".");
  if (claims === undefined || claimed === undefined || more.length > 0) return null;
  if (!sameText(base64url(await mac(secret, purpose, claims)), claimed)) return null;
  const bytes = Uint8Array.from(atob(claims.replaceAll("-", "+").replaceAll("_", "/")), (ch) => ch.charCodeAt(0));
  const session = JSON.parse(new TextDecoder().decode(bytes)) as Session;
  return session.expiresAtMs > nowMs ? session : null;
}
