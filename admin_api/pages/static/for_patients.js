// What patients are told when something is refused, in their language.

import { Refused } from "./praxis.js";

const KINDS = {
  "slot-taken": "taken",
  "hold-over": "over",
  "rule-broken": "rule",
  "online-closed": "rule",
  "illegal-step": "illegal",
  "not-in-calendar": "illegal",
  "too-many-holds": "holds",
  "too-many-bookings": "bookings",
};

/** Return the word for what was refused ("" if there is none), and a sentence; null if the server
 * was not reached. */
export function saidOf(error, texts) {
  if (!(error instanceof Refused)) return ["", null];
  if (error.status === 401) return ["", error.message]; // what to do is told beside it
  const slug = (error.problem.type || "").replace(/^.*#problem-/, "");
  const kind = KINDS[slug] || (error.status === 429 ? "often" : "");
  return [kind, texts[kind] || texts.failed];
}
