import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicUrl } from "../../src/deliver/public-host.ts";
import { checkImages } from "../../src/plan/check-input.ts";
import { type Image, imageSource, maxImages, plainImageUrl, turnParts, wayOf } from "../../src/plan/image.ts";
import type { JobRequest } from "../../src/plan/job-request.ts";
import type { Message } from "../../src/plan/microtask.ts";
import { confine, noRules } from "../../src/plan/tenant-rules.ts";
import { useName } from "../../src/plan/use-name.ts";
import { requestOf } from "../engine/world.ts";

const png = "data:image/png;base64,iVBORw0KGgo=";
const check = (request: JobRequest) => checkImages(request, isPublicUrl);
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

const whole = (content: string, at: number) =>
  /^[\udc00-\udfff]/.test(content.slice(at)) && at > 0 ? at - 1 : Math.min(at, content.length);

it("is written plainly, however its client writes it", () => {
  const plain = "data:image/jpeg;base64,AAA=";
  for (const url of [
    plain,
    "data:image/jpg;base64,AAA=",
    "DATA:Image/JPEG;charset=x;BASE64,AA\nA=",
    "data:image/jpeg; base64 ,AAA",
  ])
    expect(plainImageUrl(url)).toBe(plain);
  expect(plainImageUrl("HTTPS://example.com/A.png")).toBe("https://example.com/A.png");
  for (const url of ["data:image/png,abcd", "ftp://x", "data:", ""]) expect(plainImageUrl(url)).toBe(url);
});

it("stands among a turn's text where it was put, and nothing of either is lost", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.nat(40), { maxLength: 6 }), (content, places) => {
      const images = places.map((at, i) => ({ at, url: `https://x.test/${i}` }));
      const parts = turnParts(content, images);
      expect(parts.filter((part) => typeof part === "string").join("")).toBe(content);
      expect(parts).not.toContain("");
      expect(parts.every((part) => typeof part !== "string" || part.isWellFormed())).toBe(content.isWellFormed());
      const before = (image: Image) =>
        parts
          .slice(0, parts.indexOf(image))
          .reduce((sum, part) => sum + (typeof part === "string" ? part.length : 0), 0);
      for (const image of images) expect(before(image)).toBe(whole(content, image.at));
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
    expect(check(shows(png))).toBeNull();
    expect(check(shows("https://example.com/a.png"))).toBeNull();
    expect(check(requestOf({ redact: { identifiers: ["email"], terms: [] } }))).toBeNull();
  });
  it.each<[string, JobRequest, string]>([
    ["no picture", shows("ftp://x.test/a"), "messages"],
    ["too many", asks(turn(Array.from({ length: maxImages + 1 }, () => ({ at: 0, url: png })))), "messages"],
    ["beside a plan", shows(png, { plan: "auto" }), "plan"],
    ["beside redaction", shows(png, { redact: { identifiers: ["email"], terms: [] } }), "redact"],
    [
      "beside quotes",
      shows(png, { contract: { criteria: [{ type: "quotes", minChars: 12 }], judged: [] } }),
      "contract.criteria",
    ],
    ["beside examples", shows(png, { examples: true }), "examples"],
  ])("%s", (_, request, field) => expect(check(request)).toMatchObject({ code: "invalid-request", field }));

  it.each(["https://[", "https://%", "https://a:b", "https://ex%zzample.com/", "https://a.com:99999999/"])(
    "what is no URL: %s",
    (url) => expect(check(shows(url))).toMatchObject({ field: "messages" }),
  );
  it.each(["https://127.0.0.1/a.png", "https://[::1]/", "https://2130706433/", "https://metadata.internal/a"])(
    "where a provider is not to be sent: %s",
    (url) => expect(check(shows(url))).toMatchObject({ field: "messages" }),
  );
  it("more than 4 MB together", () => {
    const large = `data:image/png;base64,${"A".repeat(2_000_000)}`;
    const images = [large, large].map((url) => ({ at: 0, url }));
    expect(check(asks(turn(images)))).toMatchObject({ code: "too-large", field: "messages" });
  });

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
