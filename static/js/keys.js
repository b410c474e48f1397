// Keyboard shortcuts. An element with data-keys="g c" is pressed by typing g, then c; "/" goes to the search field,
// j and k walk along rows (links of a table, or whatever carries data-row). Off while typing, and on request.
// What is pressed while a part of the page is being exchanged is meant for the new one, and waits until that works.
const PAUSE_MS = 1200;
const LOOK_AGAIN_MS = 10;
const MOST_LOOKS = 50;

let typed = "";
let forget = 0;

const isOn = () => localStorage.getItem("keys") !== "off";

function isTyping(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row], .table__link")].filter((row) => row.checkVisibility());
  if (rows.length === 0) return;
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
  rows[next].focus();
}

function press(keys) {
  const target = [...document.querySelectorAll("[data-keys]")].find((element) => element.dataset.keys === keys);
  target?.click();
  return Boolean(target);
}

function handle(key) {
  typed = `${typed} ${key}`.trim();
  clearTimeout(forget);
  forget = setTimeout(() => (typed = ""), PAUSE_MS);
  if (press(typed) || press(key)) typed = "";
  else if (key === "/") document.querySelector("[type=search]")?.focus();
  else if (key === "?") document.getElementById("keys")?.showModal();
  else if (key === "j") walk(1);
  else if (key === "k") walk(-1);
  else return false;
  return true;
}

const isSettling = () => Boolean(document.querySelector(".htmx-settling"));

function handleSoon(key, looks = MOST_LOOKS) {
  if (isSettling() && looks > 0) setTimeout(handleSoon, LOOK_AGAIN_MS, key, looks - 1);
  else if (!isTyping(document.activeElement)) handle(key);
}

document.addEventListener("keydown", (event) => {
  if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key.length !== 1 || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === " ") return;
  if (isSettling()) handleSoon(event.key);
  else if (!handle(event.key)) return;
  event.preventDefault();
});

const box = document.getElementById("keys-on");
if (box) {
  box.checked = isOn();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
}
