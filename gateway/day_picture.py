"""The same profiles of a Settlement Day as a picture."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from gateway.terminal_plot import Profile
from market.clock import LONDON
from market.settlement_period import PERIOD, day_start, periods_in_day


def write_png(path: Path, title: str, day: date, profiles: Mapping[str, Profile]) -> None:
    """Writes the profiles of a London day as a PNG; a day of 46 or 50 periods is as wide as its hours.

    Raises OSError where the file cannot be written. Drawing is the one place where MW become binary floats.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    begin = day_start(day)
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, profile in profiles.items():
        hours = [(instant - begin) / timedelta(hours=1) for instant, _ in profile]
        axes.plot(hours, [power for _, power in profile], label=name)
    marks = [datetime.combine(day, time(hour), LONDON) for hour in range(0, 24, 4)]
    axes.set_xticks(
        [(mark.astimezone(UTC) - begin) / timedelta(hours=1) for mark in marks], [f"{mark:%H:%M}" for mark in marks]
    )
    axes.set_xlim(0, periods_in_day(day) * PERIOD / timedelta(hours=1))
    axes.set_ylabel("MW")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
