import { secureHeaders } from "hono/secure-headers";

/** Nothing is loaded from, framed by or sent to another site. */
export const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    // Pictures that came with a job.
    imgSrc: ["'self'", "data:"],
    baseUri: ["'none'"],
    objectSrc: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
});
