"""How people set, list and cancel timers and reminders."""

from assistant.plugins.built_in.time_grammar import DURATION, TIME

TIMER = r"(?:timers?|countdowns?)\b"
_ANY = r"(?:timers?|countdowns?|reminders?|alarms?)\b"
ZH_TIMER = r"(?:倒计时|计时器|定时器|计时)"
_ZH_ANY = rf"(?:{ZH_TIMER}|提醒事项|提醒|闹钟)"
_ZH_SET = r"(?:帮我|给我|再)*(?:设置|设定|设|定|开始|开启|开|启动|来|加)(?:一?个|一下)?"
# "Remind me what a reminder is" asks for an explanation.
_QUESTION_WORD = r"(?:what|who|how|why|where|when|which|whose|whether|if|of|again)\b"
_ZH_QUESTION_WORD = r"(?:为什么|为何|什么|怎么|怎样|谁|哪|是不是|多少|几)"
_ZH_POLITE = r"(?:[你您]|记得|到时候?|一定|要|能|可以|在|那|再|就|准时|左右|[, 的])*"

PATTERNS = (
    rf"^(?:set|start|create|make|begin|give me|put on|i need)(?: me)?(?: up)? "
    rf"(?P<timer>(?=.*{DURATION}|[^,]*{TIMER}$)(?:an? |the |another |my )?"
    rf"(?:[\w.:-]+ ){{0,8}}{TIMER}.*)",
    rf"^(?P<timer>{DURATION} {TIMER})$",
    rf"^(?P<timer>(?:timer|countdown|count down)(?: for| from| of)? {DURATION})$",
    rf"^remind me (?!{_QUESTION_WORD})(?P<remind>(?:to .+|.*{TIME}.*))",
    rf"^(?P<remind>wake me\b(?: up)?(?: .*{TIME}.*|$))",
    r"^(?:set|create|make|add|i need)(?: me)?(?: up)? (?:an? |another |the )?"
    r"(?:reminder\b(?P<remind>.*)|(?P<remind>alarm\b.*))",
    rf"^(?P<show>(?:what|which|how many) {_ANY}).*\b(?:have|set|are|running|left|active)\b",
    rf"^what are (?:my|the) (?P<show>{_ANY})",
    rf"^(?:list|show|read|check)(?: me)?(?: out)?(?: all)?(?: of)?(?: my| the)? (?P<show>{_ANY})$",
    rf"^(?:do i have|are there) any (?P<show>{_ANY})",
    rf"^how (?:much time|long) (?:is|do i have|does it have) left(?: on)?(?: my| the)?"
    rf"(?P<show>(?: [\w-]+){{0,3}} {TIMER}|$)",
    rf"^(?:cancel|stop|delete|remove|turn off|clear|end|forget) (?P<cancel>(?:[^,]*? )?{_ANY}.*)",
    rf"^{_ZH_SET}(?P<timer>.*{DURATION}.*{ZH_TIMER}|{ZH_TIMER}.*)$",
    rf"^(?P<timer>(?:{ZH_TIMER}|定时)(?:一下)?{DURATION}|{DURATION}的?{ZH_TIMER})$",
    rf"^(?!.*{_ZH_QUESTION_WORD}){_ZH_POLITE}(?P<remind>"
    rf"(?:{TIME}{_ZH_POLITE})+(?:提醒|叫醒|叫|通知|喊)一?下?我.*)",
    rf"^(?:记得|到时候)?(?P<remind>提醒我(?!.*{_ZH_QUESTION_WORD}).+)",
    rf"^{_ZH_SET}(?P<remind>(?:.*{TIME}.*)?(?:闹钟|提醒)(?:.*{TIME}.*)?)$",
    rf"^我?(?:现在|目前|还|都)?(?:有|设了|定了|设置了)(?:哪些|什么|几个|多少个?|没有)(?P<show>{_ZH_ANY})",
    rf"^我(?:设|定|设置)?的(?P<show>{_ZH_ANY})(?:都?有(?:哪些|什么|几个)|是什么|列表)?$",
    rf"^(?:查看|列出|看看|看一下|显示|念一下)(?:我的|所有的?|全部的?)*(?P<show>{_ZH_ANY})$",
    rf"^(?:我的)?(?P<show>{ZH_TIMER}?)还(?:剩|有|剩下)多(?:久|少时间|长时间)$",
    rf"^(?:帮我|给我)?(?:取消|删除|删掉|关掉|关闭|停止|停掉|清除|清空|不要)(?P<cancel>.*{_ZH_ANY}.*)",
    rf"^把(?P<cancel>.*{_ZH_ANY}.*?)(?:取消|删除|删|关|停|清空)(?:掉|了)*$",
)
