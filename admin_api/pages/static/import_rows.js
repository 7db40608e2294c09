// The doubtful rows of a list, one at a time: decided by keys or by buttons, and taken back.
//
// A decision is sent before the next row comes, and keys pressed meanwhile are not heard: they would
// be about a row that nobody has seen.

import { Refused, api, tell, tellOf } from "./praxis.js";
import { dayOf, made, nameOf, shownRow } from "./import_row.js";

const AT_ONCE = 50;
const DECIDED = ["decision", "patient_id", "decided_by", "applied"];

/** Somebody else has decided of the row meanwhile: it is shown as it is now, and nothing is kept. */
class Elsewhere extends Error {}

export function review(section, told, changed) {
  const { texts } = told;
  const base = `/api/imports/${told.id}`;
  const place = section.querySelector("#row");
  const remaining = section.querySelector("#remaining");
  const rows = [];
  const past = []; // lines decided here, the last at the end
  let after = 0; // where the next page of rows begins; null behind the last
  let at = 0;
  let waiting = told.waiting;
  let asks = told.asks;
  let busy = true;
  let { begins } = told; // what came with the page: of use once

  async function more() {
    const page = begins?.page || await api("GET", `${base}/rows?verdict=ask&limit=${AT_ONCE}&after=${after}`);
    // What was applied is over.
    rows.push(...page.rows.filter((row) => !row.applied && row.line !== told.line));
    after = page.next;
    begins = null;
  }

  async function begin() {
    if (told.line) {
      const one = begins.one || await api("GET", `${base}/rows/${told.line}`).catch((error) => { tellOf(error); return null; });
      if (one) rows.push(one);
      if (one && one.verdict !== "ask") asks += 1;
    }
    await more();
    if (!told.line) at = Math.max(0, await openFrom(0));
    show();
    if (location.hash && location.hash !== "#pruefen") return;
    // Where an address names a place in its page, the browser goes there when all is loaded.
    if (document.readyState === "complete") focusRow();
    else addEventListener("load", () => setTimeout(focusRow), { once: true });
  }

  /** Return the index of the next open row from one on, and then from the start; -1 if none is. */
  async function openFrom(start) {
    for (let index = start; ; index += 1) {
      while (index >= rows.length && after !== null) await more();
      if (index >= rows.length) break;
      if (isOpen(rows[index])) return index;
    }
    return rows.findIndex(isOpen);
  }

  function isOpen(row) {
    return row.verdict === "ask" && !row.decision && !row.applied;
  }

  function show() {
    const row = rows[at];
    place.replaceChildren(...(row ? shownRow(row, { at: at + 1, all: asks }, told) : [made("p", "soft", texts.remaining_none)]));
    place.setAttribute("aria-busy", "false");
    const count = row?.candidates.length || 0;
    const closed = !row || row.applied || !row.record;
    for (const button of section.querySelectorAll("[data-do]")) {
      const what = button.dataset.do;
      button.disabled = "123".includes(what) ? closed || Number(what) > count
        : what === "n" || what === "s" ? closed
          : what === "z" ? !past.length && (closed || !row.decision)
            : what === "arrowleft" ? at === 0 : at >= rows.length - 1 && after === null;
      if ("123".includes(what)) button.hidden = Number(what) > Math.max(1, count);
    }
    section.querySelector("#others").hidden = closed;
    section.querySelector("#found").replaceChildren();
  }

  function focusRow() {
    const heading = place.querySelector(".position");
    heading?.focus({ preventScroll: true });
    if (heading) section.scrollIntoView({ block: "nearest" });
  }

  /** Say how many are left, and which row is here now; the number is always there to be read. */
  function announce() {
    const left = waiting === 0 ? texts.remaining_none : waiting === 1 ? texts.remaining_one
      : texts.remaining.replace("{}", waiting);
    const row = rows[at];
    const now = made("span", "visually-hidden", row ? `. ${texts.position.replace("{line}", row.line)}: ${row.record ? nameOf(row.record) : ""}` : "");
    remaining.replaceChildren(left, now);
  }

  function note(text) {
    remaining.replaceChildren(text);
    setTimeout(announce, 2500);
  }

  /** Return a row as it is now, and what proves that it was seen like this. */
  async function rowNow(line) {
    const answer = await fetch(`${base}/rows/${line}`, { headers: { Accept: "application/json" } });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, said);
    return [said, answer.headers.get("ETag")];
  }

  function put(index, row) {
    waiting += Number(isOpen(row)) - Number(isOpen(rows[index]));
    rows[index] = row;
    changed();
  }

  async function decide(index, body) {
    const row = rows[index];
    const [now, tag] = await rowNow(row.line);
    if (DECIDED.some((name) => now[name] !== row[name])) {
      put(index, now);
      throw new Elsewhere(now.decided_by);
    }
    try {
      put(index, await api("PUT", `${base}/rows/${row.line}`, body, { "If-Match": tag }));
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 412) throw error;
      const [since] = await rowNow(row.line);
      put(index, since);
      throw new Elsewhere(since.decided_by);
    }
  }

  async function choose(body) {
    const line = rows[at].line;
    await decide(at, body);
    past.push(line);
    const next = await openFrom(at + 1);
    if (next >= 0) at = next;
  }

  async function takeBack() {
    const line = past.pop() ?? (rows[at].decision && !rows[at].applied ? rows[at].line : null);
    if (line === null) return texts.nothing_back;
    at = rows.findIndex((row) => row.line === line);
    await decide(at, { decision: "" });
    return null;
  }

  async function walk(step) {
    if (at + step < 0) return texts.first;
    while (at + step >= rows.length && after !== null) await more();
    if (at + step >= rows.length) return texts.last;
    at += step;
    return null;
  }

  async function act(what) {
    const row = rows[at];
    if (what === "z" || what === "u") return takeBack();
    if (what === "arrowleft") return walk(-1);
    if (what === "arrowright") return walk(1);
    if (!row || row.applied || !row.record) return null;
    if (what === "n") return choose({ decision: "new" });
    if (what === "s") return choose({ decision: "skip" });
    const one = row.candidates[Number(what) - 1];
    if (!one || Number(what) > 3) return texts.no_such;
    const ticked = place.querySelectorAll(`[data-patient="${one.patient_id}"] [data-take]:checked`);
    const take = [...ticked].map((box) => box.dataset.take);
    return choose({ decision: "link", patient_id: one.patient_id, take });
  }

  async function run(doing) {
    if (busy) return;
    busy = true;
    const row = rows[at];
    const inBar = document.activeElement?.closest?.(".bar");
    try {
      const said = await doing();
      if (said) note(said);
      else {
        show();
        announce();
        if (!inBar || document.activeElement?.disabled || document.activeElement === document.body) focusRow();
      }
    } catch (error) {
      if (error instanceof Elsewhere) {
        show();
        announce();
        focusRow();
        tell(error.message ? texts.elsewhere.replace("{}", () => error.message) : texts.elsewhere_open, { kind: "warn" });
      } else if (error instanceof Refused && error.status === 409) tellOf(new Refused(409, { detail: texts.conflict }));
      else tellOf(error);
      at = Math.max(0, rows.findIndex((one) => one.line === row?.line));
    }
    busy = false;
  }

  section.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) run(() => act(button.dataset.do));
  });
  section.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const field = event.target.closest("input:not([type=checkbox]), select, textarea");
    const key = event.key.toLowerCase();
    if (field || !["1", "2", "3", "n", "s", "z", "u", "arrowleft", "arrowright"].includes(key)) return;
    event.preventDefault();
    run(() => act(key));
  });

  // Somebody else than the candidates: looked for, and shown beside the row as one more.
  section.querySelector("#search").addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = event.target.elements.words.value.trim();
    if (!words) return;
    try {
      const found = await api("GET", `/api/patients?limit=8&search=${encodeURIComponent(words)}`);
      const items = found.items.map((one) => foundOf(one));
      section.querySelector("#found").replaceChildren(items.length ? made("ul", "plain", items) : made("p", "soft", texts.found_none));
    } catch (error) { tellOf(error); }
  });

  function foundOf(one) {
    const button = made("button", "second", texts.pick);
    button.type = "button";
    const born = one.birth_date ? texts.born.replace("{}", dayOf(one.birth_date, told.language)) : "";
    const words = made("span", "", [made("bdi", "", nameOf(one)), born ? `, ${born}` : ""]);
    button.setAttribute("aria-label", `${texts.pick}: ${nameOf(one)}${born ? `, ${born}` : ""}`);
    button.addEventListener("click", () => run(() => choose({ decision: "link", patient_id: one.id, take: [] })));
    return made("li", "row", [words, button]);
  }

  begin().catch(tellOf).finally(() => { busy = false; announce(); });
}
