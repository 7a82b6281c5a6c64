"""What the terminal says, in English and in Chinese."""

import os

EN = {
    "you": "You",
    "assistant": "Assistant",
    "connecting": "connecting",
    "reconnecting": "connection lost, trying again",
    "no_device": "sound device gone, waiting for it",
    "muted": "muted",
    "speaking": "speaking",
    "held": "waiting: did you say something?",
    "hearing": "hearing you",
    "thinking": "thinking",
    "listening": "listening",
    "push_to_talk": "press Space and speak",
    "recording": "recording, Space sends it",
    "keys_open": "Space stops the reply · m microphone off or on · h half duplex · q quits",
    "keys_push": "Space or Enter starts and ends what you say · m microphone off or on · q quits",
    "no_keys": "Ctrl-C quits",
    "text_hint": "Type a question and press Enter. Ctrl-D quits.",
    "interrupted": "interrupted",
    "device_back": "The sound is back.",
    "device_lost": "The {device} is gone. It is used again as soon as it is back.",
    "half_duplex_on": "Half duplex: the microphone is off while the reply plays; Space stops it.",
    "half_duplex_off": "The microphone hears you while the reply plays.",
    "session_expired": "The session was over; a new one continues the conversation.",
    "reply_failed": "No reply: {message}",
    "transcription_failed": "That was not understood: {message}",
    "server_error": "The server says: {message}",
    "hears_itself": "The assistant seems to hear and interrupt itself: the microphone picks up the "
    "loudspeaker. Use headphones, turn the sound down, or press h (--half-duplex).",
    "hears_itself_keyless": "The assistant seems to hear and interrupt itself: the microphone "
    "picks up the loudspeaker. Use headphones, turn the sound down, or start with --half-duplex.",
    "goodbye": "To go on later: --conversation {conversation}",
    "timings": "after your last sound: {stages}",
}
ZH = {
    "you": "你",
    "assistant": "助手",
    "connecting": "正在连接",
    "reconnecting": "连接断开，正在重试",
    "no_device": "声音设备不见了，正在等待",
    "muted": "麦克风已关",
    "speaking": "正在说话",
    "held": "暂停：你说了什么吗？",
    "hearing": "正在听你说",
    "thinking": "正在思考",
    "listening": "请说话",
    "push_to_talk": "按空格键说话",
    "recording": "正在录音，按空格键发送",
    "keys_open": "空格 停止回答 · m 开关麦克风 · h 半双工 · q 退出",
    "keys_push": "空格或回车 开始和结束说话 · m 开关麦克风 · q 退出",
    "no_keys": "Ctrl-C 退出",
    "text_hint": "输入问题并按回车。Ctrl-D 退出。",
    "interrupted": "已打断",
    "device_back": "声音恢复了。",
    "device_lost": "声音设备不见了（{device}）。接回后会自动继续。",
    "half_duplex_on": "半双工：播放回答时麦克风关闭；按空格键停止回答。",
    "half_duplex_off": "播放回答时麦克风也在听。",
    "session_expired": "会话已过期；新的会话继续同一个对话。",
    "reply_failed": "没有回答：{message}",
    "transcription_failed": "没有听懂：{message}",
    "server_error": "服务器：{message}",
    "hears_itself": "助手好像听到了自己的声音，并打断了自己：麦克风收到了扬声器的声音。"
    "请戴耳机、调低音量，或按 h（--half-duplex）。",
    "hears_itself_keyless": "助手好像听到了自己的声音，并打断了自己：麦克风收到了扬声器的声音。"
    "请戴耳机、调低音量，或用 --half-duplex 启动。",
    "goodbye": "以后继续：--conversation {conversation}",
    "timings": "在你说完之后：{stages}",
}


def choose_texts(language: str | None) -> dict[str, str]:
    """Return those of `language`, else of the terminal's locale, else the English ones."""
    locale = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return ZH if (language or locale).lower().startswith("zh") else EN
