// Runs in the audio thread: plays 8 kHz samples at the rate of the device, and says of each mark when the sound before
// it was played. A little is collected before playing, so that a late message does not tear the sound.
const LINE_RATE = 8000;
const COLLECT = 480; // samples: 60 ms
const REACH = 8;
const PHASES = 128;

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const hann = (x) => (Math.abs(x) >= 1 ? 0 : 0.5 + 0.5 * Math.cos(Math.PI * x));

const KERNELS = Array.from({ length: PHASES }, (_, phase) =>
  Float32Array.from({ length: 2 * REACH }, (_, tap) => {
    const distance = tap - REACH + 1 - phase / PHASES;
    return sinc(distance) * hann(distance / REACH);
  }),
);

class Speaker extends AudioWorkletProcessor {
  waiting = new Float32Array(1 << 18); // a ring of half a minute; the server is never more than seconds ahead
  written = 0;
  played = 0;
  playing = false;
  idle = 0; // samples of the line since there was something to collect
  marks = [];

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this[data.do](data);
  }

  // `most`: of what comes as it is said, no more than so many samples wait; the rest is passed over.
  play({ samples, most = Infinity }) {
    for (const sample of samples) this.waiting[this.written++ % this.waiting.length] = sample;
    if (this.written - this.played > most) this.played = this.written - COLLECT;
  }

  mark({ name }) {
    this.marks.push({ name, at: this.written });
  }

  clear() {
    this.written = this.played = Math.ceil(this.played);
    this.playing = false;
    this.reach(Infinity);
  }

  process(_, [output]) {
    const step = LINE_RATE / sampleRate;
    this.decide(output[0].length * step);
    for (let place = 0; this.playing && place < output[0].length; place++) {
      const sample = this.at(this.played);
      for (const channel of output) channel[place] = sample;
      this.played = Math.min(this.played + step, this.written);
      this.playing = this.played < this.written;
    }
    this.reach(this.played);
    return true;
  }

  decide(samples) {
    const collected = this.written - this.played;
    this.idle = collected > 0 && !this.playing ? this.idle + samples : 0;
    this.playing ||= collected >= COLLECT || this.idle >= COLLECT;
  }

  at(position) {
    const whole = Math.floor(position);
    const taps = KERNELS[Math.floor((position - whole) * PHASES)];
    let sum = 0;
    for (let tap = 0, place = whole - REACH + 1; tap < taps.length; tap++, place++) {
      if (place >= 0 && place < this.written) sum += taps[tap] * this.waiting[place % this.waiting.length];
    }
    return sum;
  }

  reach(position) {
    while (this.marks.length > 0 && this.marks[0].at <= position) this.port.postMessage(this.marks.shift().name);
  }
}

registerProcessor("speaker", Speaker);
