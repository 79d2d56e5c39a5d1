/** A model as Anthropic's clients know one. */
export const modelInfo = (id: string, createdAtMs: number) => ({
  type: "model",
  id,
  display_name: id,
  created_at: new Date(createdAtMs).toISOString(),
});

/** All stand on one page. */
export const modelInfos = (ids: readonly string[], createdAtMs: number) => ({
  data: ids.map((id) => modelInfo(id, createdAtMs)),
  has_more: false,
  first_id: ids[0] ?? null,
  last_id: ids.at(-1) ?? null,
});
