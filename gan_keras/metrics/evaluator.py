"""One table of honest numbers about a generator."""

import functools
from typing import NamedTuple

import numpy as np

from gan_keras import extractors
from gan_keras.datasets.pixels import as_float
from gan_keras.metrics import classes
from gan_keras.metrics import copies
from gan_keras.metrics.distances import frechet_distance
from gan_keras.metrics.distances import neighbourhoods
from gan_keras.metrics.intervals import half_sample_interval
from gan_keras.metrics.kernel import kernel_distance
from gan_keras.metrics.sliced import sliced_wasserstein

SPLITS = 10


class Figure(NamedTuple):
    """One number, how sure it is, and what real images have."""

    value: float
    low: float  # of its 95 % interval
    high: float
    floor: float  # the same figure of real images against other real ones


class Report(NamedTuple):
    """What an `Evaluator` found."""

    figures: dict  # from the figure's name to `Figure`
    samples: int  # of each kind: generated, real, other real
    memorisation: dict  # "pixels" and "features" to `Memorisation`
    support: copies.Support
    extractor: str

    def __str__(self):
        lines = [
            f"{self.samples:,} samples against as many held-out images; "
            "floor: training images in the place of samples",
            f"{'':24}{'value':>10}{'95 % interval':>22}{'floor':>10}",
        ]
        for name, one in self.figures.items():
            interval = f"{number(one.low)} .. {number(one.high)}"
            lines.append(
                f"{name:24}{number(one.value):>10}{interval:>22}"
                f"{number(one.floor):>10}"
            )
        for space, found in self.memorisation.items():
            interval = f"{number(found.low)} .. {number(found.high)}"
            lines.append(
                f"{'nearer_to_train_' + space:24}{number(found.share):>10}"
                f"{interval:>22}{number(found.chance):>10}"
                + ("  copied!" if found.flagged else "")
            )
        size, least = self.support.size, self.support.at_least
        lines.append(
            f"{'support_pixels':24}"
            + (f"{size:>10,.0f}" if np.isfinite(size) else f"{'-':>10}")
            + f"{f'at least {least:,.0f}':>22}"
        )
        return "\n".join(lines)

    def to_dict(self):
        """All of it as what JSON can hold; infinite becomes None."""

        def plain(value):
            if isinstance(value, float) and not np.isfinite(value):
                return None
            return value

        def named(one):
            return {name: plain(v) for name, v in one._asdict().items()}

        return {
            "samples": self.samples,
            "extractor": self.extractor,
            "figures": {n: named(one) for n, one in self.figures.items()},
            "memorisation": {
                space: {**named(one), "flagged": bool(one.flagged)}
                for space, one in self.memorisation.items()
            },
            "support": named(self.support),
        }


