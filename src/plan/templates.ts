import { type Contract, emptyContract } from "./contract.ts";
import { type JobRequest, jobText } from "./job-request.ts";
import { type Kind, labelsOf } from "./kind.ts";
import type { Microtask, Plan } from "./microtask.ts";

/** Characters of one piece of a long text: about 2,000 tokens, so that small models take it. */
export const pieceChars = 8_000;

const microtask = (id: string, kind: Kind, more: Partial<Microtask> = {}): Microtask => ({
  id,
  kind,
  instruction: "",
  input: [{ from: "job" }],
  contract: emptyContract,
  needs: [],
  required: true,
  valueNano: null,
  ...more,
});

/** One microtask that is the whole job. */
export function singlePlan(request: JobRequest): Plan {
  const task = microtask("answer", request.kind, {
    instruction: request.instruction,
    contract: request.contract,
    valueNano: request.valueNano,
    ...(request.labels === null ? {} : { labels: request.labels }),
    ...(request.maxOutputTokens === null ? {} : { maxOutputTokens: request.maxOutputTokens }),
    ...(request.tools === undefined ? {} : { tools: request.tools }),
  });
  return { source: "single", microtasks: [task], assembly: { type: "single", of: "answer" } };
}

/** Views of a mail that would say something of nothing, and why they are left out. */
function viewsLeftOut({ input }: JobRequest): Record<string, string> {
  const says = input.type !== "email" || input.text.replace(/^subject:/i, "").trim() !== "";
  const nothing = "The mail has neither a subject nor a text.";
  if (!says) return { summary: nothing, replyDraft: nothing };
  if (input.type !== "email" || !input.mail.automatic) return {};
  return { replyDraft: "A program or a list sent the mail: nobody waits for a reply." };
}

/** Characters of a mail by which its language, mood and purpose are judged: more would shut out small models. */
const judgedChars = 16_000;

/**
 * The worked example: seven views of one mail, none of which may fail the card; they do not
 * depend on each other and run side by side.
 */
export function emailTriagePlan(request: JobRequest): Plan {
  const view = (id: string, kind: Kind, more: Partial<Microtask> = {}) =>
    microtask(id, kind, { required: false, valueNano: request.valueNano, ...more });
  const text = jobText(request.input);
  const [beginning = { start: 0, end: 0 }] = cut(text, judgedChars);
  const judged: Partial<Microtask> = text.length > judgedChars ? { input: [{ from: "slice", ...beginning }] } : {};
  const without = viewsLeftOut(request);
  const fields: Record<string, string> = {
    language: "language",
    spam: "spam",
    sentiment: "sentiment",
    actionRequest: "action-request",
    entities: "entities",
    summary: "summary",
    replyDraft: "reply-draft",
  };
  for (const field of Object.keys(without)) delete fields[field];
  const asked = new Set(Object.values(fields));
  const views = [
    view("language", "language", judged),
    view("spam", "spam", judged),
    view("sentiment", "sentiment", judged),
    view("action-request", "action-request", judged),
    view("entities", "entities"),
    view("summary", "summarise", {
      instruction: "Say in one sentence what the mail is about.",
      contract: { criteria: [{ type: "length", min: 1, max: 300 }], judged: [] },
      maxOutputTokens: 120,
    }),
    view("reply-draft", "draft", {
      instruction:
        "Draft a short, polite reply in the mail's language. It will be edited by a person before it is sent.",
      contract: { criteria: [], judged: [], schema: draftSchema },
      maxOutputTokens: 400,
    }),
  ];
  return {
    source: "email-triage",
    microtasks: views.filter(({ id }) => asked.has(id)),
    assembly: {
      type: "object",
      fields,
      ...(Object.keys(without).length === 0 ? {} : { without }),
      // Known only when both are there: a draft waits for nothing.
      unless: {
        replyDraft: { field: "spam", label: "spam", why: "The mail is taken for spam: no reply is proposed." },
      },
    },
  };
}

/** More microtasks than `maxMicrotasks` are no plan; one of them joins the pieces. */
const mostPieces = 30;

