// Stands between the Worker and the network where `npm run serve -- --egress` confines it: every request that leaves
// goes through here, whatever a job, a bidder or a webhook names. HOSTS: "name" or "name:port", lower case.
export default {
  async fetch(request, { HOSTS }) {
    const { host } = new URL(request.url);
    if (HOSTS.includes(host)) return fetch(request);
    console.error(JSON.stringify({ event: "egress-refused", host }));
    throw new Error("This host may not be reached.");
  },
};
