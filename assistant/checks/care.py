"""What is said to someone who may be in danger from themselves."""

# The lines: https://988lifeline.org, China's national line 12356 (since 2025), and a directory
# of the others, https://findahelpline.com. Numbers are written so that they are spoken digit by
# digit.
CARE = {
    "en": "I'm really sorry you are going through this, and I'm glad you told me. You don't have "
    "to carry it alone. If you might be in danger right now, please call your local emergency "
    "number. In the United States you can call or text 9 8 8 at any hour; in other countries, "
    "findahelpline.com lists someone to talk to. Is there a person you trust who could be with "
    "you now?",
    "zh": "听到你这么难受，我很心疼，也谢谢你愿意说出来。你不必一个人扛着。"
    "如果你现在可能有危险，请马上拨打当地的急救或报警电话。"
    "在中国大陆，可以随时拨打 1 2 3 5 6 全国心理援助热线；"
    "其他地方可以在 findahelpline.com 找到愿意倾听的人。"
    "现在身边有没有你信任的人可以陪陪你？",
}
