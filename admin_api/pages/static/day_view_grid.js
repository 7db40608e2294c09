// The calendar itself: doctors or rooms side by side, or one doctor's week. What is dragged is told to
// whoever made it; what it would hit is marked meanwhile, by what is loaded. The server decides.

import {
  config, dayOf, filled, groupOf, icon, isOn, locale, make, minutesBetween, movable, nameOf, plusDays, plusMinutes,
  standOf, texts, timeOf, typeCalled, wallOf, wallOfDate,
} from "./day_view_words.js";

const NOWHERE = "-";
const HEIGHTS = { 5: 13, 10: 24, 15: 34 };

/** Make the calendar in `place`. `on` has open(item), moved(item, where, revert), create(where). */
export function makeGrid(place, on) {
  let items = new Map();
  let data = null;
  let view = "tag";
  let isDragging = false;
  const hint = document.getElementById("hint");
  const held = () => isDragging;

  const calendar = EventCalendar.create(place, {
    view: "resourceTimeGridDay", date: config.today, locale, firstDay: 1,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false, nowIndicator: true, slotEventOverlap: false, flexibleSlotTimeLimits: true,
    slotDuration: { minutes: config.grid }, snapDuration: { minutes: config.grid }, slotHeight: HEIGHTS[config.grid],
    slotLabelInterval: { minutes: 30 }, slotLabelFormat: { hour: "2-digit", minute: "2-digit" },
    eventTimeFormat: { hour: "2-digit", minute: "2-digit" },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "numeric" },
    columnWidth: "minmax(8.5rem, 1fr)", longPressDelay: 500, resources: [], events: [],
    editable: false, selectable: Boolean(config.may.create && config.may.patients),
    eventContent: ({ event }) => ({ domNodes: contentOf(event) }),
    eventClick: ({ event }) => { const item = items.get(event.id); if (item) on.open(item); },
    eventDragStart: begin, eventResizeStart: begin, eventDragStop: end, eventResizeStop: end,
    dragConstraint: (info) => allowed(info.event, true), resizeConstraint: (info) => allowed(info.event, false),
    eventDrop: (info) => dropped(info), eventResize: (info) => dropped(info),
    select: (info) => { calendar.unselect(); on.create(placeOf(info.start, info.resource?.id, info.end)); },
    dateClick: (info) => {
      if (config.may.create && config.may.patients) on.create(placeOf(info.date, info.resource?.id));
    },
    eventAllUpdated: () => { unroled(); on.drawn(); },
  });

  /** The component calls itself a table, of rows without cells; what it has are headings and buttons. */
  function unroled() {
    for (const one of place.querySelectorAll(".ec-bg-event.closed")) one.setAttribute("aria-hidden", "true");
    for (const one of place.querySelectorAll("[role]:not(.ec-event)")) {
      one.removeAttribute("role");
      for (const { name } of [...one.attributes]) if (/^aria-(col|row)/.test(name)) one.removeAttribute(name);
    }
  }

  function placeOf(date, column, until) {
    const start = wallOfDate(date);
    return {
      start, minutes: until ? minutesBetween(start, wallOfDate(until)) : null,
      doctor: view === "tag" ? column : data?.doctor || null,
      room: view === "raeume" && column !== NOWHERE ? column : null,
    };
  }

  // --- dragging

  function begin() { isDragging = true; }
  function end() { isDragging = false; unmark(); }

  let marked = "";
  function allowed(event, isMove) {
    const item = items.get(event.id);
    if (!item) return false;
    const start = wallOfDate(event.start), until = wallOfDate(event.end), column = event.resourceIds[0];
    if (view === "raeume" && isMove && column === NOWHERE && item.room) return false;
    const type = typeCalled(item.type?.slug), minutes = minutesBetween(start, until);
    if (!isMove && type && (minutes < type.least || minutes > type.most)) return false;
    const now = `${start} ${until} ${column}`;
    if (now !== marked) { marked = now; mark(item, start, until, column); }
    return true;
  }

  function mark(item, start, until, column) {
    const doctor = view === "tag" ? column : item.doctor?.slug;
    const room = view === "raeume" ? column : item.room?.slug;
    const hits = [...items.values()].filter((other) => other.id !== item.id && isOn(other)
      && wallOf(other.start) < until && start < wallOf(other.end)
      && (other.doctor?.slug === doctor || (room && other.room?.slug === room)
        || (item.patient && other.patient?.id === item.patient.id)));
    place.querySelectorAll(".hit").forEach((one) => one.classList.remove("hit"));
    hits.forEach((other) => elementOf(other.id)?.classList.add("hit"));
    const busy = data.busy.some((other) => (!other.doctor || other.doctor.slug === doctor)
      && wallOf(other.start) < until && start < wallOf(other.end));
    const names = hits.map((other) => `${nameOf(other)} ${timeOf(other.start)}`);
    if (busy) names.push(texts.busy);
    if (!isOpen(doctor, start, until)) names.push(texts.outside);
    place.classList.toggle("over-something", names.length > 0);
    hint.hidden = false;
    hint.classList.toggle("bad", names.length > 0);
    hint.textContent = `${timeOf(start)}–${timeOf(until)}` + (names.length ? ` · ${filled(texts.hit, { names: names.join(", ") })}` : "");
  }

  function unmark() {
    marked = "";
    hint.hidden = true;
    place.classList.remove("over-something");
    place.querySelectorAll(".hit").forEach((one) => one.classList.remove("hit"));
  }

  function isOpen(doctor, start, until) {
    const own = data.hours.find((one) => one.doctor.slug === doctor);
    return !own || own.openings.some((one) => wallOf(one.start) <= start && until <= wallOf(one.end));
  }

  function dropped(info) {
    unmark();
    const item = items.get(info.event.id);
    const start = wallOfDate(info.event.start), minutes = minutesBetween(start, wallOfDate(info.event.end));
    const column = info.event.resourceIds[0];
    const where = { start };
    if (minutes !== item.minutes) where.minutes = minutes;
    if (view === "tag" && column !== item.doctor?.slug) where.doctor = column;
    if (view === "raeume" && column !== (item.room?.slug ?? NOWHERE)) where.room = column;
    on.moved(item, where, info.revert);
  }

  // --- what is drawn

  function columnOf(one) {
    return view === "raeume" ? one.room?.slug ?? NOWHERE : one.doctor?.slug;
  }

  function drawnOf(item) {
    const stand = standOf(item), group = groupOf(item);
    return {
      id: String(item.id), resourceIds: [columnOf(item)], start: wallOf(item.start), end: wallOf(item.end),
      title: nameOf(item), extendedProps: { item }, styles: [`--hue: ${group.color}`],
      classNames: ["appointment", `is-${stand.key.toLowerCase()}`, item.minutes <= 20 ? "short" : "long"],
      startEditable: movable(item), durationEditable: movable(item),
    };
  }

  function shadeOf(columns, days) {
    const shades = [];
    for (const column of columns) {
      const own = data.hours.find((one) => one.doctor.slug === column);
      if (!own) continue;
      for (const day of days) {
        let from = `${day}T00:00:00`;
        for (const one of own.openings.filter((opening) => dayOf(opening.start) === day)) {
          if (from < wallOf(one.start)) shades.push(shade(column, from, wallOf(one.start), "closed"));
          from = wallOf(one.end);
        }
        const midnight = `${plusDays(day, 1)}T00:00:00`;
        if (from < midnight) shades.push(shade(column, from, midnight, "closed"));
      }
    }
    return shades;
  }

  const shade = (column, start, until, kind, title = "") => ({
    resourceIds: [column], start, end: until, title, display: "background", classNames: [kind],
  });

  function labelled(one, kind, words, columns) {
    const concerned = view === "raeume"
      ? columns.filter((column) => one.room?.slug === column)
      : columns.filter((column) => !one.room && (!one.doctor || one.doctor.slug === column));
    return concerned.map((column) => shade(column, wallOf(one.start), wallOf(one.end), kind, words));
  }

  function columns(doctor) {
    if (view === "raeume") return [...config.rooms.map((one) => [one.slug, one.name]), [NOWHERE, texts.no_room]];
    return config.doctors.filter((one) => !doctor || one.slug === doctor).map((one) => [one.slug, one.name]);
  }

  function limits() {
    const times = data.hours.flatMap((one) => one.openings).map((one) => [timeOf(one.start), timeOf(one.end)]);
    const first = times.map((one) => one[0]).sort()[0] || "08:00";
    const last = times.map((one) => one[1]).filter((one) => one !== "00:00").sort().at(-1) || "18:00";
    const before = Math.max(0, Number(first.slice(0, 2)) - 1), after = Math.min(24, Number(last.slice(0, 2)) + 2);
    return { min: `${String(before).padStart(2, "0")}:00`, max: `${after}:00`, first };
  }

  /** Draw what is loaded. `shown` says which of it; a change of day scrolls to the opening hour. */
  function draw(loaded, { view: asked, day, doctor, shown }) {
    const scrolls = !data || data.first !== loaded.first || view !== asked || data.doctor !== doctor;
    data = { ...loaded, doctor };
    view = asked;
    const isWeek = asked === "woche";
    items = new Map(shown.map((one) => [String(one.id), one]));
    const beside = columns(doctor);
    const slugs = beside.map((one) => one[0]);
    const days = [];
    for (let one = loaded.first; one <= loaded.last; one = plusDays(one, 1)) days.push(one);
    const events = [
      ...(view === "raeume" ? [] : shadeOf(slugs, days)),
      ...data.closed.flatMap((one) => labelled(one, "absent", one.reason || texts.closed, slugs)),
      ...(view === "raeume" ? [] : data.busy.flatMap((one) => labelled(one, "blocked", texts.busy, slugs))),
      ...shown.filter((one) => slugs.includes(columnOf(one))).map(drawnOf),
    ];
    const focused = document.activeElement?.closest?.(".ec-event")?.querySelector("[data-id]")?.dataset.id;
    if (scrolls) {
      const { min, max, first } = limits();
      const weekend = [6, 0].filter((one) => !isNeeded(one));
      calendar.setOption("slotMinTime", min).setOption("slotMaxTime", max).setOption("scrollTime", first)
        .setOption("hiddenDays", isWeek ? weekend : [])
        .setOption("resources", isWeek ? [] : beside.map(([id, title]) => ({ id, title })))
        .setOption("view", isWeek ? "timeGridWeek" : "resourceTimeGridDay").setOption("date", day);
    }
    calendar.setOption("events", events);
    if (focused) requestAnimationFrame(() => elementOf(focused)?.focus());
  }

  function isNeeded(weekday) {
    const on = (one) => new Date(`${dayOf(one.start)}T00:00:00Z`).getUTCDay() === weekday;
    return data.items.some(on) || data.hours.some((one) => one.openings.some(on));
  }

  const elementOf = (id) => place.querySelector(`[data-id="${id}"]`)?.closest(".ec-event");

  place.addEventListener("keydown", (event) => {
    const here = event.target.closest?.(".appointment");
    if (!here || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    neighbour(here, event.key.slice(5))?.focus();
  });

  function neighbour(here, way) {
    const box = here.getBoundingClientRect();
    const sideways = way === "Left" || way === "Right", sign = way === "Down" || way === "Right" ? 1 : -1;
    let best = null, least = Infinity;
    for (const other of place.querySelectorAll(".appointment")) {
      const there = other.getBoundingClientRect();
      const across = there.left + there.width / 2 - box.left - box.width / 2, along = there.top - box.top;
      const on = sideways ? across : along, off = sideways ? along : across;
      if (other === here || on * sign < (sideways ? box.width / 2 : 1)) continue;
      const far = Math.abs(on) + Math.abs(off) * (sideways ? 0.5 : 20);
      if (far < least) { least = far; best = other; }
    }
    return best;
  }

  return { draw, held, focus: (id) => elementOf(id)?.focus(), calendar };
}

function contentOf(event) {
  if (event.display === "background") return event.title ? [make("span", { class: "why" }, event.title)] : [];
  const item = event.extendedProps.item;
  if (!item) return [];
  const stand = standOf(item), group = groupOf(item);
  const start = timeOf(wallOfDate(event.start)), until = timeOf(wallOfDate(event.end));
  const what = [item.type?.name, item.room?.name].filter(Boolean).join(" · ");
  const state = stand.key === "CONFIRMED" ? null
    : make("span", { class: "state" }, icon(stand.icon), " ", texts.states[stand.key]);
  return [make("span", { class: "inside", "data-id": item.id, title: `${start}–${until} ${nameOf(item)}, ${what}` },
    make("span", { class: "letters", "aria-hidden": "true" }, group.letters),
    make("span", { class: "when" }, start, make("span", { class: "until" }, `–${until}`), " "),
    make("strong", { class: "who" }, nameOf(item)), " ", state, " ",
    make("span", { class: "what" }, what))];
}
