// For the practice's website: shows the page on which patients book where this script stands.
//
//   <script src="https://kalender.example.org/static/buchen-einbetten.js" data-sprache="de" async></script>
//
// data-ziel="#termine" puts it into another place of the page. The website has to be one of the
// origins that the settings allow.

(() => {
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const language = script.dataset.sprache === "en" ? "en" : "de";
  const frame = document.createElement("iframe");
  frame.src = `${origin}/buchen?eingebettet=1&sprache=${language}`;
  frame.title = language === "en" ? "Book an appointment" : "Termin buchen";
  frame.style.cssText = "display:block;width:100%;min-height:20rem;border:0;color-scheme:light dark";
  const show = () => {
    const place = script.dataset.ziel ? document.querySelector(script.dataset.ziel) : null;
    if (place) place.append(frame);
    else script.after(frame);
  };
  window.addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    const { kind, height } = event.data ?? {};
    if (kind === "praxis-buchen" && Number.isFinite(height)) {
      frame.style.height = `${Math.min(Math.max(height, 200), 10000) + 8}px`;
    }
  });
  if (script.dataset.ziel && document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
