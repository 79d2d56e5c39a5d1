import { type Column, type KindState, maxBandCells } from "./state.ts";

const bandsInUse = (kind: KindState): number[][] =>
  kind.columns.flatMap((column) => column.bands.filter((counts) => counts.length > 0));

const bandRoom = (kind: KindState): number => Math.floor(maxBandCells / Math.max(1, kind.rows.length));

/** May this band of this context keep counts? */
export const hasBand = (kind: KindState, column: Column, band: number): boolean =>
  (column.bands[band]?.length ?? 0) > 0 || bandsInUse(kind).length < bandRoom(kind);

/** More bidders leave room for fewer bands: the youngest contexts' go; their counts stand in the context as well. */
export function giveUpBands(kind: KindState): void {
  const used = bandsInUse(kind);
  for (const counts of used.slice(bandRoom(kind))) counts.length = 0;
}
