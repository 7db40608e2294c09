// What the calendar's modules share: texts, what the practice is, times of its clock, small elements.
// Times are "wall" texts such as 2026-11-23T10:00:00, as the practice's clock shows them: what the
// server tells is in its zone already, and the browser may stand in another.

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const config = JSON.parse(document.getElementById("config").textContent);
export const locale = config.language === "de" ? "de-DE" : "en-GB";

const two = (number) => String(number).padStart(2, "0");
const utc = (wall) => Date.parse(`${wall.slice(0, 16)}:00Z`);

/** The wall time of what the server tells. */
export const wallOf = (told) => told.slice(0, 19);
export const dayOf = (told) => told.slice(0, 10);
export const timeOf = (told) => told.slice(11, 16);
/** The wall time of a Date whose local parts are meant, as the calendar component tells it. */
export const wallOfDate = (date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:00`;
export const minutesBetween = (start, end) => Math.round((utc(end) - utc(start)) / 60000);
export const plusMinutes = (wall, minutes) => new Date(utc(wall) + minutes * 60000).toISOString().slice(0, 19);
export const plusDays = (day, days) => plusMinutes(`${day}T00:00:00`, days * 1440).slice(0, 10);
export const mondayOf = (day) => plusDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: config.zone, hourCycle: "h23",
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** What the practice's clock shows at a moment (milliseconds). */
export function wallAt(moment) {
  const part = Object.fromEntries(clock.formatToParts(moment).map((one) => [one.type, one.value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
}

/** The moment at which the practice's clock shows a wall time, as the API takes it. */
export function momentOf(wall) {
  const shown = Date.parse(`${wall}Z`);
  let moment = shown;
  for (let turn = 0; turn < 2; turn += 1) moment += shown - Date.parse(`${wallAt(moment)}Z`);
  return new Date(moment).toISOString();
}

/** A day in words. */
export function dayInWords(day, style = { weekday: "long", day: "numeric", month: "long", year: "numeric" }) {
  return new Intl.DateTimeFormat(locale, { ...style, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** Put words into a text's gaps. */
export const filled = (text, words) => text.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? "");

/** Make an element; what is no element among its content is text. */
export function make(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "on") made.addEventListener("click", value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...content.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

/** A picture that says nothing which words beside it do not. */
export function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${config.icons}#${name}`);
  made.append(use);
  return made;
}

// --- what appointments are grouped by: a colour, and letters for who does not see it

const HUES = ["teal", "darkorange", "royalblue", "mediumvioletred", "olivedrab", "sienna", "slateblue", "crimson", "steelblue", "goldenrod"];
const chosen = new Set([...config.types, ...Object.values(config.categories)].map((one) => one.color));
const others = HUES.filter((one) => !chosen.has(one));
const groups = new Map();
const bySlug = new Map(config.types.map((one) => [one.slug, one]));

export const typeCalled = (slug) => bySlug.get(slug);

/** The group of an appointment: {name, color, letters}. */
export function groupOf(item) {
  const known = item.type?.slug ? bySlug.get(item.type.slug) : undefined;
  const told = item.type ? config.categories[item.type.name] : undefined;
  const name = known?.group || told?.name || item.type?.name || texts.no_type;
  if (!groups.has(name)) {
    const color = known?.color || told?.color || (known ? HUES[groups.size % HUES.length] : hueOf(name));
    groups.set(name, { name, color, letters: lettersFor(name) });
  }
  return groups.get(name);
}

/** By its name: what is no type of ours has the same colour on every day, whatever else there is. */
function hueOf(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 65521;
  return others[sum % others.length] || HUES[0];
}

function lettersFor(name) {
  const taken = new Set([...groups.values()].map((one) => one.letters));
  const letters = [...name.toUpperCase()].filter((one) => /[\p{L}\p{N}]/u.test(one));
  const tries = [letters[0] || "–", ...letters.slice(1).map((one) => letters[0] + one)];
  return tries.find((one) => !taken.has(one)) || `${letters[0] || "–"}${groups.size}`;
}

config.types.forEach((one) => groupOf({ type: one }));

// --- how an appointment stands

/** {key, icon, kind}: what the badge of an appointment says. */
export function standOf(item) {
  if (item.status === "CANCELLED") return { key: "CANCELLED", icon: "bad", kind: "bad" };
  if (item.progress) {
    const how = { arrived: ["here", "ok"], in_treatment: ["person", "ok"], done: ["ok", "ok"], no_show: ["bad", "bad"] };
    return { key: item.progress, icon: how[item.progress][0], kind: how[item.progress][1] };
  }
  if (item.status === "TENTATIVE") return { key: "TENTATIVE", icon: "wait", kind: "warn" };
  return { key: "CONFIRMED", icon: "calendar", kind: "" };
}

export function badge(item) {
  const stand = standOf(item);
  return make("span", { class: `badge ${stand.kind}` }, icon(stand.icon), texts.states[stand.key]);
}

export const nameOf = (item) => item.patient?.name || texts.nobody;

const writable = new Set(config.doctors.filter((one) => one.writes).map((one) => one.slug));

/** Whether the account may change it at all. */
export const isOurs = (item) => config.may.modify && writable.has(item.doctor?.slug);
export const isOn = (item) => item.status !== "CANCELLED";
export const movable = (item) => isOurs(item) && isOn(item) && ["", "no_show"].includes(item.progress);

/** What can be done with an appointment now, the likeliest first. */
export function actionsOf(item) {
  const done = [];
  const now = Date.now();
  const begins = Date.parse(item.start);
  const ours = isOurs(item);
  if (ours && isOn(item)) {
    if (item.status === "TENTATIVE") done.push("confirm");
    if (item.status === "TENTATIVE" && config.may.cancel) done.push("decline");
    if (["", "no_show"].includes(item.progress) && now >= begins - 864e5) done.push("arrived");
    if (item.progress === "arrived") done.push("in_treatment");
    if (["arrived", "in_treatment"].includes(item.progress)) done.push("done");
    if (item.progress === "" && now >= begins) done.push("no_show");
    if (item.progress) done.push("back");
    done.push("edit");
  }
  if (config.may.create && writable.size && item.patient) done.push("copy");
  const leaves = ["", "no_show"].includes(item.progress) && item.status === "CONFIRMED";
  if (ours && isOn(item) && config.may.cancel && leaves) done.push("cancel");
  return done;
}

/** What the progress is when the last step is taken back. */
export const stepBack = { arrived: "", in_treatment: "arrived", done: "in_treatment", no_show: "" };
