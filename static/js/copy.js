// A button with data-copy puts that text on the clipboard and says so. Pages without TLS have no clipboard of their
// own; there the text is marked and copied the old way.
const SAY_MS = 2000;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function say(button, words) {
  if (button.dataset.before !== undefined) return;
  button.dataset.before = button.innerHTML;
  button.textContent = words;
  setTimeout(() => {
    button.innerHTML = button.dataset.before;
    delete button.dataset.before;
  }, SAY_MS);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await copy(button.dataset.copy);
    say(button, "Copied");
  } catch {
    say(button, "Could not copy");
  }
  button.focus();
});
