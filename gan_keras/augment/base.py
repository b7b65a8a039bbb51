"""What all augmentations share: their random numbers, and their names."""

import random

import keras
import tensorflow as tf

from gan_keras import noise
from gan_keras import replicas
from gan_keras.registry import Registry
from gan_keras.registry import snake_case

augmentations = Registry("augmentation")
register = augmentations.register


def get(identifier):
    """Finds an augmentation by name, config or itself.

    Args:
        identifier: A name (`"diff_augment"`), a serialised config dict, or an
            `Augmentation`.

    Returns:
        The `Augmentation`.

    Raises:
        ValueError: If no such augmentation is known, or it is something else.
    """
    found = augmentations.get(identifier)
    if not isinstance(found, Augmentation):
        raise ValueError(
            "`augmentation` must be a gan_keras.augment.Augmentation; to make "
            "one of your own, subclass it and define `transform(images, u)`. "
            f"Received: augmentation={found!r}"
        )
    return found


class Augmentation(keras.layers.Layer):
    """Base class of the augmentations.

    To write one of your own, subclass it, say how many random numbers an
    image needs, and define `transform`.

    Example: fog of random density.

    ```python
    @keras.saving.register_keras_serializable("my_course")
    class Fade(gk.augment.Augmentation):
        numbers = 1

        def transform(self, images, u):
            return images * u[:, :, None, None]
    ```

    Args:
        seed: Int; drawn from Python's `random` if not given. The random
            numbers of an image are a pure function of `(seed, step, look)`
            and its place in the batch.
        name: String, the layer's name.
    """

    #: How many uniform random numbers one image needs.
    numbers = 0

    #: Whether `update` asks for the logit above which D says "real".
    needs_boundary = False

    def __init__(self, seed=None, name=None):
        super().__init__(name=name or snake_case(type(self).__name__))
        self.seed = random.randrange(2**31) if seed is None else int(seed)
        self.owner = None  # a weak reference to the model that it plays for
        self.built = True

    def transform(self, images, u):
        """Changes every image as its random numbers say.

        Args:
            images: Float32 tensor `[batch, height, width, channels]` in
                [-1, 1].
            u: Float32 tensor `[batch, numbers]`, uniform in (0, 1].

        Returns:
            Tensor like `images`. Its values may lie outside of [-1, 1].
        """
        raise TypeError(
            f"{type(self).__name__} must define `transform(images, u)`."
        )

    # Keras' `Layer.__call__` would cast and check the arguments as if the
    # step and the look were images, too.
    def __call__(self, images, step, look):
        """The images as D sees them at this look.

        Args:
            images: Float tensor `[batch, height, width, channels]` in
                [-1, 1].
            step: Int64 scalar tensor, the training step.
            look: Int >= 0, how often D has looked in this step before. Reals,
                fakes and penalties have different looks, and so different
                numbers.

        Returns:
            Tensor of the shape and dtype of `images`.

        Raises:
            ValueError: If these are not images.
        """
        images = tf.convert_to_tensor(images)
        known = images.shape.rank == 4 and None not in images.shape[1:]
        if not (known and images.dtype.is_floating):
            raise ValueError(
                "`images` must be a float tensor [batch, height, width, "
                "channels] in [-1, 1], of known height and width: "
                "augmentations are for images. Leave the augmentation away "
                "to train on points. Received: "
                f"shape {images.shape}, dtype {images.dtype.name}"
            )
        u = self.uniform(tf.shape(images)[0], step, look)
        # float32: half precision would round means, and places of pixels.
        changed = self.transform(tf.cast(images, tf.float32), u)
        return tf.cast(changed, images.dtype)

    def uniform(self, batch_size, step, look):
        """The numbers of one look: float32 `[batch_size, numbers]`."""
        # `look + 1`, so that no look draws what a model of the same seed
        # draws at that step: its first word is the seed alone.
        key = tf.constant(self.seed + 2**32 * (look + 1), tf.int64)
        seed = tf.stack([key, tf.cast(step, tf.int64)])
        return replicas.own_rows(
            lambda n: noise.uniform([n, self.numbers], seed), batch_size
        )

    def parts(self):
        """The transforms that happen one after the other: a list."""
        return [self]

    def begin(self, images):
        """Called when `fit` begins; does nothing by default.

        Args:
            images: Int, how many different images there are; None where the
                data does not tell.
        """

    def update(self, real_logits, boundary=0.0):
        """Called when D has looked at the reals; does nothing by default.

        Args:
            real_logits: Float tensor `[batch]`.
            boundary: Float, the logit above which the loss means "real".
        """

    def logs(self, batch_size):
        """What is worth plotting: dict of float32 tensors `[batch_size]`."""
        return {}

    def get_config(self):
        return {"seed": self.seed, "name": self.name}
