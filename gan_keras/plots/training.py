"""How the training went, in curves and bars."""

import numpy as np

from gan_keras.plots import style


def loss_race(history, loss=None):
    """Both players' losses and D's opinions, epoch by epoch.

    Args:
        history: A `keras.callbacks.History`, or a dict of lists by metric
            name: `d_loss`, `g_loss`, `d_real`, `d_fake`.
        loss: The `gan_keras.losses.Loss`, whose equilibrium is drawn as
            dotted lines; none are drawn without it.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    from matplotlib.figure import Figure

    logs = getattr(history, "history", history)
    at_rest = dict(loss.equilibrium) if loss is not None else {}
    probability = "g_loss" in at_rest and loss.is_probability
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    panels = [
        (
            "loss",
            [("d_loss", "D", style.D_COLOUR), ("g_loss", "G", style.G_COLOUR)],
        ),
        (
            "D says: probability of real" if probability else "D's score",
            [
                ("d_real", "on real images", style.REAL_COLOUR),
                ("d_fake", "on fakes", style.FAKE_COLOUR),
            ],
        ),
    ]
    for axis, (title, curves) in zip(axes, panels):
        for name, label, colour in curves:
            values = logs.get(name, [])
            epochs = np.arange(1, len(values) + 1)
            axis.plot(
                epochs,
                values,
                color=colour,
                label=label,
                marker="o" if len(values) < 3 else None,
            )
        lines = {round(at_rest[n], 6) for n, *_ in curves if n in at_rest}
        for value in lines:
            axis.axhline(value, color=style.QUIET, linestyle=":", linewidth=1)
        for value in lines:
            axis.annotate(
                f"{value:.2f}\nat rest",
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
        axis.set_title(title, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    return figure
