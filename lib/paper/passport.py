"""Where a figure of a report comes from, in the reader's words: its formula with this report's numbers, what
else it is divided by, its other form, its source, and what the sender says instead.

All texts are plain: they hold the sender's own words, which the page escapes.
"""

from dataclasses import dataclass

from lib.model import Form, Kind
from lib.paper import numbers
from lib.reports import METRICS, Figure, Rate, Report
from lib.reports.metrics import MADE_OF
from lib.reports.overview import named
from lib.reports.rules import RULES_VERSION
from lib.words import t

OF_MACHINES = (Kind.OPENED, Kind.CLICKED)
"""Kinds of event that machines make too; what needs one of them has two forms."""
EQUAL = 1e-9


@dataclass(frozen=True)
class Passport:
    """What stands behind one figure; "" and () where there is nothing to say."""

    name: str
    heading: str
    meaning: str
    formula: str
    """«3.10% = 412 of 13,290 deliveries»."""
    other_form: str
    """The same with the other count, and how many it has more or less."""
    bases: tuple[tuple[str, str], ...]
    """What it is called with another count below the line, and its value then."""
    source: str
    reported: str
    """What the sender says, with the difference."""
    rules: str


def passport(whole: Report, form: Form, name: str, language: str) -> Passport:
    """Of the metric `name` as `form` shows it. `whole` is the report in the form ALL, which has both."""
    shown = whole.figures[named(name, form)]
    return Passport(
        name,
        t(language, f"metric.{name}"),
        t(language, f"definition.{name}"),
        equation(whole, named(name, form), language),
        _other_form(whole, form, name, language),
        _bases(whole, named(name, form), language),
        _source(whole, shown, language),
        _reported(whole, shown, language),
        _rules(whole, name, language),
    )


def equation(whole: Report, name: str, language: str) -> str:
    """A figure and what it is made of, with the numbers of this report."""
    value = _show(whole, name, language)
    metric, figure = METRICS[name], whole.figures[name]
    if numbers.is_unknown(figure.value):
        return ""
    if isinstance(metric, Rate):
        divided = _divided(whole, metric.part.name, metric.whole.name, language)
        return f"{value} = {divided}" if divided and _is_quotient(whole, figure) else value
    return f"{value} = {_sum(whole, name, language)}" if _sum(whole, name, language) else value


def difference(figure: Figure, language: str, currency: str | None = None) -> str:
    """How far ours is from the sender's: absolute, and in percentage points or per cent; "" if either is
    unknown.
    """
    ours, theirs = figure.computed, figure.reported
    if ours is None or theirs is None:
        return ""
    if METRICS[figure.name].format == "rate":
        points = numbers.percent(abs(ours - theirs), language)
        absolute = _signed(t(language, "passport.points", number=_bare(points)), ours - theirs)
    else:
        absolute = _signed(numbers.show(figure.name, abs(ours - theirs), language, currency), ours - theirs)
    if not theirs:
        return absolute
    share = numbers.percent(abs(ours / theirs - 1), language)
    return f"{absolute} ({_signed(share, ours - theirs)})"


def _show(whole: Report, name: str, language: str) -> str:
    return numbers.show_figure(whole.figures[name], language, whole.campaign.currency)


def _is_quotient(whole: Report, figure: Figure) -> bool:
    """Whether the rate is really what its parts give: a sender rounds, and may divide by something else."""
    metric = METRICS[figure.name]
    if not isinstance(metric, Rate) or figure.value is None:
        return False
    part, below = (whole.figures[count.name].value for count in (metric.part, metric.whole))
    return part is not None and bool(below) and abs(part / float(below or 1) - figure.value) < numbers.STEP


def _divided(whole: Report, part: str, below: str, language: str) -> str:
    """«412 of 13,290 deliveries»."""
    over, under = whole.figures[part].value, whole.figures[below].value
    if over is None or not under:
        return ""
    key = f"passport.of.{below.removesuffix('_people')}"
    number = numbers.whole(under, language)
    return t(language, key, part=numbers.whole(over, language), number=number, count=round(under))


