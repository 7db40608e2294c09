// Booking for one patient: the next free times as buttons, one press books, another takes it back.

import { Refused, api, showErrors, clearErrors, tell } from "./praxis.js";
import { filled, language, made, renewed, tellRefused, texts, worded } from "./patient_forms.js";

const place = document.getElementById("booking");
const form = document.getElementById("find-free");
const free = document.getElementById("free");
const locale = language === "de" ? "de-DE" : "en-GB";
const zone = { timeZone: place.dataset.zone };
const days = new Intl.DateTimeFormat(locale, { ...zone, weekday: "short", day: "numeric", month: "short", year: "numeric" });
const times = new Intl.DateTimeFormat(locale, { ...zone, hour: "2-digit", minute: "2-digit" });
const MOST = 12;
const FAR = 60;
let round = 0;

function doctorsOf(kind) {
  const option = [...form.elements.type.options].find((one) => one.value === kind);
  return option.dataset.doctors.split(",").filter(Boolean);
}

/** Only doctors who do what is asked for are to be chosen. */
function narrow() {
  const will = doctorsOf(form.elements.type.value);
  for (const option of form.elements.doctors.options) {
    option.disabled = option.hidden = Boolean(option.value && will.length && !will.includes(option.value));
  }
  if (form.elements.doctors.selectedOptions[0]?.disabled) form.elements.doctors.value = "";
}

function nameOf(slug) {
  return [...form.elements.doctors.options].find((one) => one.value === slug)?.textContent ?? slug;
}

async function look(from) {
  const mine = ++round;
  clearErrors(form);
  if (!form.elements.from.checkValidity()) {
    showErrors(form, "", [[form.elements.from, texts.fields.date]]);
    return;
  }
  const until = new Date(Date.parse(from) + FAR * 86_400_000).toISOString().slice(0, 10);
  const query = new URLSearchParams({ type: form.elements.type.value, from, until, patient_id: place.dataset.patient, limit: MOST });
  if (form.elements.doctors.value) query.set("doctors", form.elements.doctors.value);
  free.replaceChildren(made("p", { className: "soft", textContent: texts.looking }));
  try {
    const found = await api("GET", `/api/booking/availability?${query}`);
    if (mine === round) show(found.items);
  } catch (error) {
    if (mine !== round) return;
    free.replaceChildren();
    showErrors(form, worded(error));
  }
}

/** Show free times by day; `lead` says why, if it is not because somebody asked. */
function show(slots, lead = "") {
  free.replaceChildren();
  if (lead) free.append(made("p", { className: "notice warn", textContent: lead }));
  if (!slots.length) {
    free.append(made("p", { className: "soft", textContent: filled(texts.nothing_free, { days: FAR }) }));
    return;
  }
  let day = "";
  let list = null;
  for (const slot of slots) {
    const start = new Date(slot.start);
    if (days.format(start) !== day) {
      day = days.format(start);
      const id = `free-${free.childElementCount}`;
      list = made("ul", { className: "slots" });
      list.setAttribute("aria-labelledby", id);
      free.append(made("h3", { id, textContent: day }), list);
    }
    const button = made("button", { type: "button", className: "second" },
      made("b", { textContent: times.format(start) }), " ", made("span", { textContent: slot.doctor?.name ?? "" }));
    button.addEventListener("click", () => book(slot, button));
    list.append(made("li", {}, button));
  }
  if (slots.length >= MOST) {
    const later = made("button", { type: "button", className: "quiet", textContent: texts.later });
    const after = new Date(Date.parse(slots.at(-1).start) + 60_000).toISOString();
    later.addEventListener("click", async () => { await look(after); free.querySelector("button")?.focus(); });
    free.append(later);
  }
}

async function book(slot, button) {
  const asked = {
    patient_id: Number(place.dataset.patient),
    type: form.elements.type.value,
    doctor: slot.doctor.slug,
    start: slot.start,
    ...(slot.room ? { room: slot.room.slug } : {}),
  };
  for (const one of free.querySelectorAll("button")) one.disabled = true;
  try {
    const booked = await api("POST", "/api/booking/appointments", asked);
    free.replaceChildren();
    await renewed(location.href, "appointments");
    const start = new Date(booked.start);
    const told = { day: days.format(start), time: times.format(start), doctor: booked.doctor?.name ?? "" };
    const undo = { text: texts.undo, do: () => takeBack(booked) };
    const message = tell(filled(texts.booked, told), { lasts: 30_000, action: "undo" in place.dataset ? undo : undefined });
    message.querySelector("button").focus({ preventScroll: true });
  } catch (error) {
    for (const one of free.querySelectorAll("button")) one.disabled = false;
    if (error instanceof Refused && error.problem.alternatives?.length) {
      show(error.problem.alternatives.map((one) => ({
        ...one,
        doctor: { slug: one.doctor ?? slot.doctor.slug, name: nameOf(one.doctor ?? slot.doctor.slug) },
        room: one.room ? { slug: one.room } : null,
      })), texts.taken);
      free.querySelector("button")?.focus();
    } else {
      tellRefused(error);
      button.focus();
    }
  }
}

async function takeBack(booked) {
  try {
    await api("DELETE", `/api/booking/appointments/${booked.id}`, { reason: texts.undo_reason });
    await renewed(location.href, "appointments");
    tell(texts.undone);
  } catch (error) {
    tellRefused(error);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look(form.elements.from.value);
});
form.addEventListener("change", () => {
  narrow();
  if (free.childElementCount) look(form.elements.from.value);
});
narrow();