/** A long text in at most 30 pieces, each summarised, then the answer from the summaries: one more, if nothing else is asked. */
export function mapReducePlan(request: JobRequest): Plan {
  const text = jobText(request.input);
  const pieces = piecesOf(text);
  const kind = request.kind === "answer" && request.labels === null ? "summarise" : request.kind;
  if (pieces.length === 1) return { ...singlePlan({ ...request, kind }), source: "map-reduce" };
  const share = request.valueNano === null ? null : Math.floor(request.valueNano / (pieces.length + 1));
  const instruction = [
    "Summarise this part of a longer text; keep names, numbers and decisions.",
    ...kept(request),
  ].join("\n");
  const maps = pieces.map(({ start, end }, i) =>
    microtask(`map-${i + 1}`, "summarise", {
      instruction,
      input: [{ from: "slice", start, end }],
      valueNano: share,
      maxOutputTokens: 300,
    }),
  );
  const own = kind === "summarise" ? "Write one text from these summaries of consecutive parts." : "";
  const reduce = microtask("reduce", kind, {
    instruction: request.instruction || own,
    input: maps.map((m) => ({ from: "microtask" as const, id: m.id })),
    needs: maps.map((m) => m.id),
    contract: request.contract,
    valueNano: share,
    ...(request.labels === null ? {} : { labels: request.labels }),
    ...(request.maxOutputTokens === null ? {} : { maxOutputTokens: request.maxOutputTokens }),
  });
  return { source: "map-reduce", microtasks: [...maps, reduce], assembly: { type: "single", of: "reduce" } };
}

/** What a part must not lose, for the whole to be answered from summaries. */
function kept({ instruction, labels, contract }: JobRequest): string[] {
  const fields = Object.keys((contract.schema as { properties?: object } | undefined)?.properties ?? {});
  return [
    ...(instruction === ""
      ? []
      : [`Keep above all what is needed for this, which is asked of the whole text: ${instruction}`]),
    ...(labels === null ? [] : [`Keep what tells which of these the whole text is: ${labels.join(", ")}.`]),
    ...(fields.length === 0 ? [] : [`Keep what these are to be read from: ${fields.join(", ")}.`]),
  ];
}

/** Pieces end where the text lets them, so that they may be shorter than they could be: then they are made longer. */
function piecesOf(text: string): { start: number; end: number }[] {
  let size = Math.max(pieceChars, Math.ceil(text.length / mostPieces));
  let pieces = cut(text, size);
  while (pieces.length > mostPieces) {
    size = Math.ceil(size * 1.05);
    pieces = cut(text, size);
  }
  return pieces;
}

/** Cuts at the last paragraph, sentence or space before `size`, never inside a surrogate pair. */
export function cut(text: string, size: number): { start: number; end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + size);
    if (end < text.length) {
      const window = text.slice(start, end);
      const at = Math.max(window.lastIndexOf("\n\n"), window.lastIndexOf(". "), window.lastIndexOf(" "));
      if (at > size / 2) end = start + at + 1;
      else if (isLowSurrogate(text.charCodeAt(end))) end -= 1;
    }
    pieces.push({ start, end });
    start = end;
  }
  return pieces.length > 0 ? pieces : [{ start: 0, end: 0 }];
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** The contract of a kind when the caller gave none for that microtask: closed kinds and entities have a shape. */
export function contractOf(kind: Kind, labels: string[] | null, contract: Contract): Contract {
  if (contract.schema !== undefined) return contract;
  if (kind === "entities") return { ...contract, schema: entitiesSchema };
  const set = labelsOf(kind, labels);
  if (set === null && kind !== "language") return contract;
  return {
    ...contract,
    schema: {
      type: "object",
      properties: {
        label: set === null ? { type: "string", pattern: "^[a-z]{2,3}$" } : { type: "string", enum: set },
        confidence: { type: "number", minimum: 0, maximum: 1 },
      },
      required: ["label"],
      additionalProperties: false,
    },
  };
}

const strings = { type: "array", items: { type: "string", maxLength: 200 }, maxItems: 50 };
const entityFields = ["people", "organisations", "places", "dates", "money", "emails", "urls", "phones"];
const entitiesSchema = {
  type: "object",
  properties: Object.fromEntries(entityFields.map((field) => [field, strings])),
  additionalProperties: false,
};

/** A draft, and whether rules made it instead of a model. */
const draftSchema = {
  type: "object",
  properties: { text: { type: "string", minLength: 1, maxLength: 4000 }, template: { type: "boolean" } },
  required: ["text"],
  additionalProperties: false,
};
