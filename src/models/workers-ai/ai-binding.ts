/** The part of the `AI` binding that is used; the platform's `Ai` has it. */
export interface AiBinding {
  run(model: string, inputs: unknown, options?: unknown): Promise<unknown>;
}
