"""What goes into CSV files that somebody opens in a spreadsheet."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets run what begins so."""


def harmless(value: str | float) -> str | float:
    """
    >>> harmless("=1+1"), harmless("AURA1000"), harmless(-0.5)
    ("'=1+1", 'AURA1000', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
