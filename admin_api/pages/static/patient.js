// One patient's record: what is changed, linked, deleted and erased.

import { Refused, api, clearErrors, saidBy, showErrors, texts as common } from "./praxis.js";
import { filled, sent, tellRefused, tellThere, texts, worded } from "./patient_forms.js";

// --- Looked at: nothing else of the record changes.

document.querySelector("[data-reviewed]")?.addEventListener("click", async (event) => {
  const form = document.getElementById("edit-form");
  event.target.disabled = true;
  try {
    const [method, address] = form.dataset.api.split(" ");
    await api(method, address, { ...saidBy(form), to_review: false }, { "If-Match": form.dataset.etag });
    tellThere(texts.reviewed);
    location.reload();
  } catch (error) {
    event.target.disabled = false;
    tellRefused(error);
  }
});

// --- The link with the booking tool: where the addresses differ, somebody has to look at both.

const link = document.getElementById("link-form");
const differ = document.getElementById("differ");

function emailsDiffer(error) {
  if (!(error instanceof Refused) || !error.problem.type?.endsWith("#problem-emails-differ")) return false;
  differ.querySelector("[data-here]").textContent = link.dataset.here;
  differ.querySelector("[data-there]").textContent = link.elements.tool_email.value;
  differ.hidden = false;
  differ.focus();
  return true;
}

async function linked(confirm) {
  const answer = await sent(link, { body: { ...saidBy(link), confirm }, refused: emailsDiffer });
  if (answer === undefined) return;
  tellThere(texts.linked);
  location.reload();
}

link?.addEventListener("input", () => { differ.hidden = true; });
link?.addEventListener("submit", (event) => {
  event.preventDefault();
  differ.hidden = true;
  linked(false);
});
differ?.querySelector("[data-anyway]").addEventListener("click", () => linked(true));

// --- Deleting and erasing

const deletion = document.getElementById("delete-form");
deletion?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(deletion);
  const address = deletion.dataset.api.split(" ")[1];
  const future = deletion.elements.also_future?.checked ? "?also_future=true" : "";
  try {
    const answer = await api("DELETE", address + future);
    tellThere(filled(texts.deleted, answer));
    location.assign("/admin/patienten");
  } catch (error) {
    showErrors(deletion, worded(error));
  }
});

const erasure = document.getElementById("erase-form");
erasure?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const number = erasure.elements.number;
  if (number.value.trim() !== erasure.dataset.number) {
    clearErrors(erasure);
    showErrors(erasure, common.please_correct, [[number, texts.wrong_number]]);
    return;
  }
  const answer = await sent(erasure);
  if (answer === undefined) return;
  tellThere(filled(texts.erased, answer));
  location.assign("/admin/patienten");
});
