/** The one part of Node's crypto that is used: Web Crypto's digests are asynchronous, and a transition is not. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha256"): { update(text: string): { digest(form: "hex"): string } };
}
