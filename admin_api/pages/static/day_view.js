// The calendar: which day is looked at and how, loaded for what is in view and kept as it changes.

import { tell, tellOf } from "./praxis.js";
import { makeChanges } from "./day_view_changes.js";
import { listen, load } from "./day_view_data.js";
import { makeDetails, makeForm } from "./day_view_dialogs.js";
import { makeGrid } from "./day_view_grid.js";
import { drawList } from "./day_view_list.js";
import {
  actionsOf, config, dayInWords, dayOf, filled, groupOf, icon, isOn, make, mondayOf, momentOf, plusDays, texts, timeOf, wallAt,
} from "./day_view_words.js";

const NARROW = 700;
const field = (id) => document.getElementById(id);
const state = {
  day: config.asked.day,
  view: config.asked.view || (innerWidth < NARROW ? "liste" : "tag"),
  doctor: config.asked.doctor,
  cancelled: false,
};
let data = null, drawn = "", turn = 0, isDirty = false, isMoving = false;
let isLent = false; // a week is one doctor's: without a choice it is the first one's, until it is a day again

const page = {
  replaced(item) {
    if (!item?.id || !data) return;
    const others = data.items.filter((one) => one.id !== item.id);
    const isHere = dayOf(item.start) >= data.first && dayOf(item.start) <= data.last;
    data = { ...data, items: isHere ? [...others, item].sort((a, b) => a.start.localeCompare(b.start) || a.id - b.id) : others };
    draw();
  },
  reload: () => refresh(true),
  undoable: (is) => { field("undo").disabled = !is; },
  focus(item) { if (state.view !== "liste") grid.focus(item.id, field("undo")); },
};
const changes = makeChanges(page);
const openForm = makeForm(changes);

async function act(item, name) {
  if (name === "edit" || name === "copy") openForm(name, item);
  else {
    await changes.act(item, name);
    page.focus(item);
  }
}

const details = makeDetails(act);
const grid = makeGrid(field("grid"), {
  open: details,
  create: (place) => openForm("new", { ...place, doctor: place.doctor || state.doctor }),
  async moved(item, where, revert) {
    isMoving = true;
    const done = await changes.move(item, { ...where, start: momentOf(where.start) });
    isMoving = false;
    if (!done) { revert(); drawn = ""; draw(); }
    if (isDirty) refresh();
    grid.focus(item.id);
  },
  released: () => setTimeout(() => { if (isDirty && !isMoving) refresh(); }, 50),
  say: (words) => tell(words, { kind: "warn" }),
  cancel(item) {
    const name = ["cancel", "decline"].find((one) => actionsOf(item).includes(one));
    if (name) act(item, name);
  },
  drawn: () => performance.mark("calendar-drawn"),
});

// --- what is in view

function range() {
  if (state.view !== "woche") return { first: state.day, last: state.day, doctor: "" };
  const monday = mondayOf(state.day);
  return { first: monday, last: plusDays(monday, 6), doctor: state.doctor };
}

/** Load what is in view and draw it; not while something is dragged, unless it is `needed`. */
async function refresh(needed = false) {
  if (grid.held() && !needed) { isDirty = true; return; }
  isDirty = false;
  const mine = ++turn;
  field("grid-part").setAttribute("aria-busy", "true");
  try {
    const loaded = await load(range());
    if (mine !== turn) return;
    if (grid.held()) { isDirty = true; return; }
    data = loaded;
    draw();
  } catch (error) {
    tellOf(error);
  } finally {
    if (mine === turn) field("grid-part").removeAttribute("aria-busy");
  }
}

function draw() {
  // What is as it was drawn is left alone: focus, and where one has scrolled to, stay.
  const now = JSON.stringify([state, data]);
  if (now === drawn) return;
  drawn = now;
  const shown = data.items.filter((one) => state.cancelled || isOn(one));
  const isList = state.view === "liste";
  field("grid-part").hidden = isList;
  field("list").hidden = !isList;
  if (isList) list();
  else grid.draw(data, { view: state.view, day: state.day, doctor: state.doctor, shown });
  legend(shown);
  notes();
}

function list() {
  const items = data.items.filter((one) => (state.cancelled || isOn(one)) && (!state.doctor || one.doctor?.slug === state.doctor));
  drawList(field("list"), { items, doctor: state.doctor, first: data.first, last: data.last }, { open: details, act });
}

