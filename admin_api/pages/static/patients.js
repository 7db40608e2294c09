// The list of patients: it follows what one types, and is walked with the arrow keys.

import { tellRefused, texts } from "./patient_forms.js";

const form = document.getElementById("find");
const asked = form.elements.q;
const count = document.getElementById("count");
let round = 0;
let waiting = null;

function links() {
  return [...document.querySelectorAll("#results .found a")];
}

function address() {
  const query = new URLSearchParams();
  if (asked.value.trim()) query.set("q", asked.value.trim());
  if (form.elements.pruefen.checked) query.set("pruefen", "1");
  return `/admin/patienten${query.size ? `?${query}` : ""}`;
}

async function look() {
  clearTimeout(waiting);
  waiting = null;
  const mine = ++round;
  const there = address();
  const slow = setTimeout(() => { count.textContent = texts.searching; }, 400);
  try {
    const answer = await fetch(there, { headers: { Accept: "text/html" } });
    const text = await answer.text();
    if (mine !== round) return;
    if (!answer.ok || answer.redirected) { location.assign(there); return; }
    const page = new DOMParser().parseFromString(text, "text/html");
    document.getElementById("results").replaceWith(document.adoptNode(page.getElementById("results")));
    count.textContent = page.getElementById("count").textContent.trim();
    history.replaceState(null, "", there);
  } catch (error) {
    if (mine === round) tellRefused(error);
  } finally {
    clearTimeout(slow);
  }
}

asked.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 150);
});
form.elements.pruefen.addEventListener("change", look);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const shown = document.getElementById("results").dataset.asked;
  if (waiting !== null || shown !== asked.value.trim()) await look();
  const found = links();
  if (found.length === 1) location.assign(found[0].href);
  else found[0]?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const all = links();
  const at = all.indexOf(document.activeElement);
  if (document.activeElement !== asked && at < 0) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: at < 0 ? null : 0, End: at < 0 ? null : all.length - 1 }[event.key];
  if (event.key === "Escape" && at >= 0) asked.focus();
  if (to === undefined || to === null || to >= all.length) return;
  if (at < 0 && to < 0) return;
  event.preventDefault();
  if (to < 0) asked.focus();
  else all[to].focus();
});

if (document.getElementById("new-patient")) await import("./patient_new.js");
