"""What a classifier says of samples, in one number.

These judge by classes alone: they see a class that is missing, and a sample
that is none, but not whether all samples of a class are the same.
"""

import numpy as np


def classifier_score(probabilities, splits=1):
    """How sure a classifier is, and of how many different classes.

    Formula: `exp(mean of KL(p(class | image) || p(class)))`, between 1 (all
    images are classified alike) and the number of classes (each with
    certainty, all classes equally often). With Inception's probabilities of
    1,000 classes and ten splits it is the Inception score; with any other
    classifier, do not call it that.

    Source: Salimans et al., 2016, arXiv:1606.03498.

    Args:
        probabilities: Array `[n, classes]`, rows that add up to 1.
        splits: Int, parts of the samples whose scores are averaged.

    Returns:
        Float.
    """
    p = np.asarray(probabilities, "float64")
    if p.ndim != 2 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            "`probabilities` has shape [samples, classes], and its rows add "
            f"up to 1. Received: shape {p.shape}"
        )
    if p.min() < 0 or not 1 <= splits <= len(p):
        raise ValueError(
            "`probabilities` are not negative, and there are as many samples "
            f"as `splits` or more. Received: a minimum of {p.min()}, "
            f"splits={splits} of {len(p)} samples"
        )
    scores = []
    for part in np.array_split(p, splits):
        mean = part.mean(axis=0)
        scores.append(np.exp(np.sum(_p_log_ratio(part, mean), axis=1).mean()))
    return float(np.mean(scores))


def class_divergence(real_counts, fake_counts):
    """How differently often the classes come up.

    Formula: `KL(q || p) = sum over classes of q * log(q / p)` with the
    shares p of the classes among real samples and q among fake ones. Zero if
    they are the same; log(classes) if all fakes are of one of equally
    frequent classes.

    Args:
        real_counts: Array `[classes]`, how many real samples of each class.
        fake_counts: Array `[classes]`, how many fake ones.

    Returns:
        Float, not negative; infinite if there are fakes of a class which no
        real sample has.
    """
    shares = []
    for name, counts in [
        ("real_counts", real_counts),
        ("fake_counts", fake_counts),
    ]:
        counts = np.asarray(counts, "float64")
        if counts.ndim != 1 or counts.min() < 0 or counts.sum() == 0:
            raise ValueError(
                f"`{name}` holds a count for each class, and not only zeros. "
                f"Received: {name}={counts}"
            )
        shares.append(counts / counts.sum())
    p, q = shares
    if p.shape != q.shape:
        raise ValueError(
            "Both must be counts of the same classes. Received: "
            f"{len(p)} and {len(q)} classes"
        )
    return float(max(_p_log_ratio(q, p).sum(), 0))


def modes_covered(labels, num_modes, least=1):
    """How many modes the samples reach.

    A mode is whatever a sample can be assigned to: one of 25 Gaussians, a
    class, or the 1,000 three-digit numbers of digits stacked as red, green
    and blue.

    Args:
        labels: Int array `[n]`, each sample's mode in `[0, num_modes)`;
            negative for a sample that belongs to none.
        num_modes: Int, how many there are.
        least: Int, samples that a mode needs to count as covered.

    Returns:
        Int.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` are whole numbers, one a sample. Received: "
            f"dtype {labels.dtype}, shape {labels.shape}"
        )
    if labels.size and labels.max() >= num_modes:
        raise ValueError(
            f"`labels` lie below num_modes={num_modes}. "
            f"Received: a label {labels.max()}"
        )
    counts = np.bincount(labels[labels >= 0], minlength=num_modes)
    return int(np.count_nonzero(counts >= least))


def _p_log_ratio(p, q):
    """`p * log(p / q)`, and 0 where p is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
