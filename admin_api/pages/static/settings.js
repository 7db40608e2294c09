// The settings: forms that say in the reader's words what is wrong, secrets shown once, connections
// tried, changes taken back.
//
// A form may have a data-shape: what its fields say is put into the API's form by that function,
// which also returns what is wrong with them: [field, words]. data-done="show" shows the answer in
// the dialog the form stands in.

import { Refused, api, clearErrors, saidBy, showErrors, tell, tellOf, texts as common } from "./praxis.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const DAYS = ["mo", "tu", "we", "th", "fr", "sa", "su"];

/** Return a refusal in the reader's words, where it is a known one. */
function inWords(error) {
  if (error.status === 412) return texts.changed;
  if (error.problem.type?.endsWith("#problem-name-taken")) return texts.name_taken;
  if (error.problem.errors?.length) return common.please_correct;
  return error.message;
}

const wrongOf = (field) => field.dataset.wrong || field.validationMessage;

/** Return what the browser itself finds wrong: [field, words]. */
function faultsOf(form) {
  return [...form.elements].filter((one) => one.willValidate && !one.checkValidity()).map((one) => [one, wrongOf(one)]);
}

function fieldFor(form, pointer) {
  const parts = pointer.replace(/^\//, "").split("/");
  const found = form.elements.namedItem(parts[0]);
  return found instanceof RadioNodeList ? found[0] : found;
}

// --- what is sent

/** Return the time that a clock on the wall of a zone shows, with its offset. */
function withOffset(local, zone) {
  const guess = new Date(`${local}:00Z`);
  const shown = (at) => {
    const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at);
    return parts.find((one) => one.type === "timeZoneName").value.replace("GMT", "") || "+00:00";
  };
  const minutes = (offset) => (offset[0] === "-" ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
  const first = shown(guess);
  return `${local}:00${shown(new Date(guess - minutes(first) * 60000))}`;
}

function dayAfter(day) {
  const next = new Date(`${day}T12:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** Return the hours of one weekday as ["08:00-12:00"], and what is wrong with them. */
function hoursOf(day) {
  const spans = [], faults = [];
  for (const row of day.querySelectorAll(".span")) {
    const [from, until] = row.querySelectorAll("input");
    if (!from.value && !until.value) continue;
    const end = until.value === "00:00" ? "24:00" : until.value;
    if (!from.value || !until.value) faults.push([from.value ? until : from, texts.both]);
    else if (end <= from.value) faults.push([until, texts.backwards]);
    else spans.push([from.value, end, from]);
  }
  spans.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  for (let n = 1; n < spans.length; n += 1) if (spans[n][0] < spans[n - 1][1]) faults.push([spans[n][2], texts.overlap]);
  return { text: spans.map(([from, end]) => `${from}-${end}`).join(" "), faults };
}

const shapes = {
  doctor(form, said) {
    const faults = [], runs = [];
    for (const day of form.querySelectorAll(".day")) {
      const found = hoursOf(day), number = Number(day.dataset.day);
      faults.push(...found.faults);
      const last = runs.at(-1);
      if (last && last.text === found.text && last.to === number - 1) last.to = number;
      else runs.push({ from: number, to: number, text: found.text });
    }
    const days = ({ from, to }) => (from === to ? DAYS[from] : `${DAYS[from]}-${DAYS[to]}`);
    said.hours = runs.filter((run) => run.text).map((run) => `${days(run)} ${run.text}`).join(", ");
    return faults;
  },
  type(form, said) {
    const { minutes, min_minutes: least, max_minutes: most } = form.elements;
    const faults = [];
    if (said.min_minutes !== null && said.min_minutes > said.minutes) faults.push([least, texts.least]);
    if (said.max_minutes !== null && said.max_minutes < said.minutes) faults.push([most, texts.most]);
    if ((said.max_minutes ?? said.minutes) + said.buffer_before + said.buffer_after > 1440) faults.push([minutes, texts.longer]);
    return faults;
  },
  exception(form, said) {
    const { first, from, last, until, who, reason } = form.elements, zone = form.dataset.zone;
    const [kind, id] = who.value.split(":");
    const end = until.value ? `${last.value}T${until.value}` : `${dayAfter(last.value)}T00:00`;
    const begin = `${first.value}T${from.value || "00:00"}`;
    for (const name of Object.keys(said)) delete said[name];
    said.open = form.querySelector("[name=open]:checked").value === "true";
    said.reason = reason.value.trim();
    said.doctor_id = kind === "doctor" ? Number(id) : null;
    said.room_id = kind === "room" ? Number(id) : null;
    if (kind === "room" && said.open) return [[who, wrongOf(who)]];
    if (end <= begin) return [[until.value ? until : last, wrongOf(last)]];
    said.start = withOffset(begin, zone);
    said.end = withOffset(end, zone);
    return [];
  },
  account(form, said) {
    if (said.role !== "doctor") said.doctor = null;
    return said.role === "doctor" && !said.doctor ? [[form.elements.doctor, wrongOf(form.elements.doctor)]] : [];
  },
};

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  clearErrors(form);
  let faults = faultsOf(form), said;
  if (!faults.length) {
    said = saidBy(form);
    faults = shapes[form.dataset.shape]?.(form, said) ?? [];
  }
  if (faults.length) return showErrors(form, common.please_correct, faults);
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  await sent(form, said);
}, { capture: true });

async function sent(form, said) {
  const [method, address] = form.dataset.api.split(" ");
  const headers = form.dataset.etag ? { "If-Match": form.dataset.etag } : {};
  const bare = method === "DELETE" || !Object.keys(said).length;
  const pressed = form.querySelector("[type=submit]");
  pressed.disabled = true;
  try {
    const answer = await api(method, address, bare ? undefined : said, headers);
    done(form, answer);
  } catch (error) {
    if (error instanceof Refused) {
      const faults = (error.problem.errors || []).map((one) => {
        const field = fieldFor(form, one.pointer);
        return [field, field?.dataset.wrong || one.detail];
      });
      const taken = error.problem.type?.endsWith("#problem-name-taken");
      const named = taken && (form.elements.namedItem("slug") || form.elements.namedItem("name"));
      showErrors(form, inWords(error), named ? [[named, texts.other_name]] : faults);
    } else showErrors(form, null);
  } finally {
    pressed.disabled = false;
  }
}

function done(form, answer) {
  const to = form.dataset.done;
  if (to === "show") showMade(form, answer);
  else if (to === "stay") { form.reset(); tell(form.dataset.said || common.saved); }
  else if (to === "reload") location.reload();
  else location.assign(to.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer?.[name] ?? "")));
}

// --- working hours

document.addEventListener("click", (event) => {
  const more = event.target.closest("[data-add-span]");
  if (more) {
    const day = more.closest(".day");
    addSpan(day).querySelector("input").focus();
  }
  const copied = event.target.closest("[data-as-monday]");
  if (copied) {
    const day = copied.closest(".day"), monday = day.parentElement.querySelector("[data-day='0']");
    const from = [...monday.querySelectorAll("input")].map((one) => one.value);
    while (day.querySelectorAll(".span").length < from.length / 2) addSpan(day);
    day.querySelectorAll(".span input").forEach((one, n) => { one.value = from[n] ?? ""; });
    day.querySelector("input").focus();
  }
});

function addSpan(day) {
  const spans = day.querySelector(".spans"), made = spans.lastElementChild.cloneNode(true), n = spans.children.length;
  for (const field of made.querySelectorAll("input")) {
    field.value = "";
    field.removeAttribute("aria-invalid");
    field.id = `h-${day.dataset.day}-${n}-${field.dataset.hour}`;
  }
  spans.append(made);
  return made;
}

// --- short names are made of names, until somebody writes one

const LETTERS = { ä: "ae", ö: "oe", ü: "ue", ß: "ss" };
for (const field of document.querySelectorAll("[data-slug-of]")) {
  const source = document.getElementById(field.dataset.slugOf);
  let own = field.value !== "";
  field.addEventListener("input", () => { own = field.value !== ""; });
  source.addEventListener("input", () => {
    if (own) return;
    const plain = source.value.toLowerCase().replace(/[äöüß]/g, (one) => LETTERS[one]).normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    field.value = plain.replace(/[^a-z0-9]+/g, "-").slice(0, 64).replace(/^-+|-+$/g, "");
  });
}

// --- dialogs, and what is shown once

document.addEventListener("click", async (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) {
    const dialog = document.getElementById(opens.dataset.opens);
    dialog.showModal();
    dialog.querySelector("select, input")?.focus();
  }
  const closes = event.target.closest("[data-closes]");
  if (closes) {
    if (closes.dataset.closes === "reload") location.reload();
    else closes.closest("dialog").close();
  }
  const copies = event.target.closest("[data-copies]");
  if (copies) await copy(copies);
});

// What was shown once is gone with Escape, too: then the list behind is not up to date.
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => { if (dialog.querySelector(".made:not([hidden])")) location.reload(); });
}

async function copy(button) {
  const made = button.closest(".made"), which = button.dataset.copies;
  const text = which === "all" ? allOf(made) : made.querySelector(`[data-show=${which}]`).textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = texts.copied;
  } catch {
    button.textContent = texts.not_copied;
  }
}

function allOf(made) {
  const facts = [...made.querySelectorAll("dt")].map((one) => `${one.textContent}: ${one.nextElementSibling.textContent}`);
  const steps = [...made.querySelectorAll("ol li")].map((one, n) => `${n + 1}. ${one.textContent}`);
  return [...facts, "", made.querySelector("[data-show=program]").textContent, ...steps].join("\n");
}

async function showMade(form, answer) {
  const made = form.parentElement.querySelector(".made");
  const show = (name, text) => { const at = made.querySelector(`[data-show=${name}]`); if (at) at.textContent = text; };
  form.hidden = true;
  made.hidden = false;
  show("token", answer.token);
  if (answer.address) {
    const address = new URL(answer.address, location.origin).href;
    show("address", address);
    if (answer.password) showDevice(form, made, answer, address, show);
    else picture(made, address, texts.qr_feed);
  }
  made.focus();
}

function showDevice(form, made, answer, address, show) {
  const which = form.querySelector("[data-program]").value, program = texts.programs[which];
  show("user", answer.user_name);
  show("password", answer.password);
  show("program", program.name);
  const filled = { address, user: answer.user_name, host: new URL(address).host, principal: new URL(answer.principal, address).href };
  made.querySelector("[data-steps]").replaceChildren(...program.steps.map((step) => {
    const item = document.createElement("li");
    item.textContent = step.replace(/\{(\w+)\}/g, (_, name) => filled[name]);
    return item;
  }));
  const profile = made.querySelector("[data-for]");
  if (profile) profile.hidden = profile.dataset.for !== which;
  // davx5:// means https; without TLS there is caldav:// for it.
  const own = which === "davx5" ? address.replace(/^https:/, "davx5:").replace(/^http:/, "caldav:") : address;
  picture(made, own, which === "davx5" ? texts.qr_davx5 : texts.qr);
}

/** Show an address for a camera. It is sent in a body: some are secrets. */
async function picture(made, text, says) {
  try {
    const answer = await fetch("/api/qr-codes", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]").content },
      body: JSON.stringify({ text }),
    });
    if (!answer.ok) return;
    const svg = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", texts.qr_label);
    made.querySelector("[data-qr]").replaceChildren(document.importNode(svg, true));
    made.querySelector("[data-qr-says]").textContent = says;
  } catch {
    // The address stands beside it in letters.
  }
}

// --- grants

document.addEventListener("change", async (event) => {
  const field = event.target.closest("[data-grant]");
  if (!field) return;
  field.disabled = true;
  try {
    if (field.value) await api("PUT", field.dataset.grant, { level: field.value });
    else await api("DELETE", field.dataset.grant);
    field.dataset.was = field.value;
    tell(common.saved);
  } catch (error) {
    field.value = field.dataset.was;
    tellOf(error);
  }
  field.disabled = false;
  field.focus();
});

// --- connections

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-try]");
  if (!button) return;
  const box = button.closest("section").querySelector(".tried");
  button.disabled = true;
  say(box, "", texts.trying);
  try {
    const answer = await api("POST", button.dataset.try);
    const words = texts[button.dataset.kind], status = answer.status ? ` (${texts.answered} ${answer.status})` : "";
    if (answer.works) say(box, "ok", words.works.replace("{to}", answer.to));
    else {
      const file = answer.trouble === "file" ? ` ${texts.file[answer.detail] || answer.detail}` : "";
      say(box, "bad", words[answer.trouble] + file + status);
    }
  } catch (error) {
    say(box, "bad", error instanceof Refused ? inWords(error) : common.not_reached);
  }
  button.disabled = false;
  button.focus();
});

function say(box, kind, text) {
  const made = document.createElement("div");
  made.className = `notice ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  made.append(words);
  box.replaceChildren(made);
}

// --- taking back

const dialog = document.getElementById("undo");
let takeBack = null;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-undo]");
  if (!button) return;
  const number = Number(button.dataset.undo), isLog = button.dataset.chain === "log";
  const box = dialog.querySelector(".preview"), does = dialog.querySelector("[data-undoes]");
  clearErrors(dialog);
  does.disabled = true;
  does.hidden = false;
  box.replaceChildren(paragraph(texts.looking));
  dialog.showModal();
  try {
    const act = `/api/audit/acts/${number}/undo`;
    const seen = isLog ? await api("POST", "/api/undo/preview", { numbers: [number] }) : await api("GET", act);
    box.replaceChildren(...(isLog ? stepsOf(seen) : fieldsOf(seen)));
    does.disabled = does.hidden = !seen.possible;
    takeBack = isLog ? () => api("POST", "/api/undo", { numbers: [number], mark: seen.mark }) : () => api("POST", act);
  } catch (error) {
    box.replaceChildren(paragraph(error instanceof Refused ? inWords(error) : common.not_reached));
  }
  box.focus();
});

