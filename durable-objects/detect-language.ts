import type { JobRequest } from "../src/plan/job-request.ts";

type Detect = (text: string) => { language: string; confidence: number } | null;

let loaded: Detect | null = null;

/** Loads the detector's tables; a language criterion judges from then on. */
export async function loadLanguageDetector(): Promise<void> {
  if (loaded !== null) return;
  const { eld } = await import("eld/small");
  loaded = (text) => {
    const found = eld.detect(text);
    if (found.language === "") return null;
    const score = found.getScores()[found.language] ?? 0;
    return {
      language: found.language,
      confidence: found.isReliable() ? Math.max(0.6, Math.min(1, score)) : Math.min(0.4, score),
    };
  };
}

/** ISO 639-1 code and confidence of a text's language; null: it cannot tell, or its tables are not loaded. */
export const detectLanguage: Detect = (text) => loaded?.(text) ?? null;

/** A language criterion judges while text streams, so its tables are there before the first token. */
export function needsDetector(request: JobRequest): boolean {
  const contracts = [
    request.contract,
    ...(typeof request.plan === "object" ? request.plan.microtasks.map((m) => m.contract) : []),
  ];
  return contracts.some((contract) => contract.criteria.some((c) => c.type === "language"));
}
