// Beside a running call: listen to it, speak in it, give it back. The socket brings both sides, byte by byte in turns:
// the caller, then the agent or whoever speaks in its place.
import { Microphone, openSound, SoundError, Speaker } from "../phone/sound.js";

const MOST_BEHIND = 4800; // samples: 0.6 s
const FRAMES_AT_A_TIME = 2;
const MOST_WAITING = 16 * 1024; // bytes: beyond it the network cannot follow, and sound is left out
const NOT_ALLOWED = 4403;
const OVER = 4410;

const panel = document.getElementById("you");
const find = (name) => panel.querySelector(`[data-${name}]`);
const [listen, speak, words, hint, notice, question] = ["listen", "speak", "words", "hint", "notice", "move"].map(find);

const WORDS = {
  away: ["Not listening", "tag--idle"],
  opening: ["Connecting…", "tag--idle"],
  words: ["Not listening", "tag--idle"],
  moving: ["Connecting you…", "tag--live"],
  listening: ["You are listening", "tag--live"],
  speaking: ["You are speaking", "tag--live"],
  other: ["A colleague is speaking", "tag--live"],
  over: ["Nothing to hear any more", "tag--idle"],
};
const HINT = hint?.textContent;
const HEARD = "The agent falls silent and the caller hears you. You can give the call back.";
const SPEAKING = "The agent is quiet and the caller hears you. Give the call back, and the agent goes on, knowing what was said.";

let line = null; // the open one

function show(state) {
  const [text, tone] = WORDS[state];
  panel.dataset.state = state;
  words.textContent = text;
  words.className = `tag small ${tone}`;
  const hears = line !== null && !line.isWords;
  listen.setAttribute("aria-pressed", hears);
  listen.lastElementChild.textContent = hears ? "Stop listening" : "Listen";
  listen.disabled = ["over", "speaking", "opening", "moving"].includes(state);
  if (!speak) return;
  speak.setAttribute("aria-pressed", state === "speaking");
  speak.lastElementChild.textContent = state === "speaking" ? "Give back" : "Take over";
  speak.disabled = ["over", "other", "opening", "moving"].includes(state);
  hint.textContent = state === "speaking" ? SPEAKING : hears ? HEARD : HINT;
}

function ask(isAsked) {
  question.hidden = !isAsked;
  if (isAsked) question.querySelector("button").focus();
}

function say(text) {
  notice.hidden = !text;
  notice.firstElementChild.textContent = text;
}

class SoundLine {
  static async open() {
    return new SoundLine(await openSound([panel.dataset.speaker, panel.dataset.microphone]));
  }

  constructor(context) {
    this.context = context;
    this.caller = new Speaker(context, () => {});
    this.agent = new Speaker(context, () => {});
    this.microphone = null;
    this.speaks = this.isOver = this.isWords = false; // words: the call has no sound until it is moved
    this.frames = [];
    const address = new URL(panel.dataset.sound, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.told(JSON.parse(data)) : this.play(new Uint8Array(data)));
    this.socket.onclose = ({ code }) => this.closed(code);
    this.ready = new Promise((resolve) => {
      this.socket.addEventListener("message", resolve, { once: true });
      this.socket.addEventListener("close", resolve, { once: true });
    });
  }

  play(both) {
    const [caller, agent] = [new Uint8Array(both.length / 2), new Uint8Array(both.length / 2)];
    for (let place = 0; place < caller.length; place++) [caller[place], agent[place]] = [both[2 * place], both[2 * place + 1]];
    this.caller.play(caller, MOST_BEHIND);
    if (!this.speaks) this.agent.play(agent, MOST_BEHIND); // nobody needs to hear themselves late
  }

  told({ state, refused, by }) {
    if (refused) {
      say(refused);
      this.hush();
      show(this.isWords ? "words" : "listening");
    } else if (state === "words") {
      this.isWords = true;
      show("words");
    } else if (state === "connecting") {
      this.isWords = true;
      show("moving");
    } else if (state === "speaking") {
      [this.speaks, this.isWords] = [true, false];
      show("speaking");
    } else if (state === "operator" && !this.microphone) {
      show("other");
      words.textContent = `${by} is speaking`;
    } else if (state === "agent" || state === "listening") {
      this.isWords = this.isWords && state !== "listening";
      if (this.speaks) say("Your voice did not arrive any more, and the agent took the call back.");
      this.hush();
      show("listening");
    } else if (state === "over") {
      this.isOver = true;
      this.close();
    }
  }

  move() {
    this.send({ do: "move" });
  }

  async take() {
    this.microphone = await Microphone.open(this.context, (frame) => this.hear(frame));
    this.microphone.onLost = () => this.give();
    this.send({ do: "take_over" });
  }

  hear(frame) {
    this.frames.push(frame);
    if (this.frames.length < FRAMES_AT_A_TIME) return;
    const sound = new Uint8Array(this.frames.length * frame.length);
    this.frames.forEach((each, place) => sound.set(each, place * frame.length));
    this.frames = [];
    if (this.speaks && this.isOpen && this.socket.bufferedAmount < MOST_WAITING) this.socket.send(sound);
  }

  give() {
    this.hush();
    this.send({ do: "give_back" });
    show("listening");
  }

  hush() {
    this.speaks = false;
    this.microphone?.close();
    this.microphone = null;
  }

  get isOpen() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }

  close() {
    this.socket.close(1000);
  }

  closed(code) {
    if (line === this) line = null;
    const wasSpeaking = this.speaks;
    this.hush();
    this.context.close();
    if (code === NOT_ALLOWED) location.reload();
    const isOver = this.isOver || code === OVER;
    if (wasSpeaking && !isOver) say("The connection was lost. The agent has taken the call back.");
    ask(false);
    show(isOver ? "over" : "away");
  }
}

async function open() {
  show("opening");
  try {
    line = await SoundLine.open();
    await line.ready;
  } catch {
    say("This browser cannot play the call.");
    show("away");
  }
}

listen.addEventListener("click", async () => {
  say("");
  if (line && !line.isWords) return line.close();
  if (!line) await open();
  ask(Boolean(line?.isWords));
});

find("move-do")?.addEventListener("click", () => {
  ask(false);
  show("opening");
  line?.move();
});

find("move-not")?.addEventListener("click", () => line?.close());

speak?.addEventListener("click", async () => {
  say("");
  ask(false);
  if (line?.speaks) return line.give();
  if (!line) await open();
  if (!line) return;
  show("opening");
  try {
    await line.take();
  } catch (error) {
    say(error instanceof SoundError ? error.message : "The microphone does not work at the moment.");
    show(line.isWords ? "words" : "listening");
  }
});

addEventListener("pagehide", () => line?.close());
