import { AtomicError } from "../error.ts";
import { servesKind, takesImages } from "../market/eligibility.ts";
import { type ImageWay, wayOf } from "../plan/image.ts";
import { isInstructed } from "../plan/instructed.ts";
import { type JobRequest, jobImages } from "../plan/job-request.ts";
import type { Kind } from "../plan/kind.ts";
import type { Candidate } from "./ports.ts";

/** How an operator gets a bidder for what no embedded specialist can do. One line. */
export const howToAdd =
  "Add one: start the server with OPENAI_API_KEY, or with ATOMIC_LLM_URL and ATOMIC_LLM_MODEL, or run npm run bidders -- add.";

/** Throws when one of the ids that "bidders" names is nobody's. */
export function checkNamed(ids: readonly string[], bidders: readonly Candidate[], list = "bidders"): void {
  for (const [i, id] of ids.entries())
    if (!bidders.some((b) => b.id === id))
      throw new AtomicError("invalid-request", `There is no bidder "${id}". GET /v1/bidders lists them.`, {
        field: `${list}[${i}]`,
      });
}

/** Throws when one of the ids that "judges" names is nobody's, or cannot judge. */
function checkJudges(ids: readonly string[], bidders: readonly Candidate[], way: ImageWay | null): void {
  checkNamed(ids, bidders, "judges");
  for (const [i, id] of ids.entries())
    if (bidders.find((b) => b.id === id)?.serves !== "generative")
      throw new AtomicError("invalid-request", `"${id}" cannot judge: it is no model. Name one that is.`, {
        field: `judges[${i}]`,
      });
  const judges = bidders.filter((b) => ids.includes(b.id));
  if (judges.length > 0 && !judges.some((b) => takesImages(b, way)))
    throw new AtomicError("invalid-request", "None of the judges is shown pictures as these come. Name one that is.", {
      field: "judges",
    });
}

/**
 * Throws when the request names a bidder that does not exist, or has a required kind that none of its bidders serves.
 * `confined`: its tenant's rules say who they are.
 */
export function checkBidders(request: JobRequest, bidders: readonly Candidate[], confined = false): void {
  checkNamed(request.bidders ?? [], bidders);
  const way = wayOf(jobImages(request.input));
  if (!confined) checkJudges(request.judges ?? [], bidders, way);
  const { bidders: allowed } = request;
  const able = bidders.filter((b) => b.enabled && (allowed === null ? !b.onlyByName : allowed.includes(b.id)));
  for (const { kind, field, instructed } of requiredKinds(request)) {
    const serving = able.filter((b) => servesKind(b, kind));
    const free = serving.filter((b) => !(instructed && b.fixed));
    if (free.some((b) => takesImages(b, way))) continue;
    if (free.length > 0) {
      const others = bidders.some((b) => b.enabled && !b.onlyByName && servesKind(b, kind) && takesImages(b, way));
      throw new AtomicError("no-bidder", others ? notAmong(kind) : notSeen(kind, way), { field: "messages" });
    }
    if (serving.length > 0)
      throw new AtomicError(
        "no-bidder",
        `Only rules can do "${kind}" here, and they follow no instruction. Leave it out, or let a model be asked. ${howToAdd}`,
        { field },
      );
    const others = bidders.some((b) => b.enabled && !b.onlyByName && servesKind(b, kind));
    if (confined)
      throw new AtomicError(
        "no-bidder",
        `None of the bidders that your operator lets this tenant's jobs ask can do "${kind}". Ask your operator for another.`,
        { field, reason: "tenant-rules" },
      );
    throw new AtomicError(
      "no-bidder",
      others
        ? `None of the bidders that the request allows can do "${kind}". Allow another in "bidders", or leave it out.`
        : `No bidder can do "${kind}". ${howToAdd}${byName(kind, bidders)}`,
      { field },
    );
  }
}

const notAmong = (kind: Kind): string =>
  `None of the bidders that the request allows to do "${kind}" is shown pictures as these come. Allow another in "bidders", or leave it out.`;

const notSeen = (kind: Kind, way: ImageWay | null): string =>
  way === "url"
    ? `Nobody who can do "${kind}" here fetches pictures by their address. Send them as data: URLs.`
    : `Nobody who can do "${kind}" here is shown pictures. Say which models see: ATOMIC_LLM_IMAGES names those of ATOMIC_LLM_MODEL, and npm run bidders -- add has --images.`;

/** Who takes part only when named, simulated bidders that is, lets a stranger try what needs a model. */
function byName(kind: Kind, bidders: readonly Candidate[]): string {
  const named = bidders.find((b) => b.enabled && b.onlyByName && servesKind(b, kind));
  return named === undefined ? "" : ` Or name one that takes part only by name, as "${named.id}" does.`;
}

function requiredKinds(request: JobRequest): { kind: Kind; field: string; instructed?: boolean }[] {
  const { plan, kind } = request;
  if (typeof plan === "object")
    return plan.microtasks.flatMap((task, i) =>
      task.required
        ? [{ kind: task.kind, field: `plan.microtasks[${i}].kind`, instructed: isInstructed("caller", request, task) }]
        : [],
    );
  // Every view of a mail may be missing from the card.
  if (plan === "email-triage") return [];
  if (plan === "map-reduce")
    return [{ kind: "summarise", field: "plan" }, ...(kind === "answer" ? [] : [{ kind, field: "kind" }])];
  const instructed = plan === "single" && isInstructed("single", request, { instruction: request.instruction });
  return [{ kind, field: "kind", instructed }];
}