dialog?.querySelector("[data-undoes]").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    await takeBack();
    location.reload();
  } catch (error) {
    showErrors(dialog, error instanceof Refused ? inWords(error) : null);
  }
});

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function whyNot(seen) {
  if (seen.taken_back_by) return texts.already;
  if (seen.in_the_way?.length) return texts.in_the_way.replace("{numbers}", seen.in_the_way.join(", "));
  const reason = (seen.refused || "").replace(/^Act \d+ cannot be taken back: /, "");
  return `${texts.impossible} ${texts.refusals[reason] || texts.why[reason] || changedSince(reason) || reason}`.trim();
}

function changedSince(reason) {
  const found = /^it was changed since \((.*)\)/.exec(reason);
  return found && texts.since.replace("{names}", found[1].split(", ").map((name) => texts.names[name] || name).join(", "));
}

function stepsOf(seen) {
  if (!seen.possible) return [paragraph(seen.refused || seen.in_the_way.length ? whyNot(seen) : texts.nothing)];
  const list = document.createElement("ul");
  for (const step of seen.steps) {
    const item = document.createElement("li");
    item.textContent = [texts.acts[step.act] || step.act, step.calendar, step.start ? new Date(step.start).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) : step.name].filter(Boolean).join(", ");
    list.append(item);
  }
  return [paragraph(texts.will), list];
}

function fieldsOf(seen) {
  if (!seen.possible) return [paragraph(whyNot(seen))];
  const table = document.createElement("table"), told = (value) => (value === null || value === "" ? "–" : typeof value === "object" ? JSON.stringify(value) : value === true ? texts.yes : value === false ? texts.no : String(value));
  table.className = "pairs";
  const row = (cells, kind) => {
    const made = document.createElement("tr");
    for (const cell of cells) { const one = document.createElement(kind); one.textContent = cell; made.append(one); }
    table.append(made);
  };
  row([texts.what, texts.now, texts.back], "th");
  for (const one of seen.fields) if (JSON.stringify(one.now) !== JSON.stringify(one.before)) row([texts.names[one.name] || one.name, told(one.now), told(one.before)], "td");
  return [paragraph(texts.does[seen.does] || texts.will), table];
}
