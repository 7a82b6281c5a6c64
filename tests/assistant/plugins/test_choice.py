"""Which questions call which tool without a model, which do not, and what a model may pick."""

import json
from collections.abc import Sequence

import pytest

from assistant.errors import LanguageModelUnavailableError
from assistant.llm.base import GenerationOptions
from assistant.messages import Message
from assistant.plugins.base import Tool, tool
from assistant.plugins.built_in.calculator import calculate
from assistant.plugins.built_in.clock import current_time, date_and_weekday, days_until
from assistant.plugins.built_in.units import convert_units
from assistant.plugins.built_in.weather import weather, will_it_rain
from assistant.plugins.choice import choose, compile_patterns, fitting, hinted, match

TOOLS = [
    calculate,
    convert_units,
    current_time,
    date_and_weekday,
    days_until,
    weather,
    will_it_rain,
]

CALLS = [
    # Sums
    ("what is 17 % of 250", calculate, {"expression": "17 % of 250"}),
    ("What's 17% of 250?", calculate, {"expression": "17% of 250"}),
    ("what is seventeen percent of 250", calculate, {"expression": "seventeen percent of 250"}),
    ("What's 12 times 12?", calculate, {"expression": "12 times 12"}),
    ("three plus four", calculate, {"expression": "three plus four"}),
    ("Twelve divided by 4.", calculate, {"expression": "Twelve divided by 4"}),
    ("Can you tell me what's 0.1 + 0.2?", calculate, {"expression": "0.1 + 0.2"}),
    ("add 8% to 120", calculate, {"expression": "add 8% to 120"}),
    ("20% off 80", calculate, {"expression": "20% off 80"}),
    ("what's a 15% tip on 60 dollars", calculate, {"expression": "a 15% tip on 60 dollars"}),
    ("what is the square root of 144", calculate, {"expression": "the square root of 144"}),
    ("Please calculate (3+4)*2", calculate, {"expression": "(3+4)*2"}),
    ("What is 2 to the power of 10?", calculate, {"expression": "2 to the power of 10"}),
    ("what's 12-5", calculate, {"expression": "12-5"}),
    ("12/4=", calculate, {"expression": "12/4"}),
    ("250 的 17% 是多少", calculate, {"expression": "250 的 17%"}),
    ("请问250的17%是多少？", calculate, {"expression": "250的17%"}),
    ("十二乘以十二等于多少", calculate, {"expression": "十二乘以十二"}),
    ("一百二十除以四", calculate, {"expression": "一百二十除以四"}),
    ("帮我算一下三百五十减一百二十七", calculate, {"expression": "三百五十减一百二十七"}),
    ("三點五乘以二等於多少", calculate, {"expression": "三点五乘以二"}),
    ("３＋４等于几？", calculate, {"expression": "3+4"}),
    ("100元打八折是多少", calculate, {"expression": "100元打八折"}),
    ("九的平方根是多少", calculate, {"expression": "九的平方根"}),
    # Units
    ("how many miles is 3 km", convert_units, {"amount": "3", "unit": "km", "to": "miles"}),
    (
        "Convert 72 F to Celsius.",
        convert_units,
        {"amount": "72", "unit": "F", "to": "Celsius"},
    ),
    (
        "How many teaspoons are in a tablespoon?",
        convert_units,
        {"amount": "a", "unit": "tablespoon", "to": "teaspoons"},
    ),
    (
        "what's seventy two degrees Fahrenheit in Celsius",
        convert_units,
        {"amount": "seventy two", "unit": "degrees Fahrenheit", "to": "Celsius"},
    ),
    (
        "How many dollars is 5 euros?",
        convert_units,
        {"amount": "5", "unit": "euros", "to": "dollars"},
    ),
    ("3 公里是多少英里", convert_units, {"amount": "3", "unit": "公里", "to": "英里"}),
    ("三公裡等於多少英里", convert_units, {"amount": "三", "unit": "公里", "to": "英里"}),
    (
        "一百华氏度是多少摄氏度？",
        convert_units,
        {"amount": "一百", "unit": "华氏度", "to": "摄氏度"},
    ),
    ("2 斤等于多少公斤", convert_units, {"amount": "2", "unit": "斤", "to": "公斤"}),
    ("100美元是多少人民币", convert_units, {"amount": "100", "unit": "美元", "to": "人民币"}),
    # Time and date
    ("What time is it?", current_time, {}),
    ("hey what time is it", current_time, {}),
    ("Could you tell me the time, please?", current_time, {}),
    ("what time is it in Tokyo", current_time, {"place": "Tokyo"}),
    ("What time is it in New York City right now?", current_time, {"place": "New York City"}),
    ("what's the time in the US", current_time, {"place": "the US"}),
    ("几点了", current_time, {}),
    ("请问现在几点了呢？", current_time, {}),
    ("現在幾點", current_time, {}),
    ("东京现在几点", current_time, {"place": "东京"}),
    ("现在纽约几点了", current_time, {"place": "纽约"}),
    ("北京时间几点了", current_time, {"place": "北京"}),
    ("what's the date", date_and_weekday, {}),
    ("What day is it today?", date_and_weekday, {"day": "today"}),
    ("what day of the week is December 25th", date_and_weekday, {"day": "December 25th"}),
    ("今天星期几", date_and_weekday, {"day": "今天"}),
    ("今天几号？", date_and_weekday, {"day": "今天"}),
    ("十二月二十五号是星期几", date_and_weekday, {"day": "十二月二十五号"}),
    ("how many days until Christmas", days_until, {"day": "Christmas"}),
    ("How many days until 1 January?", days_until, {"day": "1 January"}),
    ("how long till Thanksgiving", days_until, {"day": "Thanksgiving"}),
    ("离春节还有几天", days_until, {"day": "春节"}),
    ("距離聖誕節還有多少天", days_until, {"day": "圣诞节"}),
    ("还有几天过年", days_until, {"day": "过年"}),
    # Weather
    ("what's the weather in Berlin", weather, {"place": "Berlin"}),
    (
        "What's the weather like in Berlin tomorrow?",
        weather,
        {"place": "Berlin", "day": "tomorrow"},
    ),
    ("what is the weather like today in New York", weather, {"day": "today", "place": "New York"}),
    ("how's the weather", weather, {}),
    ("how cold is it in Moscow", weather, {"place": "Moscow"}),
    ("will it rain today in London", will_it_rain, {"day": "today", "place": "London"}),
    ("Will it rain in London on Friday?", will_it_rain, {"place": "London", "day": "on Friday"}),
    ("do I need an umbrella", will_it_rain, {}),
    ("北京明天天气怎么样", weather, {"place": "北京", "day": "明天"}),
    ("明天北京的天气怎么样？", weather, {"day": "明天", "place": "北京"}),
    ("今天天氣如何", weather, {"day": "今天"}),
    ("广州现在多少度", weather, {"place": "广州"}),
    ("上海后天会下雨吗", will_it_rain, {"place": "上海", "day": "后天"}),
    ("今天要带伞吗", will_it_rain, {"day": "今天"}),
]

