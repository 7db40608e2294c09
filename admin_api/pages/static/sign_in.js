// Signing in: name and password go once, by Basic authentication, for the cookie of a session.

import { clearErrors, showErrors } from "./praxis.js";

const form = document.getElementById("sign-in");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(form);
  const { name, password } = form.elements;
  const missing = [name, password].filter((field) => !field.value.trim());
  if (missing.length) { // asked for here, so that it does not count as a wrong password
    showErrors(form, "", missing.map((field) => [field, form.dataset.needed]));
    return;
  }
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
    showErrors(form, answer.status === 401 ? form.dataset.wrong : (await answer.json()).detail);
    form.elements.password.select();
  } catch {
    showErrors(form, null);
  }
  button.disabled = false;
});
