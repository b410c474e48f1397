// Plays a call: the playhead on the score, the transcript that follows, one side alone, speed, and the gaps skipped.
// The sound is fetched only when somebody presses play.
const QUIET_MS = 1500; // gaps longer than this are skipped, but for the last and the first moments
const LEAD_MS = 300;
const WAIT_MS = 2400; // before a slow reply: the wait is what one wants to hear
const SIDES = { both: [1, 1], caller: [1, 0], agent: [0, 1] };

const turns = () => [...document.querySelectorAll("#script .turn__time")];
const startOf = (turn) => Number(turn.dataset.start);

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor(seconds / 60) % 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${minutes.padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function isSeen(turn) {
  const box = turn.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}

class Player {
  #sides = null; // how loud either side is, once there is sound

  constructor(score) {
    const { length, speech, slow } = score.dataset;
    this.score = score;
    this.audio = score.querySelector("audio");
    this.button = score.querySelector("[data-play]");
    this.length = Number(length);
    this.speech = speech.split(" ").map((span) => span.split("-").map(Number));
    this.slow = slow.split(" ").filter(Boolean).map(Number);
    this.audio.controls = false;
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.#showState());
    for (const name of ["seeked", "timeupdate"]) this.audio.addEventListener(name, () => this.#showPosition());
    this.audio.addEventListener("error", () => (score.querySelector("[data-no-sound]").hidden = false));
    score.addEventListener("click", (event) => this.#press(event));
  }

  get now() {
    return this.audio.currentTime * 1000;
  }

  // Moving

  seek(ms) {
    const at = Math.max(0, Math.min(ms, this.length - 50)) / 1000;
    const move = () => (this.audio.currentTime = at);
    if (this.audio.readyState >= HTMLMediaElement.HAVE_METADATA) return move();
    this.audio.preload = "metadata";
    this.audio.addEventListener("loadedmetadata", move, { once: true });
  }

  nextSlow() {
    const at = this.slow.find((start) => start > this.now + WAIT_MS + 50) ?? this.slow[0];
    if (at === undefined) return;
    turns().find((turn) => startOf(turn) === at)?.focus();
    this.seek(at - WAIT_MS);
  }

  #skipSilence() {
    if (this.speech.some(([from, to]) => this.now >= from - LEAD_MS && this.now <= to + LEAD_MS)) return;
    const next = this.speech.find(([from]) => from > this.now);
    if (next && next[0] - this.now > QUIET_MS) this.seek(next[0] - LEAD_MS);
  }

  // Playing

  async toggle() {
    if (!this.audio.paused) return this.audio.pause();
    this.#sides ??= this.#split();
    await this.#sides.context.resume();
    return this.audio.play().catch(() => {}); // the error event tells
  }

  close() {
    this.audio.pause();
    this.#sides?.context.close();
  }

  #split() {
    const context = new AudioContext();
    const splitter = context.createChannelSplitter(2);
    context.createMediaElementSource(this.audio).connect(splitter);
    const gains = [0, 1].map((side) => {
      const gain = context.createGain();
      splitter.connect(gain, side);
      gain.connect(context.destination);
      return gain;
    });
    const chosen = this.score.querySelector("[data-channel][aria-pressed=true]").dataset.channel;
    gains.forEach((gain, side) => (gain.gain.value = SIDES[chosen][side]));
    return { context, gains };
  }

  #choose(button) {
    for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
    if (button.dataset.speed) this.audio.playbackRate = Number(button.dataset.speed);
    else this.#sides?.gains.forEach((gain, side) => (gain.gain.value = SIDES[button.dataset.channel][side]));
  }

  #press({ target, clientX }) {
    const button = target.closest("button");
    const plot = target.closest(".score__plot")?.getBoundingClientRect();
    if (plot) this.seek((this.length * (clientX - plot.left)) / plot.width);
    else if (button === this.button) this.toggle();
    else if (button?.matches("[data-next-slow]")) this.nextSlow();
    else if (button) this.#choose(button);
  }

  // Showing

  #showState() {
    const icon = this.button.querySelector("use");
    const { paused } = this.audio;
    this.button.setAttribute("aria-label", paused ? "Play" : "Pause");
    icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, paused ? "#play" : "#pause"));
    if (!paused) requestAnimationFrame(() => this.#showWhilePlaying());
  }

  #showWhilePlaying() {
    this.#showPosition();
    if (this.score.querySelector("[data-skip]").checked) this.#skipSilence();
    if (!this.audio.paused) requestAnimationFrame(() => this.#showWhilePlaying());
  }

  #showPosition() {
    const x = `${Math.min(100, (100 * this.now) / this.length)}%`;
    this.score.querySelector(".score__played").setAttribute("width", x);
    for (const end of ["x1", "x2"]) this.score.querySelector(".score__head").setAttribute(end, x);
    this.score.querySelector(".score__knob").setAttribute("cx", x);
    this.score.querySelector("[data-time]").textContent = clock(this.now);
    this.#follow();
  }

  #follow() {
    const before = document.querySelector("#script .turn--now");
    const begun = turns().filter((turn) => startOf(turn) <= this.now);
    const turn = (begun.findLast((each) => this.now <= Number(each.dataset.end)) ?? begun.at(-1))?.closest(".turn");
    if (turn === before || (this.now === 0 && this.audio.paused)) return;
    const wasSeen = !before || isSeen(before);
    before?.classList.remove("turn--now");
    turn?.classList.add("turn--now");
    if (turn && wasSeen && !this.audio.paused && !isSeen(turn)) turn.scrollIntoView({ block: "center" });
  }
}

// Wiring

let player = null;

function find() {
  player?.close();
  const score = document.querySelector(".score:has(audio)");
  player = score && new Player(score);
}

document.addEventListener("click", (event) => {
  const turn = event.target.closest("#script .turn__time");
  if (turn) player?.seek(startOf(turn));
});

document.addEventListener("keydown", (event) => {
  if (!player || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open], :popover-open") || localStorage.getItem("keys") === "off") return;
  if (event.target.matches("input, textarea, select, button, summary")) return;
  const turn = document.activeElement.closest(".turn__time");
  if (event.key === " ") {
    event.preventDefault();
    player.toggle();
  } else if (turn && (event.key === "j" || event.key === "k")) {
    player.seek(startOf(turn)); // keys.js has walked to it
  }
});

// A call that ends while one looks has a recording from then on.
document.addEventListener("htmx:oobAfterSwap", (event) => event.detail.target.id === "score" && find());
find();
