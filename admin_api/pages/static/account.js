// Own access: signing out elsewhere, and passwords for one's own devices.

import { api, send, showErrors, tell, tellOf } from "./praxis.js";

const words = JSON.parse(document.getElementById("texts").textContent);
const dialog = document.getElementById("sure");

// A change is told after the page was loaded anew, which shows how things are then.
const said = sessionStorage.getItem("said");
if (said) {
  sessionStorage.removeItem("said");
  const [what, heading] = said.split(" ");
  tell(words[what]);
  document.getElementById(heading)?.focus();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button || ("sure" in button.dataset && !(await sure()))) return;
  button.disabled = true;
  try {
    await api(...button.dataset.act.split(" "));
    sessionStorage.setItem("said", `${button.dataset.said} ${button.closest("section").getAttribute("aria-labelledby")}`);
    location.reload();
  } catch (error) {
    button.disabled = false;
    tellOf(error);
  }
});

function sure() {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}
dialog.querySelector("[data-no]").addEventListener("click", () => dialog.close(""));
dialog.querySelector("[data-yes]").addEventListener("click", () => dialog.close("yes"));

const form = document.getElementById("add");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = form.elements.label;
  if (!field.value.trim()) {
    showErrors(form, "", [[field, words.needed]]);
    return;
  }
  const made = await send(form);
  if (!made) return;
  const box = document.getElementById("made");
  for (const place of box.querySelectorAll("[data-told]")) {
    const told = made[place.dataset.told];
    place.textContent = told.startsWith("/") ? location.origin + told : told;
  }
  box.hidden = false;
  form.hidden = true;
  box.focus();
});

document.getElementById("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.querySelector("[data-told=password]").textContent);
  tell(words.copied);
});
