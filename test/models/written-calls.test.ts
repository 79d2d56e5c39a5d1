import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWholeObject } from "../../src/models/answer-calls.ts";
import { type CallPiece, readCallPieces } from "../../src/models/openai-compatible/call-piece.ts";
import { WrittenCalls } from "../../src/models/openai-compatible/written-calls.ts";

const piece = (over: Partial<CallPiece>): CallPiece => ({ index: null, id: null, name: "", arguments: "", ...over });
const read = (pieces: Partial<CallPiece>[]) => {
  const calls = new WrittenCalls();
  for (const one of pieces) calls.push(piece(one));
  return calls.all().map(({ id, name, arguments: written }) => [id, name, written]);
};

describe("calls put together from pieces", () => {
  it("are what was sent, however it was cut and whatever labels a server gives", () => {
    const call = fc.record({
      name: fc.constantFrom("weather", "time"),
      // Braces and quotes within the arguments end nothing.
      arguments: fc
        .dictionary(fc.constantFrom("a", "b", "}"), fc.constantFrom("x", "{}", '"}', ""))
        .map((o) => JSON.stringify(o)),
      size: fc.integer({ min: 1, max: 9 }),
    });
    const labels = fc.constantFrom("index and id", "index", "id", "id at 0");
    fc.assert(
      fc.property(fc.array(call, { maxLength: 5 }), labels, fc.boolean(), (calls, how, again) => {
        const pieces = calls.flatMap(({ name, arguments: written, size }, n): Partial<CallPiece>[] => {
          const index = how === "id" ? {} : { index: how === "id at 0" ? 0 : n };
          const id = how === "index" ? {} : { id: `c${n}` };
          const rest = (written.match(new RegExp(`.{1,${size}}`, "gsu")) ?? []).map((text) => ({
            ...index,
            ...(again ? { ...id, name } : {}),
            arguments: text,
          }));
          return [{ ...index, ...id, name }, ...rest];
        });
        expect(read(pieces)).toEqual(calls.map((c, n) => [how === "index" ? null : `c${n}`, c.name, c.arguments]));
      }),
    );
  });

  it("are interleaved where numbers tell them apart", () => {
    expect(
      read([
        { index: 0, id: "a", name: "weather" },
        { index: 1, id: "b", name: "weather" },
        { index: 0, arguments: '{"x":' },
        { index: 1, arguments: "{}" },
        { index: 0, arguments: "1}" },
      ]),
    ).toEqual([
      ["a", "weather", '{"x":1}'],
      ["b", "weather", "{}"],
    ]);
  });

  it("are two where one number or name is used for two, and one where one is said twice", () => {
    const whole = { id: "a", index: 0, name: "time", arguments: '{"zone":"CET"}' };
    expect(read([whole, whole])).toHaveLength(1);
    expect(read([whole, { ...whole, arguments: "" }])).toEqual([["a", "time", '{"zone":"CET"}']]);
    expect(read([whole, { ...whole, id: "b" }])).toHaveLength(2);
    expect(read([whole, { ...whole, index: 1 }])).toHaveLength(2);
    expect(read([whole, { ...whole, id: null, arguments: '{"zone":"UTC"}' }])).toHaveLength(2);
    expect(
      read([
        { index: 0, name: "time" },
        { index: 0, name: "weather", arguments: "{}" },
      ]),
    ).toHaveLength(2);
    expect(read([{ name: "now" }, { id: "b", name: "now" }])).toHaveLength(1);
    expect(
      read([
        { id: "a", name: "now" },
        { id: "b", name: "now" },
      ]),
    ).toHaveLength(2);
  });

  it("outlive a new id or a late name, and an empty piece is no call", () => {
    expect(
      read([
        { id: "a", index: 0, name: "time", arguments: "{" },
        { id: "x", index: 0, arguments: "}" },
      ]),
    ).toEqual([["a", "time", "{}"]]);
    expect(
      read([
        { index: 0, arguments: "{" },
        { index: 0, id: "a", name: "time", arguments: "}" },
      ]),
    ).toEqual([["a", "time", "{}"]]);
    expect(read([{ index: 0 }, {}])).toEqual([]);
  });
});

it("pieces are read from whatever stands in tool_calls", () => {
  expect(readCallPieces([{ index: 2, id: "a", function: { name: " time ", arguments: '{"z' } }])).toEqual([
    { index: 2, id: "a", name: "time", arguments: '{"z' },
  ]);
  expect(readCallPieces([{ name: "time", arguments: { zone: "CET" } }])).toEqual([
    piece({ name: "time", arguments: '{"zone":"CET"}' }),
  ]);
  expect(readCallPieces([{ id: 7, index: "0", function: { name: null, arguments: null } }, null, 3])).toEqual([
    piece({}),
  ]);
  for (const nothing of [null, undefined, "x", {}]) expect(readCallPieces(nothing)).toEqual([]);
});

it("a whole object is JSON from end to end", () => {
  for (const text of ["{}", ' {"a":"}"} \n']) expect(isWholeObject(text)).toBe(true);
  for (const text of ["", "{", '{"a":"}', "[{}", "[1]", "{}{}", '"}"']) expect(isWholeObject(text)).toBe(false);
});
