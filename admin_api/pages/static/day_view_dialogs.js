// The dialogs: everything about one appointment, and the form in which one is made, changed or copied.

import { api, clearErrors, showErrors } from "./praxis.js";
import {
  actionsOf, badge, config, dayInWords, dayOf, filled, make, momentOf, nameOf, texts, timeOf, typeCalled, wallOf,
} from "./day_view_words.js";

for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

/** Make what opens the details of an appointment; `act(item, name)` does what its buttons say. */
export function makeDetails(act) {
  const dialog = document.getElementById("details"), title = document.getElementById("details-title");

  return function open(item) {
    title.replaceChildren(`${timeOf(item.start)} `, make("bdi", {}, nameOf(item)));
    document.getElementById("details-badges").replaceChildren(badge(item));
    document.getElementById("details-facts").replaceChildren(...factsOf(item).flatMap(([name, told]) => [
      make("dt", {}, texts.facts[name]), make("dd", {}, told)]));
    document.getElementById("details-actions").replaceChildren(...buttonsOf(item, (name) => {
      dialog.close();
      act(item, name);
    }));
    dialog.showModal();
    title.focus();
  };
}

/** The buttons of what can be done with an appointment. */
export function buttonsOf(item, act, kind = "second") {
  return actionsOf(item).map((name) => make("button", {
    type: "button", class: kind, "data-act": name, on: () => act(name),
  }, texts.actions[name]));
}

function factsOf(item) {
  const patient = item.patient && (config.may.patients
    ? make("a", { href: `/admin/patienten/${item.patient.id}` }, nameOf(item)) : nameOf(item));
  const facts = [
    ["patient", patient && make("span", {}, patient, item.patient.number ? ` (${item.patient.number})` : "")],
    ["when", `${dayInWords(dayOf(item.start))}, ${timeOf(item.start)}–${timeOf(item.end)} (${filled(texts.minutes, { n: item.minutes })})`],
    ["doctor", item.doctor?.name], ["room", item.room?.name], ["type", item.type?.name],
    ["source", texts.sources[item.source] || item.source], ["reason", item.reason], ["notes", item.notes],
    ["patient_notes", item.patient_notes], ["override", item.override], ["cancel_reason", item.cancel_reason],
    ["booked_by", item.booked_by], ["booking", item.booking_id],
  ];
  return facts.filter(([, told]) => told);
}

