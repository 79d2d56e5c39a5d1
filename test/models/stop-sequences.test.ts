import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StopSequences } from "../../src/output/stop-sequences.ts";
import { until } from "./call.ts";
import { provider, run, six } from "./chat-endpoint.ts";

describe("stop sequences", () => {
  it("end a text before the first of them, whatever pieces it comes in, and hold back no more than they must", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 14 });
    const sequences = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), sequences, (pieces, stop) => {
        const whole = pieces.join("");
        // Letter by letter: the first that the text ends with ends it.
        const end = [...whole].findIndex((_, i) => stop.some((one) => whole.slice(0, i + 1).endsWith(one)));
        const longest = stop.filter((one) => whole.slice(0, end + 1).endsWith(one)).map((one) => one.length);
        const stops = new StopSequences(stop);
        let passed = "";
        let seen = "";
        for (const piece of pieces) {
          passed += stops.push(piece);
          seen += piece;
          if (stops.met) break;
          // What is held back may still be the beginning of one.
          const held = seen.slice(passed.length);
          expect(held === "" || stop.some((one) => one.length > held.length && one.startsWith(held))).toBe(true);
        }
        passed += stops.end();
        expect(passed).toBe(end < 0 ? whole : whole.slice(0, end + 1 - Math.max(...longest)));
        expect(stops.met).toBe(end >= 0);
      }),
      { seed: 20_261_126, numRuns: 2000 },
    );
  });

  it("end an answer over the wire, and close the upstream that would go on", async () => {
    const got = await run({ pieces: [...six, ...Array(50).fill("more ")], betweenMs: 5 }, { stop: ["ree fo"] });
    expect(got.failure).toBeNull();
    expect(got.text).toBe("One two th");
    expect(got.finish).toBe("stop");
    expect(got.usage).toMatchObject({ source: "counted" });
    expect(provider.ledger()[0]?.body.stop).toEqual(["ree fo"]);
    expect(await until(() => provider.ledger()[0]?.end === "client-closed")).toBe(true);
  });

  it("leave an answer whole that has none of them, its last held-back letters too", async () => {
    const got = await run({ pieces: ["One two th"], usage: { input: 9, output: 3 } }, { stop: ["three"] });
    expect(got.text).toBe("One two th");
    expect(got.usage).toMatchObject({ output: 3, source: "provider" });
  });

  it("that come first leave no answer", async () => {
    const got = await run({ pieces: six }, { stop: ["One"] });
    expect(got.failure?.reason).toBe("empty-answer");
    expect(got.usage?.output).toBeGreaterThan(0);
  });

  it("are sent to no server that refuses them", async () => {
    const endpoint = {
      type: "openai-compatible" as const,
      model: "m",
      baseUrl: `${provider.url}/v1`,
      omit: ["stop" as const],
    };
    const got = await run({ pieces: six }, { stop: ["four"] }, { endpoint });
    expect(got.text).toBe("One two three ");
    expect(provider.ledger()[0]?.body).not.toHaveProperty("stop");
  });
});
