// Plays a call: the playhead on the score, the transcript that follows, one side alone, speed, and the gaps skipped.
// The sound is fetched only when somebody presses play.
const QUIET_MS = 1500; // gaps longer than this are skipped, but for the last and the first moments
const LEAD_MS = 300;
const SIDES = { both: [1, 1], caller: [1, 0], agent: [0, 1] };

const audio = document.querySelector(".player audio");
const score = audio?.closest(".score");
const length = Number(score?.dataset.length);
const turns = () => [...document.querySelectorAll("#script .turn__time")];
const startOf = (turn) => Number(turn.dataset.start);
const endOf = (turn) => Number(turn.dataset.end);

let sides = null; // how loud either side is, once there is sound

const now = () => audio.currentTime * 1000;

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = String(Math.floor(seconds / 60) % 60);
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${minutes.padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// Showing

const playButton = score?.querySelector("[data-play]");
const icon = playButton?.querySelector("use");
const sprite = icon?.getAttribute("href").split("#")[0];

function showState() {
  playButton.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  icon.setAttribute("href", `${sprite}#${audio.paused ? "play" : "pause"}`);
  if (!audio.paused) requestAnimationFrame(showWhilePlaying);
}

function showWhilePlaying() {
  showPosition();
  if (score.querySelector("[data-skip]").checked) skipSilence();
  if (!audio.paused) requestAnimationFrame(showWhilePlaying);
}

function showPosition() {
  const x = `${Math.min(100, (100 * now()) / length)}%`;
  score.querySelector(".score__played").setAttribute("width", x);
  const head = score.querySelector(".score__head");
  head.setAttribute("x1", x);
  head.setAttribute("x2", x);
  score.querySelector(".score__knob").setAttribute("cx", x);
  score.querySelector("[data-time]").textContent = clock(now());
  follow();
}

function follow() {
  const before = document.querySelector("#script .turn--now");
  const spoken = turns().filter((turn) => startOf(turn) <= now());
  const turn = (spoken.findLast((each) => now() <= endOf(each)) ?? spoken.at(-1))?.closest(".turn");
  if (turn === before || (now() === 0 && audio.paused)) return;
  const wasSeen = !before || isSeen(before);
  before?.classList.remove("turn--now");
  turn?.classList.add("turn--now");
  if (turn && wasSeen && !audio.paused && !isSeen(turn)) turn.scrollIntoView({ block: "center" });
}

function isSeen(turn) {
  const box = turn.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}

// Moving

function seek(ms) {
  const at = Math.max(0, Math.min(ms, length - 50)) / 1000;
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) audio.currentTime = at;
  else {
    audio.preload = "metadata";
    audio.addEventListener("loadedmetadata", () => (audio.currentTime = at), { once: true });
  }
}

function skipSilence() {
  const speech = spans();
  if (speech.some(([from, to]) => now() >= from - LEAD_MS && now() <= to + LEAD_MS)) return;
  const next = speech.find(([from]) => from > now());
  if (next && next[0] - now() > QUIET_MS) seek(next[0] - LEAD_MS);
}

let speech = null;
const spans = () => (speech ??= turns().map((turn) => [startOf(turn), endOf(turn)]));

function nextSlow() {
  const slow = turns().filter((turn) => "slow" in turn.dataset);
  const turn = slow.find((each) => startOf(each) > now() + 50) ?? slow[0];
  if (!turn) return;
  turn.focus();
  seek(startOf(turn) - LEAD_MS * 8); // the wait is what one wants to hear
}

// Playing

async function toggle() {
  if (!audio.paused) return audio.pause();
  sides ??= split();
  await sides?.context.resume();
  return audio.play().catch(() => {}); // the error event tells
}

function split() {
  const context = new AudioContext();
  const splitter = context.createChannelSplitter(2);
  context.createMediaElementSource(audio).connect(splitter);
  const gains = [0, 1].map((side) => {
    const gain = context.createGain();
    splitter.connect(gain, side);
    gain.connect(context.destination);
    return gain;
  });
  const chosen = score.querySelector("[data-channel][aria-pressed=true]").dataset.channel;
  gains.forEach((gain, side) => (gain.gain.value = SIDES[chosen][side]));
  return { context, gains };
}

function choose(button) {
  for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
  if (button.dataset.speed) audio.playbackRate = Number(button.dataset.speed);
  else sides?.gains.forEach((gain, side) => (gain.gain.value = SIDES[button.dataset.channel][side]));
}

// Wiring

function seekTo(event) {
  const box = score.querySelector(".score__plot").getBoundingClientRect();
  seek((length * (event.clientX - box.left)) / box.width);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], :popover-open")) return;
  if (localStorage.getItem("keys") === "off" || event.target.matches("input, textarea, select, button, summary")) return;
  if (event.key === " " && !event.target.matches("a[href]")) {
    event.preventDefault();
    toggle();
  } else if (event.key === "j" || event.key === "k") {
    const turn = document.activeElement.closest(".turn__time"); // keys.js has walked to it
    if (turn) seek(startOf(turn));
  }
}

if (audio) {
  audio.controls = false;
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showState);
  for (const name of ["seeked", "timeupdate"]) audio.addEventListener(name, showPosition);
  audio.addEventListener("error", () => (score.querySelector("[data-no-sound]").hidden = false));
  score.querySelector(".score__plot").addEventListener("click", seekTo);
  score.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === playButton) toggle();
    else if (button?.matches("[data-next-slow]")) nextSlow();
    else if (button) choose(button);
  });
  document.addEventListener("click", (event) => {
    const turn = event.target.closest("#script .turn__time");
    if (turn) seek(startOf(turn));
  });
  document.addEventListener("keydown", onKey);
}
