import { z } from "zod";

/** What stands in a turn of Anthropic's Messages API. Only what is read of a block is checked; `cache_control` is not. */
const textBlock = z.object({ type: z.literal("text"), text: z.string() });
const imageBlock = z.object({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.object({ type: z.literal("base64"), media_type: z.string().max(100), data: z.string() }),
    z.object({ type: z.literal("url"), url: z.string() }),
    z.object({ type: z.literal("file") }),
  ]),
});
/** A text is read; other documents are told that they are not. */
const documentBlock = z.object({
  type: z.literal("document"),
  source: z.object({ type: z.string(), data: z.string().optional() }),
  title: z.string().nullish(),
});
/** A search of the client's found this tool: from here on it is offered. */
const referenceBlock = z.object({ type: z.literal("tool_reference"), tool_name: z.string().max(200) });

/** Of types that are known, only what fits one of them: it is told what is wrong with it. */
const other = (known: readonly string[]) =>
  z.object({ type: z.string().refine((type) => !known.includes(type), { abort: true }) });

const resultBlock = z.union([
  z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock, referenceBlock]),
  other(["text", "image", "document", "tool_reference"]),
]);
export type ResultBlock = z.infer<typeof resultBlock>;

const callId = z.string().min(1).max(200);
const callBlock = z.object({
  type: z.literal("tool_use"),
  id: callId,
  name: z.string().min(1).max(64),
  input: z.record(z.string(), z.unknown()),
});
const answerBlock = z.object({
  type: z.literal("tool_result"),
  tool_use_id: callId,
  content: z.union([z.string(), z.array(resultBlock).max(1000)]).nullish(),
  is_error: z.boolean().nullish(),
});

/** A function that may be called; `type` other than "custom" is a tool of Anthropic's own. */
export const toolBody = z.union([
  z.object({
    type: z.literal("custom").nullish(),
    name: z.string().min(1),
    description: z.string().max(20_000).nullish(),
    input_schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
    defer_loading: z.boolean().nullish(),
  }),
  other(["custom"]),
]);
export type ToolBody = z.infer<typeof toolBody>;

const namedTool = z.object({ type: z.literal("tool_reference"), name: z.string() });
/** Tools may come and go in the midst of a conversation. */
const additionBlock = z.object({
  type: z.literal("tool_addition"),
  tool: z.union([namedTool, z.object({ type: z.literal("tool_definition"), definition: toolBody })]),
});
const removalBlock = z.object({ type: z.literal("tool_removal"), tool: namedTool });

/** What a model thought earlier: its own alone could read that again. */
const thoughtBlocks = [
  z.object({ type: z.literal("thinking") }),
  z.object({ type: z.literal("redacted_thinking") }),
] as const;

const block = z.union([
  z.discriminatedUnion("type", [
    textBlock,
    imageBlock,
    documentBlock,
    callBlock,
    answerBlock,
    additionBlock,
    removalBlock,
    ...thoughtBlocks,
  ]),
  other([
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "tool_addition",
    "tool_removal",
    "thinking",
    "redacted_thinking",
  ]),
]);
export type Block = z.infer<typeof block>;

export const turnBody = z.object({
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(block).max(1000)]),
});
export type TurnBody = z.infer<typeof turnBody>;

export const systemBody = z.union([z.string().max(1_000_000), z.array(textBlock).max(1000)]);
