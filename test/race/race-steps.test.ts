import { describe, expect, it } from "vitest";
import { openRace } from "../../bench/race/fold-race.ts";
import { auditGraceMs, raceSteps } from "../../src/race/race-steps.ts";
import { lineUp, race, said, script, tellRace } from "./scripted-race.ts";

describe("a sequential race with a hedge", () => {
  const places = lineUp("leader", ["hedge", 300], "fallback");

  it("runs only the leader when its first token is in time", () => {
    expect(said(tellRace(race(places), [script(), script(), script()]))).toEqual([
      "0 start 0",
      "1000 accept a0 first-pass",
    ]);
  });

  it("starts the hedge when the first token is late, and cuts the slower one after the accept", () => {
    const told = tellRace(race(places), [script({ firstTokenMs: 2000, endMs: 3000 }), script(), script()]);
    expect(said(told)).toEqual(["0 start 0", "300 start 1", "1300 accept a1 first-pass", "1300 cancel a0 lost-race"]);
  });

  it("starts no hedge when the budget is used up, but still falls back at once", () => {
    const state = openRace(race(places));
    state.hedging = false;
    const told = tellRace(race(places), [script({ endMs: 50, end: "server-error" }), script(), script()]);
    expect(said(told).slice(0, 2)).toEqual(["0 start 0", "50 start 1"]);
    state.racers.push({ ...told.state.racers[0], status: "running", failure: null } as (typeof state.racers)[0]);
    expect(raceSteps(state, 10_000)).toMatchObject([{ step: "wait" }]);
    state.hedging = true;
    expect(raceSteps(state, 10_000)).toMatchObject([{ step: "start", place: 1 }]);
  });

  it("falls back at once on failure, on a rejected whole and on a rejected prefix", () => {
    const told = tellRace(race(lineUp("leader", "fallback", "fallback", "fallback")), [
      script({ endMs: 40, end: "rate-limited" }),
      script({ end: "reject" }),
      script({ prefix: "reject" }),
      script(),
    ]);
    expect(said(told)).toEqual([
      "0 start 0",
      "40 start 1",
      "1040 start 2",
      "1590 cancel a2 rejected-on-prefix",
      "1590 start 3",
      "2590 accept a3 first-pass",
    ]);
  });

  it("gives up when every place was tried", () => {
    const failing = script({ endMs: 10, end: "overloaded" });
    expect(said(tellRace(race(places), [failing, failing, failing])).at(-1)).toBe("30 give-up");
  });

  it("counts a place that cannot start as tried", () => {
    const state = openRace(race(places));
    state.unavailable = [0, 1];
    expect(raceSteps(state, 0)).toMatchObject([{ step: "start", place: 2 }]);
    state.unavailable = [0, 1, 2];
    expect(raceSteps(state, 0)).toMatchObject([{ step: "give-up" }]);
  });
});

describe("the hedge behind a fall-back", () => {
  it("counts the wait so far, and gives the fall-back half of the time", () => {
    const places = lineUp("leader", "fallback", ["hedge", 1000]);
    const silent = { firstTokenMs: 5000, endMs: 6000 };
    const early = tellRace(race(places), [script({ endMs: 200, end: "server-error" }), script(silent), script()]);
    expect(said(early).slice(0, 3)).toEqual(["0 start 0", "200 start 1", "1000 start 2"]);
  });

  it("sends the hedge at once where the leader fails so late that no time is left", () => {
    const places = lineUp("leader", "fallback", ["hedge", 1000]);
    const late = tellRace(race(places), [script({ endMs: 600, end: "truncated" }), script(), script()]);
    expect(said(late).slice(0, 2)).toEqual(["0 start 0", "600 start 2"]);
  });

  it("sends the next place when the hedge itself fails and the leader is still silent", () => {
    const silent = script({ firstTokenMs: 9_000, endMs: 9_500 });
    const places = lineUp("leader", ["hedge", 1000], "fallback");
    const told = tellRace(race(places), [silent, script({ endMs: 50, end: "server-error" }), script()]);
    expect(said(told).slice(0, 3)).toEqual(["0 start 0", "1000 start 1", "1050 start 2"]);
  });
});

