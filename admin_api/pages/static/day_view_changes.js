// Changes of appointments: sent with what was last seen of them, told, taken back. Where a time is not
// free, what else there is, and the way over it for who may.

import { api, Refused, showErrors, clearErrors, tell, tellOf } from "./praxis.js";
import { makeDone } from "./day_view_done.js";
import { config, dayInWords, dayOf, make, nameOf, stepBack, texts, timeOf } from "./day_view_words.js";

const APPOINTMENTS = "/api/booking/appointments";
export const addressOf = (item) => `${APPOINTMENTS}/${item.id}`;

const fieldOfRule = {
  "too-short": "minutes", "too-long": "minutes", "wrong-doctor": "doctor", "wrong-specialty": "doctor",
  "room-needed": "room", "wrong-room": "room", "too-soon": "start", "too-far-ahead": "start",
};

/** Somebody has changed it since it was shown. */
class Elsewhere extends Error {}

const isAsShown = (item) => (now) => JSON.stringify(now) === JSON.stringify(item);

/** Return the ETag of an appointment if it is still as it was seen; throws Elsewhere or Refused. */
async function tagOf(item, isStill = isAsShown(item)) {
  const answer = await fetch(addressOf(item), { headers: { Accept: "application/json" }, cache: "no-store" });
  const now = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, now);
  if (!(await isStill(now))) throw new Elsewhere();
  return answer.headers.get("ETag");
}

const slugOf = (problem) => (problem.type || "").split("#problem-").at(-1);

/** What a refusal is in the reader's words. */
export function saidOf(error) {
  if (!(error instanceof Refused)) return null;
  return texts.rules[error.problem.code] || texts.problems[slugOf(error.problem)] || error.message;
}

