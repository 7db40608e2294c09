// The calendar itself: doctors or rooms side by side, or one doctor's week. What is dragged, by mouse,
// finger or key, is told to whoever made it.

import { makeMarks } from "./day_view_conflicts.js";
import { listenToKeys } from "./day_view_keys.js";
import {
  config, dayInWords, dayOf, filled, groupOf, icon, locale, make, minutesBetween, movable, nameOf, plusDays, plusMinutes,
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
  const { mark, unmark } = makeMarks(place, hint, () => ({ items, data, view, elementOf }));
  let slugs = [], shownDays = [];

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
    eventContent: ({ event }) => ({ domNodes: contentOf(event, view) }),
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

  let isGivenUp = false;
  function begin() { isDragging = true; isGivenUp = false; }
  function end() { isDragging = false; place.classList.remove("resized"); unmark(); on.released(); }

  // The component knows no way out of dragging: what was given up is put back when it is let go.
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isDragging) { isGivenUp = true; unmark(); }
  });

  function allowed(event, isMove) {
    const item = items.get(event.id);
    if (!item || isGivenUp) return false;
    const start = wallOfDate(event.start), asked = wallOfDate(event.end), column = event.resourceIds[0];
    if (isMove && !mayStand(item, column)) { unmark(); return false; }
    const until = isMove ? asked : within(item, start, asked);
    if (!isMove) bound(item);
    mark(item, start, until, column, until === asked ? "" : filled(texts.bounds, typeCalled(item.type.slug)));
    return true;
  }

  /** As the component has no bounds for a length, what is drawn while it changes is kept within them. */
  function bound(item) {
    const type = typeCalled(item.type?.slug), pixels = HEIGHTS[config.grid] / config.grid;
    place.style.setProperty("--shortest", type ? `${type.least * pixels}px` : "0");
    place.style.setProperty("--longest", type ? `${type.most * pixels}px` : "none");
    place.classList.add("resized");
  }

  const mayStand = (item, column) => !(view === "raeume" && column === NOWHERE && item.room);

  function dropped({ event, revert }) {
    const item = items.get(event.id), start = wallOfDate(event.start), until = within(item, start, wallOfDate(event.end));
    const column = event.resourceIds[0];
    const isAsBefore = start === wallOf(item.start) && until === wallOf(item.end) && column === columnOf(item);
    if (isGivenUp || isAsBefore) revert();
    else drop({ item, start, until, column }, revert);
  }

  function drop({ item, start, until, column }, revert = () => back(item)) {
    unmark();
    const minutes = minutesBetween(start, until);
    const where = { start };
    // What the clock shows, and not how long it takes: that is another thing when clocks are changed.
    if (minutes !== minutesBetween(wallOf(item.start), wallOf(item.end))) where.minutes = minutes;
    if (view === "tag" && column !== item.doctor?.slug) where.doctor = column;
    if (view === "raeume" && column !== (item.room?.slug ?? NOWHERE)) where.room = column;
    on.moved(item, where, revert);
  }

  function back(item) {
    calendar.updateEvent(drawnOf(item));
    refocus(item.id);
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
      classNames: ["appointment", `is-${stand.key.toLowerCase()}`, item.minutes <= 10 ? "tiny" : item.minutes <= 20 ? "short" : "long"],
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
    slugs = beside.map((one) => one[0]);
    const days = [];
    for (let one = loaded.first; one <= loaded.last; one = plusDays(one, 1)) days.push(one);
    const events = [
      ...(view === "raeume" ? [] : shadeOf(slugs, days)),
      ...data.closed.flatMap((one) => labelled(one, "absent", one.reason || texts.closed, slugs)),
      ...(view === "raeume" ? [] : data.busy.flatMap((one) => labelled(one, "blocked", texts.busy, slugs))),
      ...shown.filter((one) => slugs.includes(columnOf(one))).map(drawnOf),
    ];
    const focused = document.activeElement?.closest?.(".ec-event")?.querySelector("[data-id]")?.dataset.id;
    const weekend = [6, 0].filter((one) => !isNeeded(one));
    shownDays = days.filter((one) => !isWeek || !weekend.includes(new Date(`${one}T00:00:00Z`).getUTCDay()));
    if (scrolls) {
      const { min, max, first } = limits();
      calendar.setOption("slotMinTime", min).setOption("slotMaxTime", max).setOption("scrollTime", first)
        .setOption("hiddenDays", isWeek ? weekend : [])
        .setOption("resources", isWeek ? [] : beside.map(([id, title]) => ({ id, title })))
        .setOption("view", isWeek ? "timeGridWeek" : "resourceTimeGridDay").setOption("date", day);
    }
    calendar.setOption("events", events);
    if (focused) refocus(focused);
  }

  function isNeeded(weekday) {
    const on = (one) => new Date(`${dayOf(one.start)}T00:00:00Z`).getUTCDay() === weekday;
    return data.items.some(on) || data.hours.some((one) => one.openings.some(on));
  }

  const elementOf = (id) => place.querySelector(`[data-id="${id}"]`)?.closest(".ec-event");

  const refocus = (id, without) => requestAnimationFrame(() => (elementOf(id) ?? without)?.focus());

  listenToKeys(place, {
    item: (id) => items.get(id), view: () => view, days: () => shownDays, columns: () => slugs,
    isMovable: movable, columnOf: (item) => columnOf(item) ?? "", mayStand,
    hold: (isHeld) => { isDragging = isHeld; if (!isHeld) on.released(); },
    show(held) {
      const drawn = drawnOf(held.item);
      calendar.updateEvent({ ...drawn, start: held.start, end: held.until, resourceIds: [held.column], classNames: [...drawn.classNames, "held"] });
      refocus(held.item.id);
    },
    mark: ({ item, start, until, column }, more) => mark(item, start, until, column, more),
    unmark, back, drop, say: on.say, cancel: on.cancel,
  });

  return { draw, held, focus: refocus, calendar };
}

