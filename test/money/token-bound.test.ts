import { describe, expect, it } from "vitest";
import { boundTokens } from "../../src/money/token-bound.ts";

/** Texts and what they are in js-tiktoken's o200k or cl100k, whichever makes more of it (2026-11-27). */
const counted: [what: string, text: string, tokens: number][] = [
  ["hex", "e971f912191f9cf30c2e53906a39e28f08108e28b02233503c9ed30c7722948f", 36],
  [
    "UUIDs",
    "e971f912-191f-9cf3-0c2e-53906a39e28f 8fe5b8ab-d372-a6d7-30df-1572247f94a8 dee099fe-fa10-8de5-0855-830742f5b16b",
    69,
  ],
  [
    "base64",
    "6XH5EhkfnPMMLlOQajnijwgQjiiwIjNQPJ7TDHcilI+P5bir03Km1zDfFXIkf5Sop2iOuc+1Vc/13AqPs7oJx97gmf76EI3lCFWDB0L1sWv/aqafsY/ZgzRPPDVLGutI",
    93,
  ],
  ["digits", "31415926535897932384626433832795028841971693993751", 17],
  ["a table", "| 2026-11-22 | 0.7, 1.3, 0.9 | 3.7 | 12.55 % |", 35],
  ["JSON", '{"id":"a81f","tags":["x","y"],"n":12.5,"ok":true,"at":"2026-11-27T08:22:25Z"}', 40],
  ["code", "export const isLetter = (code: number): boolean => letterOf(code) !== null && code > 0x39;", 26],
  ["Amharic", "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።", 104],
  ["Burmese", "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခါဖြင့် လည်းကောင်း", 104],
  ["Georgian", "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა", 119],
  ["Thai", "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์", 56],
  ["Hindi", "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।", 84],
  ["Hebrew", "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.", 56],
  ["Russian", "Все люди рождаются свободными и равными в своем достоинстве и правах.", 35],
  ["Chinese", "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。", 34],
  ["emoji", "😀🎉🚀👩‍👩‍👧‍👦🏳️‍🌈🤷🏽‍♂️🇫🇷", 52],
  [
    "German",
    "Die Donaudampfschifffahrtsgesellschaft hat gestern überraschend mitgeteilt, dass alle Fahrten entfallen.",
    34,
  ],
  [
    "English",
    "The quick brown fox jumps over the lazy dog, and nobody in the village had ever seen anything like it before.",
    23,
  ],
];
const empty = boundTokens([""]);

describe("the tokens that money is reserved for", () => {
  it.each(counted)("are not exceeded by %s", (_what, text, tokens) => {
    expect(boundTokens([text]) - empty).toBeGreaterThanOrEqual(tokens);
    // Nor, to a hundredth, when a call holds much of it.
    expect(boundTokens([`${text} `.repeat(100)]) - empty).toBeGreaterThanOrEqual(tokens * 99);
  });

  it("stay below twice what prose has, so that little is refused for nothing", () => {
    for (const [what, text, tokens] of counted)
      if (["English", "German", "Chinese", "code"].includes(what))
        expect(boundTokens([text]) - empty, what).toBeLessThan(tokens * 2);
  });

  it("count each message's frame", () => {
    expect(empty).toBe(64 + 8);
    expect(boundTokens(["", ""])).toBe(64 + 16);
  });
});
