/** live: the leader's text at once. accepted: only text of the accepted attempt. */
export type DeliveryMode = "live" | "accepted";

/** What happens when the leader changes after its text was delivered. continue: where a model can go on from a prefix. */
export type LeaderChange = "restart" | "continue" | "fail";

/** What a client has been shown; plain JSON. Lengths are code units. */
export interface Delivery {
  mode: DeliveryMode;
  policy: LeaderChange;
  /** Whose text is shown, and how much of it; null: nothing was delivered yet. */
  shown: { attempt: string; chars: number; before: number } | null;
  /** Attempts whose text can no longer be shown. */
  fallen: string[];
  ended: "complete" | "failed" | null;
}

export type DeliveryFact =
  /** An attempt has this much text now. `continues`: it was given what is shown of that attempt as its prefix. */
  | { fact: "text"; attempt: string; chars: number; continues?: string }
  /** It failed, was cut or was rejected. */
  | { fact: "fell"; attempt: string }
  | { fact: "committed"; attempt: string; chars: number }
  | { fact: "accepted"; attempt: string; chars: number }
  /** Nobody is left. */
  | { fact: "gave-up" };

export type DeliveryStep =
  | { show: { attempt: string; from: number; to: number } }
  /** Explicit: the client drops what it has (restart), or the new leader goes on after it (continue). */
  | { leaderChanged: { from: string; to: string; policy: "restart" | "continue"; droppedChars: number } }
  | { end: "complete" | "failed"; why: string };

export const newDelivery = (mode: DeliveryMode, policy: LeaderChange): Delivery => ({
  mode,
  policy,
  shown: null,
  fallen: [],
  ended: null,
});

/**
 * What a client is shown next. Before the first delivered character a change of leader is invisible; after it, it is
 * an explicit step or the end, by policy. Ends "complete" only with the whole text of the accepted attempt. Mutates.
 */
export function deliver(delivery: Delivery, fact: DeliveryFact): DeliveryStep[] {
  if (delivery.ended !== null) return [];
  switch (fact.fact) {
    case "fell":
      if (!delivery.fallen.includes(fact.attempt)) delivery.fallen.push(fact.attempt);
      return [];
    case "gave-up":
      delivery.ended = "failed";
      return [{ end: "failed", why: "no attempt was accepted" }];
    case "text": {
      if (delivery.mode === "accepted" || fact.chars === 0 || delivery.fallen.includes(fact.attempt)) return [];
      const { shown } = delivery;
      // A second racer streams too: only the leader is shown while it stands.
      if (shown !== null && shown.attempt !== fact.attempt && !delivery.fallen.includes(shown.attempt)) return [];
      return lead(delivery, fact.attempt, fact.chars, fact.continues === shown?.attempt);
    }
    case "committed":
      return delivery.mode === "accepted" || fact.chars === 0 ? [] : lead(delivery, fact.attempt, fact.chars, false);
    case "accepted": {
      const steps = lead(delivery, fact.attempt, fact.chars, false);
      if (delivery.ended !== null) return steps;
      delivery.ended = "complete";
      return [...steps, { end: "complete", why: "accepted" }];
    }
  }
}

function lead(delivery: Delivery, attempt: string, chars: number, continues: boolean): DeliveryStep[] {
  const { shown } = delivery;
  const steps: DeliveryStep[] = [];
  if (shown !== null && shown.attempt !== attempt) {
    if (delivery.policy === "fail") {
      delivery.ended = "failed";
      return [{ end: "failed", why: "the leader fell after its text was delivered" }];
    }
    const policy = delivery.policy === "continue" && continues ? "continue" : "restart";
    const visible = shown.before + shown.chars;
    const droppedChars = policy === "restart" ? visible : 0;
    steps.push({ leaderChanged: { from: shown.attempt, to: attempt, policy, droppedChars } });
    delivery.shown = { attempt, chars: 0, before: policy === "restart" ? 0 : visible };
  }
  delivery.shown ??= { attempt, chars: 0, before: 0 };
  const from = delivery.shown.chars;
  if (chars > from) {
    steps.push({ show: { attempt, from, to: chars } });
    delivery.shown.chars = chars;
  }
  return steps;
}
