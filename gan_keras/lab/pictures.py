"""What a `gan_keras.callbacks.Frames` can film.

A picture is any callable from a model to a `matplotlib.figure.Figure`.
"""

from gan_keras.lab.fields import Fields
from gan_keras.lab.optimal import Comparison


class DensityPicture:
    """p_data, p_g, D and D* on the line.

    Args:
        distribution: The `Distribution` that the data come from.
        **kwargs: As of `Comparison`: a `grid` finer than its own.
    """

    def __init__(self, distribution, **kwargs):
        self.distribution = distribution
        self.kwargs = kwargs

    def __call__(self, gan):
        from gan_keras import plots

        return plots.densities(
            Comparison(gan, self.distribution, **self.kwargs),
            self.distribution.bounds()[0],
        )


class FieldPicture:
    """D's opinion, G's manifold, both kinds of points, and D's pushes.

    Args:
        distribution: The `Distribution` that the data come from.
        **kwargs: As of `Fields`.
    """

    def __init__(self, distribution, **kwargs):
        self.distribution = distribution
        self.kwargs = kwargs

    def __call__(self, gan):
        from gan_keras import plots

        return plots.fields(Fields(gan, self.distribution, **self.kwargs))