function legend(shown) {
  const groups = new Set(shown.map(groupOf));
  const entry = (kind, words, ...sign) => make("span", { role: "listitem", class: "entry" }, make("span", { class: `sign ${kind}`, "aria-hidden": "true" }, ...sign), words);
  const told = [...groups].map((one) => {
    const made = entry("group", one.name, one.letters);
    made.firstChild.style.setProperty("--hue", one.color);
    return made;
  });
  field("legend").replaceChildren(...told, entry("asked", texts.legend_asked, icon("wait")), entry("shut", texts.legend_closed));
}

function notes() {
  field("notes").replaceChildren(...data.holidays.map((one) => make("p", { class: "notice" },
    make("span", {}, `${texts.holiday}: ${one.name} (${dayInWords(one.date, { weekday: "short", day: "numeric", month: "numeric" })})`))));
}

// --- going somewhere

function show(change, remember = true) {
  Object.assign(state, change);
  const isWeek = state.view === "woche";
  if ("doctor" in change) isLent = false;
  if (isWeek && !state.doctor) {
    state.doctor = config.doctors[0]?.slug || "";
    isLent = true;
  } else if (!isWeek && isLent) {
    state.doctor = "";
    isLent = false;
  }
  field("title").textContent = isWeek ? filled(texts.week, { day: dayInWords(mondayOf(state.day), { day: "numeric", month: "long", year: "numeric" }) }) : dayInWords(state.day);
  field("date").value = state.day;
  field("doctor").value = state.doctor;
  field("doctor").parentElement.hidden = state.view === "raeume"; // a room is taken, by whomever
  for (const one of document.querySelectorAll("[data-view]")) one.setAttribute("aria-pressed", String(one.dataset.view === state.view));
  if (remember) {
    const query = new URLSearchParams({ tag: state.day, ansicht: state.view, ...(state.doctor && !isLent && { arzt: state.doctor }) });
    history.replaceState(null, "", `?${query}`);
  }
  return refresh(true);
}

const step = (sign) => show({ day: plusDays(state.day, sign * (state.view === "woche" ? 7 : 1)) });
field("before").addEventListener("click", () => step(-1));
field("after").addEventListener("click", () => step(1));
field("today").addEventListener("click", () => show({ day: dayOf(wallAt(Date.now())) }));
field("date").addEventListener("change", (event) => { if (event.target.value) show({ day: event.target.value }); });
field("doctor").addEventListener("change", (event) => show({ doctor: event.target.value }));
field("cancelled").addEventListener("change", (event) => { state.cancelled = event.target.checked; draw(); });
for (const one of document.querySelectorAll("[data-view]")) one.addEventListener("click", () => show({ view: one.dataset.view }));
field("new")?.addEventListener("click", () => openForm("new", { day: state.day, doctor: state.doctor }));
field("print").addEventListener("click", () => window.print());
addEventListener("beforeprint", () => {
  if (data) list();
  field("printed").textContent = filled(texts.printed, { when: `${dayInWords(dayOf(wallAt(Date.now())), { day: "numeric", month: "numeric", year: "numeric" })}, ${timeOf(wallAt(Date.now()))}` });
});

field("undo").addEventListener("click", changes.undo);
addEventListener("keydown", (event) => {
  const isOurs = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!isOurs || event.target.closest?.("input, textarea, select, dialog") || field("undo").disabled) return;
  event.preventDefault();
  changes.undo();
});

let isCutOff = false, settled = null;
listen(() => refresh(), (isConnected) => {
  if (isConnected && !isCutOff) return;
  isCutOff = !isConnected;
  clearTimeout(settled);
  const words = isConnected ? texts.live_on : filled(texts.live_off, { time: timeOf(wallAt(Date.now())) });
  field("live").className = `badge ${isConnected ? "ok" : "warn"}`;
  field("live").replaceChildren(icon(isConnected ? "ok" : "warn"), words);
  if (isConnected) settled = setTimeout(() => field("live").replaceChildren(), 6000);
});

await show({}, false);
performance.mark("calendar-loaded");
document.body.dataset.loaded = "";
if (config.patient) openForm("new", { day: state.day, doctor: state.doctor, patient: config.patient });
