/** Where a job's parts are; paths, so that they hold behind any host name. */
export function linksOf(
  id: string,
): Record<"self" | "events" | "explain" | "ledger" | "cancel" | "summary" | "page", string> {
  const self = `/v1/jobs/${id}`;
  return {
    self,
    events: `${self}/events`,
    explain: `${self}/explain`,
    ledger: `${self}/ledger.csv`,
    cancel: `${self}/cancel`,
    summary: `${self}/summary`,
    page: `/job.html?id=${id}`,
  };
}
