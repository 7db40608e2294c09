// Booking by patients: keeps the chosen time while the form is filled in, books it, and says in
// which height it likes to be shown by another website.

import { api, clearErrors, Refused, saidBy, showErrors } from "./praxis.js";
import { saidOf } from "./for_patients.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const origins = JSON.parse(document.getElementById("origins").textContent);
const chosen = document.getElementById("chosen");
const form = document.getElementById("book");
const held = document.getElementById("held");
const KEPT = "buchen.hold";

// --- in a website

function tellHeight() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  const around = location.ancestorOrigins?.[0];
  for (const origin of origins) {
    if (!around || around === origin) parent.postMessage({ kind: "praxis-buchen", height }, origin);
  }
}

if (parent !== window && origins.length) new ResizeObserver(tellHeight).observe(document.body);

// --- the time that is kept; a browser may forbid pages in websites to remember anything

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function remember(hold) {
  try {
    if (hold) sessionStorage.setItem(KEPT, JSON.stringify(hold));
    else sessionStorage.removeItem(KEPT);
  } catch { /* it is kept as long as the page is open */ }
}

async function letGo() {
  const hold = remembered();
  remember(null);
  if (hold) await api("DELETE", "/api/patient-portal/hold", { hold: hold.hold }).catch(() => null);
  return hold;
}

let hold = null;

async function keep() {
  const slot = { type: chosen.dataset.type, doctor: chosen.dataset.doctor, start: chosen.dataset.start };
  const name = Object.values(slot).join(" ");
  const before = remembered();
  if (before?.name === name && Date.parse(before.until) > Date.now()) hold = before;
  else {
    await letGo();
    try {
      const told = await api("POST", "/api/patient-portal/hold", slot);
      hold = { name, hold: told.hold, until: told.until };
      remember(hold);
    } catch (error) {
      const [kind, said] = saidOf(error, texts);
      if (kind === "taken" || kind === "rule") {
        refuse(said);
        return;
      }
      held.textContent = said ?? "";
      return;
    }
  }
  count();
}

function count() {
  const seconds = hold ? Math.round((Date.parse(hold.until) - Date.now()) / 1000) : 0;
  if (!hold) return;
  if (seconds <= 0) {
    hold = null;
    remember(null);
    held.textContent = texts.over;
    return;
  }
  // Said once a minute to who listens; a clock that ticks would not let them hear anything else.
  const minutes = seconds > 60 ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`;
  if (seconds > 60 || seconds % 15 === 0 || !held.textContent) {
    const said = texts.held.replace("{minutes}", minutes);
    if (held.textContent !== said) held.textContent = said;
  }
  setTimeout(count, 1000);
}

function refuse(said) {
  form.querySelector("[type=submit]").disabled = true;
  showErrors(form, said);
}

// --- the form

function faults() {
  const found = [];
  for (const field of form.elements) {
    if (!field.willValidate || !field.name) continue;
    field.value = field.type === "checkbox" ? field.value : field.value.trim();
    if (field.validity.valueMissing) found.push([field, field.validity.badInput ? texts.wrong_birth : texts.needed]);
    else if (field.type === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(field.value)) found.push([field, texts.wrong_email]);
    else if (field.type === "date" && (!field.validity.valid || field.value > new Date().toISOString().slice(0, 10))) found.push([field, texts.wrong_birth]);
    else if (!field.validity.valid) found.push([field, texts.wrong]);
  }
  return found;
}

async function book() {
  clearErrors(form);
  const wrong = faults();
  if (wrong.length) {
    showErrors(form, "", wrong);
    return;
  }
  const slot = hold
    ? { hold: hold.hold }
    : { type: chosen.dataset.type, doctor: chosen.dataset.doctor, start: chosen.dataset.start };
  const said = { ...saidBy(form), ...slot };
  if (said.person) said.language = form.dataset.language;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const [method, address] = form.dataset.api.split(" ");
    showDone(await api(method, address, said));
    return;
  } catch (error) {
    const [kind, sentence] = saidOf(error, texts);
    const pointed = error instanceof Refused ? (error.problem.errors || []).map((one) => fieldOf(one.pointer)) : [];
    const fields = [...new Set(pointed.filter(Boolean))].map((field) => [field, texts.wrong]);
    if (kind === "over") {
      hold = null;
      remember(null);
    }
    showErrors(form, sentence, fields);
  }
  button.disabled = false;
}

function fieldOf(pointer) {
  return form.elements.namedItem(pointer.replace(/^\//, "").replaceAll("/", "."));
}

function showDone(told) {
  hold = null;
  remember(null);
  const pending = told.status === "pending";
  // Back does not lead to a form that books the same again.
  history.replaceState(null, "", pending ? form.dataset.asked : form.dataset.booked);
  const done = document.getElementById("done");
  for (const one of done.querySelectorAll("[data-done]")) one.hidden = one.dataset.done !== told.status;
  const facts = chosen.querySelectorAll("dd");
  const values = { type: facts[0].textContent, doctor: told.doctor_name, time: facts[2].textContent, room: told.room_name };
  for (const [name, value] of Object.entries(values)) done.querySelector(`[data-told=${name}]`).textContent = value ?? "";
  for (const one of done.querySelectorAll("[data-room]")) one.hidden = !told.room_name;
  document.getElementById("booked").hidden = false;
  const file = document.getElementById("ics");
  file.href = URL.createObjectURL(new Blob([told.calendar], { type: "text/calendar" }));
  file.hidden = false;
  chosen.hidden = true;
  form.hidden = true;
  document.querySelector(".steps").hidden = true;
  done.hidden = false;
  done.focus();
  done.scrollIntoView({ block: "nearest" });
}

if (form) {
  keep();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    book();
  });
  document.getElementById("other-time").addEventListener("click", async (event) => {
    event.preventDefault();
    const { href } = event.currentTarget;
    await letGo();
    location.assign(href);
  });
} else if (remembered()) {
  // Somebody went back to choose again: what was kept is free once more, also on this page.
  if (await letGo()) location.reload();
}

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
