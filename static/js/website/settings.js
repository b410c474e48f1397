// The button beside its settings takes words and color while they are chosen.
const form = document.querySelector("[data-button-form]");
const shop = document.getElementById("shop");

// As telephony/website/colors.py.
function inkOn(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? "#ffffff" : "#000000";
}

form.addEventListener("input", () => {
  const { words, color } = form.elements;
  const detail = { words: words.value || words.placeholder, color: color.value, ink: inkOn(color.value) };
  for (const host of shop?.children ?? []) host.dispatchEvent(new CustomEvent("look", { detail }));
});
