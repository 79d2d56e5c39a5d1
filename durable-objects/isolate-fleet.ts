import { Fleet } from "../src/race/fleet.ts";

/** What this isolate knows of its bidders' health and room: shared by its objects, plain data, gone with the isolate. */
export const isolateFleet = new Fleet(() => Date.now());
