"""Plots of power over a Settlement Day for a terminal, as plain text."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from market.clock import LONDON
from market.settlement_period import day_start

Profile = Sequence[tuple[datetime, float]]
"""Instants (aware) and MW, in order of time, to be joined by lines."""


def day_plot(day: date, profiles: Mapping[str, Profile], width: int = 80, height: int = 16) -> str:
    """The profiles of a London day by their names, under a scale of local times; a day of 46 or 50 periods is drawn so.

    Drawing is the one place where MW become binary floats.
    """
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height)
    figure.canvas("default")
    begin = day_start(day)
    for name, profile in profiles.items():
        signal = figure.signal(
            [(instant - begin) / timedelta(hours=1) for instant, _ in profile], [power for _, power in profile]
        )
        signal.lines()
        signal.label(f"{name} MW")
        figure.draw(signal)
    marks = [datetime.combine(day, time(hour), LONDON) for hour in range(0, 24, 4)]
    hours = [(mark.astimezone(UTC) - begin) / timedelta(hours=1) for mark in marks]
    figure.ruler("x").ticks(hours, [f"{mark:%H:%M}" for mark in marks])
    return "\n".join(line.rstrip() for line in plotext.uncolorize(str(figure.build())).splitlines())
