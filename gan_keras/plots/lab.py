"""Points on the line and in the plane."""

import numpy as np

from gan_keras.plots import style


def densities(comparison, bounds=None):
    """What is real, what is fake, what D says and what it should say.

    Args:
        comparison: A `gan_keras.lab.Comparison` on the line.
        bounds: Pair `(low, high)`, the part of the line to show; all of the
            comparison's grid if not given.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    (x,) = comparison.grid.axes
    low, high = bounds or (x[0], x[-1])
    shown = (x >= low) & (x <= high)
    figure = style.new_figure(4.4)
    top, bottom = figure.subplots(2, 1, sharex=True)
    for density, colour, label in [
        (comparison.p_data, style.REAL_COLOUR, "$p_{data}$, real"),
        (
            comparison.p_g,
            style.FAKE_COLOUR,
            f"$p_g$, fake ({comparison.method})",
        ),
    ]:
        top.fill_between(x, density, color=colour, alpha=0.25, linewidth=0)
        top.plot(x, density, color=colour, label=label)
    style.dress(
        top, f"JS divergence {comparison.js():.4f} nats", ylabel="density"
    )
    # The frame of a film must not jump with a spike of p_g.
    top.set(xlim=(low, high), ylim=(0, 1.6 * comparison.p_data[shown].max()))
    style.legend(top, loc="upper right")

    if comparison.loss.is_probability:
        bottom.plot(
            x,
            comparison.d_star,
            color=style.BEST_COLOUR,
            linestyle="--",
            label="D*, the best there can be",
        )
        bottom.axhline(0.5, color=style.QUIET, linestyle=":", linewidth=1)
        bottom.set_ylim(-0.02, 1.02)
    bottom.plot(x, comparison.d, color=style.D_COLOUR, label="D, the network")
    name = "probability of real" if comparison.loss.is_probability else "score"
    style.dress(bottom, xlabel="x", ylabel=f"D's {name}")
    style.legend(bottom, loc="upper right")
    return figure


def fields(found):
    """The plane as both players see it.

    Args:
        found: A `gan_keras.lab.Fields`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    (x_low, x_high), (y_low, y_high) = found.bounds
    figure = style.new_figure(5.4, width=6.4)
    axis = figure.subplots()
    low, high = 0, 1
    if not found.is_probability:
        low, high = found.opinion.min(), found.opinion.max()
    heat = axis.imshow(
        found.opinion,
        origin="lower",
        extent=(x_low, x_high, y_low, y_high),
        cmap=style.OPINION,
        vmin=low,
        vmax=high,
        alpha=0.75,
        interpolation="bilinear",
    )
    name = "probability of real" if found.is_probability else "score"
    bar = figure.colorbar(heat, ax=axis, shrink=0.85)
    bar.set_label(f"D's {name}", fontsize=9)
    bar.ax.tick_params(labelsize=style.SMALL)
    for i, line in enumerate(found.manifold):
        axis.plot(
            *line.T,
            color=style.QUIET,
            linewidth=0.6,
            alpha=0.7,
            label=None if i else "grid of latents, bent by G",
        )
    axis.scatter(
        *found.real_points.T, s=7, color=style.REAL_COLOUR, label="real"
    )
    axis.scatter(
        *found.fake_points.T,
        s=12,
        color=style.G_COLOUR,
        marker="x",
        linewidths=0.8,
        label="fake",
    )
    lengths = np.linalg.norm(found.pushes, axis=1)
    # The longest of them a tenth of the plane: what matters is who is pushed
    # more than others, and where to.
    longest = max(np.quantile(lengths, 0.95), 1e-12)
    scale = 0.1 * (x_high - x_low) / longest
    arrows = (
        found.pushes
        * np.minimum(scale, scale * longest / np.maximum(lengths, 1e-12))[
            :, None
        ]
    )
    axis.quiver(
        *found.fake_points.T,
        *arrows.T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.003,
        color="black",
        label=r"$-\partial$ g_loss / $\partial$ fake",
    )
    axis.set(xlim=(x_low, x_high), ylim=(y_low, y_high), aspect="equal")
    style.dress(axis, xlabel="x", ylabel="y")
    figure.legend(
        loc="outside lower center", ncols=4, frameon=False,
        fontsize=style.SMALL,
    )  # fmt: skip
    return figure