/** Make the form. `changes` does what it says; returns open(mode, item or place). */
export function makeForm(changes) {
  const dialog = document.getElementById("form-dialog"), form = document.getElementById("form");
  const field = (id) => document.getElementById(id);
  const patients = patientField(field("patient"), field("found"));
  let mode = "new", shown = null;

  function open(asked, told = {}) {
    mode = asked;
    shown = mode === "new" ? null : told;
    clearErrors(form);
    form.reset();
    field("form-title").textContent = shown ? `${texts[mode]}: ${nameOf(shown)}` : texts[mode];
    form.className = `mode-${mode}`;
    for (const [kind, modes] of [["for-new", ["new"]], ["for-what", ["new", "edit"]], ["for-who", ["new", "edit"]]]) {
      form.querySelectorAll(`.${kind}`).forEach((one) => { one.hidden = !modes.includes(mode); });
    }
    patients.set(shown ? shown.patient : told.patient || null);
    const at = shown ? wallOf(shown.start) : told.start;
    field("day").value = at ? dayOf(at) : told.day;
    field("time").value = at ? timeOf(at) : "";
    field("time").step = config.grid * 60;
    const type = shown ? shown.type?.slug : field("type").value;
    if (shown) unlisted(field("type"), shown.type);
    if (type) field("type").value = type;
    choose(field("form-doctor"), shown ? shown.doctor?.slug : told.doctor);
    field("room").value = (shown ? shown.room?.slug : told.room) || "";
    field("minutes").value = (shown ? shown.minutes : told.minutes) || "";
    field("notes-field").value = shown?.notes || "";
    field("patient-notes").value = shown?.patient_notes || "";
    bounds(!field("minutes").value);
    dialog.showModal();
    (mode === "new" && !patients.get() ? field("patient") : mode === "new" ? field("type") : field("day")).focus();
  }

  /** A type that is not booked any more, or that has no short name, stays what it is. */
  function unlisted(list, type) {
    list.querySelectorAll("[data-unlisted]").forEach((one) => one.remove());
    if (type?.slug && [...list.options].some((one) => one.value === type.slug)) return;
    list.prepend(make("option", { value: type?.slug || "", "data-unlisted": true }, type?.name || "–"));
    list.selectedIndex = 0;
  }

  function choose(list, value) {
    if (value && [...list.options].some((one) => one.value === value)) list.value = value;
  }

  function bounds(sets) {
    const type = typeCalled(field("type").value);
    field("bounds").textContent = type ? filled(texts.bounds, type) : "";
    if (type && sets) field("minutes").value = type.minutes;
  }
  field("type").addEventListener("change", () => bounds(true));
  field("somebody-new")?.addEventListener("click", async () => {
    const { askWhoIsNew } = await import("./patient_new.js"); // seldom needed
    askWhoIsNew(patients.get() ? "" : field("patient").value, (patient) => {
      patients.set(patient);
      field("type").focus();
    });
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const faults = [];
    if (mode === "new" && !patients.get()) faults.push([field("patient"), texts.choose_patient]);
    if (!field("day").value) faults.push([field("day"), texts.choose_time]);
    if (!field("time").value) faults.push([field("time"), texts.choose_time]);
    if (faults.length) {
      showErrors(form, "", faults);
      return;
    }
    const pressed = form.querySelector("[type=submit]");
    pressed.disabled = true;
    const done = await sent().finally(() => { pressed.disabled = false; });
    if (done) dialog.close();
  });

  function sent() {
    const start = momentOf(`${field("day").value}T${field("time").value}:00`);
    const doctor = field("form-doctor").value, room = field("room").value, minutes = Number(field("minutes").value) || undefined;
    if (mode === "copy") return changes.copy(shown, { start, doctor }, form);
    const texts = { notes: field("notes-field").value, patient_notes: field("patient-notes").value };
    if (mode === "edit") return edited({ start, doctor, room, minutes, ...texts });
    return changes.book({
      patient_id: patients.get().id, type: field("type").value, doctor, start, status: field("status").value,
      source: field("source").value, ...texts, ...(room && { room }), ...(minutes && { minutes }),
    }, form);
  }

  /** Change what is otherwise: first what it is, then where, so that a length that the new type allows
   * is not measured by the old one. */
  async function edited(now) {
    const body = {};
    for (const name of ["notes", "patient_notes"]) if (now[name] !== shown[name]) body[name] = now[name];
    const type = field("type").value, patient = patients.get();
    if (type && type !== (shown.type?.slug || "")) body.type = type;
    if (patient && patient.id !== shown.patient?.id) body.patient_id = patient.id;
    const moves = now.doctor !== shown.doctor?.slug || Date.parse(now.start) !== Date.parse(shown.start);
    const minutes = now.minutes && now.minutes !== shown.minutes ? now.minutes : null;
    const room = now.room !== (shown.room?.slug || "");
    if (!moves && minutes) body.minutes = minutes;
    if (room && (!moves || !now.room)) body.room = now.room || null;
    let item = shown;
    if (Object.keys(body).length) item = await changes.change(item, body, form);
    if (item) shown = item;
    if (!item || !moves) return item;
    const where = { start: now.start, ...(now.doctor !== item.doctor?.slug && { doctor: now.doctor }) };
    return changes.move(item, { ...where, ...(minutes && { minutes }), ...(room && now.room && { room: now.room }) }, form, Object.keys(body).length > 0);
  }

  return open;
}

/** The field in which a patient is looked for while one types. */
function patientField(input, list) {
  let chosen = null, asked = 0, timer = null;

  function set(patient) {
    chosen = patient;
    input.value = patient ? labelOf(patient) : "";
    hide();
  }
  function hide() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function look() {
    const words = input.value.trim(), turn = ++asked;
    if (words.length < 2) { hide(); return; }
    const found = await api("GET", `/api/patients?${new URLSearchParams({ search: words, limit: "8" })}`).catch(() => null);
    if (turn !== asked || !found) return;
    list.replaceChildren(...found.items.map((one, index) => make("li", {
      role: "option", id: `found-${index}`, "aria-selected": "false", on: () => { set(one); input.focus(); },
    }, labelOf(one))));
    if (!found.items.length) list.append(make("li", { role: "option", "aria-disabled": "true" }, texts.nobody_found));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    list.onchosen = (index) => found.items[index] && set(found.items[index]);
  }

  input.addEventListener("input", () => {
    chosen = null;
    clearTimeout(timer);
    timer = setTimeout(look, 180);
  });
  input.addEventListener("blur", () => setTimeout(hide, 200));
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const options = [...list.querySelectorAll("[aria-selected]")];
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const to = (at + (event.key === "ArrowDown" ? 1 : options.length + (at < 0 ? 0 : -1))) % options.length;
      options.forEach((one, index) => one.setAttribute("aria-selected", String(index === to)));
      if (options[to]) input.setAttribute("aria-activedescendant", options[to].id);
      options[to]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      list.onchosen(Math.max(at, 0));
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  });

  return { set, get: () => chosen };
}

function labelOf(patient) {
  const name = patient.name || [patient.last_name, patient.first_name].filter(Boolean).join(", ");
  const born = patient.birth_date ? ` *${patient.birth_date.split("-").reverse().join(".")}` : "";
  return `${name}${born}${patient.number ? ` (${patient.number})` : ""}`;
}
