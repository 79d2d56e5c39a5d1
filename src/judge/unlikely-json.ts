import type { JsonSchema } from "../plan/contract.ts";
import { isSpace, quoted } from "./characters.ts";
import type { PreparedCriterion } from "./criterion.ts";
import { falseKillChance } from "./worth-killing.ts";

/** JSON that was asked for has begun within so many characters that are no white space. */
const within = 120;
/**
 * Share of answers with the JSON in them that begin it later: 1 of 55 recorded answers that are read in the end (upper
 * end of 95 % rounded up). Share of answers that never have any: declared, not measured.
 */
const falseAlarm = 0.1;
const priorBad = 0.05;

/** Only an object or a list must open with a bracket. */
export const opensWithBracket = (schema: JsonSchema): boolean =>
  typeof schema === "object" && (schema.type === "object" || schema.type === "array");

/**
 * An answer that talks on where JSON was asked for: no bracket and no fence in its first 120 characters, white space not
 * counted. A bracket that comes later takes it back. A model that thinks aloud first (`<think>`) is not held to it.
 * Predictive; never final.
 */
export function unlikelyJsonCriterion(): PreparedCriterion {
  const pFalse = falseKillChance(falseAlarm, priorBad);
  return {
    id: "json",
    class: "predictive",
    open: () => {
      let head = "";
      let opened = false;
      let ticks = 0;
      return {
        push: (chunk) => {
          if (opened) return;
          for (let at = 0; at < chunk.length; at += 1) {
            const code = chunk.charCodeAt(at);
            ticks = code === 0x60 ? ticks + 1 : 0;
            if (code === 0x7b || code === 0x5b || ticks === 3) {
              opened = true;
              return;
            }
            if (head.length < within && !isSpace(code) && code !== 0xfeff) head += chunk[at];
          }
          if (/^<think/i.test(head)) opened = true;
        },
        status: () => (!opened && head.length >= within ? "reject" : "standing"),
        evidence: () =>
          opened
            ? "a bracket has opened"
            : head.length < within
              ? "no bracket yet"
              : `no bracket in ${quoted(head, 40)}`,
        pFalse: () => pFalse,
        finish: () => ({ accept: true, evidence: "told on a prefix only" }),
      };
    },
  };
}
