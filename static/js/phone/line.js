// A call as the carrier's media stream: the messages of a telephone call over a WebSocket, in the shape in which the
// carrier writes them. Tells by events: sound, mark, clear, said, closed.
const FRAME_MS = 20;
const MOST_WAITING = 64 * 1024; // bytes: beyond it the network cannot follow, and frames are left out

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export class Line extends EventTarget {
  #socket;
  #sid = `MZ${crypto.getRandomValues(new Uint8Array(16)).reduce((hex, byte) => hex + byte.toString(16).padStart(2, "0"), "")}`;
  #sequence = 0;
  #chunk = 0;

  constructor({ call_id: callSid, token, socket_url: path }) {
    super();
    const address = new URL(path, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(address);
    this.#socket.onopen = () => this.#start(callSid, token);
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = ({ code }) => this.#tell("closed", { clean: code === 1000 });
  }

  get #isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  hear(frame) {
    if (!this.#isOpen) return;
    const track = "inbound";
    this.#chunk += 1;
    if (this.#socket.bufferedAmount > MOST_WAITING) {
      this.#sequence += 1;
      return;
    }
    const timestamp = String((this.#chunk - 1) * FRAME_MS);
    this.#send("media", { media: { track, chunk: String(this.#chunk), timestamp, payload: base64(frame) } });
  }

  reach(name) {
    this.#send("mark", { mark: { name } });
  }

  press(digit) {
    this.#send("dtmf", { dtmf: { track: "inbound_track", digit } });
  }

  say(text) {
    this.#send("text", { text });
  }

  // Whoever writes is not silent.
  typing() {
    this.#send("typing", {});
  }

  hangUp() {
    this.#send("stop", { stop: {} });
    this.#socket.close(1000);
  }

  #start(callSid, token) {
    this.#socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    const start = {
      accountSid: "",
      streamSid: this.#sid,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: { token },
    };
    this.#send("start", { start });
    this.#tell("open");
  }

  #send(event, rest) {
    if (!this.#isOpen) return;
    this.#sequence += 1;
    const message = { event, sequenceNumber: String(this.#sequence), ...rest, streamSid: this.#sid };
    this.#socket.send(JSON.stringify(message));
  }

  #receive(message) {
    switch (message.event) {
      case "media":
        return this.#tell("sound", bytesOf(message.media.payload));
      case "mark":
        return this.#tell("mark", message.mark.name);
      case "clear":
        return this.#tell("clear");
      case "transcript":
        return this.#tell("said", message);
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
