from datetime import UTC, datetime

import pytest

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext
from assistant.plugins.built_in.calculator import calculate
from assistant.plugins.built_in.units import convert_units


def context(language: str) -> ToolContext:
    return ToolContext(
        user_id="user", conversation_id="talk", language=language, now=datetime.now(UTC)
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("17 % of 250", "17% of 250 is 42.5."),
        ("0.1 + 0.2", "0.1 plus 0.2 is 0.3."),
        ("twelve times twelve", "12 times 12 is 144."),
        ("a hundred and twenty five point five minus one", "125.5 minus 1 is 124.5."),
        ("2 million times 3", "2,000,000 times 3 is 6,000,000."),
        ("10 divided by 3", "10 divided by 3 is about 3.333333."),
        ("1/3 * 3", "1 divided by 3 times 3 is 1."),
        ("2 / 3000", "2 divided by 3000 is about 0.000666667."),
        ("add 8% to 120", "The result is 129.6."),
        ("120 plus 8%", "120 plus 8% is 129.6."),
        ("20% off 80", "20% off 80 is 64."),
        ("20 is what percent of 80", "The result is 25%."),
        ("the square root of 144", "The result is 12."),
        ("square root of 2", "The result is about 1.414214."),
        ("cube root of 27", "The result is 3."),
        ("sqrt(2) * sqrt(2)", "The result is 2."),
        ("2 to the tenth power", "2 to the 10th power is 1024."),
        ("2^0.5", "2 to the power of 0.5 is about 1.414214."),
        ("(3 + 4) * 2", "The result is 14."),
        ("-5 + 2", "-5 plus 2 is -3."),
        ("17 mod 5", "17 mod 5 is 2."),
        ("half of 50", "Half of 50 is 25."),
        ("5!", "5! is 120."),
        (
            "2 to the power of 64",
            "2 to the power of 64 is about 1.844674 times 10 to the power of 19.",
        ),
    ],
)
def test_sums_are_exact_and_said_in_english(expression, expected):
    assert calculate.run(expression, context("en")) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("250 的 17%", "250 的 17% 是 42.5。"),
        ("二百五十的百分之十七", "250 的百分之 17 是 42.5。"),
        ("十二乘以十二", "12 乘以 12 是 144。"),
        ("三点五乘二", "3.5 乘 2 是 7。"),
        ("两万加三万五千", "20000 加 35000 是 55000。"),
        ("3.5万加2", "35000 加 2 是 35002。"),
        ("一百的一半", "100 的一半是 50。"),
        ("二的十次方", "2 的 10 次方是 1024。"),
        ("根号二", "结果约等于 1.414214。"),
        ("100元打八折", "100 元打 8 折是 80。"),
        ("20是80的百分之几", "结果是 25%。"),
        ("十除以三", "10 除以 3 约等于 3.333333。"),
        ("負五加三", "结果是 -2。"),
    ],
)
def test_sums_are_exact_and_said_in_chinese(expression, expected):
    assert calculate.run(expression, context("zh")) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 0", "divided by zero"),
        ("0 ** -1", "divided by zero"),
        ("9**9**9", "too large"),
        ("9**9**9**9**9", "too large"),
        ("100000!", "too large"),
        ("1000! * 1000! * 1000! * 1000!", "too large"),
        ("sqrt(-1)", "can't work that out"),
        ("3.5!", "can't work that out"),
        ("(3 + ", "can't work that out"),
        ("1 +" * 100, "can't read"),
        ("__import__('os').system('true')", "can't read"),
        ("().__class__", "can't read"),
        ("the meaning of life", "can't read"),
    ],
)
def test_what_is_no_sum_or_too_much_work_is_refused(expression, expected):
    with pytest.raises(ToolError, match=expected):
        calculate.run(expression, context("en"))


@pytest.mark.parametrize(
    ("amount", "unit", "to", "language", "expected"),
    [
        ("3", "km", "miles", "en", "3 kilometers is about 1.86 miles."),
        ("72", "F", "celsius", "en", "72 degrees Fahrenheit is about 22.22 degrees Celsius."),
        ("minus forty", "celsius", "F", "en", "-40 degrees Celsius is -40 degrees Fahrenheit."),
        ("a", "tablespoon", "teaspoons", "en", "1 tablespoon is 3 teaspoons."),
        ("half a", "pound", "grams", "en", "0.5 pounds is about 226.8 grams."),
        ("1", "inch", "cm", "en", "1 inch is 2.54 centimeters."),
        ("1", "mm", "miles", "en", "1 millimeter is about 0.000000621 miles."),
        ("2", "feet", "square feet", "en", None),
        ("三", "公里", "英里", "zh", "3公里约等于1.86英里。"),
        ("一百", "华氏度", "摄氏度", "zh", "100华氏度约等于37.78摄氏度。"),
        ("2", "斤", "公斤", "zh", "2斤是1公斤。"),
        ("半", "斤", "克", "zh", "0.5斤是250克。"),
        ("零下十", "摄氏度", "华氏度", "zh", "-10摄氏度是14华氏度。"),
        ("三", "公里", "公斤", "zh", None),
    ],
)
def test_units_are_converted_where_they_measure_the_same(amount, unit, to, language, expected):
    if expected is None:
        with pytest.raises(ToolError, match=r"different things|不同种类"):
            convert_units.run(amount, unit, to, context(language))
    else:
        assert convert_units.run(amount, unit, to, context(language)) == expected


def test_currencies_and_unknown_units_are_refused_with_the_reason():
    with pytest.raises(ToolError, match="no exchange rates"):
        convert_units.run("5", "euros", "dollars", context("en"))
    with pytest.raises(ToolError, match="汇率"):
        convert_units.run("100", "美元", "人民币", context("zh"))
    with pytest.raises(ToolError, match="don't know the unit “smoots”"):
        convert_units.run("5", "smoots", "m", context("en"))
    with pytest.raises(ToolError, match="can't read “many” as a number"):
        convert_units.run("many", "km", "m", context("en"))


def test_chinese_units_have_their_own_size():
    assert convert_units.run("1", "li", "m", context("en")) == "1 li is 500 meters."
    assert convert_units.run("一", "亩", "平方米", context("zh")) == "1亩约等于666.67平方米。"
