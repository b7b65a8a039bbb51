"""Images side by side, and what is known of them."""

import numpy as np

from gan_keras.plots import style


def pixel_gradients(images, gradients, columns=6):
    """What D would like darker, and what lighter, beside each image.

    Args:
        images: Float array `[n, H, W, C]` in [-1, 1].
        gradients: Float array `[n, H, W, C]`, as of
            `gan_keras.lab.pixel_gradients`; the channels are added up.
        columns: Int, how many of the images.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    images, gradients = np.asarray(images), np.asarray(gradients)
    if images.shape != gradients.shape or images.ndim != 4:
        raise ValueError(
            "`images` and `gradients` must both have shape [n, height, "
            f"width, channels]. Received: shapes {images.shape} and "
            f"{gradients.shape}"
        )
    n = min(columns, len(images))
    wishes = -gradients[:n].sum(axis=-1)
    # Every image on its own scale: D is far surer of some than of others.
    strength = np.abs(wishes).max(axis=(1, 2), keepdims=True)
    wishes = wishes / np.maximum(strength, 1e-30)
    figure = style.new_figure(0.5 + 1.85 * style.WIDTH / (n + 1.5))
    axes = figure.subplots(2, n, squeeze=False)
    for i in range(n):
        style.show_image(axes[0, i], images[i])
        heat = axes[1, i].imshow(wishes[i], cmap=style.SIGNED, vmin=-1, vmax=1)
        style.bare(axes[1, i])
        axes[1, i].set_xlabel(f"up to {strength[i, 0, 0]:.1g}", fontsize=8)
    axes[0, 0].set_ylabel("fake", fontsize=9)
    axes[1, 0].set_ylabel(r"$-\partial$ g_loss / $\partial$ pixel", fontsize=9)
    bar = figure.colorbar(heat, ax=axes, shrink=0.7, ticks=[-1, 0, 1])
    bar.ax.set_yticklabels(["darker", "as it is", "lighter"], fontsize=9)
    bar.set_label("D would call it more real if it were", fontsize=9)
    return figure


def sample_strip(epochs, samples, columns=8):
    """How the same noise became images: a row for each noise.

    Args:
        epochs: List of ints, when the samples were taken.
        samples: List of float arrays `[n, H, W, C]` in [-1, 1], one for each
            of the epochs, always from the same latent vectors (see
            `gan_keras.callbacks.Record`).
        columns: Int, how many of the epochs to show, evenly spaced.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    _paired(epochs, samples)
    chosen = np.linspace(0, len(epochs) - 1, min(columns, len(epochs)))
    chosen = np.unique(chosen.round().astype(int))
    rows = len(samples[0])
    cell = style.WIDTH / len(chosen)
    figure = style.new_figure(rows * cell + 0.4)
    axes = figure.subplots(rows, len(chosen), squeeze=False)
    for column, at in enumerate(chosen):
        for row in range(rows):
            title = "" if row else f"epoch {epochs[at]}"
            style.show_image(axes[row, column], samples[at][row], title)
    return figure


def image_rows(rows, titles=None):
    """Rows of images with a word before each: walks, truncation, sums.

    Args:
        rows: Dict, from a row's label to its images `[n, H, W, C]`, floats in
            [-1, 1] or uint8.
        titles: List of strings above the columns, or None.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    columns = max(map(len, rows.values()))
    cell = min(1.3, (style.WIDTH - 1) / columns)
    figure = style.new_figure(len(rows) * cell + 0.4, columns * cell + 1)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for i, (label, images) in enumerate(rows.items()):
        for j in range(columns):
            title = titles[j] if titles and i == 0 and j < len(titles) else ""
            if j < len(images):
                style.show_image(axes[i, j], images[j], title)
            else:
                axes[i, j].axis("off")
        axes[i, 0].set_ylabel(
            label, fontsize=9, rotation=0, ha="right", va="center"
        )
    return figure


def projection(found, columns=8):
    """Real images and what G can do to be like them.

    Args:
        found: A `gan_keras.latent.Projection`.
        columns: Int, how many of the images.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    n = min(columns, len(found.targets))
    figure = style.new_figure(4.6)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.1, 1])
    axes = top.subplots(2, n, squeeze=False)
    for i in range(n):
        style.show_image(axes[0, i], found.targets[i])
        style.show_image(axes[1, i], found.images[i])
    axes[0, 0].set_ylabel("real", fontsize=9)
    axes[1, 0].set_ylabel("G(z)", fontsize=9)
    axis = bottom.subplots()
    axis.plot(found.history, color=style.G_COLOUR)
    axis.set_ylim(bottom=0)
    style.dress(axis, xlabel="step", ylabel="mean squared error")
    return figure


def _paired(epochs, values):
    if not len(epochs) or len(epochs) != len(values):
        raise ValueError(
            "`epochs` must name one epoch for each of the records, and at "
            f"least one. Received: {len(epochs)} epochs for {len(values)} "
            "records"
        )
