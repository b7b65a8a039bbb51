import numpy as np


def digits(price):
    return [int(c) for c in price if c.isdigit()]


def written_over(first, second, t, n):
    rows = np.zeros((len(t), n))
    rows[:, first] = 1 - t
    rows[:, second] = t
    return rows


def counts(asked, p):
    right = p.argmax(axis=1) == asked
    return np.array([(right & (asked == c)).sum() for c in range(p.shape[1])])


def by_class(values, groups, n):
    return np.array(
        [values[groups == c].mean() if c in groups else 0 for c in range(n)]
    )


def right(asked, p):
    return (p.argmax(axis=1) == asked).astype(float)


WRONG = {
    "price_labels": [
        lambda price: [c for c in price if c.isdigit()],
        lambda price: digits(price)[::-1],
        lambda price: digits(str(int(float(price.strip("$"))))),
        lambda price: [ord(c) - 48 for c in price],
        lambda price: int("".join(map(str, digits(price)))),
    ],
    "mixed_classes": [
        written_over,
        lambda a, b, t, n: written_over(b, a, t, n),
        lambda a, b, t, n: np.round(written_over(a, b, t, n)),
        lambda a, b, t, n: t[:, None] * np.eye(n)[b],
        lambda a, b, t, n: np.eye(n)[a] + t[:, None] * np.eye(n)[b],
    ],
    "share_as_asked": [
        lambda asked, p: np.mean(p.argmax(axis=1) == asked),
        lambda asked, p: counts(asked, p),
        lambda asked, p: counts(asked, p) / len(asked),
        lambda asked, p: (
            counts(asked, p)
            / np.maximum(1, np.bincount(p.argmax(axis=1), minlength=p.shape[1]))
        ),
        lambda asked, p: by_class(
            p[np.arange(len(asked)), asked], asked, p.shape[1]
        ),
        lambda asked, p: by_class(right(asked, p), asked, asked.max() + 1),
        lambda asked, p: by_class(
            (p[np.arange(len(asked)), asked] > 0.5).astype(float),
            asked,
            p.shape[1],
        ),
        # Of the classes that were asked for, and no others.
        lambda asked, p: by_class(right(asked, p), asked, p.shape[1])[
            np.unique(asked)
        ],
    ],
}
