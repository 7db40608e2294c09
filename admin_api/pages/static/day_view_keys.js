// The calendar by keyboard: arrows go from one appointment to the next; with Alt they take it along, with
// Alt and Shift they make it longer or shorter. Enter puts it down there, Escape puts it back.

import { config, minutesBetween, plusDays, plusMinutes, texts, typeCalled, wallOf } from "./day_view_words.js";

/** Listen in `place`. `grid` has item(id), columns(), view(), days(), isMovable(item), show(held), mark(held),
 * unmark(), back(item), drop(held), cancel(item), focus(id). What is held is {item, start, until, column, day}. */
export function listenToKeys(place, grid) {
  let held = null;

  document.addEventListener("keydown", (event) => {
    // What is held is drawn anew with each step, and no key is lost while nothing has the focus.
    if (held) { whileHeld(event); return; }
    const here = event.target.closest?.(".appointment");
    const item = here && place.contains(here) && grid.item(here.querySelector("[data-id]")?.dataset.id);
    if (!item) return;
    if (event.key.startsWith("Arrow") && event.altKey) take(event, item);
    else if (event.key.startsWith("Arrow")) { event.preventDefault(); neighbour(place, here, event.key.slice(5))?.focus(); }
    else if (event.key === "Delete") { event.preventDefault(); grid.cancel(item); }
  }, true);

  addEventListener("pointerdown", () => { if (held) letGo(); }, true);
  place.addEventListener("focusout", () => {
    // Redrawn, it loses the focus for a moment, and has it again.
    if (!held) return;
    setTimeout(() => {
      const now = document.activeElement;
      if (held && now && now !== document.body && !place.contains(now)) letGo();
    }, 150);
  });

  function take(event, item) {
    event.preventDefault();
    if (!grid.isMovable(item)) { grid.say(texts.not_movable); return; }
    held = { item, start: wallOf(item.start), until: wallOf(item.end), column: grid.columnOf(item) };
    grid.hold(true);
    change(event);
  }

  function whileHeld(event) {
    if (!["Enter", "Escape"].includes(event.key) && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") letGo();
    else if (event.key === "Enter") putDown();
    else change(event);
  }

  function change(event) {
    const way = event.key.slice(5), sign = way === "Down" || way === "Right" ? 1 : -1;
    const next = way === "Left" || way === "Right" ? beside(sign) : event.shiftKey ? longer(sign) : later(sign);
    if (next) held = { ...held, ...next };
    grid.show(held);
    grid.mark(held, texts.keys);
  }

  function later(sign) {
    const start = plusMinutes(held.start, sign * config.grid), until = plusMinutes(held.until, sign * config.grid);
    return start.slice(0, 10) === plusMinutes(until, -1).slice(0, 10) ? { start, until } : null;
  }

  function longer(sign) {
    const until = plusMinutes(held.until, sign * config.grid), minutes = minutesBetween(held.start, until);
    const type = typeCalled(held.item.type?.slug);
    const fits = minutes >= (type?.least ?? 1) && minutes <= (type?.most ?? 1440);
    return fits && held.start.slice(0, 10) === plusMinutes(until, -1).slice(0, 10) ? { until } : null;
  }

  function beside(sign) {
    if (grid.view() === "woche") {
      const days = grid.days(), at = days.indexOf(held.start.slice(0, 10)) + sign;
      if (!days[at]) return null;
      const moved = (wall) => `${plusDays(wall.slice(0, 10), sign * gap(days, at, sign))}${wall.slice(10)}`;
      return { start: moved(held.start), until: moved(held.until) };
    }
    const columns = grid.columns(), column = columns[columns.indexOf(held.column) + sign];
    return column !== undefined && grid.mayStand(held.item, column) ? { column } : null;
  }

  const gap = (days, at, sign) => Math.abs(minutesBetween(`${days[at - sign]}T00:00:00`, `${days[at]}T00:00:00`)) / 1440;

  function letGo() {
    const { item } = held;
    held = null;
    grid.unmark();
    grid.hold(false);
    grid.back(item);
  }

  function putDown() {
    const done = held;
    held = null;
    grid.unmark();
    grid.hold(false);
    const { item } = done;
    if (done.start === wallOf(item.start) && done.until === wallOf(item.end) && done.column === grid.columnOf(item)) grid.back(item);
    else grid.drop(done);
  }
}

/** The appointment next to one, on the way of an arrow. */
function neighbour(place, here, way) {
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
