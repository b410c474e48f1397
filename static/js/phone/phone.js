// The telephone beside the draft. It calls over the same media stream as a carrier, with the microphone or by typing.
import { Line } from "./line.js";
import { Microphone, openSound, SILENCE, SoundError, Speaker } from "./sound.js";
import { clock, drawRibbon, milliseconds, Transcript } from "./transcript.js";
import { sayWhatIsTyped } from "./typing.js";

const QUIETEST_DB = -50;
const LEVEL_FALLS = 0.94; // from one frame to the next
const SAVE_STARTS_WITHIN_MS = 60;
const SAVE_TAKES_AT_MOST_MS = 3000;

const head = document.getElementById("phone");
const dock = head.parentElement;
const find = (name) => dock.querySelector(`[data-${name}]`);
const all = (name) => [...dock.querySelectorAll(`[data-${name}]`)];
const chosen = (name) => all(name).find((button) => button.getAttribute("aria-pressed") === "true")?.dataset[name];

let call = null; // the one in progress

class Call {
  static async begin(version) {
    const context = await openSound([head.dataset.microphone, head.dataset.speaker]);
    try {
      const opened = await open(version);
      return new Call(context, opened, version);
    } catch (error) {
      context.close();
      throw error;
    }
  }

  constructor(context, opened, version) {
    this.context = context;
    this.page = opened.call_url;
    this.version = version;
    this.begunAt = performance.now();
    this.isMuted = this.isHungUp = false;
    this.microphone = null;
    this.speaker = new Speaker(context, (name) => this.line.reach(name));
    this.transcript = new Transcript(find("body"), find("script"), head.dataset.agent);
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

  // Speak or type. A microphone that cannot be had is no reason to hang up.
  async talk(way) {
    if (way === "speak" && !this.microphone) {
      const hear = (frame, loudest) => this.hear(frame, loudest);
      this.microphone = await Microphone.open(this.context, hear);
      this.microphone.onLost = () => this.lose();
      if (call !== this || chosen("way") !== "speak") this.hush();
    } else if (way === "type") {
      this.hush();
    }
  }

  hear(frame, loudest) {
    this.line.hear(this.isMuted ? SILENCE : frame);
    showLevel(this.isMuted ? 0 : loudest);
  }

  hush() {
    this.microphone?.close();
    this.microphone = null;
    showLevel(0);
  }

  hangUp() {
    this.isHungUp = true;
    this.line.hangUp();
  }

  lose() {
    this.hush();
    choose(find("way=type"));
    say("The microphone is gone. Connect it and choose Speak, or type.");
  }

  show() {
    const name = this.version === "draft" ? "Draft" : all("version").find((each) => each.dataset.version === "live").textContent;
    showState("live", `${name}, in progress ${clock(this.ms)}`);
    const { p50 } = this.transcript;
    find("p50").textContent = p50 === undefined ? "" : `p50 ${milliseconds(p50)}`;
    drawRibbon(find("ribbon").firstElementChild, this.transcript.turns, this.ms);
  }

  end() {
    clearInterval(this.timer);
    this.hush();
    this.speaker.close();
    this.transcript.finish();
    drawRibbon(find("ribbon").firstElementChild, this.transcript.turns, 0);
  }
}

// Asking the server

async function open(version) {
  await settled();
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const asked = { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ version }) };
  const response = await fetch(head.dataset.open, asked).catch(() => null);
  if (!response) throw new SoundError("The server cannot be reached. Try again.");
  if (response.redirected) throw new SoundError("You are signed out. Reload the page.");
  if (!response.headers.get("Content-Type")?.includes("json")) {
    throw new SoundError(response.status === 403 ? "You may not make test calls any more." : "The call could not be opened. Try again.");
  }
  const opened = await response.json();
  if (!response.ok) throw new SoundError(opened.message);
  return opened;
}

