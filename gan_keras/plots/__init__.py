"""Every picture that the package draws.

Functions that draw a figure return the `matplotlib.figure.Figure`; they
never call `plt.show()` and leave no figure open behind them.
"""

from gan_keras.plots.grids import caption
from gan_keras.plots.grids import image_grid
from gan_keras.plots.lab import densities
from gan_keras.plots.lab import fields
from gan_keras.plots.style import D_COLOUR
from gan_keras.plots.style import FAKE_COLOUR
from gan_keras.plots.style import G_COLOUR
from gan_keras.plots.style import QUIET
from gan_keras.plots.style import REAL_COLOUR
from gan_keras.plots.training import loss_race

__all__ = [
    "D_COLOUR",
    "FAKE_COLOUR",
    "G_COLOUR",
    "QUIET",
    "REAL_COLOUR",
    "caption",
    "densities",
    "fields",
    "image_grid",
    "loss_race",
]
