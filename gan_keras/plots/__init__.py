"""Every picture that the package draws.

Functions that draw a figure return the `matplotlib.figure.Figure`; they
never call `plt.show()` and leave no figure open behind them.
"""

from gan_keras.plots.grids import caption
from gan_keras.plots.grids import contact_sheet
from gan_keras.plots.grids import image_grid
from gan_keras.plots.images import image_rows
from gan_keras.plots.images import pixel_gradients
from gan_keras.plots.images import projection
from gan_keras.plots.images import sample_strip
from gan_keras.plots.lab import densities
from gan_keras.plots.lab import fields
from gan_keras.plots.networks import feature_maps
from gan_keras.plots.quality import evaluation
from gan_keras.plots.quality import memorisation_panel
from gan_keras.plots.quality import quality_curve
from gan_keras.plots.style import D_COLOUR
from gan_keras.plots.style import FAKE_COLOUR
from gan_keras.plots.style import G_COLOUR
from gan_keras.plots.style import QUIET
from gan_keras.plots.style import REAL_COLOUR
from gan_keras.plots.training import gradient_norms
from gan_keras.plots.training import loss_race
from gan_keras.plots.training import score_histograms

__all__ = [
    "D_COLOUR",
    "FAKE_COLOUR",
    "G_COLOUR",
    "QUIET",
    "REAL_COLOUR",
    "caption",
    "contact_sheet",
    "densities",
    "evaluation",
    "feature_maps",
    "fields",
    "gradient_norms",
    "image_grid",
    "image_rows",
    "loss_race",
    "memorisation_panel",
    "pixel_gradients",
    "projection",
    "quality_curve",
    "sample_strip",
    "score_histograms",
]
