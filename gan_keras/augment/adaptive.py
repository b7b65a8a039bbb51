"""As much augmentation as D needs."""

import keras
import tensorflow as tf

from gan_keras import replicas
from gan_keras.augment.base import register
from gan_keras.augment.dosed import DosedAugmentation
from gan_keras.augment.dosed import check_images
from gan_keras.augment.dosed import check_probability


@register
class AdaptiveAugmentation(DosedAugmentation):
    """ADA: as much augmentation as D's overfitting calls for.

    Formula: every transform changes every image with probability p, each
    decided on its own. After each look at the reals,

    ```
    r = mean of sign(D(real))               over the batch
    p <- p + sign(r - target) * batch / images        kept in [0, 1]
    ```

    A D that calls nearly all of the training images real (r near 1) begins to
    know them by heart, and p grows; one that is torn (r near 0) gets clearer
    images. Changes that happen too often *leak*: G cannot know that the
    unchanged image is the right one, and draws changed ones. The paper saw no
    leaks while p stayed below 0.8.

    Unlike in the paper, p can go from 0 to 1 within 100,000 images (25 epochs
    of the 4,000 digits) rather than 500,000, since runs on a CPU are short;
    it moves after every batch, not after every fourth; and the transforms are
    those of DiffAugment unless you choose others, where the paper has
    eighteen.

    Source: Karras et al., 2020, arXiv:2006.06676.

    Args:
        augmentation: The `Augmentation` to dose, or its name; a
            `DiffAugment()` if not given.
        target: Float in (-1, 1), the r to hold. Lower augments more.
        images: Int >= 1, how many real images it takes for p to go from 0
            to 1.
        p: Float in [0, 1], the probability to begin with.
        seed: Int; see `Augmentation`.
        name: String, the layer's name.
    """

    needs_boundary = True

    def __init__(
        self,
        augmentation=None,
        target=0.6,
        images=100_000,
        p=0.0,
        seed=None,
        name=None,
    ):
        super().__init__(augmentation, seed=seed, name=name)
        if not -1 < target < 1:
            raise ValueError(
                "`target` is a mean of signs and must lie in (-1, 1). "
                f"Received: target={target!r}"
            )
        check_images(images)
        check_probability(p)
        self.target = float(target)
        self.images = int(images)
        self.start = float(p)
        # Its steps are too small for a half-precision policy.
        self.p = self.add_weight(
            shape=(),
            dtype="float32",
            initializer=keras.initializers.Constant(self.start),
            trainable=False,
            autocast=False,
            name="p",
        )

    def dose(self):
        return self.p.value

    def update(self, real_logits, boundary=0.0):
        """Moves p by one step, up if D is too sure of the reals.

        Args:
            real_logits: Float tensor `[batch]`.
            boundary: Float, the logit above which the loss means "real".
        """
        signs = tf.sign(tf.cast(real_logits, tf.float32) - boundary)
        # Of all replicas, so that p stays the same on each.
        batch = replicas.total(tf.cast(tf.size(signs), tf.float32))
        r = replicas.total(tf.reduce_sum(signs)) / batch
        move = tf.sign(r - self.target) * batch / self.images
        self.p.assign(tf.clip_by_value(self.p.value + move, 0.0, 1.0))

    def logs(self, batch_size):
        return {"ada_p": tf.fill([batch_size], tf.identity(self.p.value))}

    def get_config(self):
        return {
            "target": self.target,
            "images": self.images,
            "p": self.start,
            **super().get_config(),
        }
