// The two ends of a telephone in a browser: a microphone that gives mu-law frames, and a speaker that plays mu-law and
// says what was really heard.

// ITU-T G.711
const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 255;
  const magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return (code & 128 ? -magnitude : magnitude) / 32768;
});

export const SILENCE = new Uint8Array(160).fill(255);

export class SoundError extends Error {}

export class Speaker {
  #node;
  #context;
  #late = new Map(); // marks whose sound has left the page, but not the device

  constructor(context, onMark) {
    this.#context = context;
    this.#node = new AudioWorkletNode(context, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.connect(context.destination);
    this.#node.port.onmessage = ({ data: name }) => {
      const delay = 1000 * (context.outputLatency || context.baseLatency || 0);
      const timer = setTimeout(() => this.#late.delete(name) && onMark(name), delay);
      this.#late.set(name, timer);
    };
    this.onMark = onMark;
  }

  play(bytes, most) {
    const samples = Float32Array.from(bytes, (byte) => LINEAR[byte]);
    this.#node.port.postMessage({ do: "play", samples, most }, [samples.buffer]);
  }

  mark(name) {
    this.#node.port.postMessage({ do: "mark", name });
  }

  // What was not heard is thrown away, and its marks come back at once, as from a carrier.
  clear() {
    this.#node.port.postMessage({ do: "clear" });
    for (const [name, timer] of this.#late) {
      clearTimeout(timer);
      this.onMark(name);
    }
    this.#late.clear();
  }

  close() {
    this.#node.disconnect();
    return this.#context.close();
  }
}

export class Microphone {
  #stream;
  #source;
  #node;

  // Asks for the microphone, if need be. Throws a SoundError with a sentence for the person.
  static async open(context, onFrame) {
    if (!navigator.mediaDevices) {
      throw new SoundError("Browsers give the microphone only to secure pages, and this one is not reached by https.");
    }
    const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    try {
      return new Microphone(context, await navigator.mediaDevices.getUserMedia({ audio: wanted }), onFrame);
    } catch (error) {
      throw new SoundError(WHY[error.name] ?? "The microphone does not work at the moment.", { cause: error });
    }
  }

  constructor(context, stream, onFrame) {
    this.#stream = stream;
    this.#source = context.createMediaStreamSource(stream);
    const shape = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
    this.#node = new AudioWorkletNode(context, "microphone", shape);
    this.#node.port.onmessage = ({ data }) => onFrame(data.frame, data.loudest);
    this.#source.connect(this.#node);
  }

  // `tell` is called when the microphone is pulled out.
  set onLost(tell) {
    for (const track of this.#stream.getTracks()) track.onended = tell;
  }

  close() {
    this.#node.port.onmessage = null;
    this.#source.disconnect();
    for (const track of this.#stream.getTracks()) track.stop();
  }
}

const WHY = {
  NotAllowedError: "The browser may not use the microphone. Allow it beside the address of this page, or type.",
  NotFoundError: "No microphone was found. Connect one, or type.",
  NotReadableError: "Another program is using the microphone. Close it there, or type.",
};

// Call after a click: a page may not make a sound before.
export async function openSound(worklets) {
  const context = new AudioContext({ latencyHint: "interactive" });
  await Promise.all(worklets.map((url) => context.audioWorklet.addModule(url)));
  await context.resume();
  return context;
}
