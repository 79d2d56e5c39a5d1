import type { PreparedCriterion, Status } from "./criterion.ts";
import { falseKillChance } from "./worth-killing.ts";

/** A guess at a text's language: ISO 639-1 code and confidence 0 to 1; null: it cannot tell. */
export type DetectLanguage = (text: string) => { language: string; confidence: number } | null;

/** Looks are taken when this many code units were seen: five in all, so the cost per chunk is bounded. */
const looks = [64, 128, 256, 512, 1024] as const;
const largestSample = 8_192;
/** Below this many letters nothing is held against an answer. */
const fewestLetters = 24;

/**
 * Share of right answers whose prefix of this many code units looks foreign: upper ends of 95 % intervals, rounded up,
 * by bench/criteria.ts with eld/small on 26 languages (UDHR, 750 texts).
 */
const falseAlarm: { readonly [look: number]: number } = { 64: 0.025, 128: 0.016, 256: 0.01, 512: 0.01, 1024: 0.01 };
/** Share of answers in a wrong language before anything is known: declared, not measured. */
const priorBad = 0.05;

/** Confidence from which a foreign guess counts. */
const sureFrom = 0.5;

/** The language of the answer. Predictive on a prefix (looks at 64 to 1,024 code units), final on the whole. */
export function languageCriterion(id: string, language: string, detect: DetectLanguage | undefined): PreparedCriterion {
  return {
    id,
    class: "predictive",
    open: () => {
      let sample = "";
      let seen = 0;
      let look = 0;
      let status: Status = "undecided";
      let evidence = "too little text to tell the language";
      const take = (size: number): void => {
        const text = prose(sample.slice(0, size));
        const guess = detect !== undefined && lettersIn(text) >= fewestLetters ? detect(text) : null;
        look = size;
        if (guess === null || guess.confidence < sureFrom) return;
        status = guess.language === language ? "standing" : "reject";
        evidence = `looks like ${guess.language} (confidence ${guess.confidence.toFixed(2)}) after ${size} characters, wanted ${language}`;
      };
      return {
        push: (chunk) => {
          const from = seen;
          seen += chunk.length;
          if (from >= 1024) return;
          sample += chunk.slice(0, 1024 - from);
          for (const size of looks) if (from < size && seen >= size) take(size);
        },
        status: () => status,
        evidence: () => evidence,
        pFalse: () => falseKillChance(falseAlarm[look] ?? 1, priorBad),
        finish: (answer) => {
          const text = prose(answer.text.slice(0, largestSample));
          if (lettersIn(text) < fewestLetters) return { accept: true, evidence: "too short to tell the language" };
          if (detect === undefined) return { accept: null, evidence: "not checked: no language detector" };
          const guess = detect(text);
          if (guess === null) return { accept: null, evidence: "the language cannot be told" };
          const accept = guess.language === language || guess.confidence < sureFrom;
          return {
            accept,
            evidence: `looks like ${guess.language} (confidence ${guess.confidence.toFixed(2)}), wanted ${language}`,
          };
        },
      };
    },
  };
}

/** The text without what has no language: JSON keys and punctuation, fenced code. */
function prose(text: string): string {
  const plain = text.replace(/```[\s\S]*?(?:```|$)/g, (block) => (/^```json/i.test(block) ? block.slice(7) : " "));
  return /^\s*[[{]/.test(plain) ? plain.replace(/"[^"\n]{0,64}"\s*:/g, " ").replace(/[{}[\]"\\]/g, " ") : plain;
}

const lettersIn = (text: string): number => text.match(/\p{L}/gu)?.length ?? 0;