describe("a parallel race", () => {
  const three = lineUp("leader", "parallel", "parallel");

  it("takes the first full pass and cuts the others after it", () => {
    const told = tellRace(race(three), [script(), script({ endMs: 700 }), script({ endMs: 400, end: "reject" })]);
    expect(said(told).slice(3)).toEqual(["700 accept a1 first-pass", "700 cancel a0 lost-race"]);
  });

  it("commits on an accepted prefix, cuts the others, and lets the leader finish", () => {
    const told = tellRace(race(three), [script({ prefix: "accept" }), script(), script()]);
    expect(said(told).slice(3)).toEqual([
      "550 commit a0",
      "550 cancel a1 committed-other",
      "550 cancel a2 committed-other",
      "1000 accept a0 first-pass",
    ]);
  });

  it("falls back when the committed leader fails late", () => {
    const told = tellRace(race([...three, ...lineUp("fallback")]), [
      script({ prefix: "accept", end: "truncated" }),
      script(),
      script(),
      script({ prefix: "accept" }),
    ]);
    expect(said(told).slice(6)).toEqual(["1000 start 3", "1550 commit a3", "2000 accept a3 first-pass"]);
  });

  it("falls back when the committed leader's whole is rejected", () => {
    const told = tellRace(race([...three, ...lineUp("fallback")]), [
      script({ prefix: "accept", end: "reject" }),
      script(),
      script(),
      script(),
    ]);
    expect(said(told).slice(6)).toEqual(["1000 start 3", "2000 accept a3 first-pass"]);
  });

  it("never holds more than maxOpen open", () => {
    const told = tellRace(race(lineUp("leader", "parallel", "parallel", "parallel"), { maxOpen: 2 }), [
      script({ end: "reject" }),
      script({ end: "reject", endMs: 500 }),
      script({ end: "reject" }),
      script(),
    ]);
    expect(said(told).slice(0, 4)).toEqual(["0 start 0", "0 start 1", "500 start 2", "1000 start 3"]);
  });

  it("asks the judge about an undecided whole, and takes it when the judge has no say", () => {
    const told = tellRace(race(lineUp("leader", "fallback")), [
      script({ end: "undecided", judgeSays: "undecided" }),
      script(),
    ]);
    expect(said(told)).toEqual(["0 start 0", "1000 judge whole a0", "1005 accept a0 only-one-left"]);
    const refused = tellRace(race(lineUp("leader", "fallback")), [
      script({ end: "undecided", judgeSays: "reject" }),
      script(),
    ]);
    expect(said(refused).at(-1)).toBe("2005 accept a1 first-pass");
  });
});

describe("agreement", () => {
  const places = lineUp("leader", "parallel", "fallback", "fallback");
  const agreement = race(places, { strategy: "agreement", closed: true });

  it("takes two equal answers", () => {
    const told = tellRace(agreement, [script({ normalised: "spam" }), script({ normalised: "spam", endMs: 400 })]);
    expect(said(told)).toEqual(["0 start 0", "0 start 1", "1000 accept a0 agreement"]);
  });

  it("asks a third only on disagreement", () => {
    const told = tellRace(agreement, [
      script({ normalised: "spam" }),
      script({ normalised: "ham" }),
      script({ normalised: "ham" }),
    ]);
    expect(said(told).slice(2)).toEqual(["1000 start 2", "2000 accept a1 agreement"]);
  });

  it("takes the first place when three differ, and no fourth", () => {
    const told = tellRace(agreement, [
      script({ normalised: "a" }),
      script({ normalised: "b" }),
      script({ normalised: "c" }),
      script({ normalised: "a" }),
    ]);
    expect(said(told).slice(2)).toEqual(["1000 start 2", "2000 accept a0 only-one-left"]);
  });

  it("replaces a failed voter", () => {
    const told = tellRace(agreement, [
      script({ normalised: "a" }),
      script({ end: "server-error", endMs: 20 }),
      script({ normalised: "a" }),
    ]);
    expect(said(told).slice(2)).toEqual(["20 start 2", "1020 accept a0 agreement"]);
  });
});

describe("best-of", () => {
  const bestOf = race(lineUp("leader", "parallel", "parallel"), { strategy: "best-of" });

  it("waits for all and lets the judge choose", () => {
    const told = tellRace(bestOf, [script(), script({ endMs: 500 }), script({ prefix: "reject" })]);
    expect(said(told).slice(3)).toEqual([
      "550 cancel a2 rejected-on-prefix",
      "1000 judge whole a0,a1",
      "1005 accept a0 best-of",
    ]);
  });

  it("needs no judge for equal answers or a single one", () => {
    const equal = tellRace(bestOf, [
      script({ normalised: "x" }),
      script({ normalised: "x" }),
      script({ normalised: "x" }),
    ]);
    expect(said(equal).at(-1)).toBe("1000 accept a0 agreement");
    const one = tellRace(bestOf, [script({ end: "reject" }), script({ end: "reject" }), script()]);
    expect(said(one).at(-1)).toBe("1000 accept a2 only-one-left");
  });
});

