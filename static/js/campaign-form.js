// The page that writes a campaign: variations, the preview in the phone, sending hours, the summary. Without it the form still posts.
const form = document.querySelector("[data-composer]");
const number = new Intl.NumberFormat("pt-BR");

const texts = form.querySelector("[data-texts]");
const template = form.querySelector("[data-text-template]");
const addText = form.querySelector("[data-text-add]");
const most = Number(addText.dataset.most);
const preview = form.querySelector("[data-preview]");
const previewText = form.querySelector("[data-preview-text]");
const previewNote = form.querySelector("[data-preview-note]");
const previewSource = previewNote.textContent.replace(/^Prévia da variação \d+/, "");
let shown = texts.querySelector("[data-text]");

// As campaigns/domain/render.py fills a text: {nome}, {{nome}}, {nome|amigo}, other columns of the lead.
function filled(text) {
  const lead = { nome: preview.dataset.lead, name: preview.dataset.lead, cidade: preview.dataset.city, uf: preview.dataset.uf, email: preview.dataset.email };
  return text.replace(/\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}|\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}/g, (hole, a, ownA, b, ownB) => {
    const key = (a ?? b).trim().toLowerCase().replace(/\s+/g, "_");
    return lead[key] || (ownA ?? ownB) || hole;
  });
}

function showPreview() {
  const rows = [...texts.querySelectorAll("[data-text]")];
  if (!rows.includes(shown)) shown = rows[0];
  const body = shown.querySelector("textarea").value.trim();
  previewText.textContent = body ? filled(body) : "Sua mensagem aparece aqui.";
  previewNote.textContent = `Prévia da variação ${rows.indexOf(shown) + 1}${previewSource}`;
}

function renumber() {
  const rows = [...texts.querySelectorAll("[data-text]")];
  rows.forEach((row, index) => {
    const area = row.querySelector("textarea");
    const label = row.querySelector("[data-text-label]");
    area.id = `text-${index + 1}`;
    label.htmlFor = area.id;
    label.textContent = `Variação ${index + 1}`;
    row.querySelector("[data-text-tools]").hidden = false;
    const remove = row.querySelector("[data-text-remove]");
    remove.hidden = rows.length === 1;
    remove.setAttribute("aria-label", `Remover a variação ${index + 1}`);
    count(row);
  });
  addText.hidden = rows.length >= most;
}

function count(row) {
  const area = row.querySelector("textarea");
  row.querySelector("[data-text-count]").textContent = area.value.length ? `${number.format(area.value.length)} caracteres` : "";
}

addText.addEventListener("click", () => {
  texts.append(template.content.firstElementChild.cloneNode(true));
  renumber();
  shown = texts.lastElementChild;
  shown.querySelector("textarea").focus();
  showPreview();
});

texts.addEventListener("click", (event) => {
  const row = event.target.closest("[data-text]");
  const token = event.target.closest("[data-insert]");
  if (token) {
    const area = row.querySelector("textarea");
    area.setRangeText(token.dataset.insert, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (event.target.closest("[data-text-remove]")) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    renumber();
    next.querySelector("textarea").focus();
    showPreview();
  }
});

texts.addEventListener("focusin", (event) => {
  shown = event.target.closest("[data-text]") ?? shown;
  showPreview();
});

texts.addEventListener("input", (event) => {
  const row = event.target.closest("[data-text]");
  row.querySelector("textarea").removeAttribute("aria-invalid");
  row.querySelector("[data-text-error]")?.remove();
  count(row);
  showPreview();
});

// Sending hours
for (const day of form.querySelectorAll("[data-day]")) {
  const open = day.querySelector("[data-day-open]");
  const spans = day.querySelector("[data-spans]");
  const add = day.querySelector("[data-span-add]");
  const show = () => {
    day.classList.toggle("is-closed", !open.checked);
    const all = spans.querySelectorAll("[data-span]");
    add.hidden = all.length >= 4;
    for (const span of all) span.querySelector("[data-span-remove]").hidden = all.length === 1;
  };
  open.addEventListener("change", show);
  add.addEventListener("click", () => {
    const last = [...spans.querySelectorAll("[data-span]")].at(-1);
    const copy = last.cloneNode(true);
    for (const input of copy.querySelectorAll("input")) input.value = "";
    last.after(copy);
    copy.querySelector("input").focus();
    show();
  });
  spans.addEventListener("click", (event) => {
    if (!event.target.closest("[data-span-remove]")) return;
    event.target.closest("[data-span]").remove();
    show();
  });
  show();
}

// When, and the summary
const later = form.querySelector("[data-when-later]");
const go = form.querySelector("[data-go]");
const summary = form.querySelector("[data-summary]");

function summarise() {
  const isLater = form.querySelector("[data-when]:checked")?.value === "later";
  later.hidden = !isLater;
  go.textContent = isLater ? go.dataset.later : go.dataset.now;
  const lists = [...form.querySelectorAll("[data-people]:checked")];
  const lanes = form.querySelectorAll("[data-lane]:checked").length;
  const people = lists.reduce((sum, input) => sum + Number(input.dataset.people), 0);
  const variations = [...texts.querySelectorAll("textarea")].filter((area) => area.value.trim()).length;
  const many = (count, one, more) => `${number.format(count)} ${count === 1 ? one : more}`;
  const missing = [
    [lists.length, "quem recebe"],
    [lanes, "de qual número sai"],
    [variations, "o que dizer"],
  ].flatMap(([there, words]) => (there ? [] : [words]));
  summary.hidden = false;
  if (missing.length) {
    summary.textContent = `Falta escolher ${new Intl.ListFormat("pt-BR").format(missing)}. Dá para salvar o rascunho e voltar depois.`;
    return;
  }
  summary.textContent = `Até ${many(people, "pessoa", "pessoas")} de ${many(lists.length, "lista", "listas")}, por ${many(lanes, "número", "números")}, com ${many(variations, "variação", "variações")}.`;
}

form.addEventListener("change", summarise);
texts.addEventListener("input", summarise);

renumber();
summarise();
showPreview();
document.querySelector(".form-errors")?.focus();
