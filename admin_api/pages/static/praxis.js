// What every page can do: ask the API, tell of what came of it, send forms, sign out.
//
// A form with data-api="POST /api/rooms" is sent as JSON. Its fields' names are the JSON's keys; a
// dot leads into an object ("person.email"). data-kind says what a value is, if it is no text:
// number, bool, list (words between commas), json; with data-empty="null" or "leave" an empty one is
// null or is not sent. data-done says what follows: "reload", "stay", or an address to go to.

const texts = JSON.parse(document.getElementById("common-texts").textContent);
let csrf = document.querySelector("meta[name=csrf]").content;

/** What the API says went wrong; `problem` is its problem+json. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || texts.failed);
    this.status = status;
    this.problem = problem;
  }
}

/** Ask the API; returns the JSON of its answer, or null. Throws Refused, or TypeError if it is not
 * reached. */
export async function api(method, address, body, headers = {}) {
  if (signedOut) await isSignedInAgain();
  return ask(method, address, body, headers);
}

/** What was sent and not answered yet, each with its key: sent again, it is done once. */
const unanswered = new Map();

function keyOf(sent) {
  if (!unanswered.has(sent)) unanswered.set(sent, crypto.randomUUID?.());
  return unanswered.get(sent);
}

async function ask(method, address, body, headers) {
  const told = { ...headers, "X-CSRF-Token": csrf, Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (body !== undefined) told["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const change = `${address} ${sent}`;
  const key = method === "POST" && keyOf(change);
  if (key) told["Idempotency-Key"] = key;
  // A page that was shown to nobody asks as nobody: it could not prove to be of a session that the
  // browser has a cookie of, and leaves out when somebody comes from another website.
  const credentials = csrf ? "same-origin" : "omit";
  const answer = await fetch(address, { method, headers: told, body: sent, credentials });
  if (answer.status < 500) unanswered.delete(change);
  if (answer.status === 401) tellSignedOut();
  // The proof is of a session that is over: another tab has begun the next one.
  if (answer.status === 403 && csrf && await isSignedInAgain()) return ask(method, address, body, headers);
  const json = (answer.headers.get("Content-Type") || "").includes("json");
  const said = json ? await answer.json() : null;
  if (!answer.ok) throw new Refused(answer.status, said || {});
  return said;
}

// --- A session that ends while somebody writes: they sign in beside it, and go on where they were.

let signedOut = null;

/** Whether somebody has written what would be lost with the page. */
function isWritten() {
  const fields = [...document.querySelectorAll("form:not([role=search]) :is(input, textarea)")];
  return fields.some((one) => one.type !== "hidden" && one.value !== one.defaultValue);
}

function tellSignedOut() {
  const door = location.pathname.startsWith("/termine") ? "/termine/anmelden" : "/anmelden";
  const address = `${door}?zu=${encodeURIComponent(location.pathname + location.search)}`;
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  const isBeside = Boolean(dialog) || isWritten();
  signedOut?.remove();
  signedOut = tell(isBeside ? texts.signed_out_beside : texts.signed_out, { kind: "warn", address });
  if (isBeside) signedOut.firstChild.target = "_blank";
  dialog?.prepend(signedOut); // what is behind it cannot be pressed
}

const meta = (page, name) => page.querySelector(`meta[name=${name}]`);

/** Take over the proof of a session that the same person began in another tab; tells whether it is new. */
async function isSignedInAgain() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // What one person wrote is not sent in another's name.
  if (meta(page, "who").content !== meta(document, "who").content) return false;
  const before = csrf;
  csrf = meta(document, "csrf").content = meta(page, "csrf").content;
  signedOut?.remove();
  signedOut = null;
  return csrf !== before;
}

/** Show a message at the top. `action` is {text, do}: a button behind it. */
export function tell(text, { kind = "ok", action, address, lasts = 12000 } = {}) {
  const box = document.getElementById("messages");
  const message = document.createElement("div");
  message.className = `notice ${kind}`;
  const words = document.createElement(address ? "a" : "span");
  words.textContent = text;
  if (address) words.href = address;
  message.append(words);
  const gone = () => message.remove();
  if (action) message.append(button(action.text, async () => { gone(); await action.do(); }));
  message.append(button(texts.close, gone, "quiet"));
  box.replaceChildren(message);
  if (lasts && kind === "ok") setTimeout(gone, lasts);
  return message;
}

function button(text, act, kind = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

/** Say in words what went wrong with something that was not a form. */
export function tellOf(error) {
  if (error instanceof Refused) {
    if (error.status !== 401) tell(error.message, { kind: "bad" });
  } else {
    console.error(error);
    tell(texts.not_reached, { kind: "bad" });
  }
}

/** Show what is wrong at the top of a form, each with a link to its field. */
export function showErrors(form, detail, faults = []) {
  const box = form.querySelector(".errors");
  const lead = document.createElement("p");
  lead.textContent = detail === null ? texts.not_reached : detail || texts.please_correct;
  box.replaceChildren(lead);
  const list = document.createElement("ul");
  for (const [field, text] of faults) {
    const item = document.createElement("li");
    if (field) {
      field.setAttribute("aria-invalid", "true");
      const link = document.createElement("a");
      link.href = `#${field.id}`;
      link.textContent = `${labelOf(field)}: ${text}`;
      link.addEventListener("click", (event) => { event.preventDefault(); field.focus(); });
      item.append(link);
    } else item.textContent = text;
    list.append(item);
  }
  if (faults.length) box.append(list);
  box.hidden = false;
  box.tabIndex = -1;
  box.focus();
}

export function clearErrors(form) {
  const box = form.querySelector(".errors");
  if (box) box.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function labelOf(field) {
  return field.labels?.[0]?.textContent.trim() || field.getAttribute("aria-label") || field.name;
}

/** Return what a form says, as the API takes it. */
export function saidBy(form) {
  const said = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit") continue;
    if (field.type === "radio" && !field.checked) continue;
    const value = valueOf(field);
    if (value === undefined) continue;
    const parts = field.name.split(".");
    const last = parts.pop();
    const place = parts.reduce((at, part) => (at[part] ??= {}), said);
    if (field.type === "checkbox" && field.dataset.kind === "list") {
      place[last] ??= [];
      if (field.checked) place[last].push(field.value);
    } else place[last] = value;
  }
  return said;
}

function valueOf(field) {
  const kind = field.dataset.kind || (field.type === "checkbox" ? "bool" : "");
  if (kind === "bool") return field.type === "checkbox" ? field.checked : field.value === "true";
  const text = field.value.trim();
  if (text === "" && field.dataset.empty === "null") return null;
  if (text === "" && field.dataset.empty === "leave") return undefined;
  if (kind === "number") return text === "" ? null : Number(text);
  if (kind === "list" && field.type !== "checkbox") {
    return text.split(",").map((one) => one.trim()).filter(Boolean);
  }
  if (kind === "json") return text === "" ? null : JSON.parse(text);
  return field.type === "password" ? field.value : text;
}

/** Send a form to the API; returns the answer, or undefined if it was refused (and shown). */
export async function send(form, body) {
  clearErrors(form);
  const [method, address] = form.dataset.api.split(" ");
  const pressed = form.querySelector("[type=submit]");
  if (pressed) pressed.disabled = true;
  try {
    const headers = form.dataset.etag ? { "If-Match": form.dataset.etag } : {};
    return await api(method, address, method === "DELETE" ? undefined : body ?? saidBy(form), headers) ?? null;
  } catch (error) {
    if (error instanceof Refused) {
      showErrors(form, error.message, (error.problem.errors || []).map((one) => [fieldOf(form, one.pointer), one.detail]));
    } else showErrors(form, null);
    return undefined;
  } finally {
    if (pressed) pressed.disabled = false;
  }
}

function fieldOf(form, pointer) {
  const parts = pointer.replace(/^[?/]/, "").split("/");
  for (let end = parts.length; end; end -= 1) {
    const found = form.elements.namedItem(parts.slice(0, end).join("."));
    if (found) return found instanceof RadioNodeList ? found[0] : found;
  }
  return null;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  const answer = await send(form);
  if (answer === undefined) return;
  const done = form.dataset.done || "reload";
  form.dispatchEvent(new CustomEvent("sent", { bubbles: true, detail: answer }));
  if (done === "reload") location.reload();
  else if (done === "stay") tell(form.dataset.said || texts.saved);
  else location.assign(done.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? "")));
});

document.addEventListener("click", async (event) => {
  const out = event.target.closest("[data-sign-out]");
  if (out) {
    await api("DELETE", "/api/session").catch(() => null);
    try {
      sessionStorage.clear(); // what the tab remembers is of who was signed in
    } catch { /* where a browser forbids pages to remember anything, there is nothing */ }
    location.assign(out.dataset.signOut);
  }
  const keeps = event.target.closest("[data-keeps-query]");
  if (keeps && location.search) {
    const to = new URL(keeps.href);
    to.searchParams.set("zu", location.pathname + location.search);
    keeps.href = to;
  }
});

// On a phone the menu is behind a button.
const opensMenu = document.querySelector(".opens-menu");
const showMenu = (open) => opensMenu.setAttribute("aria-expanded", String(open));
opensMenu?.addEventListener("click", () => showMenu(opensMenu.getAttribute("aria-expanded") === "false"));
opensMenu?.closest("header").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || opensMenu.getAttribute("aria-expanded") === "false") return;
  showMenu(false);
  opensMenu.focus();
});

export { texts };
