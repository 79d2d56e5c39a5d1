/** How much one run deletes: `rows` a statement, so that none runs long, and `most` statements, so that a run ends. */
export interface Slices {
  rows: number;
  most: number;
}

/** A quarter of a million rows a run. */
const usual: Slices = { rows: 5_000, most: 50 };

/** Deletes slice after slice until one was not full; returns how many rows went. `deleteRows`: at most so many, returns how many. */
export async function inSlices(
  deleteRows: (most: number) => Promise<number>,
  { rows, most }: Slices = usual,
): Promise<number> {
  let gone = 0;
  for (let slice = 0; slice < most; slice++) {
    const changes = await deleteRows(rows);
    gone += changes;
    if (changes < rows) break;
  }
  return gone;
}
