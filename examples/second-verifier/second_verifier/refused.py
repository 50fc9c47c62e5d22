"""The one error of this package."""


class Refused(Exception):
    """The receipt is not valid, and why."""


def require(condition: bool, why: str) -> None:
    """Raises `Refused` unless the condition holds."""
    if not condition:
        raise Refused(why)
