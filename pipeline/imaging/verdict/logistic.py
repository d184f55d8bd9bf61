"""What labels teach about components: a logistic model that may only doubt more where a component is worse.

Each component c (1 = good) enters as −ln(1 − TAIL (1 − c)), which rises steeply towards its worst: one bad component is
enough to doubt, and many middling ones aren't.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Values = NDArray[np.float64]

TAIL = 0.98
RIDGE = 10.0
FOLDS = 5
USUAL = 0.5
"""What a component counts as that was not measured."""


@dataclass(frozen=True)
class Calibration:
    """Weights (≥ 0) of the components' doubts and a bias, and Platt's slope (> 0) and offset.

    `unmeasured` says what a component counts as that was not measured, if not as `USUAL`.
    """

    weights: Mapping[str, float]
    bias: float
    slope: float
    offset: float
    unmeasured: Mapping[str, float] = field(default_factory=dict)

    def usual(self, name: str) -> float:
        """What a component counts as that was not measured."""
        return self.unmeasured.get(name, USUAL)

    def confidence(self, components: Mapping[str, float]) -> float:
        """Probability that matte and crop are good.

        Parameters
        ----------
        components : mapping of str to float, 0–1

        Returns
        -------
        float, 0–1
            Never falls when a component rises.
        """
        values = {name: components.get(name, self.usual(name)) for name in self.weights}
        return float(self.of_doubt(sum(weight * float(doubts(values[name])) for name, weight in self.weights.items())))

    def of_doubt(self, doubt: float | Values) -> Values:
        """The probability where the weighted doubts add up to that."""
        return np.asarray(expit(self.slope * (self.bias - doubt) + self.offset))

    def as_document(self) -> dict[str, object]:
        """For a policy's document; `Calibration(**document)` reads it."""
        rounded = {name: round(weight, 4) for name, weight in self.weights.items() if weight >= 5e-5}
        document = asdict(self) | {"weights": rounded}
        if not self.unmeasured:
            del document["unmeasured"]
        return document


def doubts(components: float | Values) -> Values:
    """How much doubt components bring before they are weighted.

    Parameters
    ----------
    components : float or array, 0–1

    Returns
    -------
    array of the same shape, 0 – 3.9
    """
    return np.asarray(-np.log1p(-TAIL * (1 - np.asarray(components, float))))


def fit(
    names: Sequence[str], components: Values, is_bad: NDArray[np.bool_], weight: Values, groups: Sequence[str]
) -> Calibration:
    """Fit weights by bounded L-BFGS, then scale their out-of-fold logits (Platt, "Probabilistic outputs for support
    vector machines", 1999) so that the confidence is a probability.

    Parameters
    ----------
    names : sequence of str
        Of the M components.
    components : (N, M) float, 0–1
    is_bad : (N,) bool
        Both kinds must be there.
    weight : (N,) float
        1 / the probability that the frame was labelled.
    groups : sequence of str
        Product of each frame: folds keep a product's frames together.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        All labels are alike.
    """
    if is_bad.all() or not is_bad.any():
        raise ValueError("The labels are all alike; some good and some bad ones are needed.")
    rows = doubts(components)
    slope, offset = _platt(_held_out_logits(rows, is_bad, weight, groups), is_bad, weight)
    fitted = fit_logit(rows, is_bad, weight)
    return Calibration(dict(zip(names, map(float, fitted[1:]), strict=True)), float(fitted[0]), slope, offset)


def out_of_fold(
    names: Sequence[str], components: Values, is_bad: NDArray[np.bool_], weight: Values, groups: Sequence[str]
) -> Values:
    """The confidence of each frame by a calibration that saw no frame of its product.

    Parameters
    ----------
    names, components, is_bad, weight, groups
        As for `fit`.

    Returns
    -------
    (N,) float, 0–1

    Raises
    ------
    ValueError
        The labels outside one of the folds are all alike.
    """
    confidences = np.zeros(len(is_bad))
    fold = folds_of(groups)
    for held in np.unique(fold):
        is_out = fold == held
        others = [group for group, out in zip(groups, is_out, strict=True) if not out]
        calibration = fit(names, components[~is_out], is_bad[~is_out], weight[~is_out], others)
        rows = (dict(zip(names, row, strict=True)) for row in components[is_out])
        confidences[is_out] = [calibration.confidence(row) for row in rows]
    return confidences


def folds_of(groups: Sequence[str]) -> NDArray[np.int_]:
    """The fold of each frame: a checksum of its product, so that it never depends on the other frames."""
    return np.array([zlib.crc32(group.encode()) % FOLDS for group in groups])


def fit_logit(rows: Values, is_bad: NDArray[np.bool_], weight: Values, ridge: float = RIDGE) -> Values:
    """(1 + M,) bias and weights of P(good) = σ(bias − rows · weights)."""
    sign = np.where(is_bad, -1.0, 1.0)
    share = weight / weight.mean()

    def loss(theta: Values) -> tuple[float, Values]:
        margin = sign * (theta[0] - rows @ theta[1:])
        pull = -share * sign * expit(-margin)
        apart = theta[1:] - theta[1:].mean()
        value = float(share @ np.logaddexp(0, -margin)) + ridge / 2 * float(apart @ apart)
        return value, np.concatenate([[pull.sum()], -(pull @ rows) + ridge * apart])

    bounds = [(None, None)] + [(0.0, None)] * rows.shape[1]
    start = np.concatenate([[1.0], np.full(rows.shape[1], 0.1)])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _held_out_logits(rows: Values, is_bad: NDArray[np.bool_], weight: Values, groups: Sequence[str]) -> Values:
    logits, fold = np.zeros(len(is_bad)), folds_of(groups)
    for held in np.unique(fold):
        is_out = fold == held
        rest = rows[~is_out], is_bad[~is_out], weight[~is_out]
        theta = fit_logit(*rest) if rest[1].any() and not rest[1].all() else fit_logit(rows, is_bad, weight)
        logits[is_out] = theta[0] - rows[is_out] @ theta[1:]
    return logits


def _platt(logits: Values, is_bad: NDArray[np.bool_], weight: Values) -> tuple[float, float]:
    """Slope and offset of σ(slope · logit + offset), with Platt's targets, that keep off 0 and 1."""
    goods, bads = int((~is_bad).sum()), int(is_bad.sum())
    target = np.where(is_bad, 1 / (bads + 2), (goods + 1) / (goods + 2))
    share = weight / weight.mean()

    def loss(theta: Values) -> tuple[float, Values]:
        score = theta[0] * logits + theta[1]
        pull = share * (expit(score) - target)
        value = share @ (np.logaddexp(0, score) - target * score)
        return float(value), np.array([pull @ logits, pull.sum()])

    fitted = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, None), (None, None)]).x
    return float(fitted[0]), float(fitted[1])
