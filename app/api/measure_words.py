"""How each measure is said: the plain name first, the term after, and what it means; in the order of the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

LEVELS = (95, 99)
NOT_COMPUTED = "not part of this report"


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """``name`` in plain words, ``gist`` a few words under it, ``term`` for the expert, ``says`` the explanation.

    ``counted`` is what its observations are.
    """

    name: str
    gist: str
    term: str
    says: str
    counted: str = "daily returns"


MEASURES: dict[str, MeasureWords] = {
    "var_historical_95": MeasureWords(
        "Bad-day loss",
        "1 day in 20 is worse",
        "VaR 95%, historical",
        "On 19 days in 20 of the window, today's holdings lost less than this. On the other days they lost more: "
        "it says nothing about how much more.",
    ),
    "cvar_95": MeasureWords(
        "Average worse day",
        "mean of that 1 day in 20",
        "Expected shortfall 95%",
        "The mean loss over the worst 5% of days. Unlike VaR it looks at how bad the bad days were.",
    ),
    "var_historical_99": MeasureWords(
        "Very bad-day loss",
        "1 day in 100 is worse",
        "VaR 99%, historical",
        "On 99 days in 100 of the window, today's holdings lost less than this. A short window holds only a "
        "handful of such days, so it is a rough figure.",
    ),
    "cvar_99": MeasureWords(
        "Average of the very bad days",
        "mean of that 1 day in 100",
        "Expected shortfall 99%",
        "The mean loss over the worst 1% of days: two or three days of a year, so it differs much between windows.",
    ),
    "var_preferred_95": MeasureWords(
        "Bad-day loss by the method that held best",
        "1 day in 20 is worse",
        "VaR 95%, preferred",
        "The same question, answered by the method that its own backtest on today's holdings speaks for. Where there "
        "are too few days to test, that is the historical one. Its method says which it is and why.",
    ),
    "var_preferred_99": MeasureWords(
        "Very bad-day loss by the method that held best",
        "1 day in 100 is worse",
        "VaR 99%, preferred",
        "As for 95%. Two hundred and fifty tested days are needed before anything but the historical method is chosen.",
    ),
    "max_drawdown": MeasureWords(
        "Deepest fall",
        "from high to low",
        "Maximum drawdown",
        "The most that today's holdings would have lost from a high within the window before making a new one.",
    ),
    "volatility": MeasureWords(
        "Usual swing",
        "spread of returns, scaled to a year",
        "Volatility",
        "The standard deviation of daily returns times the square root of 252. Up-days and down-days count alike.",
    ),
    "volatility_ewma": MeasureWords(
        "Usual swing of late",
        "recent days weigh more, scaled to a year",
        "Volatility, EWMA",
        "Half of the weight lies on the newest eleven days, so it follows a calm or a storm within weeks. Far from the "
        "usual swing, it says that now differs from the window.",
    ),
    "volatility_range": MeasureWords(
        "Usual swing within the days",
        "from opens, highs and lows, scaled to a year",
        "Volatility, Yang-Zhang",
        "Read from how far each holding moved within its days and overnight, put together by how they move with each "
        "other. Well above the usual swing: much of what the days did was undone by their close.",
        "daily ranges",
    ),
    "beta": MeasureWords(
        "Move for 1% of the market",
        "above 1 swings more than the index",
        "Beta",
        "If the benchmark moves by 1%, the holdings have tended to move by this many percent. 0 means unrelated.",
    ),
    "beta_weighted": MeasureWords(
        "The same, holding by holding",
        "average of the holdings' own betas",
        "Beta, weighted average",
        "Each holding's own beta, weighted by its value. Where it differs much from the beta of all together, holdings "
        "have too little history in common, or few days decide.",
    ),
    "correlation_nifty": MeasureWords(
        "Moves with the market",
        "1 is in step, 0 is unrelated",
        "Correlation with the benchmark",
        "How closely the daily returns follow the benchmark's, whatever their size.",
    ),
    "r_squared": MeasureWords(
        "Explained by the market",
        "1 is all of it, 0 is none",
        "R squared",
        "The share of the daily ups and downs that the benchmark's own moves account for. The rest is your choice of "
        "stocks.",
    ),
    "sharpe": MeasureWords(
        "Return for the risk taken",
        "above the risk-free rate, a unit of swing",
        "Sharpe ratio",
        "Mean return above the risk-free rate, divided by volatility. Negative: a deposit did better in this window.",
    ),
    "sortino": MeasureWords(
        "Return for the falls taken",
        "above the risk-free rate, a unit of downside",
        "Sortino ratio",
        "As the Sharpe ratio, but only days below the risk-free rate count as risk.",
    ),
}

VAR_METHODS: dict[str, tuple[str, str]] = {
    "historical": ("Historical", "Counts the days of the window as they were. Assumes no shape."),
    "parametric": ("Parametric", "A normal curve with the window's mean and volatility. Too mild when tails are fat."),
    "cornish_fisher": ("Cornish-Fisher", "The normal curve bent for the window's skew and fat tails."),
    "monte_carlo": ("Monte Carlo", "The window's days at today's volatility; drawn again and again for several days."),
}
"""Method in a measure's key -> (name, what it assumes)."""


def var_key(method: str, level: int) -> str:
    """The key of a value-at-risk measure in the report."""
    return f"var_{method}_{level}"


_OTHER_VARS = {
    var_key(method, level): MeasureWords(
        f"Bad-day loss, {name}", f"1 day in {100 // (100 - level)}", f"VaR {level}%, {name}", assumes
    )
    for method, (name, assumes) in VAR_METHODS.items()
    for level in LEVELS
}


_WHOLE = {
    "diversification_score": MeasureWords("Diversification score", "0 to 100", "", "How well the book is spread."),
    "top5": MeasureWords("Five largest stocks", "percent of value", "", "How much of the value stands in them."),
    "top10": MeasureWords("Ten largest stocks", "percent of value", "", "How much of the value stands in them."),
    "coverage_prices": MeasureWords("Value with price history", "", "", "How much of the value the measures rest on."),
    "coverage_look_through": MeasureWords("Value seen through", "", "", "Held directly or in known lines of funds."),
    "coverage_sectors": MeasureWords("Shares of a known sector", "", "", "Direct and through funds."),
    "coverage_constituents": MeasureWords("Shares in funds that have prices", "", "", "By value."),
}
"""What a report has once, not window by window; its history can be followed."""
_SEEN_THROUGH = "look_through_"


def words_for(key: str) -> MeasureWords:
    """The words of a measure; one without an entry is named after its key, so that it is never dropped."""
    if key.startswith(_SEEN_THROUGH):
        usual = words_for(key.removeprefix(_SEEN_THROUGH))
        term = usual.term and f"{usual.term}, by look-through"
        return replace(usual, name=f"{usual.name}, by look-through", term=term)
    by_key = MeasureWords(key.replace("_", " ").capitalize(), "", "", "")
    return MEASURES.get(key) or _WHOLE.get(key) or _OTHER_VARS.get(key, by_key)
