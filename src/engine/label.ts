/** The label and own confidence of a closed answer, lower-cased; null where the text has none. */
export function readLabel(text: string): { label: string; confidence: number | null } | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "label" in value && typeof value.label === "string") {
      const confidence = "confidence" in value && typeof value.confidence === "number" ? value.confidence : null;
      return { label: value.label.toLowerCase(), confidence };
    }
  } catch {
    // Bare labels are answers too.
  }
  const bare = text.trim().toLowerCase();
  return /^[\p{L}\p{N}_-]{1,64}$/u.test(bare) ? { label: bare, confidence: null } : null;
}
