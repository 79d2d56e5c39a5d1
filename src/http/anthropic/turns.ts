import type { z } from "zod";
import { AtomicError } from "../../error.ts";
import { type Image, plainImageUrl } from "../../plan/image.ts";
import type { Message } from "../../plan/microtask.ts";
import type { ToolCall } from "../../plan/tool.ts";
import { mostTurns } from "../native/field-bodies.ts";
import { wholeConversation } from "../whole-conversation.ts";
import type { Block, ResultBlock, systemBody, TurnBody } from "./blocks-body.ts";

/** Turns of one role that follow each other are one, as with Anthropic. */
interface Turn {
  role: TurnBody["role"];
  /** Where the first of them stands in the body. */
  place: string;
  blocks: { block: Block; place: string }[];
}

/** More than a model asks for at once. */
const mostCalls = 64;

/** A conversation of Anthropic's in our words. */
export function messagesOf(
  turns: readonly TurnBody[],
  system: z.infer<typeof systemBody> | null | undefined,
): Message[] {
  const head =
    typeof system === "string"
      ? system
      : (system ?? [])
          .filter(isTold)
          .map(({ text }) => text)
          .join("\n");
  const messages: Message[] = head === "" ? [] : [{ role: "system", content: head }];
  // A turn may be several messages; faults are told of the turn.
  const places = messages.map(() => "system");
  for (const turn of joined(turns))
    for (const message of turnMessages(turn)) {
      messages.push(message);
      places.push(turn.place);
    }
  if (messages.length > mostTurns) throw refused("messages", tooMany(messages.length));
  return wholeConversation(messages, (i) => places[i] ?? "messages", "messages", "content");
}

/**
 * Claude Code's line for Anthropic's bookkeeping is another one in each conversation: no two would be of one use, nor
 * share a provider's cache.
 */
const isTold = ({ text }: { text: string }): boolean => !text.startsWith("x-anthropic-billing-header:");

const tooMany = (count: number): string =>
  `A conversation has at most ${mostTurns} turns, each result of a tool counted; this one has ${count}.`;

function joined(bodies: readonly TurnBody[]): Turn[] {
  const turns: Turn[] = [];
  for (const [i, { role, content }] of bodies.entries()) {
    const place = `messages[${i}]`;
    const blocks: Turn["blocks"] =
      typeof content === "string"
        ? [{ block: { type: "text", text: content }, place: `${place}.content` }]
        : content.map((block, k) => ({ block, place: `${place}.content[${k}]` }));
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, place, blocks });
  }
  return turns;
}

/** Results of tools come before what their turn says: they answer the turn before. A turn of thoughts alone says nothing. */
function turnMessages({ role, place: field, blocks }: Turn): Message[] {
  const said = new Said();
  const results: Message[] = [];
  const calls: ToolCall[] = [];
  let silent = blocks.length > 0;
  for (const { block, place } of blocks) {
    if (block.type === "thinking" || block.type === "redacted_thinking") continue;
    silent = false;
    if ("tool_use_id" in block) {
      if (role !== "user") throw refused(place, 'Results of tools stand in turns of role "user".');
      results.push({ role: "tool", call: block.tool_use_id, content: resultOf(block, place, said) });
    } else if ("input" in block) {
      if (role !== "assistant") throw refused(place, 'Calls of tools stand in turns of role "assistant".');
      calls.push({ id: block.id, name: block.name, arguments: JSON.stringify(block.input) });
    } else if (block.type !== "tool_addition" && block.type !== "tool_removal") said.add(block, place);
  }
  const { text, images } = said;
  if (calls.length > mostCalls) throw refused(`${field}.content`, `A turn calls ${mostCalls} tools at most.`);
  if (images.length > 0 && role !== "user")
    throw refused(`${field}.content`, 'Pictures stand in turns of role "user". Put it into one.');
  if (role === "system") return text === "" ? [] : [{ role, content: text }];
  if (role === "assistant") return silent ? [] : [{ role, content: text, ...(calls.length === 0 ? {} : { calls }) }];
  if (results.length > 0 && text === "" && images.length === 0) return results;
  return [...results, { role, content: text, ...(images.length === 0 ? {} : { images }) }];
}

/** A tool's result as a text. Its pictures are shown in the turn, as no wire has a place for them in a result. */
function resultOf(block: Extract<Block, { type: "tool_result" }>, place: string, said: Said): string {
  const { content, tool_use_id: call } = block;
  const own = new Said();
  if (typeof content === "string") own.say(content);
  else
    for (const [i, part] of (content ?? []).entries()) {
      const at = `${place}.content[${i}]`;
      if (part.type !== "image") own.add(part, at);
      else {
        own.say("(A picture: see below.)");
        said.say(`A picture of the result of ${call}:`);
        said.add(part, at);
      }
    }
  return block.is_error === true ? `The call failed: ${own.text}` : own.text;
}

/** Texts of a turn as one, and its pictures where they stand among them. */
class Said {
  text = "";
  readonly images: Image[] = [];
  #first = true;

  say(text: string): void {
    this.text += `${this.#first ? "" : "\n"}${text}`;
    this.#first = false;
  }

  /** Throws for what is neither a text nor a picture. */
  add(block: Block | ResultBlock, place: string): void {
    if ("text" in block) this.say(block.text);
    else if ("tool_name" in block) this.say(`The tool ${block.tool_name} can be called now.`);
    else if (block.type === "image" && "source" in block)
      this.images.push({ at: this.text.length, url: urlOf(block, place) });
    else if (block.type === "document" && "source" in block && block.source.type === "text")
      this.say([block.title, block.source.data].filter((text) => text).join("\n"));
    else
      throw refused(
        `${place}.type`,
        `Atomic reads texts, pictures, and calls and results of your tools, not "${block.type.slice(0, 40)}". Send its text.`,
      );
  }
}

function urlOf({ source }: Extract<Block, { type: "image" }>, place: string): string {
  if (source.type === "file")
    throw refused(`${place}.source`, "Atomic keeps no files: send the picture itself, in base64.");
  return plainImageUrl(source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`);
}

const refused = (field: string, message: string): AtomicError => new AtomicError("invalid-request", message, { field });
