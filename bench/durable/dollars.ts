/** Cloudflare's prices as read in November 2026, USD. */
const price = {
  workerRequest: 0.3e-6,
  objectRequest: 0.15e-6,
  /** 128 MB for a second at $12.50 per million GB-s. */
  objectSecond: 1.5625e-6,
  rowWritten: 1e-6,
  /** A message is written, read and deleted. */
  queueMessage: 3 * 0.4e-6,
};

/** D1 rows that settling a job writes: its summary, its key, its month; the market's parts are shared by the batch. */
const d1Rows = 3;
/** Rows of its tenant's object: its bill, its seal, the month, and where the chain of seals ends. */
const tenantRows = 4;
/** Its object is opened ahead; the job is made and waited for in one call; its tenant hears of its end in another. */
const objectRequests = 3;
/** One alarm a job, at the end of its retention. */
const alarms = 1;

/** What a job costs on the platform at production prices, besides models. */
export function dollarsOf(job: { rows: number; seconds: number }): Record<string, number> & { total: number } {
  const parts = {
    requests: price.workerRequest + (objectRequests + alarms) * price.objectRequest,
    rows: (job.rows + tenantRows) * price.rowWritten,
    awake: job.seconds * price.objectSecond,
    settlement: price.queueMessage + d1Rows * price.rowWritten,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
