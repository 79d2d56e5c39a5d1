import type { wrapLanguageModel } from "ai";

/** The SDK's model, its options and its stream, by way of the one package that exports them by name. */
export type LanguageModel = ReturnType<typeof wrapLanguageModel>;
export type CallOptions = Parameters<LanguageModel["doStream"]>[0];
export type StreamPart =
  Awaited<ReturnType<LanguageModel["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;
