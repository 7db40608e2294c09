// Somebody new: whoever is here already is told before there are two.

import { api, clearErrors } from "./praxis.js";
import { dayOf, made, sent } from "./patient_forms.js";

const dialog = document.getElementById("new-patient");
const form = dialog.querySelector("form");
const alike = document.getElementById("alike");
let whoIs = null; // where the dialog is one step of something else

/** Ask who comes, beginning with the words that were typed; `done` gets whom it was made or found to be. */
export function askWhoIsNew(words, done) {
  whoIs = done;
  clearErrors(form);
  form.reset();
  alike.hidden = true;
  const [last, ...first] = words.split(words.includes(",") ? "," : " ");
  form.elements.last_name.value = last.trim();
  form.elements.first_name.value = first.join(" ").trim();
  dialog.showModal();
  lookForAlike();
}

function found(patient) {
  dialog.close();
  whoIs(patient);
}

async function lookForAlike() {
  const { last_name: last, first_name: first, birth_date: born } = form.elements;
  alike.hidden = true;
  if (last.value.trim().length < 2 || !(first.value.trim() || born.value)) return;
  const words = [last.value, first.value, born.value].join(" ").trim();
  const told = await api("GET", `/api/patients?limit=3&search=${encodeURIComponent(words.slice(0, 255))}`).catch(() => null);
  if (!told?.items.length) return;
  alike.querySelector("ul").replaceChildren(...told.items.map((one) => made("li", {}, linkTo(one))));
  alike.hidden = false;
}

function linkTo(patient) {
  const name = [patient.last_name, patient.first_name].filter(Boolean).join(", ");
  const textContent = [name, patient.birth_date && dayOf(patient.birth_date), patient.number].filter(Boolean).join(" · ");
  if (whoIs) return made("button", { type: "button", className: "quiet", textContent, onclick: () => found(patient) });
  return made("a", { href: `/admin/patienten/${patient.id}`, textContent });
}

for (const name of ["last_name", "first_name", "birth_date"]) {
  form.elements[name].addEventListener("change", lookForAlike);
}

form.addEventListener("submit", async (event) => {
  if (!whoIs) return; // the page leads on to the record
  event.preventDefault();
  const patient = await sent(form);
  if (patient) found(patient);
});
