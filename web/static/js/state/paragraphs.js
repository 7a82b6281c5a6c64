// The segments of a transcript in paragraphs, as they are read.

const PAUSE_S = 2;
const LONG_CHARS = 350;
const LONGEST_CHARS = 900;
const SENTENCE_END = /[.!?。！？…]["'”’）)\]》」』]*$/;
const NO_SPACE = /[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]$/;

/**
 * Returns [{from, to}], the first segment of each and that after its last: a paragraph ends at a long
 * pause, and where it has become long at the end of a sentence.
 */
export function paragraphsOf(segments) {
  const paragraphs = [];
  let length = 0; // of the last one, in characters
  segments.forEach(({ start_s, text }, index) => {
    const before = segments[index - 1];
    if (before === undefined || isBreak(before, start_s, length)) {
      paragraphs.push({ from: index, to: index });
      length = 0;
    }
    paragraphs.at(-1).to = index + 1;
    length += text.length;
  });
  return paragraphs;
}

/** The segment that is heard at a time: its index; that before it in a pause; -1 before the first. */
export function segmentAt(segments, time_s) {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start_s <= time_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The segment's words with the space that parts them from those after. */
export function spaced(text) {
  return NO_SPACE.test(text) ? text : `${text} `;
}

/** All words, with a line between two paragraphs. */
export function plainText(segments) {
  const textOf = ({ from, to }) => segments.slice(from, to).map(({ text }) => spaced(text)).join("").trim();
  return paragraphsOf(segments).map(textOf).join("\n\n");
}

function isBreak(before, start_s, length) {
  if (start_s - before.end_s >= PAUSE_S || length > LONGEST_CHARS) return true;
  return length > LONG_CHARS && SENTENCE_END.test(before.text);
}
