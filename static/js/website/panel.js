// The telephone inside a website of the business. One call at a time; every word on it comes with the page.
import { Line } from "../phone/line.js";
import { Microphone, openSound, SILENCE, SoundError, Speaker } from "../phone/sound.js";
import { clock, Transcript } from "../phone/transcript.js";
import { sayWhatIsTyped } from "../phone/typing.js";

const QUIETEST_DB = -50;
const LEVEL_FALLS = 0.94; // from one frame to the next
const LOST = 403; // the pass is not taken any more

const { pass, site, color, ink, agent, microphone, speaker, words: spoken } = document.body.dataset;
const words = JSON.parse(spoken);
const find = (name) => document.querySelector(`[data-${name}]`);
const showsWords = !("withoutCaptions" in find("script").dataset);

document.documentElement.dataset.scripts = "";
document.documentElement.style.setProperty("--button-color", color);
document.documentElement.style.setProperty("--button-ink-on-it", ink);

let call = null; // the one in progress

class Declined extends Error {
  constructor({ message, telephone }) {
    super(message);
    this.telephone = telephone;
  }
}

class Call {
  // The sound has to be opened by the press of the button, before anything is waited for.
  static async begin() {
    const context = await openSound([microphone, speaker]);
    try {
      return new Call(context, await open());
    } catch (error) {
      context.close();
      throw error;
    }
  }

  constructor(context, opened) {
    this.context = context;
    this.begunAt = performance.now();
    this.isMuted = false;
    this.microphone = null;
    this.speaker = new Speaker(context, (name) => this.line.reach(name));
    this.transcript = new Transcript(find("body"), find("script"), agent, words.you);
    this.line = new Line(opened);
    this.over = new Promise((resolve) => this.line.addEventListener("closed", ({ detail }) => resolve(detail)));
    this.line.addEventListener("sound", ({ detail }) => this.speaker.play(detail));
    this.line.addEventListener("mark", ({ detail }) => this.speaker.mark(detail));
    this.line.addEventListener("clear", () => this.speaker.clear());
    this.line.addEventListener("said", ({ detail }) => this.transcript.take(detail));
    this.timer = setInterval(() => this.show(), 250);
  }

  get ms() {
    return performance.now() - this.begunAt;
  }

  async listen() {
    const opened = await Microphone.open(this.context, (frame, loudest) => {
      this.line.hear(this.isMuted ? SILENCE : frame);
      showLevel(this.isMuted ? 0 : loudest);
    });
    if (call !== this) return opened.close();
    this.microphone = opened;
    opened.onLost = () => writeInstead(words.no_microphone);
  }

  show() {
    state(`${this.isMuted ? `${words.muted}, ` : ""}${words.talking} ${clock(this.ms)}`, true);
  }

  end() {
    clearInterval(this.timer);
    this.microphone?.close();
    this.speaker.close();
    this.transcript.finish();
    showLevel(0);
  }
}

async function open() {
  const answer = await fetch(location.pathname, { method: "POST", body: new URLSearchParams({ pass }) }).catch(() => null);
  if (!answer) throw new SoundError(words.no_server);
  if (answer.status === LOST) throw new SoundError(words.stale);
  if (!answer.headers.get("Content-Type")?.includes("json")) throw new SoundError(words.no_server);
  const told = await answer.json();
  if (!answer.ok) throw new Declined(told);
  return told;
}

// What the panel shows

let stated = "";

// Read aloud when it changes, and not each second.
function state(text, isClock = false) {
  const box = find("state");
  if (isClock !== (box.getAttribute("role") === "timer")) box.setAttribute("role", isClock ? "timer" : "status");
  if (text !== stated) box.textContent = stated = text;
}

function say(text, telephone = "") {
  find("notice").hidden = !text;
  find("notice").firstElementChild.textContent = text;
  const link = find("telephone");
  link.hidden = !telephone;
  link.href = `tel:${telephone}`;
  link.lastElementChild.textContent = `${words.call} ${telephone}`;
}

function show(name) {
  for (const [part, when] of Object.entries({ before: "before", ready: "before over", during: "talking" })) {
    find(part).hidden = !when.includes(name);
  }
  if (name !== "before") find("script").hidden = !showsWords;
  find("listening").hidden = showsWords || name !== "talking";
  find("say").hidden = name !== "talking" || !(showsWords || find("mute").hidden);
  parent.postMessage(name === "talking" ? "talking" : "idle", site);
}

let level = 0;

// Rises at once and falls slowly, so that a word can be seen.
function showLevel(loudest) {
  const bars = document.querySelectorAll(".level i");
  level = loudest === 0 ? 0 : Math.max(loudest, level * LEVEL_FALLS);
  const db = 20 * Math.log10(Math.max(1e-6, level));
  const lit = Math.round(bars.length * Math.max(0, 1 - db / QUIETEST_DB));
  bars.forEach((bar, place) => bar.classList.toggle("on", place < lit));
}

function showMute() {
  const button = find("mute");
  button.setAttribute("aria-pressed", String(Boolean(call?.isMuted)));
  const icon = button.querySelector("use");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, call?.isMuted ? "#microphone-off" : "#microphone"));
}

// A microphone that cannot be had is no reason to hang up.
function writeInstead(text) {
  call?.microphone?.close();
  find("mute").hidden = document.querySelector(".level").hidden = true;
  find("say").hidden = false;
  if (text) say(text);
  find("say").elements.text.focus();
}

// A call

async function start(byVoice) {
  say("");
  state(words.connecting);
  find("call").disabled = find("write").disabled = true;
  try {
    call = await Call.begin();
  } catch (error) {
    state(words.assistant);
    say(error instanceof SoundError || error instanceof Declined ? error.message : words.no_server, error.telephone);
    return;
  } finally {
    find("call").disabled = find("write").disabled = false;
  }
  find("mute").hidden = document.querySelector(".level").hidden = !byVoice;
  show("talking");
  showMute();
  const talking = call;
  if (byVoice) {
    find("mute").focus();
    talking.listen().catch(({ cause }) => {
      if (call === talking) writeInstead(cause?.name === "NotAllowedError" ? words.refused_microphone : words.no_microphone);
    });
  } else {
    writeInstead("");
  }
  await finish(talking, await talking.over);
}

function finish(ended, { clean }) {
  call = null;
  ended.end();
  state(`${words.over}, ${clock(ended.ms)}`);
  find("call").lastElementChild.textContent = words.again;
  if (!clean) say(words.lost);
  show("over");
  find("call").focus();
}

// Wiring

find("call").addEventListener("click", () => start(true));
find("write").addEventListener("click", () => start(false));
find("end").addEventListener("click", () => call?.line.hangUp());
find("close").addEventListener("click", () => parent.postMessage("close", site));
addEventListener("keydown", ({ key }) => key === "Escape" && parent.postMessage("close", site));
addEventListener("pagehide", () => call?.line.hangUp());

find("mute").addEventListener("click", () => {
  if (!call) return;
  call.isMuted = !call.isMuted;
  showMute();
});

sayWhatIsTyped(find("say"), () => call?.line);
