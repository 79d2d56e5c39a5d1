/** A picture in a user's turn. */
export interface Image {
  /** Code units of the turn's text that stand before it. */
  at: number;
  /** "data:image/png;base64,...", or the https address of one: Atomic fetches none, some bidders do. */
  url: string;
  /** How closely a model is to look, where its wire has the word. Absent: as it does. */
  detail?: "low" | "high";
}

/** How a bidder takes pictures: in the call; or also by their address, which its provider fetches. */
export const imageWays = ["data", "url"] as const;
export type ImageWay = (typeof imageWays)[number];

/** Most that a request may have, and characters of all their URLs together. */
export const maxImages = 20;
export const maxImageChars = 4_000_000;
/** Types that hosted models read. */
const dataUrl = /^data:(image\/(?:png|jpeg|webp|gif));base64,/;
/** With neither credentials nor what is no URL. */
const address = /^https:\/\/[^\s/?#@\\]+(?:[/?#]\S*)?$/;
const longestAddress = 2048;

/** A picture's URL as all wires take it, where clients write it in other ways: a data: URL with parameters, "jpg", line breaks or no padding. */
export function plainImageUrl(url: string): string {
  const head = /^data:\s*([a-z]+\/[a-z0-9.+-]+)(;[^,]*)?,/i.exec(url.slice(0, 200));
  if (head === null) return url.replace(/^https:\/\//i, "https://");
  const [{ length }, type = "", parameters = ""] = head;
  if (!/;\s*base64\s*$/i.test(parameters)) return url;
  const base64 = url.slice(length).replace(/\s+/g, "");
  const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  return `data:${type.toLowerCase().replace("image/jpg", "image/jpeg")};base64,${padded}`;
}

/** A picture as providers take it. */
export type ImageSource = { type: "data"; mediaType: string; base64: string } | { type: "url"; url: string };

/** What a picture's URL holds or where it leads; null: it is neither. */
export function imageSource(url: string): ImageSource | null {
  const head = dataUrl.exec(url);
  if (head !== null) {
    const base64 = url.slice(head[0].length);
    return head[1] !== undefined && isBase64(base64) ? { type: "data", mediaType: head[1], base64 } : null;
  }
  return url.length <= longestAddress && address.test(url) ? { type: "url", url } : null;
}

/** By pieces: one expression over megabytes would be tried on a backtracking engine. */
function isBase64(text: string): boolean {
  if (text.length === 0 || text.length % 4 !== 0) return false;
  const bare = text.endsWith("==") ? -2 : text.endsWith("=") ? -1 : text.length;
  return !/[^A-Za-z0-9+/]/.test(text.slice(0, bare));
}

/** How a bidder must take these; null: there are none. */
export const wayOf = (images: readonly Image[]): ImageWay | null =>
  images.length === 0 ? null : images.some(({ url }) => url.startsWith("https://")) ? "url" : "data";

/** Never within a surrogate pair. */
function placeIn(content: string, at: number): number {
  const code = content.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff && at > 0 ? at - 1 : Math.min(at, content.length);
}

/** A turn's text and pictures in their order; texts are not empty. */
export function turnParts(content: string, images: readonly Image[]): (string | Image)[] {
  const parts: (string | Image)[] = [];
  let at = 0;
  for (const image of [...images].sort((a, b) => a.at - b.at)) {
    const end = placeIn(content, image.at);
    if (end > at) parts.push(content.slice(at, end));
    at = end;
    parts.push(image);
  }
  if (at < content.length) parts.push(content.slice(at));
  return parts;
}
