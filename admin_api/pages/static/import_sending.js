// Sends a patient list to the API, as it is; returns the import that began.

import { Refused } from "./praxis.js";

const LONGEST = 255; // characters of the name's header

export async function sentList(file, how = {}) {
  const asked = new URLSearchParams(Object.entries(how).filter(([, value]) => value));
  const answer = await fetch(`/api/patients/import?${asked}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/octet-stream",
      "X-File-Name": named(file.name),
      "X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
      Accept: "application/json",
      "Accept-Language": document.documentElement.lang,
    },
    body: file,
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

function named(name) {
  let letters = [...name.toWellFormed()];
  while (encodeURIComponent(letters.join("")).length > LONGEST) letters = letters.slice(0, -1);
  return encodeURIComponent(letters.join(""));
}
