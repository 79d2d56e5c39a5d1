import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Decision } from "../../market/bid.ts";
import { explainDecision } from "../../market/market.ts";
import { formatUsd } from "../../money/nano-usd.ts";
import { admit } from "../admit.ts";
import { jobRequestOf } from "../native/job-request.ts";
import { toolJobBody } from "./job-tools.ts";
import { type Acting, answerOrRefusal, told } from "./tool-result.ts";

/** Who bids, and who would win. */
export function addMarketTools(server: McpServer, acting: Acting): void {
  const { ports, caller } = acting;

  server.registerTool(
    "preview_auction",
    {
      title: "Preview an auction",
      description:
        "Who would win a job like this, at what chance and cost, and why. Nothing is run and nothing is billed.",
      inputSchema: toolJobBody,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (body) =>
      answerOrRefusal(acting, async () => {
        const request = await jobRequestOf(body, ports.parseMail);
        await admit(request, ports, caller.tenant);
        const auctions = await ports.market.preview(caller, request);
        const lines = auctions.flatMap(({ microtask, decision }) =>
          "code" in decision
            ? [`${microtask}: ${decision.message}`]
            : [`${microtask}:`, ...explainDecision(decision, request).sentences, ...bidLines(decision.bids)],
        );
        return told(lines.join("\n"));
      }),
  );

  server.registerTool(
    "list_bidders",
    {
      title: "List bidders",
      description: "The models that may bid here, and what they serve.",
      inputSchema: z.strictObject({}),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    () =>
      answerOrRefusal(acting, async () => {
        const bidders = (await ports.market.bidders()).map(({ id, provider, serves, enabled }) => ({
          id,
          provider,
          serves,
          enabled,
        }));
        const lines = bidders.map((b) => `${b.id} (${b.provider}, serves ${b.serves}${b.enabled ? "" : ", off"})`);
        return told(lines.length === 0 ? "Nobody bids here yet." : lines.join("\n"), { bidders });
      }),
  );
}

/** By score, the best first. */
const bidLines = (bids: Decision["bids"]): string[] =>
  [...bids]
    .sort((a, b) => b.score - a.score)
    .map(
      (bid) =>
        `- ${bid.bidder}: ${Math.round(100 * bid.accept.mean)} % likely accepted, ${formatUsd(bid.costNano)}, ${Math.round(bid.totalMs.p50)} ms`,
    );