/** The end of an appointment that is made longer or shorter: no more than its type allows. */
function within(item, start, until) {
  const type = typeCalled(item.type?.slug), minutes = minutesBetween(start, until);
  if (!type || minutes === minutesBetween(wallOf(item.start), wallOf(item.end))) return until;
  return plusMinutes(start, Math.min(Math.max(minutes, type.least), type.most));
}

function contentOf(event, view) {
  if (event.display === "background") return event.title ? [make("span", { class: "why" }, event.title)] : [];
  const item = event.extendedProps.item;
  if (!item) return [];
  const stand = standOf(item), group = groupOf(item);
  const start = timeOf(wallOfDate(event.start)), until = timeOf(within(item, wallOfDate(event.start), wallOfDate(event.end)));
  const what = [item.type?.name, item.room?.name].filter(Boolean).join(" · ");
  const state = stand.key === "CONFIRMED" ? null
    : make("span", { class: "state" }, icon(stand.icon), " ", make("span", { class: "words" }, texts.states[stand.key]));
  // Who hears it does not see in which column it stands.
  const where = view === "woche" ? dayInWords(dayOf(wallOfDate(event.start)), { weekday: "long", day: "numeric", month: "long" }) : item.doctor?.name;
  return [make("span", { class: "inside", "data-id": item.id, title: `${start}–${until} \u2068${nameOf(item)}\u2069, ${what}` },
    make("span", { class: "line" }, make("span", { class: "letters", "aria-hidden": "true" }, group.letters),
      make("span", { class: "when" }, start, make("span", { class: "until" }, `–${until}`), " "), state, " "),
    make("strong", { class: "who", dir: "auto" }, nameOf(item)), " ", make("span", { class: "what" }, what), " ",
    make("span", { class: "visually-hidden" }, where || ""))];
}
