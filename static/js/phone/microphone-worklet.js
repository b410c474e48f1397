// Runs in the audio thread: the microphone's sound becomes 8 kHz mu-law, a frame of 160 bytes every 20 ms. Everything
// above what a telephone carries is taken away first; it would come back as noise.
const LINE_RATE = 8000;
const CUTOFF = 3600; // Hz
const REACH = 8; // samples of the line that a kernel reaches to either side
const PHASES = 128;
const FRAME = 160;

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const hann = (x) => (Math.abs(x) >= 1 ? 0 : 0.5 + 0.5 * Math.cos(Math.PI * x));

// One low-pass kernel for each position of a wanted sample between two given ones, so that silence stays silence and
// loudness stays loudness.
function kernels(step) {
  const half = Math.ceil(REACH * step);
  const width = (2 * CUTOFF) / sampleRate;
  return Array.from({ length: PHASES }, (_, phase) => {
    const taps = Float32Array.from({ length: 2 * half }, (_, tap) => {
      const distance = tap - half + 1 - phase / PHASES;
      return sinc(width * distance) * hann(distance / half);
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  });
}

// ITU-T G.711
function encode(sample) {
  let magnitude = Math.min(32635, Math.abs(Math.round(sample * 32767))) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  const mantissa = (magnitude >> (exponent + 3)) & 15;
  return ~((sample < 0 ? 128 : 0) | (exponent << 4) | mantissa) & 255;
}

class Microphone extends AudioWorkletProcessor {
  step = sampleRate / LINE_RATE;
  kernels = kernels(this.step);
  heard = new Float32Array(8192); // a ring
  count = 0;
  next = 0;
  frame = new Uint8Array(FRAME);
  filled = 0;
  loudest = 0;

  process([input]) {
    for (const sample of input[0] ?? []) this.heard[this.count++ % this.heard.length] = sample;
    const half = this.kernels[0].length / 2;
    for (; this.next + half < this.count; this.next += this.step) this.put(this.at(this.next, half));
    return true;
  }

  at(position, half) {
    const whole = Math.floor(position);
    const taps = this.kernels[Math.floor((position - whole) * PHASES)];
    let sum = 0;
    for (let tap = 0, place = whole - half + 1; tap < taps.length; tap++, place++) {
      if (place >= 0) sum += taps[tap] * this.heard[place % this.heard.length];
    }
    return sum;
  }

  put(sample) {
    this.loudest = Math.max(this.loudest, Math.abs(sample));
    this.frame[this.filled++] = encode(sample);
    if (this.filled < FRAME) return;
    this.port.postMessage({ frame: this.frame, loudest: this.loudest }, [this.frame.buffer]);
    this.frame = new Uint8Array(FRAME);
    this.filled = this.loudest = 0;
  }
}

registerProcessor("microphone", Microphone);
