import { imagesOf, promptTexts } from "../plan/prompt-texts.ts";
import type { ModelCall } from "../race/model-port.ts";

/**
 * A count of tokens for where the provider gives none: 4 ASCII characters or 1.5 other UTF-16 units a token, which is
 * within about a quarter of common BPE vocabularies on prose. Add pieces, read `tokens`.
 */
export class TokenCount {
  #ascii = 0;
  #other = 0;

  add(text: string): this {
    for (let i = 0; i < text.length; i++) {
      if (text.charCodeAt(i) < 128) this.#ascii++;
      else this.#other++;
    }
    return this;
  }

  get tokens(): number {
    return Math.ceil(this.#ascii / 4 + this.#other / 1.5);
  }

  /** UTF-16 units added. */
  get length(): number {
    return this.#ascii + this.#other;
  }
}

/** Of a picture, where the provider says no count: what most bill for a large one, at most. */
const imageTokens = 1_600;

/** Tokens of a whole prompt, offered tools and pictures included, with 4 a message for its framing. */
export function countPrompt(
  { messages, tools }: Pick<ModelCall, "messages" | "tools">,
  perImage: number = imageTokens,
): number {
  const count = new TokenCount();
  const texts = promptTexts(messages, tools);
  for (const text of texts) count.add(text);
  return count.tokens + 4 * texts.length + perImage * imagesOf(messages).length;
}
