"""Sounds by which a listener says "go on": no reason to stop speaking."""

import re

_ENGLISH = frozenset(
    [
        "mhm",
        "mm",
        "mmm",
        "hm",
        "hmm",
        "mm-hmm",
        "mm-hm",
        "mmhmm",
        "uh-huh",
        "uhhuh",
        "uh",
        "huh",
        "um",
        "ah",
        "oh",
        "ooh",
        "aha",
        "yeah",
        "yep",
        "yup",
        "yes",
        "ok",
        "okay",
        "right",
        "sure",
        "good",
        "great",
        "nice",
        "cool",
        "wow",
        "really",
        "exactly",
        "indeed",
        "true",
        "fine",
        "alright",
    ]
)
_CHINESE = re.compile(
    r"[嗯唔呣哦噢喔啊呃诶哎欸哈呵]+|对对?对?|是的?|好的?|行|没错|当然|真的吗?|原来如此|明白|知道了?|了解"
)
_INVENTED = frozenset(
    [
        "you",
        "thank you",
        "thanks",
        "thanks for watching",
        "thank you for watching",
        "bye",
        "谢谢",
        "谢谢大家",
        "谢谢观看",
        "请不吝点赞订阅转发打赏支持明镜与点点栏目",
    ]
)
"""What Whisper makes of a cough."""

_MAX_WORDS = 3


def is_backchannel(text: str) -> bool:
    """Return whether short words over the assistant's mean nothing but that somebody listens."""
    said = re.sub(r"[^\w\s’'-]", " ", text.lower()).strip()
    if not said or said in _INVENTED or "".join(said.split()) in _INVENTED:
        return True
    words = said.split()
    if len(words) > _MAX_WORDS:
        return False
    return all(word in _ENGLISH or _CHINESE.fullmatch(word) for word in words)
