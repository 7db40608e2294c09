// One patient list: how far it is, its doubtful rows one at a time, applying and taking back.

import { Refused, api, clearErrors, showErrors, tellOf } from "./praxis.js";
import { sentList } from "./import_sending.js";
import { columnsOf } from "./import_columns.js";
import { review } from "./import_rows.js";
import { made } from "./import_row.js";

const told = JSON.parse(document.getElementById("texts").textContent);
const texts = told.texts;
const base = `/api/imports/${told.id}`;

// --- how far it is

/** Show what the server tells of its progress in a place; returns what ends it. */
function follow(place, over) {
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-words]");
  const source = new EventSource(`${base}/events`);
  source.addEventListener("progress", (event) => {
    const { done, total } = JSON.parse(event.data);
    if (total) {
      bar.max = total;
      bar.value = done;
      words.textContent = texts.progress.replace("{done}", done).replace("{total}", total);
    } else words.textContent = texts.progress_unknown;
  });
  source.addEventListener("done", () => { source.close(); over(); });
  source.addEventListener("error", () => { words.textContent = texts.progress_lost; });
  return () => source.close();
}

const followed = document.querySelector("[data-follow]");
if (followed) {
  follow(followed, () => location.reload());
}

// --- looking through it

const section = document.getElementById("pruefen");
let due;
if (section) {
  review(section, told, () => {
    clearTimeout(due);
    due = setTimeout(refresh, 250);
  });
}

/** Bring up to date what the page says of the plan: the server counts. */
async function refresh() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.querySelector(`[data-fresh=${old.dataset.fresh}]`);
    if (fresh && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
  }
}

// --- applying

const applying = document.getElementById("apply");
applying?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(applying);
  const place = document.getElementById("applying");
  applying.hidden = true;
  place.hidden = false;
  place.querySelector("[data-words]").textContent = texts.applying;
  let stop = () => {};
  let over = false;
  // A short list is done before anybody could follow it, and a long one begins in a moment.
  const again = () => { if (!over) setTimeout(() => { if (!over) stop = follow(place, again); }, 400); };
  again();
  try {
    await api("POST", `${base}/apply`, { policy: applying.elements.policy.value });
    location.assign(`${location.pathname}#ergebnis`);
    location.reload();
  } catch (error) {
    applying.hidden = false;
    place.hidden = true;
    showErrors(applying, error instanceof Refused ? (error.status === 409 ? texts.conflict : error.message) : null);
  } finally {
    over = true;
    stop();
  }
});

// --- taking back

const undoing = document.getElementById("undo");
undoing?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(undoing);
  if (!confirm(undoing.dataset.sure)) return;
  const button = undoing.querySelector("button");
  button.disabled = true;
  try {
    showUndone(await api("POST", `${base}/undo`));
  } catch (error) {
    showErrors(undoing, error instanceof Refused ? (error.status === 409 ? texts.conflict : error.message) : null);
    button.disabled = false;
  }
});

function showUndone(done) {
  const box = document.getElementById("undone");
  const card = made("section", "card", [made("h2", "", texts.undone_title)]);
  const facts = made("dl", "facts");
  for (const [words, count] of [
    [texts.undone_removed, done.removed], [texts.undone_restored, done.restored], [texts.undone_kept, done.kept_in_all],
  ]) facts.append(made("dt", "", words), made("dd", "number", String(count)));
  card.append(facts);
  if (done.kept.length) {
    const list = made("ul", "kept");
    for (const one of done.kept) list.append(keptOf(one));
    if (done.kept_in_all > done.kept.length) {
      list.append(made("li", "", texts.undone_more.replace("{}", done.kept_in_all - done.kept.length)));
    }
    card.append(made("h3", "", texts.undone_why), list);
  }
  box.replaceChildren(card);
  box.hidden = false;
  document.getElementById("plan").hidden = true;
  document.querySelector("h1 ~ .badge")?.remove();
  const heading = card.querySelector("h2");
  heading.tabIndex = -1;
  heading.focus();
}

function keptOf(one) {
  const item = made("li", "", `${texts.undone_line.replace("{}", one.line)}: ${texts.kept[one.why.code] || one.why.text} `);
  if (one.patient_id && one.why.code !== "patient_gone") {
    const link = made("a", "", texts.undone_patient);
    link.href = `/admin/patienten/${one.patient_id}`;
    item.append(link);
  }
  return item;
}

// --- reading it again, otherwise

const again = document.getElementById("again");
again?.elements.list.addEventListener("change", async () => {
  const file = again.elements.list.files[0];
  if (!file || told.columns.length) return;
  // Of a list that could not be read nobody has told the columns yet: the file does.
  const names = await columnsOf(file, again.elements.encoding.value);
  for (const field of again.querySelectorAll("select[data-field]")) {
    field.replaceChildren(field.options[0], ...names.map((name) => new Option(name, name)));
  }
});
again?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(again);
  const file = again.elements.list.files[0];
  if (!file) return showErrors(again, "", [[again.elements.list, texts.no_file]]);
  const columns = [...again.querySelectorAll("select[data-field]")]
    .filter((field) => field.value !== field.dataset.was)
    .map((field) => `${field.dataset.field}=${field.value}`).join(";");
  const button = again.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const next = await sentList(file, {
      columns, encoding: again.elements.encoding.value, separator: again.elements.separator.value,
    });
    if (again.dataset.replaces) await api("DELETE", base).catch(tellOf);
    location.assign(`/admin/import/${next.id}`);
  } catch (error) {
    showErrors(again, error.status ? error.message : null);
    button.disabled = false;
  }
  return undefined;
});

if (location.hash) {
  const wanted = document.getElementById(location.hash.slice(1));
  if (wanted?.id === "ergebnis") wanted.focus();
  if (wanted instanceof HTMLDetailsElement) wanted.open = true;
}