NO_CALLS = [
    "What time is dinner usually in Spain?",
    "what is the weather like on Mars?",
    "what is 20th century art",
    "how many miles is it from Paris to Rome",
    "what's the date of the French revolution",
    "曹操是哪一年出生的",
    "What is 9/11?",
    "what is 24/7 support",
    "what is 24/7",
    "what is a 4x4",
    "What is 4-4-2 in football?",
    "what is 4-4-2",
    "call 555-1234",
    "what is 555-1234",
    "what happened in 1914-1918",
    "what is catch 22",
    "what is one",
    "what is 42",
    "What is the meaning of 42?",
    "what is two plus two is four called",
    "who wrote one hundred years of solitude",
    "why is 0.1 + 0.2 not 0.3",
    "why does one plus one equal two",
    "what is 5G",
    "what is half of the population of France",
    "what percent of people are left-handed",
    "what is the root of all evil",
    "what are the twelve apostles times",
    "how many cups of coffee is too many",
    "how many days are there until my birthday",
    "how many feet does a spider have",
    "how many inches of rain fall in Seattle",
    "how many pounds should I lose",
    "how much is a pound of apples",
    "convert this to a list",
    "convert to Islam",
    "what is a light year",
    "what is a mile",
    "how far is a mile from here",
    "what time is the meeting",
    "what time is it best to eat",
    "what time does the train leave",
    "what's the time complexity of quicksort",
    "what is time",
    "what time is it when the clock strikes thirteen",
    "what's the best time to visit Tokyo",
    "tell me a story about time",
    "what day is the meeting",
    "what day was Einstein born",
    "what date did the war end",
    "which year did Rome fall",
    "what is Christmas",
    "why do we celebrate Christmas",
    "how long until the train comes",
    "how long does it take until water boils",
    "what's the weather like in Spain in July",
    "what's the weather like in winter",
    "what is weather",
    "why is the weather so bad in England",
    "how does a weather forecast work",
    "how hot is the sun",
    "how cold is it in space",
    "why does it rain in London",
    "write a poem about the weather in Paris",
    "should I marry him",
    "what is the rain in Spain",
    "what is one plus one in Japanese",
    "what's the time difference between Paris and Tokyo",
    "time in prison",
    "what is the time in history",
    "the weather channel",
    "is it raining cats and dogs",
    "how many kilometers per hour is fast",
    "5 feet in the air",
    "10 to 12",
    "下雨",
    "好天气",
    "两万五千里长征",
    "十公里有多远",
    "一加一为什么等于二",
    "一加手机怎么样",
    "九一一是什么",
    "三国演义有几回",
    "百分之多少的人是左撇子",
    "什么是平方根",
    "二十世纪的艺术",
    "三十而立是什么意思",
    "5公里跑多久",
    "一斤苹果多少钱",
    "从北京到上海多少公里",
    "一公里是什么概念",
    "半斤八两是什么意思",
    "几点吃饭",
    "明天几点开会",
    "火车几点到",
    "你几点睡觉",
    "现在几点睡觉比较好",
    "什么时间去日本最好",
    "你今天几岁",
    "爱因斯坦是几号出生的",
    "中秋节为什么吃月饼",
    "春节是什么",
    "离婚还有几天冷静期",
    "还有几天发工资",
    "今天是个好日子",
    "天气为什么会变化",
    "天气预报是怎么做的",
    "火星天气怎么样",
    "夏天天气怎么样",
    "写一首关于北京天气的诗",
    "为什么会下雨",
    "水多少度会沸腾",
    "一个直角是多少度",
    "人的体温是多少度",
    "今天你过得怎么样",
    "",
    "???",
]


