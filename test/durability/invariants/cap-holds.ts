import type { Invariant } from "../evidence.ts";

/** A tenant's cap holds over all its jobs: what was settled and lent at any time, what they cost, what providers bill. */
export const capHolds: Invariant = ({ tenant }) => {
  const capNano = tenant?.capNano ?? null;
  if (tenant === null || capNano === null) return [];
  const over = (what: string, nano: number | null): string[] =>
    nano !== null && nano > capNano ? [`${what} ${nano} on a cap of ${capNano}`] : [];
  return [
    ...over("settled and lent were", tenant.highestNano),
    ...over("the tenant's jobs cost", tenant.costNano),
    ...over("providers bill", tenant.billedNano),
  ];
};
