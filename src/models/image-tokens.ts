import type { Bidder } from "../market/bidder.ts";

/**
 * Input tokens that models bill for one picture, at most, where that is more than the default of 5,000; the first that
 * matches. Told from a model's name, whoever serves it. Smaller bills (detail "low", small pictures) are below the same bound.
 */
const known: readonly [RegExp, number][] = [
  // OpenAI's guide "Images and vision", tiles: 2,833 and 5,667 for each of at most 2 x 4 tiles.
  [/gpt-4o-mini/, 2_833 + 8 * 5_667],
  // The same guide, patches of 32 x 32 pixels: without `detail` a picture keeps its size, and is refused above 30,000
  // patches (gpt-5.6, gpt-6); a patch was 1.2 tokens of gpt-6.1-sol (docs.apiyi.com, 2026-10-20).
  [/gpt-(5\.[6-9]|[6-9])/, 36_000],
  // The same: scaled to 10,000 patches.
  [/gpt-5\.5/, 12_000],
  // Meta's model card: 1,601 for each of at most 4 tiles.
  [/llama-?3\.2.*vision/, 6_404],
  // Qwen's preprocessor_config.json: 12,845,056 pixels of 28 x 28 (2.5: the same), 16,777,216 of 32 x 32 (3).
  [/qwen[\w.-]*vl/, 16_384],
];

/** A bidder with the tokens of a picture that are known of its model, if it is shown pictures and nobody said them of it. */
export function withImageTokens(bidder: Bidder): Bidder {
  if (bidder.images === undefined || bidder.imageTokens !== undefined) return bidder;
  const name = bidder.model.toLowerCase();
  const imageTokens = known.find(([pattern]) => pattern.test(name))?.[1];
  return imageTokens === undefined ? bidder : { ...bidder, imageTokens };
}
