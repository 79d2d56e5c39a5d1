type Fields = Record<string, unknown>;

const isMarked = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "cache_control" in value && Boolean(value.cache_control);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/**
 * Does a body, as it came, say that its turns are sent again? Who marks no more than instructions or tools has them
 * cached when they come again, and is not billed for caching what does not.
 */
export function marksTurns(body: unknown): boolean {
  const { messages } = body as Fields;
  const blocks = listOf(messages).flatMap((turn) => listOf((turn as Fields | null)?.content));
  return [body, ...blocks].some(isMarked);
}
