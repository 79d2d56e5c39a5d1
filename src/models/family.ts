/** Makers and weights told from a model's name; the first that matches. "gpt-oss" are open weights of their own. */
const families: readonly [RegExp, string][] = [
  [/gpt-?oss/, "gpt-oss"],
  [/gpt|^o\d/, "gpt"],
  [/claude/, "claude"],
  [/gemini/, "gemini"],
  [/gemma/, "gemma"],
  [/deepseek/, "deepseek"],
  [/qwen|qwq/, "qwen"],
  [/mistral|mixtral|ministral|devstral|magistral/, "mistral"],
  [/llama/, "llama"],
  [/glm/, "glm"],
  [/kimi/, "kimi"],
  [/phi/, "phi"],
  [/grok/, "grok"],
  [/granite/, "granite"],
  [/nemotron/, "nemotron"],
];

/** The family a model's failures correlate within; a name that says nothing is a family of its own. */
export function familyOf(model: string): string {
  const name = model.toLowerCase();
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? (name.split(/[/:]/).at(-1) || name);
}
