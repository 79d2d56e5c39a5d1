import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkImages } from "../../src/plan/check-input.ts";
import { type Image, imageSource, maxImages, turnParts, wayOf } from "../../src/plan/image.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { confine, noRules } from "../../src/plan/tenant-rules.ts";
import { useName } from "../../src/plan/use-name.ts";
import { requestOf } from "../engine/world.ts";

const png = "data:image/png;base64,iVBORw0KGgo=";
const turn = (images: Image[], content = "What is this?"): Message => ({ role: "user", content, images });
const asks = (message: Message, more: Partial<JobRequest> = {}): JobRequest =>
  requestOf({ input: { type: "messages", messages: [message] }, ...more });
const shows = (url: string, more: Partial<JobRequest> = {}) => asks(turn([{ at: 0, url }]), more);

describe("what a picture may be", () => {
  it.each([
    [png, { type: "data", mediaType: "image/png", base64: "iVBORw0KGgo=" }],
    ["data:image/jpeg;base64,/9j/", { type: "data", mediaType: "image/jpeg", base64: "/9j/" }],
    ["https://example.com/a.png?b=c#d", { type: "url", url: "https://example.com/a.png?b=c#d" }],
    ["https://example.com", { type: "url", url: "https://example.com" }],
  ])("%s", (url, source) => expect(imageSource(url)).toEqual(source));

  it.each([
    "",
    "http://example.com/a.png",
    "https://user:secret@example.com/a.png",
    "https://",
    "https://exa mple.com/a.png",
    `https://example.com/${"a".repeat(2100)}`,
    "file:///etc/passwd",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PHN2Zz4=",
    "data:image/png,abcd",
    "data:image/png;base64,",
    "data:image/png;base64,abc",
    "data:image/png;base64,ab=c",
    "data:image/png;base64,====",
    "data:image/png;base64,ab\ncd===",
  ])("not %j", (url) => expect(imageSource(url)).toBeNull());

  it("is looked through in linear time", () => {
    const url = `data:image/png;base64,${"A".repeat(4_000_000)}`;
    expect(imageSource(url)).toMatchObject({ type: "data" });
    expect(imageSource(`${url}!AAA`)).toBeNull();
  });
});

it("stands among a turn's text where it was put, and nothing of either is lost", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.nat(40), { maxLength: 6 }), (content, places) => {
      const images = places.map((at, i) => ({ at, url: `https://x.test/${i}` }));
      const parts = turnParts(content, images);
      expect(parts.filter((part) => typeof part === "string").join("")).toBe(content);
      expect(parts).not.toContain("");
      const before = (image: Image) =>
        parts
          .slice(0, parts.indexOf(image))
          .reduce((sum, part) => sum + (typeof part === "string" ? part.length : 0), 0);
      for (const image of images) expect(before(image)).toBe(Math.min(image.at, content.length));
    }),
  );
});

it("has to be taken by its address where one of them has nothing else", () => {
  expect(wayOf([])).toBeNull();
  expect(wayOf([{ at: 0, url: png }])).toBe("data");
  expect(wayOf([png, "https://x.test/a"].map((url) => ({ at: 0, url })))).toBe("url");
});

describe("what nobody could be shown is refused", () => {
  it("but not what somebody can", () => {
    expect(checkImages(shows(png))).toBeNull();
    expect(checkImages(requestOf({ redact: { identifiers: ["email"], terms: [] } }))).toBeNull();
  });
  it.each<[string, JobRequest, string]>([
    ["no picture", shows("ftp://x.test/a"), "messages"],
    ["too many", asks(turn(Array.from({ length: maxImages + 1 }, () => ({ at: 0, url: png })))), "messages"],
    ["beside a plan", shows(png, { plan: "auto" }), "plan"],
    ["beside redaction", shows(png, { redact: { identifiers: ["email"], terms: [] } }), "redact"],
    ["beside examples", shows(png, { examples: true }), "examples"],
  ])("%s", (_, request, field) => expect(checkImages(request)).toMatchObject({ code: "invalid-request", field }));

  it("as is any of a tenant whose texts are redacted", () => {
    const rules = { ...noRules, redact: { identifiers: ["email" as const], terms: [] } };
    expect(confine(shows(png), rules)).toMatchObject({ code: "forbidden", field: "messages", reason: "tenant-rules" });
    expect(confine(shows(png), noRules)).not.toHaveProperty("code");
  });
});

it("makes it another use: who reads well need not see well", () => {
  const nameOf = (request: JobRequest) => {
    const task = { id: "a", kind: request.kind, instruction: "", input: [], contract: request.contract, needs: [] };
    return useName({ ...task, required: true, valueNano: null }, request, { planned: false });
  };
  expect(nameOf(asks({ role: "user", content: "What is this?" }))).toBeNull();
  expect(nameOf(shows(png))).toMatch(/^use-/);
});
