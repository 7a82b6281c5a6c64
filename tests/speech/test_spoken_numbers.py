"""Numbers, dates, times and units as they are said, and as the voices then read them."""

from pathlib import Path

import numpy as np
import pytest

from speech.asr.base import DecodingOptions
from speech.audio import Samples
from speech.decoding import resample
from speech.speakable import speakable
from speech.tts.mandarin import Mandarin
from speech.tts.phonemes import phonemize
from speech.tts.registry import create_engine
from speech.tts.voices import find_voice
from tests.speech.spoken import RATE_HZ, load_engine, say, silence


@pytest.fixture(scope="module")
def mandarin() -> Mandarin:
    return Mandarin()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It is 2026-11-22.", "It is November 22nd, 20 26."),
        ("On Dec. 24 and 3 March 1905", "On December 24th and 3rd March 19 oh 5"),
        ("In the 1990s, and since 2005", "In the 19 90s, and since 2005"),
        ("Open 9:00-17:00", "Open 9 o'clock to 5 PM"),
        ("at 3:05 pm, 9:00 AM or 00:15", "at 3 oh 5 pm, 9 AM or 12:15 AM"),
        ("3–5 km or 2-3 days", "3 to 5 kilometers or 2 to 3 days"),
        ("the war (1939–1945)", "the war (19 39 to 19 45)"),
        ("20 °C, -5°C, 68°F", "20 degrees Celsius, -5 degrees Celsius, 68 degrees Fahrenheit"),
        ("1 km at 80 km/h, 9.8 m/s²", "1 kilometer at 80 kilometers per hour, "
         "9.8 meters per second squared"),
        ("6 ft tall, 150 lbs, 250 ml", "6 feet tall, 150 pounds, 250 milliliters"),
        ("1/2 cup, 1 1/2 cups, 2/3", "a half cup, 1 and a half cups, 2 thirds"),
        ("€3.50, $1, $0.99, £2.01", "3 euros and 50 cents, 1 dollar, 99 cents, "
         "2 pounds and 1 penny"),
        ("$5-$10", "5 dollars to 10 dollars"),
        ("call 555-123-4567", "call 5 5 5, 1 2 3, 4 5 6 7"),
        ("+44 20 7946 0958", "plus 4 4, 2 0, 7 9 4 6, 0 9 5 8"),
        ("In an emergency call 911.", "In an emergency call 9 1 1."),
        ("10 - 4 = 6, 3 * 4, 12 / 4", "10 minus 4 = 6, 3 times 4, 12 divided by 4"),
        ("2^10, x² > 3", "2 to the power of 10, x squared is greater than 3"),
        ("№ 5, No. 6, #7, ~8", "number 5, number 6, number 7, about 8"),
        ("World War II, Louis XIV, Rocky III", "World War 2, Louis the 14th, Rocky 3"),
        ("a ratio of 16:9", "a ratio of 16 to 9"),
        ("9/10, 98/100, 24/7, the mid-1990s", "9 out of 10, 98 out of 100, 24 7, the mid-19 90s"),
    ],
)  # fmt: skip
def test_english_numbers_are_said_as_people_say_them(written: str, said: str) -> None:
    assert speakable(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "17% of 2.5 is 0.425, and 1,234,567.89 is more.",
        "COVID-19, F-16, B-52, a 30-second clip and 3-2-1",
        "Python 3.11.2 at 127.0.0.1:8000",
        "John 3:16, Psalm 23:4 and Romans 13:10",
        "The total is 1275.",
        "a 5G phone, 10x, H2O",
        "Then I went, and Malcolm X spoke.",
        "Open Settings > Sound.",
        "the 21st century",
    ],
)
def test_english_that_is_read_well_or_is_no_number_is_kept(text: str) -> None:
    assert speakable(text) == text


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("in 1998", "in nineteen ninety eight"),
        ("the 1990s", "the nineteen nineties"),
        ("on 2026-11-22", "on November twenty second, twenty twenty six"),
        ("at 2:05 pm", "at two oh five pm"),
        ("80 km/h", "eighty kilometers per hour"),
        ("1939–1945", "nineteen thirty nine to nineteen forty five"),
        ("250 g", "two hundred fifty grams"),
        ("World War II", "World War two"),
    ],
)  # fmt: skip
def test_english_voices_get_the_phonemes_of_the_words(written: str, words: str) -> None:
    def sounds(text: str) -> list[str]:
        # Stress and the gaps between words depend on how espeak groups digits.
        return [sound for part in phonemize(text, "en-us") for sound in part if sound.isalpha()]

    assert sounds(speakable(written)) == sounds(words)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("现在14:30。", "现在下午两点半。"),
        ("早上8:05到晚上22:00", "早上八点零五分到晚上十点"),
        ("10:30–11:15", "十点半到十一点十五分"),
        ("2026-1-5出发", "二零二六年一月五日出发"),
        ("1939–1945年", "一九三九年到一九四五年"),
        ("2022-2023学年", "二零二二年到二零二三学年"),
        ("20世纪90年代", "二十世纪九十年代"),
        ("有2个人，第2个，2-3天", "有两个人，第二个，两到三天"),
        ("2月2日，2号楼，2万，2000元", "二月二日，二号楼，两万，两千元"),
        ("零下5°C到3 °C", "零下五度到三度"),
        ("气温−5℃，68°F", "气温零下五度，六十八华氏度"),
        ("时速80 km/h，跑了5 km", "时速八十公里每小时，跑了五公里"),
        ("加250 ml水、120克糖", "加二百五十毫升水、一百二十克糖"),
        ("答案是1024，约1250人", "答案是一千零二十四，约一千二百五十人"),
        ("房间302，电话是110", "房间三零二，电话是幺幺零"),
        ("010-12345678", "零幺零，幺二三四五六七八"),
        ("10-4=6，5×3=15，2²", "十减四等于六，五乘三等于十五，二的平方"),
        ("比例16:9，比分3-1", "比例十六比九，比分三比一"),
        ("17%，5%-10%，50‰", "百分之十七，百分之五到百分之十，千分之五十"),
        ("$1.5万，€3.50，¥2", "一点五万美元，三点五欧元，两元"),
        ("现在是14:30:05，24:00", "现在是十四点半零五秒，二十四点"),
        ("π≈3.14，№5，爸爸 & 妈妈", "派约三点一四，第五，爸爸和妈妈"),
        ("氣溫20 °C，2點開始", "气温二十度，两点开始"),
    ],
)
def test_chinese_voices_read_numbers_as_people_say_them(
    mandarin: Mandarin, written: str, read: str
) -> None:
    assert mandarin.spell_out(speakable(written, "zh")) == read


