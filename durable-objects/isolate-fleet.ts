import { SentHeads } from "../src/models/sent-heads.ts";
import { Fleet } from "../src/race/fleet.ts";

/** What this isolate knows of its bidders' health and room: shared by its objects, plain data, gone with the isolate. */
export const isolateFleet = new Fleet(() => Date.now());

/** And of which prompts' beginnings they were sent: it says what is worth caching, never what is in it. */
export const isolateHeads = new SentHeads(() => Date.now());
