// What tests/test_every_page.py looks for, from within a page: run in each before its own scripts.

window.shifts = { sum: 0, of: [] };
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    if (one.hadRecentInput) continue;
    window.shifts.sum += one.value;
    window.shifts.of.push(...one.sources.map((source) => source.node?.outerHTML?.slice(0, 120)));
  }
}).observe({ type: "layout-shift", buffered: true });
window.stops = [];
window.unseen = new Set();
document.addEventListener("focusin", ({ target }) => {
  window.stops.push(target);
  const ring = (one) => { const look = getComputedStyle(one); return look.outlineStyle !== "none" || look.boxShadow !== "none"; };
  if (!ring(target) && !(target.parentElement && ring(target.closest("label, .drop") || target))) window.unseen.add(target);
});

window.looks = {};

/** What can be worked with and the key has not come to; where it went up and down. */
looks.missing = () => {
  const told = (one) => one.outerHTML.slice(0, 140);
  const groups = new Set();
  const wanted = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter((one) => {
    if (one.disabled || one.tabIndex < 0 || one.type === "hidden" || one.closest("dialog:not([open]), [inert]")) return false;
    if (!one.checkVisibility({ visibilityProperty: true })) return false;
    if (one.type !== "radio") return true;
    const isFirst = !groups.has(one.name);
    groups.add(one.name);
    return isFirst;
  });
  const names = new Set(window.stops.filter((one) => one.type === "radio").map((one) => one.name));
  const stops = new Set(window.stops);
  const unreached = wanted.filter((one) => !stops.has(one) && !(one.type === "radio" && names.has(one.name)));
  const order = [...stops].filter((one) => one.isConnected);
  const back = order.filter((one, at) => at && order[at - 1].compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING);
  const odd = [...window.unseen].filter((one) => one.isConnected && one.tabIndex >= 0).map((one) => `no focus to be seen: ${told(one)}`);
  odd.push(...wanted.filter((one) => one.tabIndex > 0).map((one) => `before its turn: ${told(one)}`));
  if (back.length > 1) odd.push(...back.map((one) => `out of order: ${told(one)}`));
  return { unreached: unreached.map(told), left: unreached.length, odd };
};

/** What is wrong with a dialog that is open. */
looks.inDialog = async ([name, byKey]) => {
  const box = document.getElementById(name), found = [];
  if (!box.open) return ["does not open"];
  if (!box.contains(document.activeElement)) found.push("the focus is not in it");
  if (!box.getAttribute("aria-labelledby") && !box.getAttribute("aria-label")) found.push("has no name");
  if (box.scrollWidth > box.clientWidth) found.push("is wider than it is");
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const told = await axe.run(box, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
  // What opens it says what it is about, in places that are empty before.
  const wrong = told.violations.filter((one) => byKey || one.nodes.some((node) => document.querySelector(node.target[0]).childNodes.length));
  return [...found, ...wrong.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120))}`)];
};

/** Whether a page shows what it has. */
looks.ready = () => document.readyState === "complete" && !document.querySelector("[aria-busy=true]")
  && (!document.querySelector(".day-view") || "loaded" in document.body.dataset);

/** What is promised of what a page shows: its language, and that no picture or colour says something
 * that no word does. */
looks.look = () => {
  const found = [];
  const named = (one) => document.getElementById(one.getAttribute("aria-labelledby"))?.textContent;
  const told = (one) => (one.innerText || "").trim() || one.getAttribute("aria-label") || named(one);
  const shown = (one) => one.checkVisibility() && !one.closest("dialog:not([open])");
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (document.querySelectorAll("h1").length !== 1) found.push("not one heading of the first kind");
  for (const one of document.querySelectorAll(".badge, .notice, [role=status], [role=img]")) {
    if (!shown(one) || one.matches("#messages, [role=status]:not(:has(:not(:empty)))") && !one.textContent.trim()) continue;
    if (!/\p{L}|\d/u.test(told(one) || "")) found.push(`no words: ${one.outerHTML.slice(0, 160)}`);
  }
  for (const one of document.querySelectorAll(".badge.ok, .badge.warn, .badge.bad")) {
    if (shown(one) && !one.querySelector("svg")) found.push(`colour alone: ${one.outerHTML.slice(0, 160)}`);
  }
  for (const one of document.querySelectorAll("svg.icon")) {
    const around = one.closest("button, a, summary, .badge, .notice, p, li, td, th, dd, dt, h1, h2, h3, label, div");
    if (shown(one) && !told(around) && !around.textContent.trim()) found.push(`a picture alone: ${around.outerHTML.slice(0, 160)}`);
  }
  for (const one of document.querySelectorAll("[onclick], img[src=x], img[src=y], script:not([src], [type='application/json'])")) {
    found.push(`a name became ${one.outerHTML.slice(0, 160)}`);
  }
  // What turns letters turns those that come after it as well: not what one is asked.
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode, at = one.data.lastIndexOf("\u202e");
    if (at < 0 || !one.parentElement.closest("h1, h2, h3, button, label, summary, p > a")) continue;
    let after = one.data.slice(at).replace(/^.Ü*/u, "");
    for (let next = one.nextSibling; next; next = next.nextSibling) {
      if (next.nodeType === Node.TEXT_NODE) after += next.data;
      else if (/^(BR|UL|OL|P|DIV|DL|TABLE|H[1-6])$/.test(next.tagName)) break;
      else after += next.textContent;
    }
    if (/\p{L}/u.test(after)) found.push(`turned by a name: ${after.trim().slice(0, 80)} in ${one.parentElement.outerHTML.slice(0, 80)}`);
  }
  return found;
};

/** What goes beyond the edge. */
looks.wide = () => {
  const { scrollWidth, clientWidth } = document.scrollingElement;
  if (scrollWidth <= clientWidth) return [];
  const beyond = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth + 1);
  return [`${scrollWidth} wide of ${clientWidth}: ${beyond.slice(0, 4).map((one) => one.outerHTML.slice(0, 120)).join(" | ")}`];
};

/** What axe finds of colours alone, where it has been loaded. */
looks.pale = async () => {
  const told = await axe.run(document, { runOnly: { type: "rule", values: ["color-contrast"] }, resultTypes: ["violations"] });
  return told.violations.flatMap((one) => one.nodes.map((node) => node.html.slice(0, 160)));
};

/** Every text that stands for itself; names are the practice's own. */
looks.texts = () => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest("script, [lang=de]")) found.push(walk.currentNode.data.trim());
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
    found.push(...["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name)).filter(Boolean));
  }
  return found;
};
