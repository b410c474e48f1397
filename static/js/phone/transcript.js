// What both sides say, as it is said: words that were heard, words on their way, words that never arrived, and words
// that may still change.
const SLOW_MS = 1500; // as calls/latency.py
const THINNEST = 150;

function element(name, css, ...inside) {
  const made = document.createElement(name);
  made.className = css;
  made.append(...inside);
  return made;
}

export const clock = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

export const milliseconds = (ms) => `${ms.toLocaleString("en-US")}\u00a0ms`;

export class Transcript {
  #turns = new Map(); // index → { turn, row }
  #interim = null;
  #isOver = false;

  // `box` scrolls and holds `list`; `agent` is the agent's name, `you` what the caller is called.
  constructor(box, list, agent, you = "You") {
    [this.box, this.list, this.agent, this.you] = [box, list, agent, you];
    list.replaceChildren();
  }

  get turns() {
    return [...this.#turns.values()].map(({ turn }) => turn).sort((a, b) => a.started_ms - b.started_ms || a.index - b.index);
  }

  // The median of what the caller waited for; undefined while nobody has.
  get p50() {
    const waits = this.turns.map((turn) => turn.timing?.waited_ms).filter(Number.isFinite).sort((a, b) => a - b);
    return waits[Math.ceil(waits.length / 2) - 1];
  }

  take({ kind, data }) {
    const follows = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40;
    if (kind === "interim") this.#showInterim(data.text);
    else if (kind === "turn") this.#showTurn(data);
    if (follows) this.box.scrollTop = this.box.scrollHeight;
  }

  // The call is over: what was on its way never arrived.
  finish() {
    this.#isOver = true;
    this.#interim?.remove();
    this.#showAll();
  }

  #showInterim(text) {
    if (!this.#interim) {
      this.#interim = element("li", "turn");
      this.#interim.setAttribute("aria-hidden", "true"); // read aloud when it is certain
      this.list.append(this.#interim);
    }
    this.#interim.replaceChildren(...this.#words(this.you, element("span", "interim", text)));
  }

  #showTurn(turn) {
    const isNew = !this.#turns.has(turn.index);
    const row = isNew ? element("li", "") : this.#turns.get(turn.index).row;
    this.#turns.set(turn.index, { turn, row });
    if (turn.speaker === "caller") {
      this.#interim?.remove();
      this.#interim = null;
    }
    this.#showAll();
    if (!isNew) return;
    row.setAttribute("aria-live", "off"); // read aloud once, when it is added
    const following = this.turns[this.turns.indexOf(turn) + 1];
    this.list.insertBefore(row, following ? this.#turns.get(following.index).row : this.#interim);
  }

  #showAll() {
    const newest = this.turns.findLast((turn) => turn.speaker === "agent");
    for (const { turn, row } of this.#turns.values()) {
      const comes = turn === newest && turn.unheard && !turn.interrupted && !this.#isOver;
      this.#show(turn, row, comes);
    }
  }

  #show(turn, row, comes) {
    const look = JSON.stringify([turn.heard, turn.unheard, comes]);
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    row.className = `turn${turn.speaker === "agent" ? " turn--agent" : ""}${comes ? " turn--now" : ""}`;
    const rest = turn.unheard && element(comes ? "span" : "s", comes ? "coming" : "unheard", turn.unheard);
    const words = [turn.heard, rest].filter(Boolean).flatMap((part, place) => (place ? [" ", part] : [part]));
    row.replaceChildren(...this.#words(turn.speaker === "agent" ? this.agent : this.you, ...words));
    const waited = turn.timing?.waited_ms;
    if (Number.isFinite(waited)) {
      const css = `turn__wait${waited >= SLOW_MS ? " turn__wait--slow" : ""}`;
      row.children[0].after(element("span", css, milliseconds(waited)));
    }
  }

  #words(who, ...words) {
    return [element("span", "turn__who", who), element("div", "turn__words", element("p", "", ...words))];
  }
}

// The call so far as a ribbon; `svg` has its paths already.
export function drawRibbon(svg, turns, lengthMs) {
  const length = Math.max(1, Math.round(lengthMs), ...turns.map((turn) => turn.ended_ms));
  const thinnest = Math.ceil(length / THINNEST);
  const block = (turn, y, height) => {
    const width = Math.max(thinnest, turn.ended_ms - turn.started_ms);
    return `M${turn.started_ms} ${y}h${width}v${height}h-${width}z`;
  };
  const cut = (turn, place) => {
    const spoken = turn.ended_ms - turn.started_ms;
    const pace = turn.heard ? Math.min(600, Math.max(150, spoken / turn.heard.split(" ").length)) : 330;
    const until = agents[place + 1]?.started_ms ?? length;
    const width = Math.min(turn.unheard.split(" ").length * pace, until - turn.ended_ms);
    return turn.interrupted && turn.unheard && width > 0 ? `M${turn.ended_ms} 13h${width}v9h-${width}z` : "";
  };
  const wait = (turn) => `M${Math.max(0, turn.started_ms - turn.timing.waited_ms)} 12H${turn.started_ms}`;
  const [callers, agents] = ["caller", "agent"].map((side) => turns.filter((turn) => turn.speaker === side));
  const slow = agents.filter((turn) => turn.timing?.waited_ms >= SLOW_MS);
  svg.setAttribute("viewBox", `0 0 ${length} 24`);
  svg.querySelector(".ribbon__axis").setAttribute("d", `M0 12H${length}`);
  svg.querySelector(".ribbon__caller").setAttribute("d", callers.map((turn) => block(turn, 11, -9)).join(""));
  svg.querySelector(".ribbon__agent").setAttribute("d", agents.map((turn) => block(turn, 13, 9)).join(""));
  svg.querySelector(".ribbon__unheard").setAttribute("d", agents.map(cut).join(""));
  svg.querySelector(".ribbon__slow").setAttribute("d", slow.map(wait).join(""));
}
