// How loud the open microphone is, as the waveform and the meter show it.

const KEPT = 96; // about 4 s

/** Root mean squares from 0 to 1, one for every 40 ms, the newest last. Speech has about 0.1. */
export const levels = new Array(KEPT).fill(0);

export function noteLevel(loudness) {
  levels.push(loudness);
  levels.shift();
}

export function clearLevels() {
  levels.fill(0);
}

/** Notes the levels of a MediaStream until the function that it returns is called. */
export function watchLevels(stream, onLevel) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 }); // 43 ms at 48 kHz
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    onLevel(Math.sqrt(power), samples);
  }, 40);
  return () => {
    clearInterval(timer);
    context.close();
  };
}