/** Make the functions that change things. `page` has replaced(item), reload(), focus(item), undoable(is). */
export function makeChanges(page) {
  /** Do one thing: {item, method, path, body, said, anyway, joined}. Returns the answer, or null if it was
   * not done; that has been told. `form` shows errors of fields. */
  async function perform(ask, form = null) {
    try {
      const headers = ask.item ? { "If-Match": await tagOf(ask.item) } : {};
      const answer = await api(ask.method, ask.path, ask.body, headers);
      page.replaced(answer);
      if (ask.said) await said(ask, answer);
      return answer;
    } catch (error) {
      return await failed(error, ask, form);
    }
  }

  async function failed(error, ask, form) {
    if (error instanceof Elsewhere || error.status === 412) {
      form?.closest("dialog")?.close();
      tell(texts.changed_meanwhile, { kind: "warn" });
      await page.reload();
      return null;
    }
    if (error.status === 404 && ask.item) {
      form?.closest("dialog")?.close();
      tell(texts.gone, { kind: "warn" });
      await page.reload();
      return null;
    }
    const overcome = error.status === 409 && ask.anyway
      && (slugOf(error.problem) === "slot-taken" || error.problem.code === "outside-hours");
    if (overcome) {
      const body = await otherwise(error.problem, ask);
      return body ? perform({ ...ask, body }, form) : null;
    }
    if (form && error instanceof Refused) showRefused(form, error);
    else if (form) showErrors(form, null);
    else if (error instanceof Refused && error.status !== 401) tell(saidOf(error), { kind: "bad" });
    else tellOf(error);
    return null;
  }

  const faultsOf = (form, problem) => (problem.errors || []).map((one) => [
    form.elements.namedItem(one.pointer.split("/").at(-1)), one.detail]);

  /** Show what was refused; a broken rule is told at the field by which it is kept. */
  function showRefused(form, error) {
    const kept = form.elements.namedItem(fieldOfRule[error.problem.code] || "");
    if (kept && !kept.closest("[hidden]")) showErrors(form, "", [[kept, saidOf(error)]]);
    else showErrors(form, saidOf(error), faultsOf(form, error.problem));
  }

  // --- a time that is not free

  const dialog = document.getElementById("conflict");

  /** Ask what to do instead; returns the body to be sent, or null. */
  function otherwise(problem, ask) {
    const { promise, resolve } = Promise.withResolvers?.() ?? deferred();
    const title = document.getElementById("conflict-title");
    title.textContent = problem.code ? texts.not_so : texts.taken;
    const why = problem.code ? [texts.rules[problem.code]] : (problem.busy || []).map((one) => texts.whose[one] || one);
    document.getElementById("conflict-why").replaceChildren(...why.map((one) => make("li", {}, one)));
    const others = (problem.alternatives || []).slice(0, 6);
    document.getElementById("conflict-others").hidden = Boolean(problem.code);
    document.getElementById("others").replaceChildren(...others.map((one) => make("li", {},
      make("button", { type: "button", class: "second", on: () => finish({
        ...ask.body, start: one.start, ...(one.doctor && { doctor: one.doctor }), ...(one.room && { room: one.room }),
      }) }, wordsOf(one)))));
    if (!others.length) document.getElementById("others").append(make("li", { class: "soft" }, texts.no_free));
    const form = document.getElementById("override");
    form.hidden = !config.may.override;
    form.elements.why.value = "";
    clearErrors(form);
    document.getElementById("anyway").textContent = ask.anyway;
    form.onsubmit = (event) => {
      event.preventDefault();
      const reason = form.elements.why.value.trim();
      if (reason) finish({ ...ask.body, override: reason });
      else showErrors(form, "", [[form.elements.why, texts.choose_reason]]);
    };
    let chosen = null;
    function finish(body) { chosen = body; dialog.close(); }
    dialog.onclose = () => resolve(chosen);
    dialog.showModal();
    title.focus();
    return promise;
  }

  function wordsOf(one) {
    const doctor = config.doctors.find((other) => other.slug === one.doctor)?.name;
    return `${dayInWords(dayOf(one.start), { weekday: "short", day: "numeric", month: "numeric" })} ${timeOf(one.start)}${doctor ? `, ${doctor}` : ""}`;
  }

  // --- told, and taken back

  const done = makeDone(page.undoable);

  async function said(ask, answer) {
    await done.add(answer, Boolean(ask.joined));
    tell(ask.said, { action: { text: texts.undo, do: undo }, lasts: 20000 });
  }

  /** Take back what was done last. */
  async function undo() {
    const last = done.last();
    if (!last) return;
    page.undoable(false); // not twice at a time
    try {
      const headers = { "If-Match": await tagOf(last, (now) => done.isStill(last, now)) };
      const answer = await api("POST", `${addressOf(last)}/undo`, undefined, headers);
      await done.drop(last);
      page.replaced(answer);
      if (last.joined) { await undo(); return; }
      // It may have been done on another day than is in view.
      tell(`${texts.undone} ${nameOf(answer)}, ${wordsOf(answer)}`);
      page.focus(answer);
    } catch (error) {
      // What was not reached can be tried again; what was refused stays so, and what was before it.
      if (error instanceof Elsewhere || error instanceof Refused) await done.dropAllOf(last);
      await notUndone(error);
    } finally {
      done.tell();
    }
  }

  async function notUndone(error) {
    if (error instanceof Elsewhere || error.status === 412) tell(texts.undo_changed, { kind: "warn" });
    else if (error.status === 404) tell(texts.gone, { kind: "warn" });
    else if (error.status === 409) tell(texts.undo_of[slugOf(error.problem)] || texts.undo_refused, { kind: "warn" });
    else tellOf(error);
    await page.reload();
  }

  // --- the changes

  /** Move it to {start (a moment), doctor, room, minutes}; what is `joined` is taken back with what was
   * done before. */
  const move = (item, where, form = null, joined = false) => perform({
    item, method: "POST", path: `${addressOf(item)}/reschedule`, body: where, said: texts.moved, anyway: texts.move_anyway, joined,
  }, form);
  const book = (body, form) => perform({ method: "POST", path: APPOINTMENTS, body, said: texts.booked, anyway: texts.book_anyway }, form);
  const copy = (item, body, form) => perform({
    item: null, method: "POST", path: `${addressOf(item)}/duplicate`, body, said: texts.booked, anyway: texts.book_anyway,
  }, form);
  const change = (item, body, form) => perform({
    item, method: "PUT", path: addressOf(item), body, said: texts.changed, anyway: texts.move_anyway }, form);
  const step = (item, progress, told) => perform({ item, method: "PUT", path: addressOf(item), body: { progress }, said: told });

  /** Do what a button says. */
  async function act(item, name) {
    if (["arrived", "in_treatment", "done", "no_show"].includes(name)) return step(item, name, texts.did[name]);
    if (name === "back") return step(item, stepBack[item.progress], texts.did.back);
    const told = { item, said: texts.did[name] };
    if (name === "confirm") return perform({ ...told, method: "PUT", path: addressOf(item), body: { status: "CONFIRMED" } });
    const reason = await reasonFor(item, name);
    if (reason === null) return null;
    if (name === "decline") return perform({ ...told, method: "POST", path: `${addressOf(item)}/decline`, body: { reason } });
    return perform({ ...told, method: "DELETE", path: addressOf(item), body: { reason } });
  }

  function reasonFor(item, name) {
    const { promise, resolve } = Promise.withResolvers?.() ?? deferred();
    const box = document.getElementById("reason-dialog"), form = document.getElementById("reason-form");
    document.getElementById("reason-title").textContent = `${texts.actions[name]}: ${nameOf(item)}, ${timeOf(item.start)}`;
    document.getElementById("reason-do").textContent = texts.actions[name];
    form.elements.reason.value = "";
    let reason = null;
    form.onsubmit = (event) => { event.preventDefault(); reason = form.elements.reason.value.trim(); box.close(); };
    box.onclose = () => resolve(reason);
    box.showModal();
    return promise;
  }

  return { move, book, copy, change, act, undo };
}

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => { made.resolve = resolve; });
  return made;
}