describe("deadline", () => {
  it("cuts everything and gives up, or takes what is complete", () => {
    const places = lineUp("leader", "parallel");
    const none = tellRace(race(places, { deadlineAtMs: 500 }), [script(), script()]);
    expect(said(none).slice(2)).toEqual(["500 cancel a0 deadline", "500 cancel a1 deadline", "500 give-up"]);
    const some = tellRace(race(places, { deadlineAtMs: 1002 }), [
      script({ end: "undecided" }),
      script({ endMs: 5000 }),
    ]);
    expect(said(some).slice(3)).toEqual(["1002 accept a0 only-one-left", "1002 cancel a1 lost-race"]);
  });
});

describe("audits", () => {
  it("do not win, do not delay, and run on for a grace", () => {
    const places = lineUp("leader", "audit");
    const told = tellRace(race(places, { closed: true }), [script(), script({ endMs: 400 })]);
    expect(said(told)).toEqual(["0 start 0", "0 start 1", "1000 accept a0 first-pass"]);
    const slow = tellRace(race(places), [script(), script({ endMs: 60_000 })]);
    expect(said(slow).slice(2)).toEqual(["1000 accept a0 first-pass", `${1000 + auditGraceMs} cancel a1 lost-race`]);
  });

  it("stand in when the leader failed, without keeping a fall-back from starting", () => {
    const told = tellRace(race(lineUp("leader", "audit", "fallback")), [
      script({ end: "server-error", endMs: 200 }),
      script({ endMs: 600 }),
      script(),
    ]);
    expect(said(told).slice(2)).toEqual(["200 start 2", "600 accept a1 first-pass", "600 cancel a2 lost-race"]);
  });
});

describe("money while tokens stream", () => {
  const outlook = { accept: 0.97, outputTokens: 400, tokensPerSecond: 80, nanoPerToken: 100 };
  const racing = () => {
    const told = tellRace(race(lineUp("leader", "parallel"), { deadlineAtMs: 5 }), [script(), script()]);
    const state = openRace(race(lineUp("leader", "parallel")));
    state.racers = told.state.racers.map((racer, index) => ({
      ...racer,
      status: "running" as const,
      firstTokenAtMs: 10 * (index + 1),
      tokens: 40,
      prefixVerdict: { on: "prefix" as const, result: "undecided" as const, criteria: [] },
    }));
    state.outlook = [outlook, outlook];
    return state;
  };

  it("cuts the slower racer when its insurance costs more than it is worth", () => {
    const state = racing();
    state.valueNano = 400 * 100 * 20;
    expect(raceSteps(state, 100)).toEqual([{ step: "cancel", attempt: "a1", why: "dominated" }]);
    state.valueNano = 400 * 100 * 200;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
  });

  it("asks the judge about a prefix when the look pays, with doubling checkpoints", () => {
    const state = racing();
    state.prefixLook = { decides: 0.6, costNano: 10_000, leftNano: 50_000, firstAtTokens: 32 };
    expect(raceSteps(state, 100)).toEqual([{ step: "judge", attempts: ["a0"], on: "prefix" }]);
    for (const racer of state.racers) racer.judgedAtTokens = 32;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
    state.prefixLook.costNano = 30_000;
    for (const racer of state.racers) racer.tokens = 64;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
  });

  it("kills on a prediction only when the rest costs more than the chance that it is wrong", () => {
    const state = racing();
    const [first] = state.racers;
    if (first === undefined) throw new Error("no racer");
    const language = { criterion: "criteria/0", class: "predictive" as const, result: "reject" as const, evidence: "" };
    first.prefixVerdict = { on: "prefix", result: "undecided", criteria: [{ ...language, pFalse: 0.02 }] };
    // 360 tokens x 100 nano are left: 36,000. 0.02 x 1.7 million is less, 0.02 x 8 million is more.
    state.valueNano = 1_700_000;
    expect(raceSteps(state, 100)).toContainEqual({ step: "cancel", attempt: "a0", why: "rejected-on-prefix" });
    // A client that reads it would lose its text to a guess.
    state.shown = "a0";
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
    state.shown = null;
    state.valueNano = 8_000_000;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
    state.valueNano = null;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
  });

  it("commits only when what can still break is unlikely enough", () => {
    const state = racing();
    const [first] = state.racers;
    if (first === undefined) throw new Error("no racer");
    first.prefixVerdict = { on: "prefix", result: "accept", criteria: [], risk: ["criteria/1"] };
    first.breakRisk = 0.02;
    expect(raceSteps(state, 100)).toMatchObject([{ step: "wait" }]);
    first.breakRisk = 0.005;
    expect(raceSteps(state, 100)).toMatchObject([
      { step: "commit", attempt: "a0" },
      { step: "cancel", attempt: "a1" },
    ]);
  });
});
