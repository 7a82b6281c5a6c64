"""Units of measure behind a number: what is written, and what is said."""

import re
from collections.abc import Mapping

UNITS: Mapping[str, tuple[str, str]] = {
    "km/h": ("kilometer-per-hour", "公里每小时"),
    "kph": ("kilometer-per-hour", "公里每小时"),
    "mph": ("mile-per-hour", "英里每小时"),
    "m/s": ("meter-per-second", "米每秒"),
    "m/s²": ("meter-per-square-second", "米每二次方秒"),
    "km": ("kilometer", "公里"),
    "m": ("meter", "米"),
    "cm": ("centimeter", "厘米"),
    "mm": ("millimeter", "毫米"),
    "μm": ("micrometer", "微米"),
    "nm": ("nanometer", "纳米"),
    "mi": ("mile", "英里"),
    "ft": ("foot", "英尺"),
    "km²": ("square-kilometer", "平方公里"),
    "m²": ("square-meter", "平方米"),
    "cm²": ("square-centimeter", "平方厘米"),
    "m³": ("cubic-meter", "立方米"),
    "kg": ("kilogram", "公斤"),
    "g": ("gram", "克"),
    "mg": ("milligram", "毫克"),
    "lb": ("pound", "磅"),
    "lbs": ("pound", "磅"),
    "oz": ("ounce", "盎司"),
    "l": ("liter", "升"),
    "L": ("liter", "升"),
    "ml": ("milliliter", "毫升"),
    "mL": ("milliliter", "毫升"),
    "tsp": ("teaspoon", "茶匙"),
    "tbsp": ("tablespoon", "汤匙"),
    "°C": ("celsius", "度"),
    "℃": ("celsius", "度"),
    "°F": ("fahrenheit", "华氏度"),
    "℉": ("fahrenheit", "华氏度"),
    "V": ("volt", "伏"),
    "W": ("watt", "瓦"),
    "kW": ("kilowatt", "千瓦"),
    "kWh": ("kilowatt-hour", "千瓦时"),
    "kcal": ("kilocalorie", "千卡"),
    "Hz": ("hertz", "赫兹"),
    "MHz": ("megahertz", "兆赫"),
    "GHz": ("gigahertz", "吉赫"),
    "KB": ("kilobyte", "KB"),
    "MB": ("megabyte", "MB"),
    "GB": ("gigabyte", "GB"),
    "TB": ("terabyte", "TB"),
    "h": ("hour", "小时"),
    "hr": ("hour", "小时"),
    "hrs": ("hour", "小时"),
    "min": ("minute", "分钟"),
    "s": ("second", "秒"),
    "sec": ("second", "秒"),
    "ms": ("millisecond", "毫秒"),
}
"""Symbol to its name in Unicode's CLDR, which knows the English plurals, and in Chinese.

CLDR's Chinese names are not used: half of them are missing in Babel 2.18. "in" is left out, for
it is a word more often than an inch.
"""

UNIT_PATTERN = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
"""Matches the longest symbol first."""
