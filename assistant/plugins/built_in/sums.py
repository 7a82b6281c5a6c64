"""Sums in words, English and Chinese: which questions are one, and the formula that each means."""

import re
import unicodedata

from assistant.plugins.numerals import EN_NUMBER, ZH_NUMBER, with_digits

# N is a number, % its percent sign. What the whole question says, and the formula it means.
_FORMS_EN = {
    r"(?:a |an )?N% (?:of|tip on|tip for|on) N": r"\1/100*\2",
    r"N% off(?: of)? N": r"\2*(1-\1/100)",
    r"add (?:a |an )?N%(?: tip| tax)? to N": r"\2*(1+\1/100)",
    r"(?:take|subtract) N% (?:off|from) N": r"\2*(1-\1/100)",
    r"N (?:plus|with|\+|increased by) N%(?: tip| tax)?": r"\1*(1+\2/100)",
    r"N (?:minus|-|decreased by|reduced by) N%": r"\1*(1-\2/100)",
    r"N is what (?:percent|percentage) of N": r"\1/\2*100",
    r"what (?:percent|percentage) of N is N": r"\2/\1*100",
    r"(?:the )?sum of N and N": r"\1+\2",
    r"(?:the )?product of N and N": r"\1*\2",
    r"add N (?:and|to) N": r"\1+\2",
    r"subtract N from N": r"\2-\1",
    r"multiply N (?:and|by) N": r"\1*\2",
    r"divide N by N": r"\1/\2",
    r"(?:one )?half of N": r"\1/2",
    r"(?:a|one) (?:third|3rd) of N": r"\1/3",
    r"(?:a|one) quarter of N": r"\1/4",
    r"N to the (?P<th>\d+(?:st|nd|rd|th)|[a-z]+(?:th|nd|rd))(?: power)?": r"(\1)**\2",
}
_FORMS_ZH = {
    r"N的 ?(?:百分之N|N%)": r"\1*\2\3/100",
    r"N(?:加上|加|\+) ?(?:百分之N|N%)": r"\1*(1+\2\3/100)",
    r"N(?:减去|减|-) ?(?:百分之N|N%)": r"\1*(1-\2\3/100)",
    r"N是 ?N的百分之[几多]少?": r"\1/\2*100",
    r"N打 ?N折": r"\1*0.\2",
    r"N的一半": r"\1/2",
    r"N的 ?N分之N": r"\1*\3/\2",
    r"N的 ?N次方": r"(\1)**\2",
    r"N除N": r"\2/\1",
}
_PERCENT = {"en": r"(?: ?%| percent| per cent)", "zh": " ?%"}
_MONEY = {"en": "(?: dollars| euros| pounds| yuan)?", "zh": " ?(?:元|块钱|块|美元)?"}

# Else it is a chain of terms. `P` is written before a term, `Q` after it, `S` between two.
_N_EN = rf"(?:minus |negative |-)?\(*{EN_NUMBER}\)*"
_N_ZH = rf"(?:负|-)?\(*{ZH_NUMBER}\)*"
_BEFORE_EN = r"(?:the )?(?:square |cube )?root of "
_AFTER_EN = r"(?: squared| cubed| factorial|!| ?%| percent)"
_SIGN_EN = (
    r"(?: ?(?:\*\*|[+*×÷^·]) ?| [-/x] "
    r"| (?:plus|minus|times|multiplied by|divided by|to the power of|modulo|mod) )"
)
_BEFORE_ZH = "根号 ?"
_AFTER_ZH = "(?:的?(?:平方根|立方根|平方|立方|阶乘)|!| ?%)"
_SIGN_ZH = r" ?(?:加上|加|减去|减|乘以|乘|除以|[-+*×÷^·/]|\*\*) ?"

# "9/11", "24/7", "3-2" and "4-4-2" are written like sums: of these, one short minus or slash.
_TIGHT = r"(?!9/11\b|24/7\b|50/50\b)\d{1,3}(?:\.\d+)?[-/x]\d{1,3}(?:\.\d+)?"
_SYMBOLS = r"[-(]*\d[\d.,]*[%!)]*(?: ?(?:\*\*|[-+*/×÷^x·]) ?[-(]*\d[\d.,]*[%!)]*)+"

