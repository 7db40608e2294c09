// Patients cancel and move their appointments.

import { api, clearErrors, showErrors } from "./praxis.js";
import { saidOf } from "./for_patients.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const cancel = document.getElementById("cancel");
const move = document.getElementById("move");
const sure = document.getElementById("sure");

async function done(form, what, body, next) {
  clearErrors(form);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  const address = `/api/patient-portal/appointments/${form.dataset.appointment}/${what}`;
  try {
    location.assign(`/termine?getan=${next(await api("POST", address, body))}`);
  } catch (error) {
    showErrors(form, saidOf(error, texts)[1]);
    button.disabled = false;
  }
}

cancel?.addEventListener("submit", (event) => {
  event.preventDefault();
  done(cancel, "cancel", { reason: cancel.elements.reason.value.trim() }, () => "abgesagt");
});

let chosen = null;

document.addEventListener("click", (event) => {
  const time = event.target.closest("[data-start]");
  if (time) {
    chosen = { start: time.dataset.start, doctor: time.dataset.doctor };
    document.getElementById("new-time").textContent = time.dataset.said;
    clearErrors(move);
    sure.showModal();
  }
  if (event.target.closest("[data-close]")) sure.close();
});

move?.addEventListener("submit", (event) => {
  event.preventDefault();
  done(move, "reschedule", chosen, (own) => (own.status === "TENTATIVE" ? "angefragt" : "verlegt"));
});
