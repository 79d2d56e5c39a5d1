/** After ten thousand verdicts a judge has 300 audits: its rates are known to about three points. */
export const usualShare = 0.03;

let complained = false;

/**
 * The operator's share of judges' verdicts to audit, 0 to 1. What is no such number is told once and stands for the
 * usual one: a slip of the pen must neither stop jobs nor multiply their cost.
 */
export function judgeAuditShare(setting: string | undefined): number {
  if (setting === undefined || setting.trim() === "") return usualShare;
  const share = Number(setting);
  if (share >= 0 && share <= 1) return share;
  if (!complained) console.error(JSON.stringify({ event: "judge-audit-share-refused", usual: usualShare }));
  complained = true;
  return usualShare;
}