def _sum(whole: Report, name: str, language: str) -> str:
    """A count as what is left of two others, or their sum, where this report's numbers say so."""
    if name not in MADE_OF:
        return ""
    first, sign, second = MADE_OF[name]
    one, other, value = (whole.figures[key].value for key in (first, second, name))
    if one is None or other is None or value is None:
        return ""
    made = one - other if sign == "−" else one + other
    if abs(made - value) > EQUAL:
        return ""
    words = [_counted(whole, key, language) for key in (first, second)]
    return f"{words[0]} {sign} {words[1]}"


def _counted(whole: Report, name: str, language: str) -> str:
    value = whole.figures[name].value or 0
    return t(language, f"passport.count.{name}", count=value, number=numbers.whole(value, language))


def _other_form(whole: Report, form: Form, name: str, language: str) -> str:
    people = named(name, Form.PEOPLE)
    if people == name or whole.figures[people].value is None or whole.figures[name].value is None:
        return ""
    other = people if form is Form.ALL else name
    key = "passport.with_machines" if form is Form.PEOPLE else "passport.without_machines"
    said = t(language, key, formula=equation(whole, other, language))
    return " · ".join(one for one in (said, _left_out(whole, name, language)) if one)


def _left_out(whole: Report, name: str, language: str) -> str:
    """How much smaller the count, or a rate's upper count, is without machines."""
    metric = METRICS[name]
    count = metric.part.name if isinstance(metric, Rate) else name
    every, people = whole.figures[count].value, whole.figures[named(count, Form.PEOPLE)].value
    if every is None or people is None:
        return ""
    less = round(every - people)
    return t(language, f"passport.left_out.{count}", count=less, number=numbers.whole(less, language))


def _bases(whole: Report, name: str, language: str) -> tuple[tuple[str, str], ...]:
    metric = METRICS[name]
    if not isinstance(metric, Rate):
        return ()
    part = whole.figures[metric.part.name].value
    found = []
    for count in metric.bases:
        below = whole.figures[count.name].value
        if part is not None and below:
            rate = numbers.percent(part / below, language)
            divided = _divided(whole, metric.part.name, count.name, language)
            found.append((base_name(name, count.name, language), f"{rate} = {divided}"))
    return tuple(found)


def base_name(metric: str, base: str, language: str) -> str:
    """What a rate is called with another count below the line."""
    return t(language, f"passport.base.{metric.removesuffix('_people')}.{base.removesuffix('_people')}")


def _source(whole: Report, figure: Figure, language: str) -> str:
    """Computed, claimed, of both, or unknown; with the time of the last import."""
    at = numbers.moment(whole.campaign.imported_at, language, whole.campaign.zone)
    if figure.computed is not None:
        return t(language, "passport.computed", at=at)
    if figure.value is None:
        needs = [t(language, f"passport.kind.{kind}") for kind in METRICS[figure.name].needs]
        return t(language, "passport.unknown", kinds=", ".join(needs)) if needs else ""
    claim = figure.claimed or numbers.show(figure.name, figure.reported, language, whole.campaign.currency)
    if figure.reported is None:
        return t(language, "passport.mixed", at=at)
    return t(language, "passport.reported" if figure.claimed else "passport.derived", claim=claim, at=at)


def _reported(whole: Report, figure: Figure, language: str) -> str:
    """The sender's own figure beside ours, where both are known."""
    if figure.computed is None or figure.reported is None:
        return ""
    currency = whole.campaign.currency
    theirs = figure.claimed or numbers.show(figure.name, figure.reported, language, currency)
    if not differs(figure, language, currency):
        return t(language, "passport.same", claim=theirs)
    by = difference(figure, language, currency)
    return t(language, "passport.differs", claim=theirs, difference=by)


def differs(figure: Figure, language: str, currency: str | None = None) -> bool:
    """Whether both are known and do not read alike."""
    if figure.computed is None or figure.reported is None:
        return False
    ours, theirs = (
        numbers.show(figure.name, one, language, currency) for one in (figure.computed, figure.reported)
    )
    return ours != theirs


def _rules(whole: Report, name: str, language: str) -> str:
    if not whole.campaign.has_events or not set(METRICS[name].needs) & set(OF_MACHINES):
        return ""
    return t(language, "passport.rules", version=RULES_VERSION)


def _signed(text: str, value: float) -> str:
    return f"{'+' if value > 0 else '−'}{text}" if value else text


def _bare(percentage: str) -> str:
    """A percentage without its sign, for percentage points."""
    return percentage.rstrip("%\u00a0\u202f ")