@pytest.mark.parametrize(("question", "expected", "arguments"), CALLS)
def test_a_question_that_a_pattern_covers_calls_its_tool(question, expected, arguments):
    call = match(question, TOOLS)
    assert call is not None
    assert (call.tool.name, call.arguments) == (expected.name, arguments)
    assert call.chosen_by == "pattern"


@pytest.mark.parametrize("question", NO_CALLS)
def test_a_question_that_only_looks_like_one_calls_nothing(question):
    assert match(question, TOOLS) is None


def test_no_two_tools_claim_the_same_question():
    for question, expected, _ in CALLS:
        claimed = [each.name for each in TOOLS if match(question, [each])]
        assert claimed == [expected.name], question


@tool(patterns=[r"roll (?P<sides>\w+) sides", r"roll a die"], hints=["die", "骰子"])
def roll(sides: int = 6) -> str:
    """Roll a die with this many sides."""
    return str(sides)


@tool(patterns=["roll"])
def anything() -> str:
    """Roll something."""
    return ""


@tool(patterns=["(a+)+$"])
def explosive() -> str:
    """Take exponential time."""
    return ""


def test_the_pattern_that_covers_most_of_the_question_wins():
    call = match("roll a die", [anything, roll])
    assert call is not None
    assert call.tool.name == "roll"


def test_arguments_are_numbers_where_the_schema_wants_numbers():
    for question in ("roll 20 sides", "roll twenty sides"):
        call = match(question, [roll])
        assert call is not None
        assert call.arguments == {"sides": 20}
    assert match("roll many sides", [roll]) is None
    assert fitting({"sides": 20, "colour": "red"}, roll.parameters) is None


