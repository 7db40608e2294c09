// How a row of a list is shown beside the patients whom it may be about: as text, never as markup.

const FIELDS = ["last_name", "first_name", "birth_date", "email", "phone", "insurance", "insurance_number", "number",
  "booking_system_id"];

/** Make an element; what is in it is a text, or elements. */
export function made(kind, style = "", inside = []) {
  const element = document.createElement(kind);
  if (style) element.className = style;
  element.append(...(Array.isArray(inside) ? inside : [inside]));
  return element;
}

/** Return a row, its candidates, and what was decided, as elements. */
export function shownRow(row, place, told) {
  const { texts } = told;
  const heading = made("h3", "position", [
    texts.position.replace("{line}", row.line), row.record ? ": " : "",
    made("bdi", "", row.record ? nameOf(row.record) : ""),
  ]);
  heading.tabIndex = -1;
  const at = made("span", "soft at", place ? ` ${texts.of.replace("{at}", place.at).replace("{all}", place.all)}` : "");
  const notes = notesOf(row, told);
  const head = made("div", "row spread", [heading, made("span", "row", [at, stateOf(row, texts)])]);
  if (!row.record) return [head, made("p", "soft", texts.erased), ...notes];
  const fields = FIELDS.filter((name) => row.record[name] || row.candidates.some((one) => one.patient[name]));
  const cards = row.candidates.slice(0, 3).map((one, n) => candidateOf(row, one, n + 1, fields, told));
  const compare = made("div", "compare", [listedOf(row, fields, told), ...cards]);
  compare.style.setProperty("--rows", fields.length);
  compare.style.setProperty("--cards", cards.length + 1);
  if (!cards.length) compare.append(made("p", "soft", texts.nobody));
  return [head, ...notes, compare];
}

export function nameOf(record) {
  return [record.last_name, record.first_name].filter(Boolean).join(", ");
}

function stateOf(row, texts) {
  if (row.applied) return made("span", "badge ok", texts.applied);
  if (!row.decision) return made("span", "badge warn", texts.undecided);
  const chosen = row.candidates.find((one) => one.patient_id === row.patient_id);
  const words = texts[`decided_${row.decision}`].replace("{}", () => (chosen ? nameOf(chosen.patient) : texts.patient.replace("{}", row.patient_id)));
  return made("span", "badge ok decided", [made("bdi", "", words)]);
}

function notesOf(row, { texts, doubts }) {
  const notes = row.warnings.map((one) => texts.warnings[one.code] || one.text);
  if (row.twin) notes.push(texts.twin.replace("{}", row.twin));
  notes.push(...row.doubts.map((one) => doubts[one.code] || one.text));
  const list = made("ul", "notes", notes.map((text) => made("li", "", [made("span", "sign", "!"), ` ${text}`])));
  return notes.length ? [list] : [];
}

function listedOf(row, fields, told) {
  const { texts } = told;
  const list = made("dl");
  for (const name of fields) list.append(fieldOf(name, [textOf(name, row.record[name], told)], texts));
  const more = Object.entries(row.more);
  const rest = made("div", "why");
  if (more.length) {
    rest.append(made("p", "soft small", texts.more), made("ul", "small", more.map(([name, value]) =>
      made("li", "", [`${texts.fields[name] || name}: `, made("bdi", "", value)]))));
  }
  return made("article", "side listed", [made("h4", "", texts.listed), rest, list]);
}

function candidateOf(row, one, n, fields, told) {
  const { texts } = told;
  const chosen = row.decision === "link" && row.patient_id === one.patient_id;
  const list = made("dl");
  for (const name of fields) {
    const difference = one.differences.find((found) => found.field === name);
    list.append(fieldOf(name, difference ? differingOf(row, one, difference, chosen, told)
      : [textOf(name, one.patient[name], told)], texts));
  }
  const title = made("h4", "", [made("kbd", "", String(n)), " ", made("bdi", "", nameOf(one.patient))]);
  const why = made("div", "why", [
    made("p", "chance", chanceOf(one.probability, texts)),
    made("ul", "small", one.reasons.map((reason) => made("li", reason.code.startsWith("only_ask:") ? "rule" : "",
      reasonOf(reason, texts)))),
  ]);
  const card = made("article", chosen ? "side chosen" : "side", [title, why, list]);
  card.setAttribute("aria-label", `${texts.candidate.replace("{n}", n)}: ${nameOf(one.patient)}`);
  card.dataset.patient = one.patient_id;
  return card;
}

function fieldOf(name, inside, texts) {
  return made("div", "", [made("dt", "", texts.fields[name]), made("dd", "", inside)]);
}

/** What differs has a sign and is marked; what the practice has can be replaced by a tick. */
function differingOf(row, one, difference, chosen, told) {
  const { texts } = told;
  const sign = made("span", "sign", difference.fills ? "+" : "≠");
  sign.setAttribute("aria-hidden", "true");
  const words = made("span", "visually-hidden", `${difference.fills ? texts.fills : texts.differs}: `);
  const ours = difference.fills ? made("span", "soft", texts.fills) : textOf(difference.field, difference.ours, told);
  const mark = made("mark", "", [sign, " ", words, ours]);
  if (difference.fills) return [mark];
  const box = document.createElement("input");
  box.type = "checkbox";
  box.dataset.take = difference.field;
  box.checked = chosen && (row.take || []).includes(difference.field);
  box.disabled = row.applied;
  const before = texts.take.split("{}");
  const label = made("label", "take small", [box, made("span", "", [before[0],
    textOf(difference.field, difference.theirs, told), before[1] || ""])]);
  return [mark, label];
}

function textOf(name, value, { texts, language }) {
  if (!value) return made("span", "soft", texts.none);
  if (name === "insurance") return made("bdi", "", texts.insurances[value] || value);
  return made("bdi", name === "birth_date" ? "number" : "", name === "birth_date" ? dayOf(value, language) : value);
}

export function dayOf(value, language) {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) || [];
  if (!year) return value;
  return [day, month, year].join(language === "de" ? "." : "/");
}

function chanceOf(probability, texts) {
  const percent = Math.min(99, Math.max(1, Math.round(probability * 100)));
  const words = probability >= 0.9 ? texts.very_likely : probability >= 0.6 ? texts.likely
    : probability >= 0.2 ? texts.open : texts.unlikely;
  return texts.probability.replace("{words}", words).replace("{percent}", percent);
}

function reasonOf(reason, texts) {
  const [subject, level] = reason.code.split(":");
  if (subject === "only_ask") return texts.only_ask[level] || reason.text;
  if (texts.others[reason.code]) return texts.others[reason.code];
  const name = texts.reason_fields[subject];
  return name && texts.levels[level] ? texts.levels[level].replace("{}", name) : reason.text;
}
