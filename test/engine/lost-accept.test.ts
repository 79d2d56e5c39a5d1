import { describe, expect, it } from "vitest";
import type { Job } from "../../src/job/job.ts";
import { emptyBreaks, learnBreaks } from "../../src/market/break-record.ts";
import type { Contract } from "../../src/plan/contract.ts";
import { bidderOf, requestOf, type Script, says, World } from "./world.ts";

const two = [bidderOf("a/one"), bidderOf("b/two")];
const contract: Contract = {
  criteria: [
    { type: "contains", text: "Paris", must: true, ignoreCase: false },
    { type: "language", language: "en" },
  ],
  judged: [],
};
const silent: Script = [{ afterMs: 1 }, { afterMs: 3_600_000 }];
const english = `Paris is the capital of the country, as ${"every child there knows and ".repeat(2)}`;
const german = Array.from({ length: 400 }, (_, i) => `Wort${i}`).join(" ");

/** `a/one` opens in English; in the first quarter of an answer such prefixes have broken, later ones have not. */
function world(answer: Script, rival: Script, valueNano: number | null = null, quarters = [0]): World {
  const made = new World(two, (call) => (call.bidder === "a/one" ? answer : rival));
  made.detectLanguage = (text) => ({ language: text.includes("Wort") ? "de" : "en", confidence: 0.9 });
  const breaks = emptyBreaks();
  const broke = { bidder: "a/one", criteria: "language", held: false, weight: 1 };
  const reports = quarters.flatMap((quarter) => Array.from({ length: 4 }, () => ({ ...broke, quarter })));
  learnBreaks(breaks, "answer", reports, made.nowMs);
  made.state.breaks = breaks;
  made.accept(requestOf({ strategy: "race", contract, bidders: two.map((b) => b.id), valueNano, deadlineMs: 120_000 }));
  return made;
}

const attemptOf = (job: Job, bidder: string) => job.microtasks[0]?.attempts.find((a) => a.bidder === bidder);
const prefixResults = (made: World, attempt: string | undefined): string[] =>
  made.log.flatMap((e) =>
    e.type === "verdict-reached" && e.attempt === attempt && e.verdict.on === "prefix" ? [e.verdict.result] : [],
  );

describe("an accepted prefix that is accepted no more", () => {
  it("is not committed to later, and the log says since when", async () => {
    const made = world(says(`${english} ${german}`, 10), says("It is Paris, and nothing but Paris.", 1, 9_000));
    const job = await made.settle();
    const one = attemptOf(job, "a/one");
    expect(prefixResults(made, one?.id)).toEqual(["accept", "undecided"]);
    expect(one?.bet?.taken).toBe(false);
    expect(job.microtasks[0]?.committed).not.toBe(one?.id);
    expect(job.microtasks[0]?.joined?.attempt).toBe(attemptOf(job, "b/two")?.id);
    expect(made.log.filter((e) => "microtask" in e && e.microtask === "answer").length).toBeLessThanOrEqual(16);
  });

  it("is cut on the prediction where its rest costs more than what it may be worth", async () => {
    const made = world(says(`${english} ${german}`, 10), silent, 3_000_000);
    const job = await made.settle();
    const one = attemptOf(job, "a/one");
    expect(one).toMatchObject({ status: "cancelled", message: "rejected-on-prefix" });
    expect(one?.writtenOff?.criterion).toBe("criteria/1");
  });

  it("costs two rows at most, however often it changes", async () => {
    const made = world(
      says(`${english} ${german}`, 10),
      says("It is Paris, and nothing but Paris.", 1, 9_000),
      null,
      [0, 1, 2, 3],
    );
    const foreign = (length: number): boolean => (length > 200 && length < 400) || length > 900;
    made.detectLanguage = ({ length }) => ({ language: foreign(length) ? "de" : "en", confidence: 0.9 });
    const job = await made.settle();
    expect(prefixResults(made, attemptOf(job, "a/one")?.id)).toEqual(["accept", "undecided"]);
    expect(job.microtasks[0]?.committed).toBeNull();
  });
});
