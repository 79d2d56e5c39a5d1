import type { Refusal } from "../error.ts";
import { imageSource, maxImageChars, maxImages } from "./image.ts";
import { type JobRequest, jobImages } from "./job-request.ts";
import type { Message } from "./microtask.ts";

/** Does a turn ask something, or show it? */
export const saysSomething = (message: Message): boolean =>
  message.role === "user" && (message.content.trim() !== "" || message.images !== undefined);

export const saysNothing = 'A conversation needs a message of role "user" with a text or a picture.';

/**
 * Why a request's pictures cannot be shown to anybody; null: they can, or there are none. `isPublic`: may whoever fetches
 * a picture by this address be sent there?
 */
export function checkImages(request: JobRequest, isPublic: (url: string) => boolean): Refusal | null {
  const images = jobImages(request.input);
  if (images.length === 0) return null;
  if (images.length > maxImages)
    return refuse("messages", `A job has ${maxImages} pictures at most, this one has ${images.length}.`);
  for (const [i, { url }] of images.entries()) {
    const source = imageSource(url);
    if (source === null || (source.type === "url" && !isPublic(url)))
      return refuse(
        "messages",
        `Picture ${i + 1} is neither a PNG, JPEG, WebP or GIF as a data: URL in base64 nor at an https address of a public host.`,
      );
  }
  const chars = images.reduce((sum, { url }) => sum + url.length, 0);
  if (chars > maxImageChars)
    return {
      code: "too-large",
      field: "messages",
      message: `The pictures have ${chars} characters as data: URLs, and may have ${maxImageChars} together. Send smaller ones: models scale large ones down.`,
    };
  if (request.plan !== "single")
    return refuse("plan", "Pictures are for a job of one microtask. Leave them or the plan out.");
  if (request.redact !== undefined)
    return refuse("redact", "Nothing can be replaced within a picture. Leave pictures out where texts are redacted.");
  if (request.contract.criteria.some(({ type }) => type === "quotes"))
    return refuse(
      "contract.criteria",
      "What an answer quotes is looked for in texts. Leave it out where a job has pictures.",
    );
  if (request.examples)
    return refuse("examples", "Examples are kept as texts. Leave them out where a job has pictures.");
  return null;
}

const refuse = (field: string, message: string): Refusal => ({ code: "invalid-request", field, message });
