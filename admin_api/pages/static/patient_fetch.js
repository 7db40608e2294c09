// One patient's appointments of a day, fetched at once: begun, followed, and told.

import { api } from "./praxis.js";
import { filled, made, renewed, sent, texts, worded } from "./patient_forms.js";

const form = document.getElementById("fetch");
const told = document.getElementById("fetched");
const OFTEN = 1000;

function say(kind, text, progress) {
  const words = made("p", { className: `notice ${kind}`, textContent: text });
  told.replaceChildren(words);
  if (progress) {
    const bar = made("progress", { max: progress.of || 1, value: progress.step });
    bar.setAttribute("aria-label", text);
    told.append(bar);
  }
}

async function follow(task) {
  const known = await api("GET", `/api/sync/status/${encodeURIComponent(task)}`);
  if (known.status === "running") {
    const { step, of } = known.progress;
    say("", filled(texts.fetching, { step, of }), known.progress);
    setTimeout(() => follow(task).catch(failed), OFTEN);
    return;
  }
  form.querySelector("[type=submit]").disabled = false;
  if (known.status === "completed") {
    say("ok", filled(texts.fetched, known.appointments));
    await renewed(location.href, "appointments", "past");
  } else say("bad", texts.fetch_errors[known.error_code] || texts.fetch_failed);
}

function failed(error) {
  form.querySelector("[type=submit]").disabled = false;
  say("bad", worded(error));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const running = (error) => {
    if (!error.problem?.task_id) return false;
    follow(error.problem.task_id).catch(failed);
    return true;
  };
  const body = { piz: form.dataset.number, date: form.elements.date.value };
  const begun = await sent(form, { body, refused: running });
  if (!begun) return;
  form.querySelector("[type=submit]").disabled = true;
  say("", filled(texts.fetching, { step: 0, of: "…" }));
  follow(begun.task_id).catch(failed);
});
