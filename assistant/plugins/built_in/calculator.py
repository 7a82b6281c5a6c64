"""Sums, exactly: fractions inside, digits outside."""

import ast
import math
import operator
import re
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field
from simpleeval import InvalidExpression, SimpleEval

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext, tool
from assistant.plugins.built_in.sums import EXPRESSION, PATTERNS, formula, sentence
from assistant.plugins.numerals import plain

_MAX_CHARS = 200
_MAX_BITS = 20_000
"""Of any number on the way, some 6000 digits: a millisecond's work."""
_MAX_FACTORIAL = 1000
_MAX_DIGITS = 15
"""What has more is said as a power of ten."""
_MAX_ECHO_CHARS = 60
_DECIMALS = 6
"""Of what cannot be written out exactly."""

_SPOKEN = {
    "en": {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "^": "to the power of"},
    "zh": {"+": "加", "-": "减", "*": "乘以", "/": "除以", "^": "的次方"},
}
_SAME_SIGN = str.maketrans("×·÷", "**/")


class TooLargeError(ArithmeticError):
    pass


Expression = Annotated[str, Field(json_schema_extra={"pattern": EXPRESSION})]
_HINTS = (
    *("calculate", "plus", "percent", "%", "divide", "divided", "multiply", "multiplied"),
    *("square root", "算", "等于", "百分之", "乘以", "除以", "平方根"),
)


@tool(patterns=PATTERNS, hints=_HINTS)
def calculate(expression: Expression, context: ToolContext) -> str:
    """Work out an arithmetic expression."""
    zh = context.language == "zh"
    said = sentence(expression)
    asked = formula(said) if len(said) <= _MAX_CHARS else None
    if asked is None:
        raise ToolError("这个算式我看不懂。" if zh else "Sorry, I can't read that as a sum.")
    try:
        result = _evaluate(asked)
    except ZeroDivisionError:
        raise ToolError("不能除以零。" if zh else "Nothing can be divided by zero.") from None
    except (TooLargeError, OverflowError):
        raise ToolError(
            "这个结果太大了，我算不出来。" if zh else "That number is too large for me."
        ) from None
    except (InvalidExpression, ArithmeticError, SyntaxError, ValueError, TypeError) as error:
        raise ToolError(
            "这个算式我算不出来。" if zh else "Sorry, I can't work that out."
        ) from error
    digits, is_exact = write_number(result, context.language)
    if "percentage" in said or "what percent" in said or re.search("百分之[几多]", said):
        digits += "%"
    subject = _say(said, context.language)
    if zh:
        return f"{subject or '结果'}{'是' if is_exact else '约等于'} {digits}。"
    subject = f"{subject[:1].upper()}{subject[1:]}"
    return f"{subject or 'The result'} is {'' if is_exact else 'about '}{digits}."


def write_number(value: Fraction, language: str, decimals: int = _DECIMALS) -> tuple[str, bool]:
    """Return the number as people write it, and whether that is all of it."""
    with localcontext(prec=_MAX_BITS) as exactly:
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        exact = Decimal(value.numerator) / value.denominator if rest == 1 else None
        if (
            exact is not None
            and len(exact.as_tuple().digits) <= _MAX_DIGITS
            and -_MAX_DIGITS <= exact.adjusted() < _MAX_DIGITS
        ):
            return _group(plain(exact), language), True
        exactly.prec = 40
        rounded = Decimal(value.numerator) / value.denominator
    power = rounded.adjusted()
    if not -4 <= power < _MAX_DIGITS:
        mantissa = plain(round(rounded.scaleb(-power), decimals))
        times = (
            f" 乘以 10 的 {power} 次方"
            if language == "zh"
            else f" times 10 to the power of {power}"
        )
        return mantissa + times, False
    # Small numbers keep as many digits that count, not as many after the point.
    shown = round(rounded, decimals - min(power + 1, 0))
    # Roots have 50 digits, so their product may be off in the last ones.
    return _group(plain(shown), language), abs(shown - rounded) < abs(rounded) * Decimal("1e-30")


def _group(digits: str, language: str) -> str:
    whole, point, rest = digits.partition(".")
    return f"{int(whole):,}{point}{rest}" if language == "en" and len(whole) > 5 else digits


def _say(said: str, language: str) -> str:
    """Return the sum as the beginning of the answer; "" where it is no noun or hard to hear."""
    if not re.match(r"-?\d|half", said) or re.search(r"[()]|what|[几多]|\d[-/]\d.*[-/]", said):
        return ""
    signs = _SPOKEN[language]
    said = said.translate(_SAME_SIGN).replace("**", "^").replace(" %", "%")
    said = re.sub(r"(?<=[\d ])x(?=[\d ])", "*", said)
    said = re.sub(r"(?<=[\d% ])([-+*/^])(?=[\d ])", lambda sign: f" {signs[sign[1]]} ", said)
    said = re.sub(r"\d+", lambda number: _group(number[0], language), " ".join(said.split()))
    if len(said) > _MAX_ECHO_CHARS:
        return ""
    if language == "zh":
        said = re.sub(r"(?<=[\d%])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=\d)", " ", said + "是")
        return said.removesuffix("是")
    return said


def _evaluate(expression: str) -> Fraction:
    numbers_as_text = re.sub(r"\d+(?:\.\d*)?|\.\d+", lambda number: f"N('{number[0]}')", expression)
    evaluator = SimpleEval(
        operators={
            ast.Add: operator.add,
            ast.Sub: operator.sub,
            ast.Mult: _multiply,
            ast.Div: operator.truediv,
            ast.Mod: operator.mod,
            ast.Pow: _power,
            ast.USub: operator.neg,
            ast.UAdd: operator.pos,
        },
        functions={"N": Fraction, "sqrt": _root(2), "cbrt": _root(3), "factorial": _factorial},
        names={},
    )
    result = evaluator.eval(numbers_as_text)
    if not isinstance(result, Fraction):
        raise InvalidExpression(f"{expression} is not a number")
    return result


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _multiply(left: Fraction, right: Fraction) -> Fraction:
    if _bits(left) + _bits(right) > _MAX_BITS:
        raise TooLargeError
    return left * right


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if abs(exponent) * max(_bits(base), 1) > _MAX_BITS:
        raise TooLargeError
    if exponent.denominator == 1:
        return base**exponent.numerator
    with localcontext(prec=50):
        return Fraction(_decimal(base) ** _decimal(exponent))


def _root(degree: int) -> Any:
    def root(value: Fraction) -> Fraction:
        sign = -1 if value < 0 and degree == 3 else 1
        if value * sign < 0:
            raise ValueError("no real root")
        with localcontext(prec=50):
            near = _decimal(value * sign) ** (1 / Decimal(degree))
        # The root of a square is exact: 12, not 12.000…01.
        exact = Fraction(near).limit_denominator(10**12)
        return sign * (exact if exact**degree == value * sign else Fraction(near))

    return root


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise ValueError("a factorial is of a whole number")
    if value > _MAX_FACTORIAL:
        raise TooLargeError
    return Fraction(math.factorial(int(value)))


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
