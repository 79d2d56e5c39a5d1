/** The one part of Node's crypto that is used: Web Crypto's digests are asynchronous, and a transition is not. */
declare module "node:crypto" {
  interface Hash {
    update(text: string): Hash;
    digest(form: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
}
