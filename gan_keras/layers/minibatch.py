"""What D sees of a whole batch."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")


@register
class MinibatchStdDev(keras.layers.Layer):
    """Shows D how much the images of a batch differ from each other.

    Formula: one more channel, the same number everywhere: the standard
    deviation over the images, of every feature at every place, averaged.

    A generator that has collapsed draws one image again and again. D sees
    one image at a time, and each may be good; with this number it sees the
    collapse, and G is told.

    It couples the images of a batch, so a penalty on the slope at each image
    is blurred a little by it, as in the papers that use both.

    Source: Karras et al., 2018 (ProGAN), section 3, arXiv:1710.10196.

    Args:
        **kwargs: As of `keras.layers.Layer`.
    """

    def call(self, inputs):
        # float32: variances of half-precision features underflow.
        features = tf.cast(inputs, tf.float32)  # [B, ..., C]
        variance = tf.math.reduce_variance(features, axis=0)
        spread = tf.reduce_mean(tf.sqrt(variance + 1e-8))
        channel = tf.zeros_like(features[..., :1]) + spread
        return tf.concat([inputs, tf.cast(channel, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)
