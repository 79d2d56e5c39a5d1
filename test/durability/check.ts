import type { Evidence, Invariant } from "./evidence.ts";
import { acceptedStays } from "./invariants/accepted-stays.ts";
import { attemptsAccounted } from "./invariants/attempts-accounted.ts";
import { budgetHolds } from "./invariants/budget-holds.ts";
import { cancelHolds } from "./invariants/cancel-holds.ts";
import { capHolds } from "./invariants/cap-holds.ts";
import { chargedIffAccepted } from "./invariants/charged-iff-accepted.ts";
import { costIsKnown } from "./invariants/cost-is-known.ts";
import { cutsHaveReasons } from "./invariants/cuts-have-reasons.ts";
import { endsInTime } from "./invariants/ends-in-time.ts";
import { foldsEqual } from "./invariants/folds-equal.ts";
import { keepsSecrets } from "./invariants/keeps-secrets.ts";
import { logIsWhole } from "./invariants/log-is-whole.ts";
import { settledOnce } from "./invariants/settled-once.ts";
import { shownTextIsAccepted } from "./invariants/shown-text-is-accepted.ts";
import { streamsEqualLog } from "./invariants/streams-equal-log.ts";
import { tenantAgrees } from "./invariants/tenant-agrees.ts";
import { waitsHold } from "./invariants/waits-hold.ts";
import { webhooksOwed } from "./invariants/webhooks-owed.ts";

/** One file an invariant; all of them hold of every job. */
const invariants: { [name: string]: Invariant } = {
  "accepted-stays": acceptedStays,
  "webhooks-owed": webhooksOwed,
  "waits-hold": waitsHold,
  "tenant-agrees": tenantAgrees,
  "charged-iff-accepted": chargedIffAccepted,
  "cap-holds": capHolds,
  "attempts-accounted": attemptsAccounted,
  "budget-holds": budgetHolds,
  "cancel-holds": cancelHolds,
  "cost-is-known": costIsKnown,
  "cuts-have-reasons": cutsHaveReasons,
  "ends-in-time": endsInTime,
  "folds-equal": foldsEqual,
  "keeps-secrets": keepsSecrets,
  "log-is-whole": logIsWhole,
  "settled-once": settledOnce,
  "shown-text-is-accepted": shownTextIsAccepted,
  "streams-equal-log": streamsEqualLog,
};

/** Every breach of every invariant: "invariant: what is wrong". */
export const check = (evidence: Evidence): string[] =>
  Object.entries(invariants).flatMap(([name, holds]) => holds(evidence).map((breach) => `${name}: ${breach}`));
