// Polled parts. Markup: <section data-live hx-get=… hx-trigger="every 5s" hx-swap="outerHTML"> … <span data-live-note>.
// Says how old the values are, greys them when a poll fails, sends nothing while the tab is hidden, and asks again when it is back.
// Also counts down <time data-countdown-s="42">.
const STALE_AFTER_S = 30;
const updatedAt = new WeakMap();

const regions = () => document.querySelectorAll("[data-live]");
const words = (seconds) => {
  if (seconds < 2) return "agora";
  if (seconds < 60) return `há ${seconds} s`;
  return `há ${Math.floor(seconds / 60)} min`;
};

function show(region) {
  const note = region.querySelector("[data-live-note]");
  if (!updatedAt.has(region)) updatedAt.set(region, Date.now());
  const age = Math.round((Date.now() - updatedAt.get(region)) / 1000);
  const polled = region.matches("[hx-trigger*='every']") || region.querySelector("[hx-trigger*='every']");
  if (polled && age > STALE_AFTER_S) region.classList.add("is-stale");
  if (note) {
    note.textContent = region.classList.contains("is-stale")
      ? `Sem conexão: valores de ${words(age)}`
      : `Atualizado ${words(age)}`;
  }
}

function countDown(element) {
  if (!element.dataset.endsAt) element.dataset.endsAt = String(Date.now() + Number(element.dataset.countdownS) * 1000);
  const left = Math.max(0, Math.round((Number(element.dataset.endsAt) - Date.now()) / 1000));
  const hours = Math.floor(left / 3600);
  const clock = [Math.floor((left % 3600) / 60), left % 60].map((part) => String(part).padStart(2, "0"));
  element.textContent = (hours ? [String(hours), ...clock] : clock).join(":");
}

function tick() {
  if (document.hidden) return;
  regions().forEach(show);
  document.querySelectorAll("[data-countdown-s]").forEach(countDown);
}

document.addEventListener("htmx:afterSwap", (event) => {
  const region = event.target.closest?.("[data-live]");
  if (region) {
    updatedAt.set(region, Date.now());
    region.classList.remove("is-stale");
  }
  tick();
});

// 204 and 304 mean "nothing new": the values are as good as fresh.
document.addEventListener("htmx:afterRequest", (event) => {
  const region = event.target.closest?.("[data-live]");
  if (!region || !event.detail.successful) return;
  updatedAt.set(region, Date.now());
  region.classList.remove("is-stale");
});

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    const region = event.target.closest?.("[data-live]");
    if (!region) return;
    region.classList.add("is-stale");
    show(region);
  });
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.closest?.("[data-live]")) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const region of regions()) {
    const polled = region.matches("[hx-get]") ? region : region.querySelector("[hx-get]");
    const verb = polled?.getAttribute("hx-trigger") ?? "";
    if (polled && verb.includes("every")) htmx.ajax("GET", polled.getAttribute("hx-get"), { source: polled, target: polled, swap: polled.getAttribute("hx-swap") ?? "innerHTML" });
  }
  tick();
});

setInterval(tick, 1000);
tick();
