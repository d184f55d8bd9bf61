"""Which frames are drawn for the estimates, and for a second look: by a keyed hash of the file.

Nobody can choose, no verdict and no decision matters.
"""

import hashlib
import hmac

SECOND_LOOKS = 0.02
"""Of the frames that somebody decides, the share that is shown to a second person too."""


def draw(sha256: str, key: str) -> float:
    """A number, uniform over 0–1, that only the file and the key decide. Below the audit rate the frame is marked.

    The file's digest stands for its bytes.

    >>> 0 <= draw("ab12", "key") < 1
    True
    >>> draw("ab12", "key") == draw("ab12", "another key")
    False
    """
    return _uniform("draw", sha256, key)


def is_for_certifying(code: str, key: str) -> bool:
    """Half of the products teach the score, the other half certify it: a second keyed bit, per product.

    >>> is_for_certifying("AURA1000", "key") == is_for_certifying("AURA1000", "key")
    True
    """
    return _uniform("split", code, key) < 0.5


def is_for_second_look(sha256: str, key: str) -> bool:
    """Whether a second person is to say of the frame too what they would decide: by a draw of its own.

    >>> is_for_second_look("ab12", "key") == is_for_second_look("ab12", "key")
    True
    """
    return _uniform("second look", sha256, key) < SECOND_LOOKS


def _uniform(purpose: str, message: str, key: str) -> float:
    digest = hmac.new(key.encode(), f"{purpose}:{message}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) / 2**64
