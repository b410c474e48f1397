// A form in which a caller types what they would say.
const TOLD_EVERY_MS = 1000;

// While somebody types, the agent waits for them; `line` gives the line of the call in progress, if there is one.
export function sayWhatIsTyped(form, line) {
  let toldAt = 0;
  form.addEventListener("input", () => {
    if (Date.now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = Date.now();
    line()?.typing();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.elements.text;
    const text = field.value.trim();
    if (!text || !line()) return;
    line().say(text);
    field.value = "";
  });
}
