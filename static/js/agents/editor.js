// The draft saves itself: what was changed is sent a moment after typing, at once when a field is left. The answer
// says what differs from the live version and what was refused; a field that has the focus is never replaced.
const PAUSE_MS = 900;
const AGAIN_MS = 5000;

const form = document.getElementById("draft");
const saves = form.hasAttribute("hx-post");
const asked = document.getElementById("ask");

const known = new WeakMap(); // control → what the server has
const refused = new Set(); // names of what it would not take
let sent = new Map();
let timer = 0;

// What has to be saved

const controls = () => [...form.elements].filter((each) => each.name && !each.name.startsWith("csrf"));
const valueOf = (control) => (control.type === "checkbox" ? control.checked : control.value);
const unsaved = () => controls().filter((each) => known.get(each) !== valueOf(each));
const waiting = () => unsaved().some((each) => !refused.has(each.name)) || sent.size > 0;

function learn() {
  for (const control of controls()) if (!known.has(control)) known.set(control, valueOf(control));
}

function save(wait = 0) {
  clearTimeout(timer);
  timer = setTimeout(() => unsaved().length > 0 && htmx.trigger(form, "save"), wait);
}

// Resolves when nothing waits any more, or with false when it cannot be saved. Others ask for it as `form.saved()`.
async function saved() {
  for (let tries = 0; waiting() && tries < 3; tries += 1) {
    save();
    await new Promise((resolve) => {
      form.addEventListener("htmx:afterRequest", () => setTimeout(resolve), { once: true });
    });
  }
  return !waiting();
}

function chooseWhatToSend(event) {
  const { parameters } = event.detail;
  sent = new Map(unsaved().map((control) => [control, valueOf(control)]));
  if (sent.size === 0) return event.preventDefault();
  const names = new Set([...sent.keys()].map((control) => control.name));
  for (const name of Object.keys(parameters)) {
    if (!names.has(name) && name !== "csrfmiddlewaretoken") delete parameters[name];
  }
  parameters.only = [...names].join(" ");
}

function takeAnswer(event) {
  const state = document.getElementById("state");
  if (event.detail.successful) {
    refused.clear();
    for (const name of state.dataset.refused.split(" ")) refused.add(name);
    for (const [control, value] of sent) if (!refused.has(control.name)) known.set(control, value);
    learn();
    show();
  } else {
    const mayPass = event.detail.xhr.status === 0 || event.detail.xhr.status >= 500;
    state.lastElementChild.textContent = mayPass ? "Not saved. Trying again" : "Not saved";
    state.lastElementChild.className = "bad";
    if (mayPass) save(AGAIN_MS);
  }
  sent = new Map();
}

// What the page shows

function show() {
  const { dataset } = document.getElementById("state");
  const changed = new Set(dataset.changed.split(" "));
  const wrong = new Set(dataset.wrong.split(" "));
  for (const each of form.querySelectorAll("[data-field]")) each.classList.toggle("changed", changed.has(each.dataset.field));
  for (const each of document.querySelectorAll(".toc [data-fields]")) {
    const differs = each.dataset.fields.split(" ").some((name) => changed.has(name));
    each.querySelector(".dot").hidden = !differs;
    const note = form.querySelector(`[data-section-note="${each.dataset.section}"]`);
    if (note) note.hidden = !differs;
  }
  for (const control of controls()) {
    if (wrong.has(control.name)) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  const discard = document.getElementById("discard-opener");
  if (discard) discard.hidden = dataset.changed === "";
}

function showWhatApplies() {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const control = form.elements[name];
    const value = control.type === "checkbox" && !control.checked ? "" : control.value;
    part.hidden = values === "*" ? !value : !values.split(",").includes(value);
  }
}

function showNumber(slider) {
  const output = slider.parentElement.querySelector("output");
  if (output) output.value = `${slider.value} ${output.dataset.unit}`.trim();
}

