import { describe, expect, it } from "vitest";
import { estimateTokens, TokenEstimate } from "../../src/adapt/prompt.ts";
import type { Job } from "../../src/job/job.ts";
import type { ModelPort } from "../../src/race/model-port.ts";
import { bidderOf, requestOf, World } from "./world.ts";

const two = [bidderOf("a/one"), bidderOf("b/two")];

/** What a provider wrote down of one call: tokens sent, and how many the whole answer would have had. */
interface Entry {
  sent: number;
  whole: number;
}

/**
 * A provider that sends one token a chunk and keeps its own ledger. When it is asked to stop, `onTheWay` more tokens
 * arrive. `tells`: its port says at the end of a call what it counted.
 */
class Provider extends World {
  readonly ledger = new Map<string, Entry>();
  readonly token: (at: number) => string;
  readonly onTheWay: number;
  readonly tells: boolean;

  constructor(token: (at: number) => string, onTheWay = 0, tells = false) {
    super(two, () => []);
    this.token = token;
    this.onTheWay = onTheWay;
    this.tells = tells;
  }

  override models(): ModelPort {
    const world = this;
    return {
      async *stream(call, signal) {
        const bid = world.run?.job.microtasks[0]?.decisions[0]?.bids.find((b) => b.bidder === call.bidder);
        // As long as its bid says, so that what a cut saves can be told from the ledger.
        const entry: Entry = { sent: 0, whole: Number(bid?.reasons.outputTokens) };
        world.ledger.set(call.attempt, entry);
        yield { type: "open" };
        const send = () => ({ type: "text" as const, text: world.token(entry.sent++) });
        while (entry.sent < entry.whole) {
          if (await world.pause(call.bidder === "a/one" ? 10 : 12, signal)) {
            for (let late = 0; late < world.onTheWay; late++) yield send();
            const usage = { input: 20, output: entry.sent, source: "counted" as const };
            if (world.tells) yield { type: "usage", usage };
            return;
          }
          yield send();
        }
        if (world.tells) yield { type: "usage", usage: { input: 20, output: entry.sent, source: "counted" } };
        yield { type: "end", finish: "stop" };
      },
    };
  }

  async race(): Promise<Job> {
    this.accept(requestOf({ strategy: "race", bidders: two.map((b) => b.id) }));
    return this.settle();
  }
}

function expectLedger(world: Provider, job: Job): void {
  const cut = job.microtasks[0]?.attempts.find((a) => a.status === "cancelled");
  const entry = world.ledger.get(cut?.id ?? "");
  if (cut === undefined || entry === undefined) expect.fail("nobody was cut");
  expect(entry.sent).toBeGreaterThan(40);
  expect(cut.cut?.tokensSeen).toBe(entry.sent);
  expect(cut.usage).toMatchObject({ output: entry.sent, source: "counted" });
  expect(cut.savedTokens).toBe(Math.round(entry.whole) - entry.sent);
  expect(cut.savedNano).toBe(cut.savedTokens * 4_000);
}

describe("the account of a cut, against the provider's own ledger", () => {
  it("sees, bills and saves what the ledger says, one token a chunk", async () => {
    // "a" and "Paris" alike would be a token: as a rule of thumb four characters are one.
    const world = new Provider((at) => (at % 2 === 0 ? "is " : "Paris"));
    const job = await world.race();
    const cut = job.microtasks[0]?.attempts.find((a) => a.status === "cancelled");
    const sent = world.ledger.get(cut?.id ?? "")?.sent ?? 0;
    expect(sent).toBeGreaterThan(40);
    expect(Math.abs((cut?.cut?.tokensSeen ?? 0) - sent)).toBeLessThanOrEqual(1);
    const exact = new Provider(() => " now");
    expectLedger(exact, await exact.race());
  });

  it("counts the tokens that were on their way when it was asked to stop", async () => {
    const world = new Provider(() => " now", 5);
    expectLedger(world, await world.race());
  });

  it("believes the port's count, whatever the text looks like", async () => {
    const world = new Provider((at) => (at % 2 === 0 ? " incomprehensibly" : "!"), 3, true);
    expectLedger(world, await world.race());
  });
});

it("estimates a text alike however it is cut", () => {
  const text = "One token a chunk, 東京 or many — it is the same text. ".repeat(9);
  const pieces = (size: number) => {
    const estimate = new TokenEstimate();
    for (let at = 0; at < text.length; at += size) estimate.add(text.slice(at, at + size));
    return estimate.tokens;
  };
  for (const size of [1, 3, 4, 50, text.length]) expect(pieces(size)).toBe(estimateTokens(text));
});
