// The overview: its buttons, and news while something runs. What is shown is made by the server:
// after each change, and when something has moved on, the parts of the page are fetched anew.

import { api, tell, tellOf, texts as common } from "./praxis.js";

const words = JSON.parse(document.getElementById("texts").textContent);
const EVERY = 2500; // milliseconds between two questions
const PATIENCE = 90_000; // how long a booking tool is waited for
const asked = new Map(); // booking tools that were asked: when they were last asked before, until when

/** Show the parts of the page as they are now; what is unfolded stays so. */
async function renew(focus) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === part.dataset.shown) continue;
    const held = part.contains(document.activeElement) ? document.activeElement : null;
    const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
    part.dataset.shown = now.innerHTML;
    part.replaceChildren(...now.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (held) again(part, held);
  }
  if (focus && isLoose(document.activeElement)) document.getElementById(focus)?.querySelector("h2")?.focus();
  for (const name of asked.keys()) mark(name);
}

/** Whether nobody works there: the focus was on what is gone, or on a message. */
function isLoose(active) {
  return !active || active === document.body || active.closest("#messages") !== null;
}

/** Put the focus back where it was: on the same button of the new part, or on its heading. */
function again(part, held) {
  const same = [...part.querySelectorAll("button, a, summary")].find((one) =>
    one.textContent === held.textContent && one.dataset.act === held.dataset.act && one.dataset.ask === held.dataset.ask);
  (same || part.querySelector("h2"))?.focus();
}

// --- Buttons

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.ask) await ask(button);
  else if (button?.dataset.act && (!button.dataset.sure || await sure(button.dataset.sure))) await act(button);
});

async function act(button) {
  const [method, address] = button.dataset.act.split(" ");
  const part = button.closest("[data-live]");
  button.disabled = true;
  try {
    await api(method, address, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
    const undo = button.dataset.undo?.split(" ");
    const action = undo && { text: common.undo, do: () => takeBack(undo, part.id) };
    await renew(part.id);
    tell(button.dataset.said, { action });
  } catch (error) {
    button.disabled = false;
    tellOf(error);
    // Somebody else may have been quicker.
    if (error.status === 404 || error.status === 409) await renew(part.id).catch(() => null);
  }
}

async function takeBack([method, address], id) {
  try {
    await api(method, address);
    await renew(id);
    tell(words.undone);
  } catch (error) {
    tellOf(error);
  }
}

function sure(text) {
  const dialog = document.getElementById("sure");
  dialog.querySelector("[data-words]").textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}
document.querySelector("#sure [data-no]").addEventListener("click", () => document.getElementById("sure").close(""));
document.querySelector("#sure [data-yes]").addEventListener("click", () => document.getElementById("sure").close("yes"));

// --- Booking tools, and tasks that run

async function ask(button) {
  const name = button.dataset.ask;
  button.disabled = true;
  try {
    await api("POST", `/api/sync/sources/${encodeURIComponent(name)}/run`);
    asked.set(name, { before: button.dataset.attempted, until: Date.now() + PATIENCE });
    tell(words.asked.replace("{}", name));
    mark(name);
    watch();
  } catch (error) {
    button.disabled = false;
    tellOf(error);
  }
}

function mark(name) {
  const button = [...document.querySelectorAll("[data-ask]")].find((one) => one.dataset.ask === name);
  if (!button) return;
  button.disabled = true;
  const state = button.closest("tr").querySelector("[data-state]");
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.textContent = words.asking;
  state.replaceChildren(badge);
}

let seen = "";
let next = null;

/** Ask how far things are, again and again while something runs and somebody looks. */
async function watch() {
  clearTimeout(next);
  next = null;
  if (document.hidden || !isRunning()) return;
  try {
    await look();
  } catch (error) {
    if (error.status === 401 || error.status === 404) return; // the page has said so, or nothing is told
  }
  clearTimeout(next);
  next = setTimeout(watch, EVERY);
}

function isRunning() {
  return asked.size > 0 || document.querySelector("[data-running]") !== null;
}

async function look() {
  let isNew = false;
  if (asked.size) {
    const { items } = await api("GET", "/api/sync/sources");
    for (const [name, { before, until }] of asked) {
      const now = items.find((one) => one.name === name)?.attempted || "";
      const was = before ? Date.parse(before) : 0;
      const isHeard = now !== "" && Date.parse(now) > was;
      if (!isHeard && Date.now() < until) continue;
      asked.delete(name);
      isNew = true;
      tell((isHeard ? words.heard : words.not_heard).replace("{}", name), { kind: isHeard ? "ok" : "warn" });
    }
  }
  if (document.querySelector("[data-running]")) {
    const { items } = await api("GET", "/api/sync/tasks?status=running");
    const now = JSON.stringify(items.map((one) => [one.task_id, one.progress.step]));
    isNew ||= now !== seen;
    seen = now;
  }
  if (isNew) await renew();
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) watch(); });
watch();
