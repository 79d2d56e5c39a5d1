import type { Refusal } from "../error.ts";
import { imageSource, maxImages } from "./image.ts";
import { type JobRequest, jobImages } from "./job-request.ts";
import type { Message } from "./microtask.ts";

/** Does a turn ask something, or show it? */
export const saysSomething = (message: Message): boolean =>
  message.role === "user" && (message.content.trim() !== "" || message.images !== undefined);

export const saysNothing = 'A conversation needs a message of role "user" with a text or a picture.';

/** Why a request's pictures cannot be shown to anybody; null: they can, or there are none. */
export function checkImages(request: JobRequest): Refusal | null {
  const images = jobImages(request.input);
  if (images.length === 0) return null;
  if (images.length > maxImages)
    return refuse("messages", `A job has ${maxImages} pictures at most, this one has ${images.length}.`);
  for (const [i, { url }] of images.entries())
    if (imageSource(url) === null)
      return refuse(
        "messages",
        `Picture ${i + 1} is neither a PNG, JPEG, WebP or GIF as a data: URL in base64 nor an https address.`,
      );
  if (request.plan !== "single")
    return refuse("plan", "Pictures are for a job of one microtask. Leave them or the plan out.");
  if (request.redact !== undefined)
    return refuse("redact", "Nothing can be replaced within a picture. Leave pictures out where texts are redacted.");
  if (request.examples)
    return refuse("examples", "Examples are kept as texts. Leave them out where a job has pictures.");
  return null;
}

const refuse = (field: string, message: string): Refusal => ({ code: "invalid-request", field, message });