// What was typed a moment ago belongs to the draft: the editor saves it when the field is left.
async function settled() {
  const form = document.getElementById("draft");
  await new Promise((resolve) => setTimeout(resolve, SAVE_STARTS_WITHIN_MS));
  if (!form?.matches(".htmx-request")) return;
  await new Promise((resolve) => {
    form.addEventListener("htmx:afterRequest", resolve, { once: true });
    setTimeout(resolve, SAVE_TAKES_AT_MOST_MS);
  });
}

// What the dock shows

// On a narrow screen the dock stands below the draft, and has to be brought into view.
const isBeside = () => getComputedStyle(dock).position === "sticky";

function showParts({ before, during }) {
  find("before").hidden = !before;
  for (const name of ["during", "say"]) find(name).hidden = !during;
  for (const name of ["status", "ribbon", "script"]) find(name).hidden &&= !during;
  find("idle").hidden ||= during;
}

function showState(tone, ...inside) {
  find("state").className = `tag tag--${tone}`;
  find("state").replaceChildren(...inside);
}

function say(text) {
  find("notice").hidden = !text;
  find("notice").firstElementChild.textContent = text;
}

let level = 0;

// Rises at once and falls slowly, so that a word can be seen.
function showLevel(loudest) {
  const bars = dock.querySelectorAll(".level i");
  level = loudest === 0 ? 0 : Math.max(loudest, level * LEVEL_FALLS);
  const db = 20 * Math.log10(Math.max(1e-6, level));
  const lit = Math.round(bars.length * Math.max(0, 1 - db / QUIETEST_DB));
  bars.forEach((bar, place) => bar.classList.toggle("on", place < lit));
}

function choose(button) {
  for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
}

function showMute() {
  const button = find("mute");
  button.hidden = dock.querySelector(".level").hidden = chosen("way") === "type";
  button.setAttribute("aria-pressed", String(call.isMuted));
  const icon = button.querySelector("use");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, call.isMuted ? "#microphone-off" : "#microphone"));
}

// A call

async function start() {
  say("");
  find("call").disabled = true;
  try {
    call = await Call.begin(chosen("version") ?? "draft");
  } catch (error) {
    say(error instanceof SoundError ? error.message : "This browser cannot play the agent’s voice.");
    return;
  } finally {
    find("call").disabled = false;
  }
  find("p50").textContent = "";
  showParts({ before: false, during: true });
  showMute();
  call.show();
  if (!isBeside()) dock.scrollIntoView({ block: "end" });
  talk(chosen("way"));
  await finish(call, await call.over);
}

async function talk(way) {
  const talking = call;
  if (way === "type") dock.querySelector("[name=text]").focus();
  try {
    await talking?.talk(way);
  } catch (error) {
    if (call !== talking) return;
    choose(find("way=type"));
    showMute();
    say(error instanceof SoundError ? error.message : "The microphone does not work here. Type instead.");
    dock.querySelector("[name=text]").focus();
  }
}

async function finish(ended, { clean }) {
  call = null;
  const lasted = clock(ended.ms);
  ended.end();
  const hadFocus = dock.contains(document.activeElement);
  const link = document.createElement("a");
  [link.href, link.textContent] = [ended.page, "See the call"];
  showState("idle", `Call ended, ${lasted}. `, link);
  showParts({ before: true, during: false });
  if (!clean) say("The connection was lost, and the call with it.");
  else if (ended.transcript.turns.length === 0 && !ended.isHungUp) say("The call ended before the agent said a word.");
  if (hadFocus) link.focus();
}

// Wiring

dock.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { way, version, digit } = button.dataset;
  if (way || version) choose(button);
  if (way && call) {
    showMute();
    say("");
    talk(way);
  }
  if (digit) call?.line.press(digit);
  if (button === find("call")) start();
  if (button === find("end")) call?.hangUp();
  if (button === find("mute")) {
    call.isMuted = !call.isMuted;
    showMute();
  }
});

sayWhatIsTyped(find("say"), () => call?.line);
