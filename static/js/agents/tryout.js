// The agent in writing: the page holds the conversation, and sends it along with each line.
const dock = document.getElementById("try-out");
const [list, box, idle, notice] = ["lines", "talk", "idle", "trouble"].map((name) => dock.querySelector(`[data-${name}]`));
const form = dock.querySelector("[data-write]");
const keep = dock.querySelector("[data-keep]");
let script = [];
let version = "draft";
let running = null;

for (const button of document.querySelectorAll("[data-try]")) {
  button.addEventListener("click", () => {
    for (const each of document.querySelectorAll("[data-try]")) {
      document.getElementById(each.dataset.try).hidden = each.dataset.try !== button.dataset.try;
      each.setAttribute("aria-pressed", each.dataset.try === button.dataset.try);
    }
    document.querySelector(`#${button.dataset.try} [data-try="${button.dataset.try}"]`).focus();
    if (button.dataset.try === "try-out" && !script.length) begin();
  });
}

for (const button of dock.querySelectorAll("[data-version]")) {
  button.addEventListener("click", () => {
    version = button.dataset.version;
    for (const each of dock.querySelectorAll("[data-version]")) each.setAttribute("aria-pressed", each === button);
    begin();
  });
}

dock.querySelector("[data-again]").addEventListener("click", () => begin());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = form.elements.text.value.trim();
  if (!text || running) return;
  form.elements.text.value = "";
  say(text);
});

function begin() {
  running?.abort();
  running = null;
  script = [];
  list.replaceChildren();
  form.elements.text.disabled = false;
  said();
  say("");
}

async function say(text) {
  const mine = (running = new AbortController());
  notice.hidden = true;
  const written = [];
  if (text) written.push(show({ who: "caller", text }));
  const words = text ? show({ who: "agent", text: "…" }) : null;
  if (words) written.push(words);
  const pieces = [];
  try {
    for await (const told of answers(text, mine.signal)) {
      if (told.piece) {
        pieces.push(told.piece);
        words.querySelector("p").textContent = pieces.join(" ");
      }
      if (told.trouble) complain(told.trouble);
      if (told.entries) {
        for (const each of written) each.remove();
        for (const entry of told.entries) show(entry);
        script.push(...told.entries);
      }
      if (told.over) form.elements.text.disabled = true;
      box.scrollTop = box.scrollHeight;
    }
  } catch (error) {
    if (error.name !== "AbortError") complain("The server cannot be reached. Try again in a moment.");
  }
  if (running === mine) running = null;
  if (pieces.length === 0 && words?.isConnected) words.remove();
  said();
}

async function* answers(text, signal) {
  const body = new FormData(form);
  body.set("text", text);
  body.set("version", version);
  body.set("script", JSON.stringify(script));
  const response = await fetch(form.dataset.write, { method: "POST", body, signal });
  if (!response.headers.get("Content-Type")?.includes("json")) throw new Error("no answer");
  let rest = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest) yield JSON.parse(rest);
}

function show(entry) {
  const row = document.createElement("li");
  row.className = `rehearsed__line rehearsed__line--${entry.who}`;
  const who = Object.assign(document.createElement("span"), { className: "rehearsed__who" });
  const what = document.createElement("p");
  if (entry.who === "tool") {
    who.textContent = `Would use: ${entry.title || entry.name}`;
    what.textContent = entry.told;
  } else {
    who.textContent = entry.who === "agent" ? form.dataset.agent : "Caller";
    what.textContent = entry.text;
    if (entry.passages) what.append(Object.assign(document.createElement("small"), { textContent: `Looked up: ${entry.passages.join(", ")}` }));
  }
  row.append(who);
  if (what.textContent) row.append(what);
  list.append(row);
  box.scrollTop = box.scrollHeight;
  return row;
}

function complain(words) {
  notice.querySelector("p").textContent = words;
  notice.hidden = false;
}

function said() {
  idle.hidden = script.length > 0;
  if (!keep) return;
  keep.disabled = !script.some((entry) => entry.who === "caller");
  dock.querySelector("[data-script]").value = JSON.stringify(script);
}
