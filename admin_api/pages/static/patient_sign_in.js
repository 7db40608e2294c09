// Signing in of patients: asking for a link, and using it up by a press of the button, since
// programs that look at mails open every link in them.

import { api, clearErrors, Refused, showErrors } from "./praxis.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const ask = document.getElementById("ask");
const open = document.getElementById("open");
const address = new URL(location.href);
const secret = address.searchParams.get("schluessel");

if (secret !== null) {
  // Whoever looks over somebody's shoulder, or at the history, does not find it.
  address.searchParams.delete("schluessel");
  history.replaceState(null, "", address.pathname + address.search);
}

function said(error) {
  if (!(error instanceof Refused)) return null;
  if ((error.problem.type || "").endsWith("#problem-asked-too-often")) return texts.often;
  if (error.status === 429) return error.message; // too fast, which is over sooner than in an hour
  if (error.status === 409) return texts.no_mail;
  return error.status === 422 ? texts.needed : texts.failed;
}

open?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = open.querySelector("button");
  button.disabled = true;
  try {
    // With credentials, whoever this page was shown to: the answer sets the cookie.
    const answer = await fetch("/api/patient-portal/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ secret }),
    });
    if (answer.ok) {
      location.replace(document.getElementById("by-link").dataset.onward);
      return;
    }
    const over = answer.status === 409 || answer.status === 422;
    showErrors(open, over ? texts.over : texts.failed);
    if (over) {
      button.hidden = true;
      document.getElementById("ask-for-link").hidden = false;
    }
  } catch {
    showErrors(open, null);
  }
  button.disabled = false;
});

ask?.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(ask);
  const field = ask.elements.email;
  field.value = field.value.trim();
  if (!field.value || !field.validity.valid) {
    showErrors(ask, texts.needed, [[field, texts.needed]]);
    return;
  }
  const button = ask.querySelector("button");
  button.disabled = true;
  try {
    const body = { email: field.value, language: ask.dataset.language };
    await api("POST", "/api/patient-portal/sign-in", body);
    const sent = document.getElementById("sent");
    ask.hidden = true;
    sent.hidden = false;
    sent.focus();
  } catch (error) {
    showErrors(ask, said(error));
  }
  button.disabled = false;
});
