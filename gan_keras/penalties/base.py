"""What all penalties share: D's slope, and ways to pay only in part."""

import keras
import tensorflow as tf

from gan_keras import checks
from gan_keras.registry import Registry
from gan_keras.registry import get_all_of
from gan_keras.registry import snake_case

penalties = Registry("penalties")
register = penalties.register
get = penalties.get


def squared_slope(discriminate, images):
    """The squared length of D's gradient at every image.

    Formula: `sum over pixels of (d logit / d pixel)^2`

    Args:
        discriminate: Callable, images to logits `[batch]`.
        images: Float tensor `[batch, ...]`.

    Returns:
        Float tensor `[batch]`.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminate(images)
    # Image i touches logit i alone (no BatchNorm in D), so the gradient of
    # the sum holds every image's own gradient.
    gradients = tape.gradient(logits, images)  # like images
    gradients = tf.cast(gradients, tf.float32)  # squares underflow in float16
    return tf.reduce_sum(tf.square(gradients), axis=range(1, images.ndim))


class Penalty(keras.layers.Layer):
    """Base of penalties that are paid in part, to save time.

    A penalty needs a gradient of a gradient, and so costs about as much as
    the rest of D's step. Two ways to pay a k-th of that with the same mean
    effect:

    - `share=1/k`: every step, for the first k-th of the (shuffled) batch, at
      k times the weight. The default of the recipes: it needs no branch. (Of
      several replicas each lets the first of its own part pay.)
    - `every=k`: on every k-th step, at k times the weight ("lazy"; Karras et
      al., 2020, appendix B, arXiv:1912.04958). Inside XLA on a CPU a branch
      runs on one thread, and costs more than it saves.

    Subclasses say where D's slope is asked for, `places(real_images,
    fake_images)`, and what it costs there, `price(squared_slope)`.

    Args:
        every: Int, k; 1 pays on every step.
        share: Float in (0, 1], the part of the batch that pays.
        name: String, the metric's name in the logs.
    """

    #: Whether it asks for the slope at each image on its own, which BatchNorm
    #: in D would mix up.
    per_image = True

    #: A weak reference to the model whose rules it is one of.
    owner = None

    def __init__(self, every=1, share=1.0, name=None):
        super().__init__(name=name or snake_case(type(self).__name__))
        checks.count(every=every)
        if not 0 < share <= 1:
            raise ValueError(
                "`share` is a part of the batch and must lie in (0, 1]. "
                f"Received: share={share!r}"
            )
        self.every = every
        self.share = float(share)
        # Made here, not on first use: a variable may not be created inside
        # a compiled step, and a checkpoint must find it to load into.
        self.calls = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            name="calls",
        )
        self.built = True

    @property
    def counts(self):
        """Whether it matters how often it was called before."""
        return self.every > 1

    def places(self, real_images, fake_images):
        """The images at which D's slope is asked for.

        Args:
            real_images: Float tensor `[paying, ...]`.
            fake_images: Float tensor `[paying, ...]`.

        Returns:
            Float tensor `[paying, ...]`.
        """
        raise TypeError(
            f"{type(self).__name__} must define "
            "`places(real_images, fake_images)`."
        )

    def price(self, squared_slope):
        """What a slope costs: float tensor `[paying]` to another one."""
        raise TypeError(
            f"{type(self).__name__} must define `price(squared_slope)`."
        )

    # Keras' `Layer.__call__` would cast and check the arguments as if they
    # were all tensors; a penalty's first argument is a function.
    def __call__(self, discriminate, real_images, fake_images):
        """What D pays for each image of the batch: float tensor `[batch]`."""
        batch = tf.cast(tf.shape(real_images)[0], tf.float32)
        paying = tf.math.ceil(self.share * batch)
        n = tf.cast(paying, tf.int32)
        # Before the branch: where places are random, the replicas of a
        # distributed run agree on them, and may not wait inside a branch.
        images = self.places(real_images[:n], fake_images[:n])

        def pay():
            return self.price(squared_slope(discriminate, images))

        if self.every == 1:
            fines = pay()
        else:  # the branch is on a tensor, hence `tf.cond`
            fines = tf.cond(
                tf.equal(self.calls % self.every, 0),
                lambda: self.every * pay(),
                lambda: tf.zeros([n]),
            )
        with tf.control_dependencies([fines]):  # not if no images have come
            self.calls.assign_add(1)
        if self.share == 1:
            return fines
        # The first ones pay for all.
        others = tf.zeros(tf.shape(real_images[n:])[:1])
        return tf.concat([fines * (batch / paying), others], axis=0)

    def get_config(self):
        return {"every": self.every, "share": self.share, "name": self.name}


def get_all(identifiers):
    """A list of penalties from a list of names, configs and objects."""
    return get_all_of("penalties", get, identifiers, "[R1()]")
