import { expect, inject, it } from "vitest";
import type { LedgerEntry } from "../provider/ledger.ts";
import { addBidder, call, eventsOf, post } from "./api.ts";

const provider = inject("providerUrl");
const long = "Answer as the lamp shop would, kindly and in one sentence. ".repeat(80);

it.each(["durable", "fast"])(
  "a conversation is cached at its bidder, which bids less for the next turn and is billed for what it wrote: %s",
  async (lane) => {
    const id = `claude/${lane}`;
    const model = `claude-${lane}`;
    const usage = { input: 1_400, output: 5, written: 1_200 };
    await addBidder(
      id,
      provider,
      { text: "On its way.", usage },
      {
        endpoint: { type: "anthropic", model, baseUrl: `${provider}/v1` },
        price: { input: 2, cachedInput: 0.2, output: 10 },
      },
    );
    const messages: { role: string; content: string }[] = [
      { role: "system", content: long },
      { role: "user", content: `Where is my lamp, ${lane}?` },
      { role: "assistant", content: "Which one?" },
      { role: "user", content: "The green one." },
    ];
    const ask = async () => {
      const response = await post("/v1/chat/completions", { model: id, messages, atomic: { lane } });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      const body = JSON.parse(text) as { atomic: { job: string; cost_usd: number }; usage: unknown };
      const log = JSON.stringify(await eventsOf(body.atomic.job));
      return { ...body, log };
    };
    const first = await ask();
    expect(first.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 1_200 } });
    // 200 tokens at 2 USD a million, 1,200 at a quarter more, five of output at ten.
    expect(first.atomic.cost_usd).toBeCloseTo(200 * 2e-6 + 1_200 * 2.5e-6 + 5 * 10e-6, 9);
    messages.push({ role: "assistant", content: "On its way." }, { role: "user", content: "Since when?" });
    const second = await ask();
    expect(first.log).not.toContain("cachedTokens");
    expect(second.log).toContain("cachedTokens");
    const ledger = (await (await fetch(`${provider}/ledger`)).json()) as LedgerEntry[];
    const sent = ledger.filter((entry) => entry.model === model).map(({ body }) => JSON.stringify(body));
    expect(sent).toHaveLength(2);
    for (const body of sent) expect(body).toContain('"cache_control":{"type":"ephemeral"}');
    const csv = await (await call(`/v1/jobs/${first.atomic.job}/ledger.csv`)).text();
    expect(csv.split("\r\n")[1]).toMatch(/,1200$/);
  },
);
