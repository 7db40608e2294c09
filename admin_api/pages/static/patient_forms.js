// What the pages of patients have in common: dialogs, forms that are looked at before they are sent,
// what went wrong in the reader's words, and parts of a page that are shown anew.

import { Refused, api, clearErrors, saidBy, showErrors, tell, texts as common } from "./praxis.js";

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const language = document.documentElement.lang;

/** Say in the reader's words what the API refused. */
export function worded(error) {
  if (!(error instanceof Refused)) {
    console.error(error);
    return common.not_reached;
  }
  const kind = (error.problem.type || "").split("#problem-")[1];
  const code = texts.rules?.[error.problem.code];
  const text = code || texts.problems[kind] || error.message;
  const told = { ...error.problem, until: error.problem.until && dayOf(error.problem.until) };
  return filled(text, told);
}

/** Fill names in braces in. */
export function filled(text, told) {
  return text.replace(/\{(\w+)\}/g, (_, name) => told[name] ?? "");
}

/** Tell of an error at the top. */
export function tellRefused(error) {
  if (error.status !== 401) tell(worded(error), { kind: "bad" });
}

/** Return an ISO date as people write it. */
export function dayOf(iso) {
  const [year, month, day] = iso.split("-");
  return language === "de" ? `${day}.${month}.${year}` : `${day}/${month}/${year}`;
}

/** Send a form whose fields hold what they may; returns the answer, or undefined if it was refused
 * and shown. `refused` may take an error for itself by returning true. */
export async function sent(form, { body, refused } = {}) {
  clearErrors(form);
  const wrong = [...form.elements].filter((field) => field.name && !field.checkValidity());
  if (wrong.length) {
    showErrors(form, "", wrong.map((field) => [field, texts.fields[field.name] || field.validationMessage]));
    return undefined;
  }
  const [method, address] = form.dataset.api.split(" ");
  const pressed = form.querySelector("[type=submit]");
  pressed.disabled = true;
  try {
    const headers = form.dataset.etag ? { "If-Match": form.dataset.etag } : {};
    return (await api(method, address, method === "DELETE" ? undefined : body ?? saidBy(form), headers)) ?? null;
  } catch (error) {
    if (!refused?.(error)) showErrors(form, worded(error), faultsOf(form, error));
    return undefined;
  } finally {
    pressed.disabled = false;
  }
}

function faultsOf(form, error) {
  return (error.problem?.errors || []).map((one) => {
    const field = form.elements.namedItem(one.pointer.replace(/^[?/]/, ""));
    return [field, (field && texts.fields[field.name]) || one.detail];
  });
}

/** Tell something on the next page. */
export function tellThere(text) {
  sessionStorage.setItem("said", text);
}

const said = sessionStorage.getItem("said");
if (said) {
  sessionStorage.removeItem("said");
  tell(said);
}

/** Show parts of this page as the server has them now. */
export async function renewed(address, ...ids) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ids) {
    const [now, then] = [page.getElementById(id), document.getElementById(id)];
    if (now && then) then.replaceWith(document.adoptNode(now));
  }
  return page;
}

/** Make an element; `told` are its properties. */
export function made(tag, told = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), told);
  element.append(...inside);
  return element;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
});

// Forms that lead on or show the page anew; the others have their own ways.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-onward]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  const answer = await sent(form);
  if (answer === undefined) return;
  if (form.dataset.said) tellThere(filled(form.dataset.said, answer || {}));
  const onward = filled(form.dataset.onward, answer || {});
  if (onward) location.assign(onward);
  else location.reload();
}, true);
