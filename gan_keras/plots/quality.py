"""How good the images are: curves, intervals, nearest neighbours."""

import numpy as np

from gan_keras.plots.style import FAKE_COLOUR
from gan_keras.plots.style import QUIET
from gan_keras.plots.style import REAL_COLOUR
from gan_keras.plots.style import dress
from gan_keras.plots.style import legend
from gan_keras.plots.style import log_ticks
from gan_keras.plots.style import new_figure


def quality_curve(epochs, values, floor, name):
    """A distance, epoch by epoch, and what real images have.

    Args:
        epochs: List of ints.
        values: List of floats.
        floor: Float, the value of real against other real images.
        name: String, the figure's name, such as `"fd_digits"`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(3.6, width=6)
    axis = figure.subplots()
    axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    marker = "o" if len(values) < 30 else None
    axis.plot(epochs, values, color=FAKE_COLOUR, marker=marker, markersize=3)
    axis.axhline(floor, color=REAL_COLOUR, linestyle="--", linewidth=1)
    axis.annotate(
        f"floor {floor:.3g}:\nreal images",
        (1.01, floor),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=REAL_COLOUR,
        annotation_clip=False,
    )
    shown = [floor, *values]
    if min(shown) > 0:
        axis.set_yscale("log")
        log_ticks(axis.yaxis, min(shown), max(shown))
    dress(axis, xlabel="epoch", ylabel=name)
    return figure


def memorisation_panel(samples, train, held_out, extractor=None, rows=8):
    """Samples, and the real images nearest to them.

    A sample that looks new beside its nearest training image is new; one
    that has a twin there, and none among the held-out images, was copied.

    Args:
        samples: Images `[n, H, W, C]`, uint8 or floats in [-1, 1].
        train: Images that G was trained on.
        held_out: Images that it was not.
        extractor: An `Extractor`, for neighbours in its features, too.
        rows: Int, how many samples are shown, the first ones.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    columns = 3 if extractor is None else 5
    rows = min(rows, len(samples))
    figure = new_figure(0.95 * rows + 0.6, width=1.15 * columns + 0.3)
    draw_neighbours(figure, samples[:rows], train, held_out, extractor)
    return figure


def draw_neighbours(figure, samples, train, held_out, extractor, known=None):
    """The panel's content, into a figure or sub-figure.

    Args:
        known: List of the features of `train` and `held_out`, if the
            extractor has seen them before; the rest is as above.
    """
    from gan_keras.metrics import nearest

    titles = ["sample", "train\npixels", "held out\npixels"]
    both = [train, held_out]
    chosen = [samples]
    chosen += [images[nearest(samples, images).indices] for images in both]
    if extractor is not None:
        titles += ["train\nfeatures", "held out\nfeatures"]
        known = known or [extractor(_floats(images))[0] for images in both]
        features, _ = extractor(_floats(samples))
        chosen += [
            images[nearest(features, others).indices]
            for images, others in zip(both, known)
        ]
    axes = figure.subplots(len(samples), len(titles), squeeze=False)
    for row, line in enumerate(axes):
        for axis, images, title in zip(line, chosen, titles):
            axis.imshow(_shown(images[row]), cmap="gray", vmin=0, vmax=1)
            axis.set_axis_off()
            if row == 0:
                axis.set_title(title, fontsize=8)


def _floats(images):
    from gan_keras.datasets.pixels import as_float

    return as_float(np.asarray(images))


def _shown(image):
    """An image as matplotlib shows it: in [0, 1], grey without channels."""
    image = np.clip(_floats(image) / 2 + 0.5, 0, 1)
    return image[..., 0] if image.shape[-1] == 1 else image


def evaluation(report, evaluator, samples):
    """A report as one figure: distances, shares, and nearest neighbours.

    Args:
        report: A `Report`.
        evaluator: The `Evaluator` that made it.
        samples: The images that it is about.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure = new_figure(6.4, width=11)
    left, right = figure.subfigures(1, 2, width_ratios=[1.15, 1])
    top, bottom = left.subplots(2, 1)
    shares = ("precision", "recall", "density", "coverage")
    figures = report.figures
    bounded = {n: f for n, f in figures.items() if n.startswith(shares)}
    # A figure and its floor as a ratio, where that has a meaning. (Of kd it
    # has none: its floor is zero, but for chance.)
    ratios = {
        n: f
        for n, f in figures.items()
        if n not in bounded
        and f.floor > 0
        and "score" not in n
        and not n.startswith(("kd_", "kid_"))
    }
    _dots(top, ratios, lambda f: (f.value, f.low, f.high, 1.0), scaled=True)
    top.set_title("distances, in floors (1: as real images)", fontsize=10)
    _dots(bottom, bounded, lambda f: (f.value, f.low, f.high, f.floor))
    bottom.set_title("shares", fontsize=10)
    top.plot([], [], "o-", color=FAKE_COLOUR, label="samples, 95 % interval")
    top.plot([], [], "|", color=REAL_COLOUR, mew=2, label="real images")
    legend(top)
    right.suptitle("nearest real images", fontsize=10)
    draw_neighbours(
        right,
        samples[:6],
        *evaluator.searched,
        evaluator.extractor,
        evaluator.searched_features,
    )
    return figure


def _dots(axis, figures, values, scaled=False):
    """A row for every figure: its value, its interval, its floor."""
    for i, one in enumerate(figures.values()):
        value, low, high, floor = values(one)
        if scaled:
            value, low, high = (v / one.floor for v in (value, low, high))
            low = max(low, 1e-2)
        axis.plot([low, high], [i, i], color=FAKE_COLOUR, linewidth=2)
        axis.plot(value, i, "o", color=FAKE_COLOUR)
        axis.plot(floor, i, "|", color=REAL_COLOUR, markersize=14, mew=2)
    axis.set_yticks(range(len(figures)), list(figures), fontsize=8)
    axis.invert_yaxis()
    dress(axis)
    axis.grid(axis="x", color=QUIET, alpha=0.25)
    if scaled:
        axis.set_xscale("log")
        log_ticks(axis.xaxis, *axis.get_xlim())