_SIGNS = (
    (r"cube root of (\(*[\d.]+\)*)", r"cbrt(\1)"),
    (r"(?:square )?root of (\(*[\d.]+\)*)", r"sqrt(\1)"),
    (r"根号 ?([\d.]+)", r"sqrt(\1)"),
    (r"([\d.]+)的?平方根", r"sqrt(\1)"),
    (r"([\d.]+)的?立方根", r"cbrt(\1)"),
    (r"([\d.]+)(?: factorial|的?阶乘|!)", r"factorial(\1)"),
    (r" squared|的?平方", "**2"),
    (r" cubed|的?立方", "**3"),
    (r"([\d.]+)(?: ?%| percent)", r"(\1/100)"),
    (r"multiplied by|times|乘以|乘|×|·|(?<=[\d) ])x(?=[\d( ])", "*"),
    (r"divided by|除以|÷", "/"),
    (r"to the power of|\^", "**"),
    (r"plus|加上|加", "+"),
    (r"minus|negative|减去|减|负", "-"),
    (r"modulo|mod", "%"),
    (r"\bthe ", ""),
)
_FORMULA = re.compile(r"(?:sqrt|cbrt|factorial|[-\d.+*/%() ])+")


def _chain(number: str, before: str, after: str, sign: str, money: str) -> str:
    term = rf"(?:{before})?{number}{money}{after}?"
    return rf"(?:{term}(?:{sign}{term})+|{before}{number}|{number}{after}(?<!%)(?<!percent))"


def _spell(form: str, number: str, language: str) -> str:
    """Return the form's pattern, in which `number` stands where it says N."""
    pattern = re.sub("N", lambda _: number, form)
    return pattern.replace("%", _PERCENT[language])


_EN = "|".join(
    _spell(form, _N_EN + _MONEY["en"], "en").replace("(?P<th>", "(?:") for form in _FORMS_EN
)
_ZH = "|".join(_spell(form, _N_ZH + _MONEY["zh"], "zh") for form in _FORMS_ZH)
_EN = f"(?:{_EN}|{_chain(_N_EN, _BEFORE_EN, _AFTER_EN, _SIGN_EN, _MONEY['en'])})"
_ZH = f"(?:{_ZH}|{_chain(_N_ZH, _BEFORE_ZH, _AFTER_ZH, _SIGN_ZH, _MONEY['zh'])})"
_EN_ASK = r"(?:what is|what's|whats|what are|how much is|how much's)"
_EN_ORDER = r"(?:calculate|compute|work out|evaluate)"
_EN_EQUALS = r"(?: ?=| equals(?: what)?| is equal to(?: what)?| is what| is)"
_ZH_ORDER = r"(?:请?(?:你)?(?:帮我|给我)?(?:算一下|算一算|算算|算|计算一下|计算) ?)"
_ZH_EQUALS = r"(?: ?(?:等于多少|等于几|是多少|是几|得多少|得几|多少|等于|=) ?)"

PATTERNS = (
    rf"^(?:{_EN_ASK} |{_EN_ORDER} )?(?P<expression>{_EN}){_EN_EQUALS}?$",
    rf"^{_EN_ASK} (?P<expression>{_TIGHT}){_EN_EQUALS}?$",
    rf"^(?:{_EN_ASK} )?(?P<expression>{_SYMBOLS})(?: ?=| equals)$",
    rf"^{_EN_ORDER} (?P<expression>{_SYMBOLS})$",
    rf"^{_ZH_ORDER}(?P<expression>{_ZH}){_ZH_EQUALS}?$",
    rf"^(?P<expression>{_ZH}){_ZH_EQUALS}$",
    rf"^(?P<expression>{_N_ZH}(?:加|减|乘以?|除以){_N_ZH}|{_N_ZH}是 ?{_N_ZH}的百分之[几多]少?)$",
)

EXPRESSION = rf"(?i)^(?:{_EN}|{_ZH}|{_SYMBOLS})$"
"""What `formula` reads, before its numbers are in digits."""

_PLAIN_N = r"\(?(-?\d+(?:\.\d+)?)\)?"


def sentence(expression: str) -> str:
    """Return the sum with its numbers in digits: "twelve times 12" as "12 times 12"."""
    text = unicodedata.normalize("NFKC", expression).casefold().replace("−", "-")
    return " ".join(with_digits(text).split())


def formula(said: str) -> str | None:
    """Return what a `sentence` means, with `+ - * / % **`, sqrt, cbrt and factorial.

    None where it is no sum.
    """
    for language, forms in (("en", _FORMS_EN), ("zh", _FORMS_ZH)):
        for form, meaning in forms.items():
            asked = form.replace("one", "(?:one|1)")
            pattern = _spell(asked, _PLAIN_N + _MONEY[language], language)
            if match := re.fullmatch(pattern, said):
                for number, group in enumerate(match.groups(), 1):
                    digits = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", group or "")
                    meaning = meaning.replace(f"\\{number}", digits)
                return meaning
    for words, signs in _SIGNS:
        said = re.sub(words, signs, said)
    said = re.sub(r" (?:dollars|euros|pounds|yuan)|元|块钱|块|美元", "", said).strip()
    return said if _FORMULA.fullmatch(said) else None
