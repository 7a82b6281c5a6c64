"""From one unit into another, by Pint's definitions, worded by the CLDR."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import pint
from babel.units import format_unit
from pydantic import Field

from assistant.errors import ToolError
from assistant.plugins.base import ToolContext, tool
from assistant.plugins.numerals import EN_NUMBER, ZH_NUMBER, in_simplified, plain, with_digits

# Pint's unit; the CLDR's, which has the words; English names (an s may follow); Chinese names.
_TABLE = """
kilometer | length-kilometer | km, kilometer, kilometre | 公里, 千米
meter | length-meter | m, meter, metre | 米
centimeter | length-centimeter | cm, centimeter, centimetre | 厘米, 公分
millimeter | length-millimeter | mm, millimeter, millimetre | 毫米
mile | length-mile | mile, mi | 英里, 哩
yard | length-yard | yard, yd | 码
foot | length-foot | foot, feet, ft | 英尺, 呎
inch | length-inch | inch, inches, in | 英寸, 寸, 吋
nautical_mile | length-nautical-mile | nautical mile | 海里
light_year | length-light-year | light year, light-year | 光年
kilogram | mass-kilogram | kg, kilogram, kilo | 公斤, 千克
gram | mass-gram | g, gram, gramme | 克
milligram | mass-milligram | mg, milligram | 毫克
metric_ton | mass-tonne | tonne, metric ton, ton | 吨
pound | mass-pound | pound, lb | 磅
ounce | mass-ounce | ounce, oz | 盎司
stone | mass-stone | stone | 英石
liter | volume-liter | l, liter, litre | 升, 公升
milliliter | volume-milliliter | ml, milliliter, millilitre | 毫升
meter ** 3 | volume-cubic-meter | cubic meter, cubic metre | 立方米
gallon | volume-gallon | gallon, gal | 加仑
quart | volume-quart | quart | 夸脱
pint | volume-pint | pint | 品脱
cup | volume-cup | cup | 杯
fluid_ounce | volume-fluid-ounce | fluid ounce, fl oz | 液量盎司
tablespoon | volume-tablespoon | tablespoon, tbsp | 汤匙, 大匙
teaspoon | volume-teaspoon | teaspoon, tsp | 茶匙, 小匙
degree_Celsius | temperature-celsius | c, celsius, centigrade | 摄氏度, 摄氏
degree_Fahrenheit | temperature-fahrenheit | f, fahrenheit | 华氏度, 华氏
kelvin | temperature-kelvin | kelvin | 开尔文
kilometer ** 2 | area-square-kilometer | square kilometer, square kilometre | 平方公里, 平方千米
meter ** 2 | area-square-meter | square meter, square metre | 平方米, 平米
foot ** 2 | area-square-foot | square foot, square feet | 平方英尺
mile ** 2 | area-square-mile | square mile | 平方英里
acre | area-acre | acre | 英亩
hectare | area-hectare | hectare | 公顷
kilometer_per_hour | speed-kilometer-per-hour | km/h, kmh, kph, kilometers per hour | 公里每小时
mile_per_hour | speed-mile-per-hour | mph, miles per hour | 英里每小时
meter_per_second | speed-meter-per-second | m/s, meters per second, metres per second | 米每秒
knot | speed-knot | knot | 节
second | duration-second | second, sec | 秒, 秒钟
minute | duration-minute | minute, min | 分钟
hour | duration-hour | hour | 小时, 个小时
day | duration-day | day | 天
week | duration-week | week | 周, 星期, 个星期
kilobyte | digital-kilobyte | kb, kilobyte | 千字节
megabyte | digital-megabyte | mb, megabyte | 兆字节
gigabyte | digital-gigabyte | gb, gigabyte | 吉字节
terabyte | digital-terabyte | tb, terabyte | 太字节
calorie | energy-calorie | calorie, cal | 卡路里
kilojoule | energy-kilojoule | kj, kilojoule | 千焦
kilocalorie | energy-kilocalorie | kcal, kilocalorie | 千卡, 大卡
kilowatt | power-kilowatt | kw, kilowatt | 千瓦
horsepower | power-horsepower | horsepower, hp | 马力
jin | jin | jin, catty | 斤, 市斤
liang | liang | liang, tael | 两
chinese_li | li | li | 里, 华里
mu | mu | mu | 亩
"""
_CHINESE = {"jin": "jin", "liang": "liang", "chinese_li": "li", "mu": "mu"}
"""The CLDR has no words for these."""
_CURRENCIES = "dollar|euro|pound sterling|yuan|rmb|yen|usd|eur|gbp|cny|jpy|won|rupee|franc|bitcoin"
_CURRENCIES_ZH = "美元|美金|欧元|英镑|人民币|元|块钱|块|日元|港币|港元|韩元|台币|新台币|卢布|比特币"
_CURRENCY = re.compile(rf"(?:us )?(?:{_CURRENCIES})s?|{_CURRENCIES_ZH}", re.IGNORECASE)


@dataclass(frozen=True)
class Unit:
    pint: str
    cldr: str


def _read_table() -> tuple[dict[str, Unit], list[str], list[str]]:
    units: dict[str, Unit] = {}
    english: list[str] = []
    chinese: list[str] = []
    for line in _TABLE.strip().splitlines():
        name, cldr, in_english, in_chinese = (column.strip() for column in line.split("|"))
        english += in_english.split(", ")
        chinese += in_chinese.split(", ")
        for alias in (*in_english.split(", "), *in_chinese.split(", ")):
            units[alias] = Unit(name, cldr)
    return units, english, chinese


_UNITS, _ENGLISH, _CHINESE_NAMES = _read_table()
_REGISTRY: pint.UnitRegistry[Decimal] = pint.UnitRegistry(non_int_type=Decimal)
for _definition in (
    "jin = 0.5 * kilogram",
    "liang = 0.05 * kilogram",
    "chinese_li = 500 * meter",
    "mu = 2000 / 3 * meter ** 2",
):
    _REGISTRY.define(_definition)


def _longest_first(names: list[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_EN_UNIT = rf"(?:(?:degrees? |°)?(?:{_longest_first(_ENGLISH)})s?|(?:us )?(?:{_CURRENCIES})s?)"
_ZH_UNIT = (
    rf"(?:{_longest_first(_CHINESE_NAMES)}|{_CURRENCIES_ZH}|°?(?:{_longest_first(_ENGLISH)}))"
)
_EN_AMOUNTS = rf"-?{EN_NUMBER}|minus {EN_NUMBER}|half an?|an?"
_ZH_AMOUNTS = rf"(?:-|负|零下)?{ZH_NUMBER}|半"
_FROM_EN = rf"(?P<amount>{_EN_AMOUNTS}) ?(?P<unit>{_EN_UNIT})"
_FROM_ZH = rf"(?P<amount>{_ZH_AMOUNTS}) ?个?(?P<unit>{_ZH_UNIT})"

PATTERNS = (
    rf"^how (?:many|much) (?P<to>{_EN_UNIT}) (?:is|are|are in|are there in|in|make|does|do) "
    rf"{_FROM_EN}(?: make)?$",
    rf"^(?:what is |what's |how much is |how much are |convert |change )?"
    rf"{_FROM_EN} (?:in|to|into|as) (?P<to>{_EN_UNIT})$",
    rf"^{_FROM_EN} (?:is|equals|is equal to) how many (?P<to>{_EN_UNIT})$",
    rf"^把?{_FROM_ZH}(?:大概|大约)?(?:是|等于|有|合|折合|换算成?|换成|转换成|转成|为|=)"
    rf" ?(?:多少|几) ?个?(?P<to>{_ZH_UNIT})$",
    rf"^把?{_FROM_ZH}(?:换算成|换成|转换成|转换为|转成|换算为) ?(?P<to>{_ZH_UNIT})"
    r"(?:是多少|等于多少)?$",
    rf"^(?P<unit>华氏|摄氏) ?(?P<amount>(?:零下)?{ZH_NUMBER}) ?度(?:是|等于|换算成)(?:多少|几)?"
    rf"(?P<to>{_ZH_UNIT})(?:多少度|是多少|几度)?$",
)


Amount = Annotated[
    str, Field(json_schema_extra={"pattern": f"(?i)^(?:{_EN_AMOUNTS}|{_ZH_AMOUNTS})$"})
]
UnitName = Annotated[str, Field(json_schema_extra={"pattern": f"(?i)^(?:{_EN_UNIT}|{_ZH_UNIT})$"})]
_HINTS = (
    *("convert", "miles", "kilometers", "pounds", "kilograms", "kilos", "celsius", "fahrenheit"),
    *("换算", "公里", "英里", "公斤", "磅", "摄氏", "华氏"),
)


@tool(patterns=PATTERNS, hints=_HINTS)
def convert_units(amount: Amount, unit: UnitName, to: UnitName, context: ToolContext) -> str:
    """Convert an amount of one unit of measure into another unit."""
    zh = context.language == "zh"
    if _is_currency(unit) or _is_currency(to):
        raise ToolError(
            "我不能上网查汇率，所以换算不了货币。"
            if zh
            else "I can't convert currencies, because I have no exchange rates."
        )
    source, target = _find(unit, zh), _find(to, zh)
    value = _read_amount(amount, zh)
    try:
        result = _REGISTRY.Quantity(value, source.pint).to(target.pint).magnitude
    except pint.DimensionalityError:
        raise ToolError(
            f"{unit}和{to}是不同种类的单位，不能互相换算。"
            if zh
            else f"{unit} and {to} measure different things, so one can't be turned into the other."
        ) from None
    # People want three digits or so; what is exact with few is said exactly. Pint's Decimals
    # have 28 digits, of which the last may be off.
    rounded = round(result, 3)
    is_exact = abs(rounded - result) < Decimal("1e-20")
    if not is_exact:
        rounded = round(result, 2 if abs(result) >= 1 else 2 - result.adjusted())
    given, found = _say(value, unit, source, zh), _say(rounded, to, target, zh)
    if zh:
        return f"{given}{'是' if is_exact else '约等于'}{found}。"
    return f"{given} is {'' if is_exact else 'about '}{found}."


def _is_currency(name: str) -> bool:
    return _CURRENCY.fullmatch(in_simplified(name.strip())) is not None


def _find(name: str, zh: bool) -> Unit:
    key = in_simplified(unicodedata.normalize("NFKC", name)).casefold().strip()
    key = re.sub(r"^(?:degrees? |°)", "", key)
    unit = _UNITS.get(key) or _UNITS.get(key.removesuffix("s"))
    if unit is None:
        raise ToolError(f"我不认识单位“{name}”。" if zh else f"I don't know the unit “{name}”.")
    return unit


def _read_amount(amount: str, zh: bool) -> Decimal:
    said = amount.casefold().strip()
    said = re.sub(r"^(?:half an?|半)$", "0.5", said)
    said = re.sub(r"^an?$", "1", said)
    said = re.sub(r"^(?:minus |negative |负|零下)", "-", said)
    try:
        return Decimal(with_digits(said))
    except ArithmeticError:
        raise ToolError(
            f"“{amount}”不是一个数。" if zh else f"I can't read “{amount}” as a number."
        ) from None


def _say(value: Decimal, said: str, unit: Unit, zh: bool) -> str:
    """Return the quantity as people say it; in Chinese with the user's own word for the unit."""
    digits = plain(value)
    if zh and re.fullmatch("[\u4e00-\u9fff]+", said):
        return f"{digits}{said}"
    if unit.pint in _CHINESE:
        return f"{digits} {_CHINESE[unit.pint]}"
    decimals = len(digits.partition(".")[2])
    return format_unit(
        value,
        unit.cldr,
        length="short" if zh else "long",
        format=f"{'0' if zh else '#,##0'}.{'#' * decimals}",
        locale="zh" if zh else "en",
    )
