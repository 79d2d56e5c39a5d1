import { quoted } from "./characters.ts";
import { borderTable } from "./contains-criterion.ts";
import type { PreparedCriterion, Status } from "./criterion.ts";
import { falseKillChance } from "./worth-killing.ts";

const shortWindow = 512;
const longWindow = 1024;
/** A look every so many code units: the border table of a window costs about 8 steps a character so. */
const every = 128;
/** Periods up to this are loops: at least four repeats fill the short window. */
const longestPeriod = 128;
/**
 * Share of good answers that look like a loop: none of 2,868 human texts did (upper end 0.13 %, bench/criteria.ts);
 * doubled, since answers hold more tables than mails do. Share of answers that loop: declared, not measured.
 */
const falseAlarm = { short: 0.0026, long: 0.0013 };
const priorBad = 0.01;

/** A model caught in a loop: the last 512 (1,024) code units repeat a unit of at most 128. Predictive; never final. */
export function repetitionCriterion(): PreparedCriterion {
  return {
    id: "repetition",
    class: "predictive",
    open: () => {
      let tail = "";
      let seen = 0;
      let status: Status = "standing";
      let evidence = "no loop";
      let pFalse = 1;
      const look = (): void => {
        const period = periodOf(tail.slice(-shortWindow));
        const unit = tail.slice(-period);
        // Rules and table borders are drawn with repeats.
        if (period > longestPeriod || /^[-=_*#.|:+ ]+$/.test(unit.trim()) || tail.length < shortWindow) {
          status = "standing";
          evidence = "no loop";
          return;
        }
        const long = tail.length >= longWindow && periodOf(tail.slice(-longWindow)) <= longestPeriod;
        status = "reject";
        pFalse = falseKillChance(long ? falseAlarm.long : falseAlarm.short, priorBad);
        evidence = `the last ${long ? longWindow : shortWindow} characters repeat ${quoted(unit, 40)}`;
      };
      return {
        push: (chunk) => {
          for (let at = 0; at < chunk.length; ) {
            const take = Math.min(chunk.length - at, every - (seen % every));
            tail += chunk.slice(at, at + take);
            at += take;
            seen += take;
            if (seen % every !== 0) continue;
            if (tail.length > longWindow) tail = tail.slice(-longWindow);
            if (seen >= shortWindow) look();
          }
        },
        status: () => status,
        evidence: () => evidence,
        pFalse: () => pFalse,
        finish: () => ({ accept: true, evidence: "told on a prefix only" }),
      };
    },
  };
}

/** The smallest period of a text: its length less its longest border. */
function periodOf(text: string): number {
  const codes = Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  return text.length - (borderTable(codes)[text.length - 1] ?? 0);
}
