// Two patients who are one: found, laid side by side, and made one.

import { api } from "./praxis.js";
import { dayOf, filled, made, sent, tellRefused, tellThere, texts } from "./patient_forms.js";

const dialog = document.getElementById("merge");
const asked = document.getElementById("merge-q");
const list = document.getElementById("merge-found");
const count = document.getElementById("merge-count");
const form = document.getElementById("merge-form");
const own = Number(dialog.dataset.patient);
let round = 0;
let waiting = null;
let pair = [];

const nameOf = (one) => [one.last_name, one.first_name].filter(Boolean).join(", ");
const shortly = (one) => [nameOf(one), one.birth_date && dayOf(one.birth_date), one.number].filter(Boolean).join(" · ");

async function look() {
  const mine = ++round;
  const words = asked.value.trim();
  if (!words) { list.replaceChildren(); count.textContent = ""; return; }
  try {
    const found = await api("GET", `/api/patients?limit=8&search=${encodeURIComponent(words)}`);
    if (mine !== round) return;
    const others = found.items.filter((one) => one.id !== own);
    count.textContent = filled(others.length ? texts.merge_found : texts.merge_none, { count: others.length });
    list.replaceChildren(...others.map((one) => {
      const button = made("button", { type: "button", className: "second", textContent: shortly(one) });
      button.addEventListener("click", () => choose(one.id));
      return made("li", {}, button);
    }));
  } catch (error) {
    count.textContent = "";
    tellRefused(error);
  }
}

async function choose(other) {
  try {
    pair = await Promise.all([own, other].map((id) => api("GET", `/api/patients/${id}`)));
  } catch (error) {
    dialog.close();
    tellRefused(error);
    return;
  }
  compare();
  for (const [name, at] of [["one", 0], ["other", 1]]) {
    for (const place of form.querySelectorAll(`[data-${name}]`)) place.textContent = shortly(pair[at]);
  }
  document.getElementById("merge-find").hidden = true;
  form.hidden = false;
  form.elements.stays[0].focus();
}

const shownAs = {
  birth_date: (value) => dayOf(value),
  held_until: (value) => dayOf(value),
  reminders: (value) => (value ? texts.yes : texts.no),
};

function compare() {
  const body = form.querySelector("tbody");
  const stays = form.elements.stays.value === "this" ? 0 : 1;
  body.replaceChildren();
  for (const [name, label] of texts.columns) {
    const values = pair.map((one) => one[name]);
    const shown = values.map((value) => (value || value === false ? (shownAs[name]?.(value) ?? String(value)) : "–"));
    const kind = kindOf(name, values, stays);
    const row = made("tr", { className: kind }, made("th", { scope: "row" }, label, " ", badgeOf(kind)));
    shown.forEach((text, at) => row.append(made("td", { className: at === stays ? "stays" : "", textContent: text })));
    body.append(row);
  }
}

function badgeOf(kind) {
  const look = { differs: "warn", filled: "ok" }[kind] || "";
  return made("span", { className: `badge ${look}`, textContent: texts.compared[kind] });
}

function kindOf(name, values, stays) {
  if (String(values[0] ?? "").trim().toLowerCase() === String(values[1] ?? "").trim().toLowerCase()) return "same";
  const [kept, gone] = [values[stays], values[1 - stays]];
  if (name === "number") return "both";
  if (name === "held_until") return kept >= gone ? "stays" : "filled";
  if (!kept && gone) return "filled";
  return gone ? "differs" : "stays";
}

asked.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 150);
});
asked.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("button")?.focus(); }
});
list.addEventListener("keydown", (event) => {
  const all = [...list.querySelectorAll("button")];
  const to = all.indexOf(document.activeElement) + { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (Number.isNaN(to)) return;
  event.preventDefault();
  (all[to] ?? (to < 0 ? asked : all.at(-1))).focus();
});
document.querySelector("[data-opens=merge]").addEventListener("click", look);
form.addEventListener("change", compare);
form.querySelector("[data-again]").addEventListener("click", () => {
  form.hidden = true;
  document.getElementById("merge-find").hidden = false;
  asked.focus();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const stays = form.elements.stays.value === "this" ? 0 : 1;
  const [kept, gone] = [pair[stays], pair[1 - stays]];
  form.dataset.api = `POST /api/patients/${gone.id}/merge`;
  const answer = await sent(form, { body: { into: kept.id } });
  if (answer === undefined) return;
  tellThere(filled(texts.merged, { name: nameOf(answer.patient), appointments: answer.appointments }));
  location.assign(`/admin/patienten/${kept.id}`);
});
