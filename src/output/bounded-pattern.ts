/**
 * Is a pattern cheap on a backtracking engine? True only when the number of ways to match n characters is bounded by
 * about 10^4 x n^2: at most two unbounded quantifiers, none over a group that itself varies, few optional parts.
 * A conservative reading of the pattern's text: what it does not understand is not bounded.
 */
export function isBoundedPattern(pattern: string): boolean {
  const groups: { varies: boolean; alternatives: number }[] = [{ varies: false, alternatives: 1 }];
  let unbounded = 0;
  let optional = 0;
  let ways = 1;
  /** Does the atom just read vary in what it matches? null: nothing to quantify. */
  let atomVaries: boolean | null = null;
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] ?? "";
    const group = groups.at(-1);
    if (group === undefined) return false;
    if (char === "\\") {
      if (/[1-9k]/.test(pattern[at + 1] ?? "")) return false;
      const long = /^\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)/su.exec(
        pattern.slice(at, at + 64),
      );
      at += long?.[0].length ?? 2;
      atomVaries = false;
    } else if (char === "[") {
      at += 1;
      while (at < pattern.length && pattern[at] !== "]") at += pattern[at] === "\\" ? 2 : 1;
      at += 1;
      atomVaries = false;
    } else if (char === "(") {
      const head = /^\((?:\?(?::|=|!|<=|<!|<[A-Za-z_]\w*>|P<[A-Za-z_]\w*>))?/.exec(pattern.slice(at, at + 80));
      if (head?.[0] === "(" && pattern[at + 1] === "?") return false;
      groups.push({ varies: false, alternatives: 1 });
      at += head?.[0].length ?? 1;
      atomVaries = null;
    } else if (char === ")") {
      groups.pop();
      ways *= group.alternatives;
      atomVaries = group.varies || group.alternatives > 1;
      const outer = groups.at(-1);
      if (outer === undefined) return false;
      outer.varies ||= atomVaries;
      at += 1;
    } else if (char === "|") {
      group.alternatives += 1;
      at += 1;
      atomVaries = null;
    } else {
      const quantifier = /^(?:[*+?]|\{\d{1,6}(?:,\d{0,6})?\})\??/.exec(pattern.slice(at, at + 20))?.[0];
      if (quantifier === undefined) {
        at += 1;
        atomVaries = false;
        continue;
      }
      if (atomVaries === null) return false;
      const bounds = /^\{(\d+)(,?)(\d*)\}/.exec(quantifier);
      const min = bounds ? Number(bounds[1]) : quantifier[0] === "+" ? 1 : 0;
      const max = bounds
        ? bounds[2] === ""
          ? min
          : bounds[3] === ""
            ? Infinity
            : Number(bounds[3])
        : quantifier[0] === "?"
          ? 1
          : Infinity;
      if (atomVaries && max > 1) return false;
      if (max !== min) {
        group.varies = true;
        if (max > 16) unbounded += 1;
        else {
          optional += 1;
          ways *= max - min + 1;
        }
      }
      at += quantifier.length;
      atomVaries = null;
    }
  }
  if (groups.length !== 1) return false;
  ways *= groups[0]?.alternatives ?? 1;
  return unbounded <= 2 && optional <= 12 && ways <= 10_000;
}
