/** What a model's text is as a value of the schema. */
export type Reading =
  /** `repairs` names what was mended ("fence-removed", "trailing-comma", ...); empty: the text was valid as it was. */
  { ok: true; value: unknown; repairs: string[] } | { ok: false; errors: { path: string; message: string }[] };
