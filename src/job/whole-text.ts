import { messageText } from "../plan/prompt-texts.ts";
import type { Attempt } from "./job.ts";

/** All that an attempt said, its calls included, for judges and people. */
export const wholeText = ({ text, calls }: Attempt): string => messageText({ role: "assistant", content: text, calls });
