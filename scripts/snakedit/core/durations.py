"""Durations in words, for pages and messages."""


def duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> duration(0.25), duration(53.4), duration(75.0), duration(7380.0)
    ('0.2 s', '53 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def rough_duration(seconds: float) -> str:
    """Return a duration as exactly as a forecast knows it: in whole minutes from two minutes up.

    >>> rough_duration(53.4), rough_duration(165), rough_duration(3725)
    ('53 s', '3 min', '1 h 2 min')
    """
    return duration(60 * round(seconds / 60) if seconds >= 120 else seconds)
