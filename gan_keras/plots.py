"""Every picture that the package draws.

Functions that draw a figure return the `matplotlib.figure.Figure`; they
never call `plt.show()` and leave no figure open behind them.
"""

import numpy as np

# Okabe & Ito's palette: told apart by colour-blind readers and in grey print.
D_COLOUR = "#0072B2"  # the police are blue
G_COLOUR = "#D55E00"
REAL_COLOUR = "#009E73"
FAKE_COLOUR = "#CC79A7"
QUIET = "#767676"


def image_grid(images, columns=8, padding=2, min_width=480):
    """Lays images out in rows.

    Args:
        images: Float array `[n, height, width, channels]` in [-1, 1], or
            uint8.
        columns: Int, images in a row.
        padding: Int, pixels between images.
        min_width: Int; small images are enlarged by a whole factor (every
            pixel stays a sharp square) until the grid is about this wide.

    Returns:
        Uint8 array `[grid height, grid width, channels]`.
    """
    from gan_keras.datasets import to_uint8

    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(
            "`images` must have shape [n, height, width, channels]. "
            f"Received: shape {images.shape}"
        )
    if images.dtype != np.uint8:
        images = to_uint8(images)
    n, height, width, channels = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    scale = max(1, round(min_width / (columns * (width + padding))))
    grid = np.full(
        (
            rows * (height + padding) - padding,
            columns * (width + padding) - padding,
            channels,
        ),
        # A middle grey: neither ink nor paper, so that every cell's edge
        # shows and an empty cell is not taken for a black image.
        128,
        np.uint8,
    )
    for i, image in enumerate(images):
        top = (i // columns) * (height + padding)
        left = (i % columns) * (width + padding)
        grid[top : top + height, left : left + width] = image
    return grid.repeat(scale, axis=0).repeat(scale, axis=1)


def caption(grid, text):
    """Puts a line of text under a grid.

    Args:
        grid: Uint8 array `[height, width, channels]`.
        text: String.

    Returns:
        A `PIL.Image.Image`.
    """
    from PIL import Image
    from PIL import ImageDraw
    from PIL import ImageFont

    grid = Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
    image = Image.new(grid.mode, (grid.width, grid.height + 24), "white")
    image.paste(grid, (0, 0))
    ImageDraw.Draw(image).text(
        (4, grid.height + 4),
        text,
        fill="black",
        font=ImageFont.load_default(15),
    )
    return image


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
        ("loss", [("d_loss", "D", D_COLOUR), ("g_loss", "G", G_COLOUR)]),
        (
            "D says: probability of real" if probability else "D's score",
            [
                ("d_real", "on real images", REAL_COLOUR),
                ("d_fake", "on fakes", FAKE_COLOUR),
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
            axis.axhline(value, color=QUIET, linestyle=":", linewidth=1)
        for value in lines:
            axis.annotate(
                f"{value:.2f}\nat rest",
                (1.01, value),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                color=QUIET,
                annotation_clip=False,
            )
        if probability and title.startswith("D says"):
            axis.set_ylim(-0.02, 1.02)
        axis.set_xlabel("epoch")
        axis.set_title(title, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    return figure
