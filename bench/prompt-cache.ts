import { argumentsOf, wholeNumber } from "../scripts/arguments.ts";
import { type Bidder, decide, emptyMarket, learn, seededRandom } from "../src/market/market.ts";
import { costOf } from "../src/money/price.ts";
import { type Beginning, SentPrompts } from "../src/race/sent-prompts.ts";

const usage = `npm run bench:prompt-cache -- [--seeds 5] [--conversations 60] [--turns 20] [--json]

What providers' caches do to the bill of conversations: 6,000 tokens of instructions and tools, 1,500 more a turn, four
SIMULATED bidders (two alike, one cheaper and worse, one dearer and better) whose providers cache for five minutes, take
1.25 x for writing and a tenth for reading. The market's own decisions (up to three a turn, a verifier), in turns of 20 s.

  nobody caches        as before there were marks
  marked               turns are marked, and bids know nothing of it
  marked, in the bids  what this does
  one bidder, marked   the cheapest of the two alike, asked alone: no market`;
const { values } = argumentsOf(usage, {
  seeds: { type: "string", default: "5" },
  conversations: { type: "string", default: "60" },
  turns: { type: "string", default: "20" },
  json: { type: "boolean", default: false },
});
const seeds = wholeNumber("seeds", values.seeds, 1);
const conversations = wholeNumber("conversations", values.conversations, 1);
const turns = wholeNumber("turns", values.turns, 1);

const headTokens = 6_000;
const turnTokens = 1_500;
const outputTokens = 300;
const turnMs = 20_000;
const keptMs = 5 * 60_000;

/** USD per million tokens, and how often an answer is accepted. */
const bidderOf = (id: string, input: number, output: number, accept: number): { bidder: Bidder; accept: number } => ({
  accept,
  bidder: {
    id,
    model: id,
    provider: id.split("/")[0] ?? id,
    family: id,
    serves: "generative",
    price: {
      inputPerMtok: input * 1e9,
      cachedInputPerMtok: input * 1e8,
      cacheWritePerMtok: input * 1.25e9,
      outputPerMtok: output * 1e9,
    },
    contextTokens: 200_000,
    maxOutputTokens: 4096,
    structuredOutput: true,
    region: "any",
    noRetention: false,
    concurrency: null,
    cancelStopsBill: true,
    expected: { firstTokenMs: 600, tokensPerSecond: 80 },
    enabled: true,
  },
});
const all = [
  bidderOf("a/alike", 2, 10, 0.9),
  bidderOf("b/alike", 2.1, 10, 0.9),
  bidderOf("c/cheaper", 0.4, 2, 0.6),
  bidderOf("d/dearer", 4, 20, 0.95),
];

interface Way {
  name: string;
  marks: boolean;
  tells: boolean;
  who: typeof all;
}
const ways: Way[] = [
  { name: "nobody caches", marks: false, tells: false, who: all },
  { name: "marked", marks: true, tells: false, who: all },
  { name: "marked, in the bids", marks: true, tells: true, who: all },
  { name: "one bidder, marked", marks: true, tells: true, who: all.slice(0, 1) },
];

interface Figures {
  usd: number;
  accepted: number;
  calls: number;
  /** Of all input tokens. */
  read: number;
  written: number;
  /** Turns whose first bidder was the last turn's. */
  stayed: number;
}

