"""How G is told a class at every stage of drawing."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")


@register
class ConditionalBatchNorm(keras.layers.Layer):
    """BatchNorm that gives every class a strength and a shift of its own.

    Formula: `y = gamma_class * (x - mean) / sqrt(variance + epsilon) +
    beta_class`, channel by channel, with the mean and variance over the whole
    batch, all classes together (over the moving ones without `training`).

    All digits share G's convolutions, that is, its strokes; the class says
    which of them are drawn strongly.

    A mixture of classes has the mixture of their gammas and betas.

    Source: de Vries et al., 2017, arXiv:1707.00683 (there a network predicts
    gamma and beta from a sentence); for GANs Miyato and Koyama, 2018,
    arXiv:1802.05637.

    Args:
        synchronized: Boolean, whether the mean and variance are those of the
            batches of all replicas; needed under a `tf.distribute` strategy.
        **kwargs: As of `keras.layers.Layer`.

    Call arguments:
        inputs: List of two float tensors: x `[batch, ..., C]`, and the
            weights of the classes `[batch, K]`, 1 for the class and 0 for the
            others, or a mixture.
        training: Boolean, whether to use the batch's statistics, or the
            moving averages of them.

    Returns:
        Float tensor, like x.
    """

    def __init__(self, synchronized=False, **kwargs):
        super().__init__(**kwargs)
        self.synchronized = synchronized
        self.normalization = keras.layers.BatchNormalization(
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape):
        x, classes = input_shape
        self.normalization.build(x)
        shape = (classes[-1], x[-1])
        self.gamma = self.add_weight(
            shape=shape, initializer="ones", name="gamma"
        )
        self.beta = self.add_weight(
            shape=shape, initializer="zeros", name="beta"
        )

    def call(self, inputs, training=False):
        x, classes = inputs
        gamma = classes @ tf.convert_to_tensor(self.gamma)  # [B, C]
        beta = classes @ tf.convert_to_tensor(self.beta)
        places = [1] * (len(x.shape) - 2)  # the same at all of them
        gamma = tf.reshape(gamma, [-1, *places, x.shape[-1]])
        beta = tf.reshape(beta, [-1, *places, x.shape[-1]])
        return gamma * self.normalization(x, training=training) + beta

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "synchronized": self.synchronized}
