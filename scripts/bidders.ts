/** `npm run bidders`: who bids, and how to add one. */
import { main, wrong } from "./command.ts";
import { TryFailed, tryBidder } from "./try-bidder.ts";

const usage = `npm run bidders -- list
npm run bidders -- add ID --base-url URL --model NAME --input USD --output USD [--secret NAME] [--type TYPE] [--family NAME]
                           [--context TOKENS] [--max-output TOKENS] [--concurrency N] [--region NAME] [--no-retention]
                           [--no-tools] [--images data|url] [--image-tokens N]
                           [--reasoning none|minimal|low|medium|high] [--thinking TOKENS] [--no-try]
npm run bidders -- try ID                                    one small call, as a job of yours: does it answer?
npm run bidders -- remove ID
npm run bidders -- off ID, npm run bidders -- on ID          any bidder, also one that was not added

  ID           provider/model, e.g. groq/llama-3.3-70b
  --type       openai-compatible (default), openai, anthropic, google, workers-ai
  --base-url   https://host/v1 (http on this machine; with npm run serve also on your own network)
  --input      USD per million input tokens;  --output  the same for output
  --secret     name of the secret that holds the provider's key (npx wrangler secret put NAME; with npm run serve a variable
               of its shell whose name ends in _API_KEY)
  --context    tokens it takes in all (default 8192);  --max-output  of them, in its answer (default 4096)
  --concurrency   calls at once (default: any number; one for a server on this machine or network)
  --region     where it runs, as rules and jobs name it; --no-retention: it promises not to keep what it is sent
  --no-tools   the model cannot call functions: it is left out of requests that offer tools
  --images     it sees pictures: "data" in the call, "url" also by their address; without it, it is shown none
  --image-tokens  input tokens that one picture is billed at most (default: what is known of the model's name, or 5000)
  --reasoning  how long the model is to think, where it can be told; then jobs can ask it for more ("effort"), and
               "npm run bidders -- on ID:high" puts that arm to every auction ("remove ID:high": only where it is asked for)
  --thinking   tokens of thinking, beside its answer, that money is set aside for (default: 1024 to 24576 by --reasoning)
  --no-try     a bidder that was added is put one small job, as "try" does; not with this. Where it gives no answer
               the command ends with 1, and the bidder stays

A server on this machine:
  npm run bidders -- add ollama/llama3.2 --base-url http://localhost:11434/v1 --model llama3.2 --input 0 --output 0`;

interface Line {
  id: string;
  enabled: boolean;
  serves: string | string[];
  price: { inputPerMtok: number; outputPerMtok: number };
  now?: { unavailable: string | null; load: number };
  arm?: { effort: string };
  arms?: string[];
  onlyByName?: boolean;
  standing?: {
    kinds: { kind: string; accept: { mean: number }; n: number; brier: number | null }[];
    errorRate: number;
    calls: number;
    judge: { trueAccept: number; trueReject: number; audits: number } | null;
  };
}

/** USD with all digits: a price in whole cents may be another. Never an exponent. */
const exactly = (nano: number): string => (nano / 1e9).toFixed(9).replace(/\.?0+$/, "");

