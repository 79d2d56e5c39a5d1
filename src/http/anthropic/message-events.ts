import { factsOf, leaderChangedOf } from "../answer-facts.ts";
import type { Dialect, Frame } from "../stream-answer.ts";
import { anthropicError } from "./anthropic-error.ts";
import { callBlock, endOf, type MessageHead, openMessage, textBlock, usageOf } from "./message-object.ts";

/** A message as the events of Anthropic's stream. Half a call is of no use to anybody: they come when they are whole and fit. */
export function messageEvents(head: MessageHead, requestId: string): Dialect {
  let blocks = 0;
  let speaking = false;
  const begins = (content_block: object): Frame => event("content_block_start", { index: blocks, content_block });
  const grows = (delta: object, more: object = {}): Frame =>
    event("content_block_delta", { index: blocks, delta, ...more });
  const ends = (): Frame => event("content_block_stop", { index: blocks++ });
  return {
    beat: 'event: ping\ndata: {"type":"ping"}\n\n',
    opens: () => [event("message_start", { message: openMessage(head) })],
    of: (part) => {
      if (part.type === "text") {
        const opens = speaking ? [] : [begins(textBlock(""))];
        speaking = true;
        return [...opens, grows({ type: "text_delta", text: part.text }, leaderChangedOf(part))];
      }
      if (part.type !== "done") return [];
      const { answer } = part;
      return [
        ...(speaking ? [ends()] : []),
        ...answer.calls.flatMap((call) => [
          begins(callBlock(call, {})),
          grows({ type: "input_json_delta", partial_json: call.arguments }),
          ends(),
        ]),
        event("message_delta", { delta: endOf(answer), usage: usageOf(answer.usage), atomic: factsOf(answer) }),
        event("message_stop", {}),
      ];
    },
    fails: (error) => [{ event: "error", data: JSON.stringify(anthropicError(error, requestId)) }],
  };
}

const event = (type: string, fields: object): Frame => ({ event: type, data: JSON.stringify({ type, ...fields }) });
