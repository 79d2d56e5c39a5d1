import { RE2JS } from "re2js";

/**
 * re2js matches whole strings only, so a stream is matched by walking its compiled program here: a Pike machine whose
 * state sets are remembered as a lazily built automaton (Cox, "Regular Expression Matching in the Wild", 2010; RE2's
 * DFA). Linear in the text for every pattern; the automaton is flushed at 96 states.
 */
interface Instruction {
  op: number;
  out: number;
  arg: number;
  matchRune(rune: number): boolean;
}

/** Operation codes of re2js 2.10 (Inst); a property test holds them against its own matcher. */
const op = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  any: 10,
  anyNotNewline: 11,
};
const flag = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, wordBoundary: 16, noWordBoundary: 32 };
const everything = 63;
const mostStates = 96;
const mostWideEdges = 64;

/** Everything before the next character that matters: the threads and what the last character was. */
export interface PatternState {
  readonly threads: readonly number[];
  readonly last: "start" | "newline" | "word" | "other";
  /** A match ended here or earlier, whatever comes. */
  readonly matched: boolean;
  /** No continuation can match. */
  readonly dead: boolean;
  /** Remembered steps, of the automaton's current generation only: stale ones would keep flushed states alive. */
  generation: number;
  readonly narrow: (PatternState | undefined)[];
  readonly wide: Map<number, PatternState>;
}

export interface PatternProgram {
  start: PatternState;
  step(state: PatternState, rune: number): PatternState;
  /** Is there a match when the text ends here? */
  matchesAtEnd(state: PatternState): boolean;
}

/** Size of the compiled pattern in instructions: what one character can cost at most. */
export const patternSize = (pattern: string): number => RE2JS.compile(pattern).programSize();

/** Compiles RE2 syntax. Throws RE2JSSyntaxException on a pattern that is none; submission checks that. */
export function compilePattern(pattern: string): PatternProgram {
  const program: { inst: Instruction[]; start: number } = RE2JS.compile(pattern).re2().prog;
  const { inst } = program;
  const states = new Map<string, PatternState>();
  let generation = 0;
  const forget = (state: PatternState): void => {
    state.narrow.length = 0;
    state.wide.clear();
    state.generation = generation;
  };

  /** Instructions reached without a character, given which empty-width conditions hold. */
  const close = (threads: readonly number[], holds: number): { runes: number[]; matched: boolean } => {
    const seen = new Uint8Array(inst.length);
    const open = [...threads, program.start];
    const runes: number[] = [];
    let matched = false;
    while (open.length > 0) {
      const pc = open.pop() ?? 0;
      const here = inst[pc];
      if (here === undefined || seen[pc] === 1) continue;
      seen[pc] = 1;
      if (here.op === op.alt || here.op === op.altMatch) open.push(here.out, here.arg);
      else if (here.op === op.capture || here.op === op.nop) open.push(here.out);
      else if (here.op === op.emptyWidth) {
        if ((here.arg & ~holds) === 0) open.push(here.out);
      } else if (here.op === op.match) matched = true;
      else if (here.op >= op.rune && here.op <= op.anyNotNewline) runes.push(pc);
    }
    return { runes, matched };
  };

  const before = (last: PatternState["last"]): number =>
    last === "start" ? flag.beginText | flag.beginLine : last === "newline" ? flag.beginLine : 0;

  const intern = (threads: number[], last: PatternState["last"]): PatternState => {
    threads.sort((a, b) => a - b);
    const key = `${last} ${threads.join(",")}`;
    const known = states.get(key);
    if (known !== undefined) return known;
    if (states.size >= mostStates) {
      generation += 1;
      for (const old of states.values()) forget(old);
      states.clear();
    }
    const sure = close(threads, before(last));
    // Later positions may begin a line, but none begins the text again.
    const possible = close(threads, before(last) | (everything & ~flag.beginText));
    const state: PatternState = {
      threads,
      last,
      matched: sure.matched,
      dead: !possible.matched && possible.runes.length === 0,
      generation,
      narrow: [],
      wide: new Map(),
    };
    states.set(key, state);
    return state;
  };

  const matchedForGood: PatternState = {
    threads: [],
    last: "other",
    matched: true,
    dead: false,
    generation: 0,
    narrow: [],
    wide: new Map(),
  };

  const compute = (state: PatternState, rune: number): PatternState => {
    const word = isWord(rune);
    const boundary = (state.last === "word") !== word ? flag.wordBoundary : flag.noWordBoundary;
    const { runes, matched } = close(state.threads, before(state.last) | boundary | (rune === 10 ? flag.endLine : 0));
    if (matched) return matchedForGood;
    const next = new Set<number>();
    for (const pc of runes) {
      const here = inst[pc];
      if (here === undefined) continue;
      const takes = here.op === op.any || (here.op === op.anyNotNewline ? rune !== 10 : here.matchRune(rune));
      if (takes) next.add(here.out);
    }
    return intern([...next], rune === 10 ? "newline" : word ? "word" : "other");
  };

  const step = (state: PatternState, rune: number): PatternState => {
    if (state.matched || state.dead) return state;
    if (state.generation !== generation) forget(state);
    const known = rune < 128 ? state.narrow[rune] : state.wide.get(rune);
    if (known !== undefined) return known;
    const next = compute(state, rune);
    if (state.generation !== generation) forget(state);
    if (rune < 128) state.narrow[rune] = next;
    else if (state.wide.size < mostWideEdges) state.wide.set(rune, next);
    return next;
  };

  const matchesAtEnd = (state: PatternState): boolean => {
    if (state.matched) return true;
    const boundary = state.last === "word" ? flag.wordBoundary : flag.noWordBoundary;
    return close(state.threads, before(state.last) | flag.endLine | flag.endText | boundary).matched;
  };

  return { start: intern([], "start"), step, matchesAtEnd };
}

/** Word characters of RE2 are ASCII. */
const isWord = (rune: number): boolean =>
  (rune >= 0x61 && rune <= 0x7a) || (rune >= 0x41 && rune <= 0x5a) || (rune >= 0x30 && rune <= 0x39) || rune === 0x5f;