function run({ marks, tells, who }: Way, seed: number): Figures {
  const random = seededRandom(`prompt-cache/${seed}`);
  const state = emptyMarket();
  let nowMs = 1_750_000_000_000;
  const prompts = new SentPrompts(() => nowMs);
  /** What the providers have: by bidder and beginning, when it was used last. */
  const held = new Map<string, number>();
  const bidders = who.map(({ bidder }) => bidder);
  const sum = { nano: 0, accepted: 0, calls: 0, input: 0, read: 0, written: 0, stayed: 0 };

  const bill = (bidder: Bidder, beginnings: readonly Beginning[], cache: { head: boolean; end: boolean }) => {
    const input = beginnings.at(-1)?.tokens ?? 0;
    const isHeld = ({ key }: Beginning) => nowMs - (held.get(`${bidder.id} ${key}`) ?? 0) <= keptMs;
    const cachedInput = beginnings.findLast(isHeld)?.tokens ?? 0;
    const upTo = cache.end ? input : cache.head ? (beginnings[0]?.tokens ?? 0) : 0;
    const cacheWrite = Math.max(0, upTo - cachedInput);
    for (const one of beginnings)
      if ((cache.end && one.tokens === input) || (cache.head && one === beginnings[0]) || isHeld(one))
        held.set(`${bidder.id} ${one.key}`, nowMs);
    sum.input += input;
    sum.read += cachedInput;
    sum.written += cacheWrite;
    return {
      input,
      nano: costOf(bidder.price, { input, output: outputTokens, cachedInput, cacheWrite, source: "provider" }),
    };
  };

  for (let talk = 0; talk < conversations; talk++) {
    let last = "";
    for (let turn = 0; turn < turns; turn++) {
      nowMs += turnMs;
      const beginnings: Beginning[] = [{ key: "head", tokens: headTokens }];
      for (let i = 0; i <= turn; i++)
        beginnings.push({ key: `${talk}.${i}`, tokens: headTokens + turnTokens * (i + 1) });
      const inputTokens = headTokens + turnTokens * (turn + 1);
      const features = { inputChars: 4 * inputTokens, script: "latin", context: "agent" };
      const tried: { bidder: string; how: "rejected" }[] = [];
      const attempts = [];
      for (let place = 0; place < 3; place++) {
        const decision = decide(
          state,
          bidders,
          {
            kind: "answer",
            closed: false,
            features,
            inputTokens,
            maxOutputTokens: 1_000,
            valueNano: 4e8,
            budgetNano: null,
            deadlineMs: null,
            policy: "balanced",
            strategy: "single",
            needsStructuredOutput: false,
            allowed: null,
            noRetention: false,
            region: null,
            tried: [...tried],
            unavailable: [],
            verdict: { trueAccept: 1, trueReject: 1, costNano: 0 },
            load: {},
            nowMs,
            ...(tells ? { cachedTokens: prompts.cachedTokens(beginnings) } : {}),
          },
          { lambda: 1, muUsdPerSecond: 0 },
          random,
        );
        if ("code" in decision) break;
        const id = decision.award[0]?.bidder ?? "";
        const one = who.find(({ bidder }) => bidder.id === id);
        const bid = decision.bids.find((b) => b.bidder === id);
        if (one === undefined || bid === undefined) throw new Error(`${id} was awarded and did not bid.`);
        if (place === 0 && id === last) sum.stayed++;
        if (place === 0) last = id;
        const wished = { head: false, end: marks };
        const cache = marks ? prompts.send(id, beginnings, wished) : { head: false, end: false };
        const { input, nano } = bill(one.bidder, beginnings, cache);
        const worth = random() < one.accept ? 1 : 0;
        sum.calls++;
        sum.nano += nano;
        const cachedTokens = bid.reasons.cachedTokens;
        attempts.push({
          attempt: `${place}`,
          bidder: id,
          role: place === 0 ? "leader" : "fallback",
          claimed: { accept: bid.accept.mean, costNano: bid.costNano, totalMs: bid.totalMs.p50 },
          outcome: { worth, source: "criteria" as const, reliability: { trueAccept: 1, trueReject: 1 } },
          failure: null,
          costNano: nano,
          firstTokenMs: 600,
          totalMs: 4_000,
          censored: false,
          timed: true,
          inputTokens: input,
          estimatedInputTokens: inputTokens,
          ...(typeof cachedTokens === "number" ? { cachedTokens } : {}),
          outputTokens,
        });
        if (worth === 1) {
          sum.accepted++;
          break;
        }
        tried.push({ bidder: id, how: "rejected" });
      }
      const settlement = { key: `${talk}/${turn}`, tenant: "t", kind: "answer" as const, features, atMs: nowMs };
      learn(state, { ...settlement, estimatedInputTokens: inputTokens, attempts }, bidders);
    }
  }
  const all = conversations * turns;
  return {
    usd: sum.nano / 1e9 / all,
    accepted: sum.accepted / all,
    calls: sum.calls / all,
    read: sum.read / sum.input,
    written: sum.written / sum.input,
    stayed: sum.stayed / (all - conversations),
  };
}

const middle = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
const rows = ways.map((way) => {
  const runs = Array.from({ length: seeds }, (_, seed) => run(way, seed + 1));
  const of = (figure: keyof Figures) => middle(runs.map((one) => one[figure]));
  return {
    name: way.name,
    usd: of("usd"),
    accepted: of("accepted"),
    calls: of("calls"),
    read: of("read"),
    written: of("written"),
    stayed: of("stayed"),
  };
});
if (values.json) console.log(JSON.stringify(rows, null, 2));
else {
  const before = rows[0]?.usd ?? Number.NaN;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`.padStart(6);
  console.log(`${conversations} conversations of ${turns} turns, medians of ${seeds} seeds, simulated bidders`);
  console.log(
    "                      USD a turn   of it  accepted  calls   read  written  same bidder as the turn before",
  );
  for (const r of rows)
    console.log(
      `  ${r.name.padEnd(20)} ${r.usd.toFixed(5).padStart(9)} ${percent(r.usd / before)}   ${r.accepted.toFixed(3)}   ${r.calls.toFixed(2)} ${percent(r.read)}  ${percent(r.written)}  ${percent(r.stayed)}`,
    );
}
