import type { Endpoint } from "../endpoint.ts";

/** Models remembered; the one that was told longest ago goes first. */
const most = 1000;
/** Streams in a row without a closing tag after which a model is taken to mark its thoughts again, or to have none. */
const mostWithout = 5;

/** Streams in a row without the tag, by server and model. The memory of one process. */
const known = new Map<string, number>();

/**
 * Models that gave a whole answer without the tag before they ever gave one with it: what they write of it is text. Who
 * begins in thoughts does so from the first answer on, and nobody's prompt can make a model seen to do so.
 */
const clean = new Set<string>();

const nameOf = ({ baseUrl, model }: Endpoint): string => `${baseUrl} ${model}`;

/** Do this model's streams begin within thoughts, the opening tag being in its chat template? */
export const beginsInThoughts = (endpoint: Endpoint): boolean => known.has(nameOf(endpoint));

/** May a closing tag that none opened be the end of thoughts? */
export const mayBeginInThoughts = (endpoint: Endpoint): boolean => !clean.has(nameOf(endpoint));

/** A closing tag came, and none had opened. */
export function sawUnopened(endpoint: Endpoint): void {
  const name = nameOf(endpoint);
  known.delete(name);
  known.set(name, 0);
  for (const oldest of known.keys()) {
    if (known.size <= most) break;
    known.delete(oldest);
  }
}

/** A whole answer came in which nothing was thought, or it was between two tags. */
export function sawNoUnopened(endpoint: Endpoint): void {
  const name = nameOf(endpoint);
  const without = known.get(name);
  if (without === undefined) {
    clean.delete(name);
    clean.add(name);
    const [oldest] = clean;
    if (clean.size > most && oldest !== undefined) clean.delete(oldest);
  } else if (without + 1 >= mostWithout) known.delete(name);
  else known.set(name, without + 1);
}
