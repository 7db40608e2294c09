// Handing a patient list over: chosen or dropped, sent as it is; then on to its own page.

import { clearErrors, showErrors } from "./praxis.js";
import { sentList } from "./import_sending.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const form = document.getElementById("upload");
const field = form.elements.list;
const drop = form.querySelector(".drop");
const status = document.getElementById("sending");

for (const kind of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
  });
}
// Whatever misses the place must not open in the window instead of the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

drop.addEventListener("drop", (event) => {
  clearErrors(form);
  if (event.dataTransfer.files.length > 1) return showErrors(form, texts.one_file);
  field.files = event.dataTransfer.files;
  return chosen();
});
field.addEventListener("change", () => { clearErrors(form); chosen(); });

function chosen() {
  const file = field.files[0];
  status.textContent = file ? texts.chosen.replace("{}", () => file.name) : "";
  if (file) form.querySelector("[type=submit]").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(form);
  const file = field.files[0];
  if (!file) return showErrors(form, "", [[field, texts.no_file]]);
  if (file.size > 25_000_000) return showErrors(form, "", [[field, texts.too_large]]);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  status.textContent = texts.sending;
  try {
    const made = await sentList(file);
    location.assign(`/admin/import/${made.id}`);
  } catch (error) {
    status.textContent = "";
    if (error.status === 422) showErrors(form, "", [[field, texts.no_text]]);
    else showErrors(form, error.status ? error.message : null);
  }
  button.disabled = false;
  return undefined;
});
