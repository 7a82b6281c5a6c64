"""What a time looks like, typed and spoken, in English and in simplified Chinese.

A grammar of our own: dateparser 1.5.0 read 12 of 20 such English phrases right and 2 of 16
Chinese ones, and took "tomorrow at 7" for tomorrow at the time it was now.
"""

import re

from assistant.plugins.numerals import EN_NUMBER, ZH_NUMBER

EN_UNIT = r"(?:second|sec|minute|min|hour|hr|day|week)s?\b"
_EN_TERM = rf"(?:half an?|\ban?|{EN_NUMBER}(?: and a half)?)[ -]{EN_UNIT}(?: and a half\b)?"
_EN_DURATION = rf"{_EN_TERM}(?:,? (?:and )?(?:{_EN_TERM}|{EN_NUMBER}\b(?! ?[ap]\.?m)))?"
_EN_HOUR = (
    r"(?:\d{1,2}(?!\d|st|nd|rd|th)|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)"
)
_EN_MINUTE = (
    r"(?:[0-5]\d|(?:oh|zero) (?:one|two|three|four|five|six|seven|eight|nine)|ten|eleven|twelve|"
    r"(?:thir|four|fif|six|seven|eigh|nine)teen|"
    r"(?:twenty|thirty|forty|fifty)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)\b"
)
_EN_HALF = r"(?: ?(?:[ap]\.?m\b\.?|in the (?:morning|afternoon|evening)|at night|o'?clock))"
EN_CLOCK = (
    r"(?:(?:at |by |for )?(?:noon|midnight)\b"
    rf"|(?:at |by |for )?(?:half|(?:a )?quarter|{EN_NUMBER})(?: minutes?)? "
    rf"(?:past|to|after|before) {_EN_HOUR}{_EN_HALF}*"
    rf"|(?:at |by |for )?(?:\d{{1,2}}:[0-5]\d\b|{_EN_HOUR}(?: {_EN_MINUTE})?(?={_EN_HALF}))"
    rf"{_EN_HALF}*"
    rf"|(?:at|by|for) \d{{1,2}}\.[0-5]\d\b{_EN_HALF}*"
    rf"|(?:at|by) {_EN_HOUR}(?: {_EN_MINUTE})?(?! ?(?:%|percent|{EN_UNIT}))"
    rf"|for {_EN_HOUR}(?: {_EN_MINUTE})?(?=$| (?:tomorrow|today|on )))"
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_EN_MONTH = rf"(?:{'|'.join(MONTHS)})\b"
EN_DAY = (
    r"(?:(?:on |for )?(?:the day after tomorrow|tomorrow|today"
    rf"|{_EN_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_EN_MONTH}"
    rf"|(?:next |this )?(?:{'|'.join(WEEKDAYS)}))\b)"
)
EN_PART = (
    r"(?:tonight\b|(?:this |in the |(?<=tomorrow )|(?<=day ))(?:morning|afternoon|evening|night)\b"
    r"|at night\b)"
)

# In simplified characters.
_ZH_TERM = (
    rf"(?:{ZH_NUMBER}个?半?|半个?)(?:秒钟?|分钟|刻钟|小时|钟头|分(?!之)|天|日|周|星期|礼拜)半?"
)
_ZH_DURATION = rf"{_ZH_TERM}(?:[零又]?{_ZH_TERM})?"
ZH_CLOCK = rf"(?:\d{{1,2}}:[0-5]\d|{ZH_NUMBER}[点时](?:钟|整|半|[一三13]刻|{ZH_NUMBER}分?)?(?!\d))"
ZH_DAY = (
    r"(?:大后天|后天|明[天日]|今[天日]|明(?=[早晚])|今(?=[早晚])"
    r"|(?:下个?|这个?|本)?(?:周|星期|礼拜)[一二三四五六日天]"
    rf"|{ZH_NUMBER}月{ZH_NUMBER}[日号]|{ZH_NUMBER}[日号])"
)
ZH_PART = (
    r"(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜"
    r"|(?<=[今明天])[早晚]|[早晚](?=[\d一二三四五六七八九十两]))"
)

DURATION = rf"(?:{_EN_DURATION}|{_ZH_DURATION})"
FROM_NOW = re.compile(
    rf"\bin (?P<en>{_EN_DURATION})|(?P<en2>{_EN_DURATION}) from now"
    rf"|(?:再?过)?(?P<zh>{_ZH_DURATION})(?:之后|以后|过后|后)",
    re.IGNORECASE,
)
_UNNAMED = re.sub(r"\?P<\w+>", "?:", FROM_NOW.pattern)
TIME = rf"(?:{_UNNAMED}|\b{EN_CLOCK}|{ZH_CLOCK}|\b{EN_DAY}|{ZH_DAY}|\b{EN_PART}|{ZH_PART})"
"""Regular expressions, to be searched in any case of letters: what names a length, or a time."""
