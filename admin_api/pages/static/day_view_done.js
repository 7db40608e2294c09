// What was done on this page and may be taken back, remembered while the tab is open. Not here: taking
// it back (day_view_changes.js).
//
// The tab remembers it and not the server, since several people may share one account at the desk, and
// each takes back what was done before the own eyes.

import { config } from "./day_view_words.js";

const KEPT = "done";
const csrf = document.querySelector("meta[name=csrf]").content;
const isNew = (one) => Date.now() - one.at < config.just_made * 1000;

/** By what an appointment is known again, and nothing of it is read: a word that only pages of this
 * session have goes into it. To whoever signs in next it is worth nothing. */
async function markOf(shown) {
  const bytes = new TextEncoder().encode(csrf + JSON.stringify(shown));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Remember what is done; `changed(is)` hears whether there is anything to take back. */
export function makeDone(changed) {
  const whose = markOf("");
  let done = [], timer = null;

  async function recall() {
    const mine = await whose;
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT));
      if (kept?.whose === mine) done = kept.done;
    } catch { /* a browser may forbid pages to remember anything: then it is as long as the page is open */ }
    keep(mine);
  }

  function keep(mine) {
    done = done.filter(isNew);
    clearTimeout(timer);
    if (done.length) timer = setTimeout(keep, done[0].at + config.just_made * 1000 - Date.now() + 1, mine);
    try {
      if (done.length) sessionStorage.setItem(KEPT, JSON.stringify({ whose: mine, done }));
      else sessionStorage.removeItem(KEPT);
    } catch { /* as above */ }
    tell();
  }

  const ready = recall();
  const tell = () => changed(done.length > 0);

  async function become(list) {
    await ready;
    done = list(done);
    keep(await whose);
  }

  return {
    tell,
    last: () => done.filter(isNew).at(-1),
    isStill: async (one, shown) => one.mark === (await markOf(shown)),
    /** Add what was done; `joined` is taken back with what was done before. */
    async add(after, joined) {
      const one = { id: after.id, mark: await markOf(after), joined, at: Date.now() };
      await become((all) => [...all, one]);
    },
    drop: (one) => become((all) => all.filter((other) => other !== one)),
    dropAllOf: (one) => become((all) => all.filter((other) => other.id !== one.id)),
  };
}
