/** A line for the console, without content: what failed, of which object, and where. What an error says may be content. */
export function complaint(event: string, object: string, error: unknown): string {
  const name = error instanceof Error ? `${error.name}: ${error.stack?.split("\n")[1]?.trim() ?? ""}` : "unknown";
  return JSON.stringify({ event, object, error: name });
}
