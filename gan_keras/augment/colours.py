"""Changes of every pixel's value."""

import tensorflow as tf

from gan_keras.augment.base import Augmentation
from gan_keras.augment.base import register


@register
class Brightness(Augmentation):
    """Adds one random number to all pixels of an image.

    Formula: `image + strength * (u - 1/2)`

    Source: Zhao et al., 2020, arXiv:2006.10738 (strength 1).

    Args:
        strength: Float >= 0, the width of the range of that number; the
            distance from black to white is 2.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    numbers = 1

    def __init__(self, strength=1.0, seed=None, name=None):
        super().__init__(seed=seed, name=name)
        if not strength >= 0:
            raise ValueError(
                "`strength` is the width of a range and must be 0 or more. "
                f"Received: strength={strength!r}"
            )
        self.strength = float(strength)

    def transform(self, images, u):
        return images + self.strength * (u[:, :, None, None] - 0.5)

    def get_config(self):
        return {"strength": self.strength, **super().get_config()}


@register
class Saturation(Augmentation):
    """Moves the colours of an image towards grey, or away from it.

    Formula: `grey + 2 u * (image - grey)`, where grey is the mean of a
    pixel's channels. Images of one channel do not change.

    Source: Zhao et al., 2020, arXiv:2006.10738.

    Args: as of `Augmentation`: `seed`, `name`.
    """

    numbers = 1

    def transform(self, images, u):
        grey = tf.reduce_mean(images, axis=-1, keepdims=True)
        return grey + 2 * u[:, :, None, None] * (images - grey)


@register
class Contrast(Augmentation):
    """Moves all pixels towards the image's mean, or away from it.

    Formula: `mean + (u + 1/2) * (image - mean)`, with one mean of all pixels
    and channels of an image.

    Source: Zhao et al., 2020, arXiv:2006.10738.

    Args: as of `Augmentation`: `seed`, `name`.
    """

    numbers = 1

    def transform(self, images, u):
        mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
        return mean + (u[:, :, None, None] + 0.5) * (images - mean)