await main({
  usage,
  words: 2,
  options: {
    type: { type: "string", default: "openai-compatible" },
    "base-url": { type: "string" },
    model: { type: "string" },
    input: { type: "string" },
    output: { type: "string" },
    secret: { type: "string" },
    family: { type: "string" },
    context: { type: "string" },
    "max-output": { type: "string" },
    concurrency: { type: "string" },
    region: { type: "string" },
    "no-retention": { type: "boolean" },
    "no-tools": { type: "boolean" },
    images: { type: "string" },
    "image-tokens": { type: "string" },
    reasoning: { type: "string" },
    thinking: { type: "string" },
    "no-try": { type: "boolean" },
  },
  async run(api, [verb = "list", id], options) {
    if (verb === "list") {
      if (id !== undefined) throw wrong(`"${id}" is a word too many.`, usage);
      const { bidders } = await api.call<{ bidders: Line[] }>("GET", "/v1/bidders");
      for (const b of bidders) {
        const price = `$${exactly(b.price.inputPerMtok)}/$${exactly(b.price.outputPerMtok)} per Mtok`;
        const serves = typeof b.serves === "string" ? b.serves : b.serves.join(", ");
        const kinds = (b.standing?.kinds ?? [])
          .filter((k) => k.n >= 0.5)
          .map(
            (k) =>
              `${k.kind} ${(100 * k.accept.mean).toFixed(0)} % (n ${k.n.toFixed(0)}${k.brier === null ? "" : `, Brier ${k.brier.toFixed(3)}`})`,
          );
        const judge = b.standing?.judge;
        if (judge != null)
          kinds.push(
            `judge: accepts ${(100 * judge.trueAccept).toFixed(0)} % of good, rejects ${(100 * judge.trueReject).toFixed(0)} % of bad (${judge.audits} audit${judge.audits === 1 ? "" : "s"})`,
          );
        if (b.now !== undefined) kinds.push(`now: ${b.now.unavailable ?? `${b.now.load} calls`}`);
        // An arm is told of once there is something to tell.
        if (b.arm !== undefined && b.onlyByName === true && b.enabled && kinds.length === 0) continue;
        if (b.arms !== undefined) kinds.push(`thinks longer where a job asks for effort: ${b.arms.join(", ")}`);
        console.log(
          `${b.enabled ? " " : "-"} ${b.id.padEnd(32)} ${price.padEnd(24)} ${serves}${kinds.length > 0 ? `\n${" ".repeat(35)}${kinds.join("; ")}` : ""}`,
        );
      }
      return;
    }
    if (!["add", "try", "remove", "on", "off"].includes(verb)) throw wrong(`There is no command "${verb}".`, usage);
    if (id === undefined) throw wrong(`"${verb}" needs a bidder's id.`, usage);
    if (verb === "remove") {
      await api.call("DELETE", `/v1/bidders/${id}`);
      return console.log(`Removed ${id}.`);
    }
    if (verb === "try") return console.log(await tryBidder(api, id, false));
    if (verb !== "add") {
      await api.call("PUT", `/v1/bidders/${id}`, { enabled: verb === "on" });
      return console.log(`${id} is ${verb} (within 10 s everywhere).`);
    }
    const price =
      options.input === undefined && options.output === undefined
        ? undefined
        : { input: number(options.input, "--input"), output: number(options.output, "--output") };
    await api.call("PUT", `/v1/bidders/${id}`, {
      endpoint: {
        type: options.type,
        model: options.model ?? id.split("/").slice(1).join("/"),
        ...(options["base-url"] === undefined ? {} : { baseUrl: options["base-url"] }),
        ...(options.secret === undefined ? {} : { apiKeySecretName: options.secret }),
        ...(options.reasoning === undefined ? {} : { reasoning: options.reasoning }),
        ...(options.thinking === undefined ? {} : { reasoningTokens: number(options.thinking, "--thinking") }),
      },
      ...(price === undefined ? {} : { price }),
      ...(options.family === undefined ? {} : { family: options.family }),
      ...(options.context === undefined ? {} : { contextTokens: number(options.context, "--context") }),
      ...(options["max-output"] === undefined
        ? {}
        : { maxOutputTokens: number(options["max-output"], "--max-output") }),
      ...(options.concurrency === undefined ? {} : { concurrency: number(options.concurrency, "--concurrency") }),
      ...(options.region === undefined ? {} : { region: options.region }),
      ...(options["no-retention"] === true ? { noRetention: true } : {}),
      ...(options["no-tools"] === true ? { tools: false } : {}),
      ...(options.images === undefined ? {} : { images: options.images }),
      ...(options["image-tokens"] === undefined
        ? {}
        : { imageTokens: number(options["image-tokens"], "--image-tokens") }),
    });
    console.log(
      `${id} bids from now on (within 10 s everywhere). It starts with what similar bidders taught the market.`,
    );
    if (options["no-try"] === true) return;
    try {
      console.log(await tryBidder(api, id, true));
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error;
      throw new Error(
        `${error.message}\nIt bids all the same. Add it again with what is right, try it with npm run bidders -- try ${id}, or take it away: npm run bidders -- remove ${id}`,
      );
    }
  },
});

function number(text: string | boolean | undefined, name: string): number {
  const value = Number(text);
  if (typeof text !== "string" || text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw wrong(
      `${name} takes a number${/put$/.test(name) && !name.startsWith("--max") ? ": USD per million tokens" : ""}.`,
      usage,
    );
  return value;
}
