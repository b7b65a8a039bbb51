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

    Raises:
        ValueError: If the comparison is one in the plane.
    """
    if len(comparison.grid.axes) != 1:
        raise ValueError(
            "`comparison` must be one on the line; for the plane there is "
            "`plots.fields`. Received: a grid of "
            f"{len(comparison.grid.axes)} dimensions"
        )
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
    style.legend(top, loc="upper center", ncols=2)

    if comparison.loss.is_probability:
        bottom.plot(
            x,
            comparison.d_star,
            color=style.BEST_COLOUR,
            linestyle="--",
            label="D*, the best there can be",
        )
        bottom.axhline(0.5, color=style.QUIET, linestyle=":", linewidth=1)
        bottom.set_ylim(-0.02, 1.3)  # with room for the legend
        bottom.set_yticks([0, 0.25, 0.5, 0.75, 1])
    bottom.plot(x, comparison.d, color=style.D_COLOUR, label="D, the network")
    name = "probability of real" if comparison.loss.is_probability else "score"
    style.dress(bottom, xlabel="x", ylabel=f"D's {name}")
    style.legend(bottom, loc="upper center", ncols=2)
    return figure


def fields(found):
    """The plane as both players see it.

    Args:
        found: A `gan_keras.lab.Fields`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    (x_low, x_high), (y_low, y_high) = found.bounds
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    # Places by hand: to work a layout out would take longer than all the
    # drawing, for every frame of a film.
    figure = style.figure_class()(figsize=(6.4, 5.6), dpi=100)
    axis = figure.add_axes((0.09, 0.17, 0.72, 0.8))
    beside = figure.add_axes((0.83, 0.25, 0.03, 0.64))
    low, high = 0, 1
    if not found.is_probability:
        low, high = found.opinion.min(), found.opinion.max()
    heat = axis.imshow(
        found.opinion,
        origin="lower",
        extent=(x_low, x_high, y_low, y_high),
        cmap=style.opinion(),
        vmin=low,
        vmax=high,
        alpha=0.75,
        interpolation="bilinear",
    )
    name = "probability of real" if found.is_probability else "score"
    bar = figure.colorbar(heat, cax=beside)
    bar.set_label(f"D's {name}", fontsize=9)
    bar.ax.tick_params(labelsize=style.SMALL)
    axis.add_collection(
        LineCollection(
            found.manifold, colors="#404040", linewidths=0.5, alpha=0.6
        )
    )
    for points, colour, marker in [
        (found.real_points, style.REAL_COLOUR, "o"),
        (found.fake_points, style.FAKE_COLOUR, "s"),
    ]:
        axis.scatter(
            *points.T, s=16, color=colour, marker=marker,
            edgecolors="black", linewidths=0.4,
        )  # fmt: skip
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
    )
    axis.set(xlim=(x_low, x_high), ylim=(y_low, y_high), aspect="equal")
    style.dress(axis, xlabel="x", ylabel="y")
    real, fake = style.REAL_COLOUR, style.FAKE_COLOUR
    dot = {"linestyle": "", "markeredgecolor": "black", "markeredgewidth": 0.4}
    keys = [
        Line2D([], [], marker="o", color=real, label="real", **dot),
        Line2D([], [], marker="s", color=fake, label="fake", **dot),
        Line2D([], [], marker="$\\rightarrow$", color="black", markersize=12,
               linestyle="", label="$-\\partial$g_loss / $\\partial$fake"),
    ]  # fmt: skip
    if found.manifold:
        grid = "grid of latents, bent by G"
        keys.append(Line2D([], [], color="#404040", linewidth=0.7, label=grid))
    figure.legend(
        handles=keys, loc="lower center", ncols=len(keys), frameon=False,
        fontsize=style.SMALL,
    )  # fmt: skip
    return figure
