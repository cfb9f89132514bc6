// <label class="file-drop" data-file-drop> with one file input: drop a file on it, and see which one was chosen.
for (const zone of document.querySelectorAll("[data-file-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("[data-file-name]");
  zone.classList.add("has-script");
  const show = () => {
    const file = input.files[0];
    if (!file || !name) return;
    name.textContent = `${file.name} (${Math.max(1, Math.round(file.size / 1024)).toLocaleString("pt-BR")} KB)`;
  };
  input.addEventListener("change", show);
  for (const type of ["dragenter", "dragover"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  show();
}
