"""An extractor: a network, what it accepts, and its name."""

import os
import warnings

import keras
import numpy as np

from gan_keras import files
from gan_keras.batching import in_batches
from gan_keras.datasets.pixels import as_float


class Extractor:
    """Turns images into features, and into class probabilities if it can.

    Example:

    ```python
    extractor = gk.extractors.get("digits")
    features, probabilities = extractor(images)  # [n, 80] and [n, 10]
    ```

    Args:
        name: String; every figure that it is used for carries it.
        network: `keras.Model`, images `[batch, H, W, C]` in [-1, 1] to
            features `[batch, d]`, or to `[features, probabilities]` with
            `[batch, classes]`.
        prefixes: Dict from our short names of figures (`"fd"`, `"kd"`) to
            others, for a network whose figures have names of their own.
        standard: Boolean, whether it is the one that
            `gk.extractors.get(name)` gives, anywhere.
    """

    def __init__(self, name, network, prefixes=None, standard=False):
        self.name = name
        self.standard = standard
        self.network = network
        self.prefixes = prefixes or {}

    @property
    def image_shape(self):
        """Tuple `(height, width, channels)`; None where any will do."""
        return tuple(self.network.input_shape[1:])

    @property
    def has_classes(self):
        """Whether it also tells class probabilities."""
        return len(self.network.outputs) > 1

    def label(self, figure):
        """What a figure is called: `"fd"` becomes `"fd_digits"`."""
        return f"{self.prefixes.get(figure, figure)}_{self.name}"

    def look(self, images):
        """Features and probabilities of a batch, for use within a graph.

        Args:
            images: Float tensor `[batch, H, W, C]` in [-1, 1].

        Returns:
            Tuple of float32 tensors, features `[batch, d]` and probabilities
            `[batch, classes]`, or None for a network without classes.
        """
        said = self.network(images, training=False)
        return tuple(said) if self.has_classes else (said, None)

    def __call__(self, images):
        """Looks at any number of images.

        Args:
            images: Array `[n, H, W, C]`, uint8 or floats in [-1, 1].

        Returns:
            Tuple of float32 arrays, as of `look`.

        Raises:
            ValueError: If it cannot look at such images.
        """
        images = self.check(images)
        if self.has_classes:
            return in_batches(lambda x: self.look(as_float(x)), images)
        return in_batches(lambda x: self.look(as_float(x))[0], images), None

    def fits(self, shape):
        """Whether it can look at images of a shape, `(H, W, C)`."""
        return len(shape) == len(self.image_shape) and all(
            wanted in (None, size)
            for wanted, size in zip(self.image_shape, shape)
        )

    def check(self, images):
        """The images as an array; a ValueError if they do not fit."""
        images = np.asarray(images)
        if not (self.fits(images.shape[1:]) and len(images)):
            wanted = ", ".join(str(n or "any") for n in self.image_shape)
            raise ValueError(
                f"The extractor {self.name!r} looks at images of shape [n, "
                f"{wanted}], at least one; for others fit your own, "
                "`gk.extractors.fit(images, labels)`. "
                f"Received: images of shape {images.shape}"
            )
        if images.dtype != np.uint8 and "float" not in images.dtype.name:
            raise ValueError(
                "`images` must be uint8 or floats in [-1, 1]. "
                f"Received: {images.dtype}"
            )
        if images.dtype != np.uint8:
            low, high = float(images.min()), float(images.max())
            if not -1.001 <= low <= high <= 1.001:
                raise ValueError(
                    "`images` must be uint8 or finite floats in [-1, 1], as "
                    f"the generator draws. Received: [{low:g}, {high:g}]"
                )
            if low >= 0 and high > 0.5 and len(images) >= 8:
                # Not one pixel darker than middle grey. It may be so: a
                # generator that has collapsed draws anything.
                warnings.warn(
                    "`images` seem to lie in [0, 1]; floats must be in "
                    "[-1, 1], as the generator draws. Use `images * 2 - 1`. "
                    f"Received: values in [{low:g}, {high:g}]",
                    stacklevel=3,
                )
        return images

    def save(self, path):
        """Writes the network to a `.keras` file; `load` reads it back."""
        path = os.fspath(path)
        if not path.endswith(".keras"):
            raise ValueError(
                f"`path` must end in .keras. Received: path={path!r}"
            )
        files.replace_file(path, self.network.save)

    @classmethod
    def load(cls, path, name):
        """An extractor that was saved.

        Args:
            path: The `.keras` file.
            name: String, the extractor's name.
        """
        return cls(name, keras.saving.load_model(path, compile=False))