def test_other_languages_keep_their_numbers() -> None:
    assert speakable("Il est 14:30, 3–5 km", "fr") == "Il est 14:30, 3–5 km"


def test_numbers_that_mean_nothing_are_no_error() -> None:
    for text in ("9999-99-99", "1/0", "0/0", "99:99", "1:2:3", "1" * 30, "2" * 40 + "年"):
        assert speakable(text)
        assert speakable(text, "zh")


def test_the_spoken_numbers_are_heard_in_english(models: Path) -> None:
    text = "The meeting is on 2026-11-22 at 14:30, at -5°C, after 3–5 km."
    heard = _hear(models, say(models, speakable(text)), "en").lower()
    for words in ("november 22nd", "2026", "minus 5 degrees", "5 kilometers"):
        assert words in heard
    assert "pm" in heard.replace(".", "")


def test_the_spoken_numbers_are_heard_in_chinese(models: Path) -> None:
    voice = find_voice("kokoro:zf_xiaobei")
    engine = create_engine(voice.engine, models, 1, "cpu")
    text = speakable("会议在2026-11-22 14:30开始，每天走3–5公里。", "zh")
    audio = resample(engine.synthesize(text, voice, "zh", 1.0), RATE_HZ)
    heard = _hear(models, audio.samples, "zh")
    assert "2026年11月22日下午2" in heard.replace("两", "2").replace("兩", "2")
    assert "5公里" in heard.replace("五", "5")


def _hear(models: Path, samples: Samples, language: str) -> str:
    options = DecodingOptions(
        language=language, prompt=None, beam_size=5, temperature=0.0, max_tokens=100
    )
    window = np.concatenate([samples, silence(10.0)])[: 10 * RATE_HZ]
    return load_engine(models, "faster-whisper").recognize(window, options).text
