/** Subject without reply marks, list tags, digits and case: mails with the same one belong to one thread or campaign. */
export const threadOf = (subject: string): string =>
  subject
    .toLowerCase()
    .replace(/\[[^\]]{0,60}\]/g, " ")
    .replace(/\b(?:re|fwd?|aw|sv)\s*:/g, " ")
    .replace(/[^\p{L}]+/gu, " ")
    .trim();

/** Is a mail of this subject kept out of training? One thread in four, whole threads only (FNV-1a of the thread). */
export function isHeldOut(subject: string): boolean {
  let hash = 0x811c9dc5;
  const thread = threadOf(subject);
  for (let at = 0; at < thread.length; at++) hash = Math.imul(hash ^ thread.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 15)) & 3) === 0;
}