function goTo(id) {
  const field = document.getElementById(id);
  for (let part = field; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  field?.focus();
  field?.scrollIntoView({ block: "center" });
}

function followReading() {
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [link.dataset.section, link]));
  const observer = new IntersectionObserver(
    (entries) => {
      const here = entries.find((entry) => entry.isIntersecting);
      if (!here) return;
      for (const [name, link] of links) {
        if (name === here.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  for (const name of links.keys()) observer.observe(document.getElementById(name));
}

// Parts that depend on the provider

function spareTheFocus(event) {
  const { target, fragment } = event.detail;
  if (target.id === "spoken-languages") {
    event.detail.shouldSwap = !target.contains(document.activeElement); // the next change brings it again
  } else if (target.contains(document.activeElement)) {
    event.detail.shouldSwap = false;
    target.addEventListener("focusout", () => setTimeout(() => refresh(target)), { once: true });
  } else if (target.querySelector("details[open]")) {
    fragment.querySelector("details")?.setAttribute("open", "");
  }
}

function refresh(target) {
  const role = target.id.replace(/-(choices|more)$/, "");
  const choices = `#${role}-choices`;
  if (document.querySelector(choices).contains(document.activeElement)) {
    target.addEventListener("focusout", () => setTimeout(() => refresh(target)), { once: true });
  } else {
    htmx.ajax("GET", `${form.dataset.choices}${role}/`, { target: choices, swap: "outerHTML" }).then(learn);
  }
}

// A table whose last row was begun gets an empty one.
function grow(table) {
  const last = table.lastElementChild;
  const isEmpty = (each) => (each.tagName === "SELECT" ? each.selectedIndex === 0 : each.value === "");
  if ([...last.querySelectorAll("input, select")].every(isEmpty)) return;
  const row = last.cloneNode(true);
  for (const each of row.querySelectorAll("input, select")) {
    each.removeAttribute("id");
    if (each.tagName === "SELECT") each.selectedIndex = 0;
    else each.value = "";
  }
  table.append(row);
  learn();
}

// The voice of the draft, or its voice for the language of a row, as it is when the button is pressed; what stands in
// the way is said beside it.
async function hear(button) {
  const told = button.parentElement.querySelector("[role=status]");
  button.disabled = true;
  told.textContent = "";
  await saved();
  const answer = await fetch(voiceOf(button)).catch(() => null);
  if (answer?.ok) {
    const sound = new Audio(URL.createObjectURL(await answer.blob()));
    sound.addEventListener("ended", () => URL.revokeObjectURL(sound.src));
    await sound.play().catch(() => (told.textContent = "This browser does not play it."));
  } else {
    told.textContent = answer?.status === 409 ? await answer.text() : "It could not be had. Try again.";
  }
  button.disabled = false;
}

function voiceOf(button) {
  const row = button.closest(".spoken__row");
  if (!row) return button.dataset.hear;
  const first = document.querySelector("#tts-choices [data-hear]");
  return `${first.dataset.hear}?${new URLSearchParams({ language: row.querySelector("select").value })}`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-hear]");
  if (button) hear(button);
});

// Wiring

form.addEventListener("input", (event) => {
  if (event.target.type === "range") showNumber(event.target);
  if (event.target.closest("[data-grows]")) grow(event.target.closest("[data-grows]"));
  if (saves) save(PAUSE_MS);
});
form.addEventListener("change", () => {
  showWhatApplies();
  if (saves) save();
});
form.addEventListener("submit", (event) => {
  if (!saves) return;
  event.preventDefault();
  save();
});
form.addEventListener("htmx:configRequest", (event) => event.target === form && chooseWhatToSend(event));
form.addEventListener("htmx:afterRequest", (event) => event.detail.elt === form && takeAnswer(event));
document.body.addEventListener("htmx:oobBeforeSwap", spareTheFocus);

document.body.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.elt.dataset.asks) return;
  event.preventDefault();
  if (await saved()) event.detail.issueRequest(true);
});
asked.addEventListener("htmx:afterSwap", () => asked.open || asked.showModal());

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const id = link.dataset.goes ?? (link.hash.startsWith("#id_") ? link.hash.slice(1) : "");
  if (id) {
    event.preventDefault();
    asked.close();
    goTo(id);
  } else if (link.pathname !== location.pathname && !link.hasAttribute("hx-get") && waiting()) {
    event.preventDefault();
    if (await saved()) location.assign(link.href);
  }
});
addEventListener("beforeunload", (event) => waiting() && event.preventDefault());

form.saved = saved;
learn();
showWhatApplies();
followReading();