def test_a_pattern_that_takes_exponential_time_is_given_up():
    assert match("a" * 60 + "!b", [explosive]) is None


def test_hints_are_whole_words_in_english_and_characters_in_chinese():
    assert hinted("Throw a DIE for me", [roll]) == [roll]
    assert hinted("帮我掷個骰子", [roll]) == [roll]
    assert hinted("a soldier in a diet", [roll]) == []


class Scripted:
    """`Ask` that answers what it is told to, and keeps what it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.options: GenerationOptions | None = None

    def __call__(self, messages: Sequence[Message], options: GenerationOptions) -> str:
        self.options = options
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, str) else json.dumps(self.answer)


def chosen(question: str, answer: object, tools: Sequence[Tool] = TOOLS) -> object:
    call = choose(question, tools, Scripted(answer), "en")
    return call and (call.tool.name, call.arguments, call.chosen_by)


def test_a_model_picks_among_the_tools_by_their_own_schemas():
    ask = Scripted({"tool": "weather", "arguments": {"place": "Oslo"}})
    call = choose("Is it nice out in Oslo tomorrow?", [weather, roll], ask, "en")
    assert call is not None
    assert (call.tool.name, call.arguments, call.chosen_by) == (
        "weather",
        {"place": "Oslo"},
        "schema",
    )
    assert ask.options is not None
    assert ask.options.temperature == 0
    schema = ask.options.json_schema
    assert schema is not None
    none, first, second = schema["anyOf"]
    assert none["properties"]["tool"]["const"] == "none"
    assert first["properties"]["tool"]["const"] == "weather"
    assert first["properties"]["arguments"]["properties"]["day"]["anyOf"] == [
        {"type": "string", "enum": ["tomorrow"]}
    ]
    assert second["properties"]["arguments"]["properties"]["sides"]["type"] == "integer"


def test_a_model_is_not_asked_where_the_question_lacks_what_every_tool_needs():
    ask = Scripted({"tool": "none"})
    assert choose("What is the sum of human knowledge?", [calculate], ask, "en") is None
    assert choose("How many miles is it from Paris to Rome?", [convert_units], ask, "en") is None
    assert ask.options is None


def test_a_part_of_the_question_is_offered_as_the_tool_s_pattern_has_it():
    ask = Scripted({"tool": "days_until", "arguments": {"day": "圣诞节"}})
    assert choose("再過多少天才到聖誕節", [days_until], ask, "zh") is not None
    assert ask.options is not None
    assert ask.options.json_schema is not None
    chosen = ask.options.json_schema["anyOf"][1]["properties"]["arguments"]["properties"]["day"]
    assert chosen == {"type": "string", "enum": ["圣诞", "圣诞节"]}


@pytest.mark.parametrize(
    "answer",
    [
        {"tool": "none"},
        {"tool": "format_disk", "arguments": {}},
        {"tool": "weather", "arguments": {"planet": "Mars"}},
        {"tool": "weather", "arguments": {"place": "Paris"}},
        {"tool": "days_until", "arguments": {}},
        {"tool": "calculate", "arguments": {"expression": "3 + 5"}},
        "not JSON",
        "[]",
        LanguageModelUnavailableError("gone"),
    ],
)
def test_no_tool_is_called_on_a_model_s_failure_or_invention(answer):
    assert chosen("Is it nice in Oslo, 3 of you?", answer) is None


def test_an_argument_counts_as_said_in_digits_and_in_words():
    answer = {"tool": "roll", "arguments": {"sides": 20}}
    assert chosen("a die with twenty sides", answer, [roll]) == ("roll", {"sides": 20}, "schema")
    assert chosen("一个二十面的骰子", answer, [roll]) is not None
    assert chosen("a die with many sides", answer, [roll]) is None
    assert chosen("a die", {"tool": "roll", "arguments": {"sides": 6}}, [roll]) is not None


def test_a_pattern_that_does_not_compile_matches_nothing():
    broken = tool(patterns=["("])(anything.run)
    compile_patterns([broken, *TOOLS])
    assert match("roll", [broken]) is None
