// What is in view: what the page came with, else asked of the API for the range in view only; and word
// of changes as they come.

import { api } from "./praxis.js";
import { config } from "./day_view_words.js";

const APPOINTMENTS = "/api/booking/appointments";
/** Milliseconds: between two loads because of news, until a connection counts as lost, and until one
 * that was refused is tried again. */
const PAUSE = 700, LOST = 4000, AGAIN = 5000;

/** What the page came with, for the range in which it began: of use once. */
let begins = config.begins;

/** Load a range of days; `doctor` narrows it. Returns {first, last, items, hours, closed, holidays, busy}. */
export async function load({ first, last, doctor }) {
  const days = new URLSearchParams({ from: first, until: last });
  const narrowed = new URLSearchParams(days);
  if (doctor) narrowed.set("doctor", doctor);
  const come = begins?.first === first && begins.last === last ? begins : null;
  begins = null;
  const [items, hours, busy] = await Promise.all([
    everyPage(narrowed, come?.items),
    come?.hours || api("GET", `/api/booking/hours?${days}`),
    come?.busy || api("GET", `/api/booking/calendar?${narrowed}`),
  ]);
  const known = new Set(items.map((one) => key(one)));
  return {
    first, last, items,
    hours: hours.items, closed: hours.closed, holidays: hours.holidays,
    busy: busy.items.filter((one) => !known.has(key(one))),
  };
}

const key = (one) => `${one.doctor?.slug} ${one.start} ${one.end}`;

async function everyPage(query, come) {
  const pageAfter = (after) => {
    const asked = new URLSearchParams(query);
    asked.set("limit", "500");
    if (after) asked.set("after", after);
    return api("GET", `${APPOINTMENTS}?${asked}`);
  };
  let page = come || await pageAfter(null);
  const found = [...page.items];
  while (page.next) {
    page = await pageAfter(page.next);
    found.push(...page.items);
  }
  return found;
}

/** Call `changed` whenever something has changed, and `connected` with whether word of it comes.
 * Nothing is heard while nobody looks: a browser has few connections to one server. What has changed
 * meanwhile is told as soon as there is a connection again. */
export function listen(changed, connected) {
  let source = null;
  const wordOf = ({ number, act }) => `${number} ${act}`;
  let told = wordOf(config.standing);
  let waiting = null, retry = null, lost = null;

  function open() {
    if (source || document.hidden) return;
    source = new EventSource("/api/booking/events");
    source.addEventListener("open", () => {
      clearTimeout(lost);
      lost = null;
      connected(true);
    });
    source.addEventListener("change", (event) => {
      const now = wordOf(JSON.parse(event.data));
      if (now === told) return;
      told = now;
      waiting ??= setTimeout(() => { waiting = null; changed(); }, PAUSE);
    });
    source.addEventListener("error", () => {
      // A flow that has come to its end is opened again at once, which is nothing to tell.
      lost ??= setTimeout(() => connected(false), LOST);
      if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      close();
      api("GET", "/api/me").catch(() => null); // who is signed out by now is told so
      retry ??= setTimeout(() => { retry = null; open(); }, AGAIN);
    });
  }

  function close() {
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("online", open);
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}
