// Signing in: name and password go once, by Basic authentication, for the cookie of a session.

import { showErrors } from "./praxis.js";

const form = document.getElementById("sign-in");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = `${form.elements.name.value}:${form.elements.password.value}`;
  const octets = String.fromCharCode(...new TextEncoder().encode(told));
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/api/session", {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(octets)}`, "X-Requested-With": "page", "Accept-Language": document.documentElement.lang },
    });
    if (answer.ok) {
      location.assign(form.dataset.onward);
      return;
    }
    const told = answer.status === 401 ? form.dataset.wrong : form.dataset.often;
    showErrors(form, answer.status === 429 || answer.status === 401 ? told : (await answer.json()).detail);
    form.elements.password.select();
  } catch {
    showErrors(form, null);
  }
  button.disabled = false;
});
