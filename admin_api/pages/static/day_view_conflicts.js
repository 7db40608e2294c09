// What an appointment would hit where it is held, by what is loaded: marked and told while it is there.
// Not here: whether it may be there; the server decides that.

import { config, isOn, make, nameOf, texts, timeOf, wallOf } from "./day_view_words.js";

/** Make what marks. `look` returns {items, data, view, elementOf}. */
export function makeMarks(place, hint, look) {
  let marked = "";

  /** Mark what an item would hit from `start` until `until` in a column; `more` is told beside. */
  function mark(item, start, until, column, more = "") {
    const now = `${item.id} ${start} ${until} ${column} ${more}`;
    if (now === marked) return;
    marked = now;
    const { items, data, view, elementOf } = look();
    const doctor = view === "tag" ? column : item.doctor?.slug;
    const room = view === "raeume" ? column : item.room?.slug;
    const isMeant = (other) => other.doctor?.slug === doctor || (room && other.room?.slug === room)
      || (item.patient && other.patient?.id === item.patient.id);
    const meets = (other) => wallOf(other.start) < until && start < wallOf(other.end);
    const hits = [...items.values()].filter((other) => other.id !== item.id && isOn(other) && meets(other) && isMeant(other));
    clear();
    for (const other of hits) elementOf(other.id)?.classList.add("hit");
    // Names of whatever direction stay in their place in the sentence.
    const names = hits.map((other) => [make("bdi", {}, nameOf(other)), ` ${timeOf(other.start)}`]);
    if (data.busy.some((other) => (!other.doctor || other.doctor.slug === doctor) && meets(other))) names.push([texts.busy]);
    if (!isOpen(data, doctor, start, until)) names.push([texts.outside]);
    place.classList.toggle("over-something", names.length > 0);
    const where = view === "tag" && config.doctors.find((one) => one.slug === column)?.name;
    const said = [[`${timeOf(start)}–${timeOf(until)}`], where && column !== item.doctor?.slug ? [where] : [],
      names.length ? [`${texts.hit} `, ...joined(names, ", ")] : [], more ? [more] : []];
    hint.classList.toggle("bad", names.length > 0);
    hint.replaceChildren(...joined(said.filter((one) => one.length), " · "));
    hint.hidden = false;
  }

  function clear() {
    place.querySelectorAll(".hit").forEach((one) => one.classList.remove("hit"));
  }

  function unmark() {
    marked = "";
    hint.hidden = true;
    place.classList.remove("over-something");
    clear();
  }

  return { mark, unmark };
}

const joined = (parts, between) => parts.flatMap((one, index) => (index ? [between, ...one] : one));

function isOpen(data, doctor, start, until) {
  const own = data.hours.find((one) => one.doctor.slug === doctor);
  return !own || own.openings.some((one) => wallOf(one.start) <= start && until <= wallOf(one.end));
}
