import { chooseExamples, type Example, mayShow } from "../adapt/examples.ts";
import { estimateTokens, followsText, promptFor } from "../adapt/prompt.ts";
import { inputOf } from "../job/input-of.ts";
import type { Job, MicrotaskState } from "../job/job.ts";
import { longestInput } from "../judge/judge-prompt.ts";
import { schemaPrompt } from "../output/schema-prompt.ts";
import { conversationText } from "../plan/conversation-text.ts";
import { jobImages } from "../plan/job-request.ts";
import type { Message } from "../plan/microtask.ts";
import { messageText, promptTexts } from "../plan/prompt-texts.ts";
import { readAs } from "./label.ts";
import type { Run } from "./run.ts";

/** What those are shown that judge or merge answers: of a conversation all of it that they have room for. */
export function judgedInputOf(job: Job, microtask: MicrotaskState, longest = longestInput): string {
  const conversation = conversationOf(job, microtask);
  return conversation === null ? inputOf(job, microtask.task) : conversationText(conversation, longest);
}

/** What a bidder is sent for a microtask: the same for all, so that it can be bid on. `examples`: of earlier answers. */
export interface Prompt {
  text: string;
  messages: Message[];
  /** All that is billed as input, tools included; and how many pictures beside it. */
  texts: string[];
  images: number;
  examples: number;
}

export function promptOf(run: Run, microtask: MicrotaskState): Prompt {
  const { task } = microtask;
  const { request } = run.job;
  const text = inputOf(run.job, task);
  const { schema } = task.contract;
  // Kept by kind: another use of it may have other labels, or another form.
  const fits = ({ output }: Example) => schema === undefined || readAs(output, task, schema, "stop").ok;
  const shown = request.examples ? run.ports.market().examples(task.kind) : [];
  const examples = chooseExamples(
    shown.filter((example) => mayShow(example, request)),
    text,
    fits,
  );
  const written = schema === undefined ? null : schemaPrompt(schema);
  const turns = conversationOf(run.job, microtask) ?? questionOf(run.job, microtask);
  const images = jobImages(request.input);
  const messages = promptFor(task, { text, images }, turns, written, examples);
  const texts = promptTexts(messages, task.tools);
  return { text, messages, texts, images: images.length, examples: examples.length };
}

/** What a judge's look at such an input counts beside the answer, tokens. */
export const estimateJudged = (job: Job, microtask: MicrotaskState): number =>
  estimateTokens(judgedInputOf(job, microtask)) + jobImages(job.request.input).length * usualImageTokens;

function conversationOf(job: Job, microtask: MicrotaskState): Message[] | null {
  const { input } = job.request;
  if (input.type !== "messages" || job.planSource !== "single") return null;
  // A lone turn is the text that another kind works on; what stands before it says how, or of what.
  if (input.messages.length === 1 && !followsText(microtask.task.kind)) return null;
  return microtask.task.tools === undefined ? input.messages.map(inWords) : input.messages;
}

/** A text without a word of what to do with it is what is asked, of kinds that do what they are asked. */
function questionOf({ request: { input, instruction }, planSource }: Job, { task }: MicrotaskState): Message[] | null {
  const isQuestion = input.type === "text" && planSource === "single" && instruction === "" && followsText(task.kind);
  return isQuestion ? [{ role: "user", content: input.text }] : null;
}

/** Providers take calls and results only beside the tools they are of; without tools they are told. */
const inWords = (message: Message): Message =>
  message.role === "user"
    ? message
    : { role: message.role === "tool" ? "user" : message.role, content: messageText(message) };

/**
 * Of a picture of a thousand pixels a side, most providers bill some 260 to 1,600; what each bills is learned by use. Not
 * told from a bidder's bound: that says nothing of what is usual, and who claims too much is never asked and never learned of.
 */
export const usualImageTokens = 1_000;

/** Tokens that a prompt is estimated at, with what stands between its texts. Bids and attempts count alike. */
export const estimateInput = (texts: readonly string[], images: number): number =>
  texts.reduce((sum, text) => sum + estimateTokens(text) + 4, images * usualImageTokens);
