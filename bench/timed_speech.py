"""Speech of which it is known when each word is said: Kokoro's, by the lengths of its phonemes.

The model computes how many frames each phoneme lasts and gives the sound only, so an output for
that is added to its graph.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
from kokoro_onnx import Kokoro
from kokoro_onnx.config import SAMPLE_RATE

from speech.audio import Audio, Samples
from speech.decoding import resample
from speech.tts.kokoro_engine import phonemes_of
from speech.tts.mandarin import Mandarin

_LENGTHS = "/encoder/Clip_output_0"
_FRAME_S = 600 / SAMPLE_RATE
_RATE_HZ = 16_000
_AUDIBLE = 0.02
"""Of a clip's peak; what is fainter at either end of a word is not heard as the word's."""

_MARKS = {"，": ",", "、": ",", "。": ".", "？": "?"}


@dataclass(frozen=True)
class SpokenSet:
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    """With a space between words."""
    voices: Mapping[str, tuple[str, ...]]


# The weights of `speech.word_places` were chosen on the first; nothing was on the second.
SETS = {
    "tuning": SpokenSet(
        english=(
            "Please remind me to water the plants on Thursday before breakfast.",
            "When the rain finally stopped, we walked slowly along the empty beach.",
            "She bought three apples, two lemons and a small bottle of milk.",
            "My brother works in a hospital near the old railway station.",
            "Turn off the kitchen light, then play some quiet music.",
            "Yes. I think we should leave before seven. Otherwise we will miss the train.",
            "Nobody expected such heavy snow at the end of April.",
        ),
        chinese=(
            "今天 天气 很 好 ， 我们 去 公园 散步 。",
            "请 提醒 我 明天 早上 八 点 开会 。",
            "他 在 北京 大学 学习 历史 ， 已经 三 年 了 。",
            "妈妈 买 了 苹果 、 牛奶 和 面包 。",
            "关掉 厨房 的 灯 ， 然后 播放 音乐 。",
            "下雨 了 ， 别 忘记 带 雨伞 。",
            "这 家 餐厅 的 服务 非常 好 ， 但是 价格 太 高 。",
            "火车 什么 时候 到达 上海 ？",
        ),
        voices={
            "en": ("af_heart", "am_michael", "bf_emma"),
            "zh": ("zf_xiaobei", "zm_yunxi", "zf_xiaoni"),
        },
    ),
    "test": SpokenSet(
        english=(
            "The museum opens at nine, but the line is usually long by then.",
            "Could you tell Martin that his package arrived this morning?",
            "After dinner the children told stories about ghosts and pirates.",
            "He drives an old blue car with a broken window.",
            "First boil the water. Then add salt, rice and a little oil.",
            "It costs more than I expected, although the quality is excellent.",
            "We should meet at the corner of Park Street around noon.",
        ),
        chinese=(
            "明天 下午 三 点 ， 我 在 学校 门口 等 你 。",
            "这 本 书 讲 的 是 一个 老人 和 大海 的 故事 。",
            "请 把 客厅 的 空调 调 到 二十六 度 。",
            "昨天 晚上 的 电影 非常 有趣 ， 可惜 你 没有 来 。",
            "爷爷 喜欢 喝 绿茶 ， 奶奶 喜欢 喝 咖啡 。",
            "从 这里 坐 地铁 到 机场 要 多久 ？",
            "如果 周末 不 下雨 ， 我们 就 去 爬山 。",
        ),
        voices={
            "en": ("af_bella", "am_fenrir", "bm_george"),
            "zh": ("zf_xiaoxiao", "zm_yunjian", "zf_xiaoyi"),
        },
    ),
}


@dataclass(frozen=True)
class SpokenWord:
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class TimedClip:
    language: str
    speaker: str
    audio: Audio
    """At 16 kHz."""
    words: tuple[SpokenWord, ...]


def timed_clips(models: Path, spoken: SpokenSet) -> list[TimedClip]:
    """Return every sentence in every voice of its language."""
    clips = list(_speak_all(models / "kokoro-82m", spoken))
    # The sound comes a little before its frames, by 35 ms as the median of these clips has it.
    lead_s = float(
        np.median([_audible(clip)[0] / _RATE_HZ - clip.words[0].start_s for clip in clips])
    )
    return [
        replace(clip, words=tuple(_trim(word, clip, lead_s) for word in clip.words))
        for clip in clips
    ]


def _speak_all(folder: Path, spoken: SpokenSet) -> Iterator[TimedClip]:
    session = _open(folder / "kokoro-v1.0.int8.onnx")
    kokoro = Kokoro.from_session(session, str(folder / "voices.npz"))
    mandarin = Mandarin()
    for voice in spoken.voices["en"]:
        for text in spoken.english:
            words = re.findall(r"[\w']+", text)
            yield _speak(kokoro, "en", voice, words, phonemes_of(text, voice))
    for voice in spoken.voices["zh"]:
        for text in spoken.chinese:
            words = [word for word in text.split() if word not in _MARKS]
            phonemes = " ".join(
                _MARKS.get(word) or mandarin.phonemize(word).replace(" ", "")
                for word in text.split()
            )
            yield _speak(kokoro, "zh", voice, words, re.sub(r" (?=[,.?])", "", phonemes))


def _open(path: Path) -> onnxruntime.InferenceSession:
    # Messages that follow each other are one in protobuf: this adds `graph.output[].name`.
    output = _field(7, _field(12, _field(1, _LENGTHS.encode())))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        path.read_bytes() + output, options, providers=["CPUExecutionProvider"]
    )
    session._model_path = str(path)  # For which Kokoro asks.
    return session


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def _speak(
    kokoro: Kokoro, language: str, voice: str, words: Sequence[str], phonemes: str
) -> TimedClip:
    known = kokoro.tokenizer.known(phonemes)
    tokens = kokoro.tokenizer.tokenize(known)
    style = np.asarray(kokoro.get_voice_style(voice), np.float32)[len(tokens)].reshape(1, -1)
    inputs = {"tokens": [[0, *tokens, 0]], "style": style, "speed": np.ones(1, np.float32)}
    sound, lengths = kokoro.sess.run(["audio", _LENGTHS], inputs)
    # Of the token before the first phoneme, too.
    at_s = np.cumsum(np.ravel(lengths)) * _FRAME_S
    spans = [match.span() for match in re.finditer(r"[^\s,.;:!?]+", known)]
    assert len(spans) == len(words), f"{known} are not {len(words)} words"
    samples: Samples = np.ravel(sound).astype(np.float32)
    return TimedClip(
        language,
        voice,
        resample(Audio(samples, SAMPLE_RATE), _RATE_HZ),
        tuple(
            SpokenWord(word, float(at_s[start]), float(at_s[end]))
            for word, (start, end) in zip(words, spans, strict=True)
        ),
    )


def _trim(word: SpokenWord, clip: TimedClip, lead_s: float) -> SpokenWord:
    start, end = (max(0.0, at_s + lead_s) for at_s in (word.start_s, word.end_s))
    audible = _audible(clip) / _RATE_HZ
    within = audible[(audible >= start) & (audible < end)]
    return SpokenWord(word.text, float(within[0]), float(within[-1])) if len(within) else word


def _audible(clip: TimedClip) -> np.ndarray:
    samples = clip.audio.samples
    loudness = np.sqrt(np.convolve(samples**2, np.full(80, 1 / 80), "same"))
    return np.flatnonzero(loudness > _AUDIBLE * loudness.max())
