// Numbers: shows the seconds only for a pace of one's own; asks for a QR code while its dialogue is open.
const ASK_AGAIN_MS = 5000;

const paces = document.querySelectorAll("[data-pace]");
const custom = document.querySelector("[data-pace-custom]");
function showPace() {
  custom.hidden = document.querySelector("[data-pace]:checked")?.value !== "custom";
}
if (custom) {
  for (const pace of paces) pace.addEventListener("change", showPace);
  showPace();
}

for (const place of document.querySelectorAll("[data-qr]")) {
  const dialog = place.closest("dialog");
  let timer = 0;
  const ask = () => {
    if (dialog.open && !document.hidden) htmx.trigger(place, "qr-ask");
  };
  new MutationObserver(() => {
    clearInterval(timer);
    if (!dialog.open) return;
    ask();
    timer = setInterval(ask, ASK_AGAIN_MS);
  }).observe(dialog, { attributes: true, attributeFilter: ["open"] });
}
