// The day as tables, one for each doctor: for who does not see or cannot drag, for phones, for paper.

import { badge, config, dayInWords, dayOf, make, nameOf, texts, timeOf } from "./day_view_words.js";
import { buttonsOf } from "./day_view_dialogs.js";

const COLUMNS = ["time", "patient", "type", "room", "state", "notes", "actions"];

/** Draw what is loaded into `place`. `on` has open(item) and act(item, name). */
export function drawList(place, { items, doctor, first, last }, on) {
  const focused = place.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.id : null;
  const doctors = config.doctors.filter((one) => !doctor || one.slug === doctor).map((one) => [one.slug, one.name]);
  const others = items.filter((one) => !one.doctor).length ? [[undefined, "–"]] : [];
  const parts = [...doctors, ...others].flatMap(([slug, name]) => {
    const own = items.filter((one) => one.doctor?.slug === slug);
    return own.length || doctors.length < 4 ? [partOf(name, own, first !== last, on)] : [];
  });
  place.replaceChildren(...parts);
  if (focused) place.querySelector(`tr[data-id="${focused}"] button`)?.focus();
}

function partOf(name, items, hasDays, on) {
  const body = items.map((item) => rowOf(item, hasDays, on));
  const head = make("tr", {}, ...COLUMNS.map((one) => make("th", { scope: "col", class: `col-${one}` }, texts.columns[one])));
  return make("section", { class: "card of-doctor" },
    make("h2", {}, name, " ", make("span", { class: "soft small" }, `(${items.length})`)),
    items.length ? make("table", { class: "stack" },
      make("caption", { class: "visually-hidden" }, name), make("thead", {}, head), make("tbody", {}, ...body))
      : make("p", { class: "soft" }, texts.nothing_of));
}

function rowOf(item, hasDays, on) {
  const day = hasDays ? `${dayInWords(dayOf(item.start), { weekday: "short", day: "numeric", month: "numeric" })} ` : "";
  const time = `${timeOf(item.start)}–${timeOf(item.end)}`;
  const buttons = buttonsOf(item, (name) => on.act(item, name));
  const first = ["edit", "copy"].includes(buttons[0]?.dataset.act) ? null : buttons.shift();
  const more = buttons.length ? make("details", { class: "more" },
    make("summary", {}, make("span", {}, texts.columns.more),
      make("span", { class: "visually-hidden" }, `: ${nameOf(item)}, ${time}`)),
    make("div", { class: "row" }, ...buttons)) : null;
  return make("tr", { "data-id": item.id, class: `is-${item.status.toLowerCase()}` },
    make("td", { class: "number col-time" }, `${day}${time}`),
    make("th", { scope: "row", class: "col-patient" },
      make("button", { type: "button", class: "quiet", dir: "auto", on: () => on.open(item) }, nameOf(item)),
      make("bdi", { class: "print-only" }, nameOf(item))),
    make("td", { class: "col-type" }, item.type?.name || ""),
    make("td", { class: "col-room" }, item.room?.name || ""),
    make("td", { class: "col-state" }, badge(item)),
    make("td", { class: "col-notes" }, [item.reason, item.notes].filter(Boolean).join(" · ")),
    make("td", { class: "col-actions" }, ...[first, more].filter(Boolean)));
}