def number(value):
    """A number with three digits, or four before the point."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 else f"{value:.4f}"


class Evaluator:
    """Compares generated images with held-out ones, again and again.

    Example:

    ```python
    train, _ = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    evaluator = gk.metrics.Evaluator(train, held_out)
    print(evaluator(gan.generate(1000)))
    ```

    Args:
        train: Real images that the GAN was trained on, uint8 `[N, H, W, C]`
            or floats in [-1, 1]; all of them, or copies go unnoticed.
        held_out: Real images that it never saw, of the same kind.
        extractor: An `Extractor` or its name (`gan_keras.extractors`).
        samples: Int, images of each kind that are compared: all distances
            depend on it. As many as there are of both kinds, and at most
            10,000, if not given.
        seed: Int, of which images are taken.
        flip: Boolean, whether G was trained on mirrored images, too
            (`gan_keras.datasets.pipeline(images, flip=True)`): copies are
            looked for among both.

    Raises:
        ValueError: If there are too few images, or of a kind that the
            extractor does not know.
    """

    def __init__(
        self,
        train,
        held_out,
        extractor="digits",
        samples=None,
        seed=0,
        flip=False,
    ):
        self.extractor = extractors.get(extractor)
        train, held_out = np.asarray(train), np.asarray(held_out)
        self.samples = number_of_samples(samples, train, held_out)
        rng = np.random.default_rng(seed)
        # In their order: only which ones is left to chance.
        self.all_train = train
        self.train, self.held_out = (
            images[np.sort(rng.permutation(len(images))[: self.samples])]
            for images in (train, held_out)
        )
        self.real = self.extractor(self.held_out)
        self.other = self.extractor(self.train)
        # Where copies are looked for: both twice as many leave chance alone.
        self.searched = [
            np.concatenate([images, images[:, :, ::-1]]) if flip else images
            for images in (self.all_train, self.held_out)
        ]

    def frechet(self, images):
        """The Fréchet distance alone, for a curve.

        Args:
            images: Generated images, floats `[n, H, W, C]` in [-1, 1] or
                uint8, `samples` or more of them. All are looked at: with
                more, less is left to chance. Compare distances of the same
                n only.

        Returns:
            A float.
        """
        features, _ = self.extractor(self.check(images, every=True))
        return frechet_distance(self.real[0], features)

    def frechet_floor(self, samples=None):
        """The Fréchet distance of so many training images.

        Args:
            samples: Int, not more than there are training images; the
                evaluator's own `samples` if not given.

        Returns:
            A float.
        """
        if samples is None or samples == self.samples:
            return frechet_distance(self.real[0], self.other[0])
        if not self.samples <= samples <= len(self.all_train):
            raise ValueError(
                f"`samples` must be {self.samples} to {len(self.all_train)}, "
                "the number of training images. "
                f"Received: samples={samples}"
            )
        chosen = np.random.default_rng(0).permutation(len(self.all_train))
        features, _ = self.extractor(self.all_train[chosen[:samples]])
        return frechet_distance(self.real[0], features)

    def __call__(self, images):
        """Measures everything.

        Args:
            images: Generated images, floats `[samples, H, W, C]` in [-1, 1]
                or uint8; of more, as many are taken, evenly spread.

        Returns:
            A `Report`; print it.
        """
        images = self.check(images)
        seen = self.extractor(images)
        figures = {}
        for names, statistic, sets in self._statistics(images, seen):
            values = half_sample_interval(statistic, sets, SPLITS)
            for name, *value in zip(names, *map(np.atleast_1d, values)):
                figures[name] = Figure(*map(float, value), float("nan"))
        for name, floor in self._floors.items():
            figures[name] = figures[name]._replace(floor=floor)
        memorisation = {
            "pixels": copies.memorisation(images, *self.searched),
            "features": copies.memorisation(seen[0], *self.searched_features),
        }
        return Report(
            figures,
            self.samples,
            memorisation,
            copies.support_size(images, self.held_out),
            self.extractor.name,
        )

    @functools.cached_property
    def searched_features(self):
        """Of all that may have been copied, not only of what is compared."""
        known = (self.other[0], self.real[0])
        return [
            features
            if len(features) == len(images)
            else self.extractor(images)[0]
            for images, features in zip(self.searched, known)
        ]

    @functools.cached_property
    def _floors(self):
        """Every figure of training images in the place of samples."""
        return {
            name: float(value)
            for names, statistic, sets in self._statistics(
                self.train, self.other
            )
            for name, value in zip(names, np.atleast_1d(statistic(*sets)))
        }

    def _statistics(self, images, seen):
        """Yields `(names, statistic, sets)`: what is measured on what."""
        label = self.extractor.label
        features = [self.real[0], seen[0]]
        yield [label("fd")], frechet_distance, features
        yield [label("kd")], _kernel_distance, features
        names = ("precision", "recall", "density", "coverage")
        yield [label(name) for name in names], neighbourhoods, features
        if self.extractor.has_classes:
            probabilities = [self.real[1], seen[1]]
            names = [label("score"), label("class_kl")]
            yield names, _class_figures, probabilities
        names = [f"swd_pixels_{h}" for h in _sliced_heights(self.held_out)]
        if names:
            pixels = [as_float(self.held_out), as_float(images)]
            yield names, _sliced, pixels

    def check(self, images, every=False):
        """As many images as are compared, or all; a ValueError if too few."""
        images = self.extractor.check(images)
        if len(images) < self.samples:
            raise ValueError(
                f"`images` must be {self.samples} at the least, or give the "
                f"evaluator `samples=`. Received: {len(images)} images"
            )
        if every:
            return images
        # Not the first ones: they may be sorted by class.
        return images[np.arange(self.samples) * len(images) // self.samples]


# Intervals come from halves of the samples, and a half must hold a sample and
# its five nearest neighbours.
LEAST = 12


def number_of_samples(samples, train, held_out):
    """How many images of each kind are compared; arguments of `Evaluator`."""
    most = min(len(train), len(held_out))
    chosen = min(most, 10_000) if samples is None else samples
    if not LEAST <= chosen <= most:
        raise ValueError(
            f"`samples` must be {LEAST} at the least and not more than there "
            f"are images of each kind. Received: samples={samples}, "
            f"{len(train)} training and {len(held_out)} held-out images"
        )
    return chosen


def _kernel_distance(real, fake):
    # Of all samples: random subsets would add chance of their own.
    return kernel_distance(real, fake, subsets=1, subset_size=len(real))


def _class_figures(real, fake):
    counts = [
        np.bincount(p.argmax(axis=1), minlength=p.shape[1])
        for p in (real, fake)
    ]
    # One more of each: a class that is missing in half of the real samples
    # would make the divergence infinite.
    counts = [c + 1 for c in counts]
    return [classes.classifier_score(fake), classes.class_divergence(*counts)]


def _sliced_heights(images):
    from gan_keras.metrics.sliced import pyramid

    if min(images.shape[1:3]) < 7:
        return []
    return [layer.shape[1] for layer in pyramid(as_float(images[:1]))]


def _sliced(real, fake):
    n = min(len(real), len(fake))
    return list(
        sliced_wasserstein(
            real[:n], fake[:n], patches=8, directions=32
        ).values()
    )
