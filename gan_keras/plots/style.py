"""One look for all figures: colours, sizes, and what an axis wears."""

import functools
import io

# Okabe & Ito's palette: told apart by colour-blind readers and in grey print.
D_COLOUR = "#0072B2"  # the police are blue
G_COLOUR = "#D55E00"
REAL_COLOUR = "#009E73"
FAKE_COLOUR = "#CC79A7"
BEST_COLOUR = "#000000"  # what theory says
QUIET = "#767676"

#: Between two ends with nothing in the middle: orange is more, purple less.
SIGNED = "PuOr_r"
#: From little to much, even in grey print.
AMOUNT = "cividis"
WIDTH = 9  # inches: a notebook's column
SMALL = 8  # points: the smallest writing


def opinion():
    """D's opinion: orange for fake, blue for real, white for "cannot tell"."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "opinion", [G_COLOUR, "#F7F7F7", D_COLOUR]
    )


def new_figure(height, width=WIDTH):
    """An empty figure that nothing can be cut off of.

    Made of `matplotlib.figure.Figure` itself: pyplot would keep it open until
    it is closed, and a GIF has thousands of frames.

    Args:
        height: Float, inches.
        width: Float, inches.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    return figure_class()(
        figsize=(width, height), layout="constrained", dpi=100
    )


@functools.cache
def figure_class():
    """matplotlib's `Figure`, which a notebook shows as a picture.

    Notebooks know how to show figures from the moment on that pyplot draws
    its first one. Ours are made without it, and would be a line of text.
    """
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        def _repr_png_(self):
            file = io.BytesIO()
            self.savefig(file, format="png", dpi=self.dpi)
            return file.getvalue()

    return ShownFigure


def dress(axis, title="", xlabel="", ylabel=""):
    """Gives an axis its labels, and takes the box away.

    Args:
        axis: A `matplotlib.axes.Axes`.
        title: String.
        xlabel: String.
        ylabel: String.
    """
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(xlabel, fontsize=9)
    axis.set_ylabel(ylabel, fontsize=9)
    axis.tick_params(labelsize=SMALL)
    axis.spines[["top", "right"]].set_visible(False)


def log_ticks(ruler, low, high):
    """Numbers on a logarithmic axis, few enough not to lie on each other.

    Args:
        ruler: A `matplotlib.axis.Axis`: an axes' `xaxis` or `yaxis`.
        low: Float > 0, the least number shown.
        high: Float, the largest.
    """
    import math

    from matplotlib.ticker import LogLocator
    from matplotlib.ticker import MaxNLocator
    from matplotlib.ticker import NullFormatter

    subs = (1, 2, 5) if high < 100 * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    numbers = [sub * 10.0**power for power in powers for sub in subs]
    if sum(low <= number <= high for number in numbers) >= 2:
        ruler.set_major_locator(LogLocator(subs=subs))
    else:  # one number is no scale
        ruler.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ruler.set_major_formatter("{x:g}")
    ruler.set_minor_formatter(NullFormatter())


def legend(axis, **kwargs):
    """A legend without a frame, if there is anything to say in it."""
    if axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False, fontsize=SMALL, **kwargs)


def show_image(axis, image, title=""):
    """One image, with sharp pixels and without axes.

    Args:
        axis: A `matplotlib.axes.Axes`.
        image: Array `[H, W, C]`, floats in [-1, 1] or uint8.
        title: String.
    """
    import numpy as np

    from gan_keras.datasets.pixels import as_float

    image = np.asarray(as_float(np.asarray(image)), "float64")
    image = (np.clip(image, -1, 1) + 1) / 2
    if image.shape[-1] == 1:
        axis.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
    else:
        axis.imshow(image)
    axis.set_title(title, fontsize=9)
    bare(axis)


def bare(axis):
    """Takes an axis' ticks and frame away, and leaves its labels."""
    axis.set_xticks([])
    axis.set_yticks([])
    axis.spines[:].set_visible(False)


def to_pil(figure):
    """A figure as the frame of a GIF.

    Args:
        figure: A `matplotlib.figure.Figure`.

    Returns:
        A `PIL.Image.Image` in RGB.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
