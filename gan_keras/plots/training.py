"""How the training went, in curves and bars."""

import numpy as np

from gan_keras.plots import style


def loss_race(history, loss=None):
    """Both players' losses and D's opinions, epoch by epoch.

    Args:
        history: A `keras.callbacks.History`, or a dict of lists by metric
            name: `d_loss`, `g_loss`, `d_real`, `d_fake`, and `epoch` if they
            do not begin at 1 (such as the columns of `CSVHistory`).
        loss: The `gan_keras.losses.Loss`, whose equilibrium is drawn as
            dotted lines; none are drawn without it.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    from matplotlib.ticker import MaxNLocator

    logs = getattr(history, "history", history)
    # A `fit` that went on where another one had stopped begins later. (Keras
    # counts from 0, tables from 1.)
    begun = [e + 1 for e in getattr(history, "epoch", None) or []]
    first = (begun or logs.get("epoch") or [1])[0]
    at_rest = dict(loss.equilibrium) if loss is not None else {}
    probability = loss is not None and loss.is_probability
    figure = style.new_figure(3.6)
    axes = figure.subplots(1, 2)
    panels = [
        (
            "loss",
            [("d_loss", "D", style.D_COLOUR), ("g_loss", "G", style.G_COLOUR)],
        ),
        (
            "D says: probability of real" if probability else "D's score",
            [
                ("d_real", "on real", style.REAL_COLOUR),
                ("d_fake", "on fakes", style.FAKE_COLOUR),
            ],
        ),
    ]
    for axis, (title, curves) in zip(axes, panels):
        for name, label, colour in curves:
            values = logs.get(name, [])
            epochs = first + np.arange(len(values))
            axis.plot(
                epochs,
                values,
                color=colour,
                label=label,
                marker="o" if len(values) < 3 else None,
            )
        lines = {}  # from the value to those who rest there
        for name, label, _ in curves:
            if name in at_rest:
                lines.setdefault(round(at_rest[name], 6), []).append(label)
        for value, labels in lines.items():
            axis.axhline(value, color=style.QUIET, linestyle=":", linewidth=1)
            # Of two lines in a panel, whose is which.
            who = f"{labels[0]} " if len(lines) > 1 else ""
            axis.annotate(
                f"{value:.2f}\n{who}at rest",
                (1.01, value),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                color=style.QUIET,
                annotation_clip=False,
            )
        if probability and title.startswith("D says"):
            axis.set_ylim(-0.02, 1.02)
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axis.set_title(title, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(framealpha=0.9, edgecolor="none", fontsize=9)
    return figure


def score_histograms(epochs, scores, rows=6, bins=40, loss=None):
    """What D says of real images and of fakes, epoch by epoch.

    Args:
        epochs: List of ints, when D was asked.
        scores: List of tuples `(real, fake)` of float arrays `[n]`, D's
            answers (see `gan_keras.callbacks.Record` and `GAN.judge`).
        rows: Int, how many of the epochs to show, evenly spaced.
        bins: Int.
        loss: The model's `Loss`, which knows whether D's answers are
            probabilities; if not given, they are taken for such if all of
            them lie between 0 and 1.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    if not len(epochs) or len(epochs) != len(scores):
        raise ValueError(
            "`epochs` must name one epoch for each of the records, and at "
            f"least one. Received: {len(epochs)} epochs for {len(scores)} "
            "records"
        )
    chosen = np.linspace(0, len(epochs) - 1, min(rows, len(epochs)))
    chosen = np.unique(chosen.round().astype(int))
    everything = np.concatenate(
        [np.ravel(s) for i in chosen for s in scores[i]]
    )
    low, high = float(everything.min()), float(everything.max())
    probability = low >= 0 and high <= 1
    if loss is not None:
        probability = loss.is_probability
    if probability:
        low, high = 0.0, 1.0
    edges = np.linspace(low, max(high, low + 1e-6), bins + 1)
    figure = style.new_figure(0.7 + 0.8 * len(chosen))
    axes = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
    for axis, at in zip(axes, chosen):
        for values, colour, label in [
            (scores[at][0], style.REAL_COLOUR, "on real images"),
            (scores[at][1], style.FAKE_COLOUR, "on fakes"),
        ]:
            axis.hist(
                np.ravel(values),
                edges,
                weights=np.full(np.size(values), 1 / np.size(values)),
                color=colour,
                alpha=0.55,
                label=label,
            )
        style.dress(axis)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        axis.set_ylabel(
            f"epoch {epochs[at]}", rotation=0, ha="right", va="center",
            fontsize=9,
        )  # fmt: skip
    what = "D says: probability of real" if probability else "D's score"
    axes[-1].set_xlabel(f"{what}  (height: share of the images)", fontsize=9)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center",
        ncols=2, frameon=False, fontsize=style.SMALL,
    )  # fmt: skip
    return figure


def gradient_norms(norms):
    """How long each layer's gradient is: where learning arrives.

    Args:
        norms: Dict with `"discriminator"` and `"generator"`, each a dict from
            a layer's name to a float, as of `Explanation.gradient_norms`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    longest = max(map(len, norms.values()))
    figure = style.new_figure(1.0 + 0.26 * longest)
    axes = figure.subplots(1, len(norms), sharex=True, squeeze=False)[0]
    colours = {"discriminator": style.D_COLOUR, "generator": style.G_COLOUR}
    lengths = [n for layers in norms.values() for n in layers.values()]
    lengths = [n for n in lengths if n and np.isfinite(n)]
    for axis, (network, layers) in zip(axes, norms.items()):
        places = np.arange(len(layers))
        axis.barh(
            places, list(layers.values()),
            color=colours.get(network, style.QUIET), height=0.7,
        )  # fmt: skip
        axis.set_yticks(places, list(layers))
        axis.invert_yaxis()  # the first layer on top, as the data flow
        if lengths:
            axis.set_xscale("log")
            style.log_ticks(axis.xaxis, min(lengths), max(lengths))
        style.dress(axis, network, "length of the gradient")
    return figure
