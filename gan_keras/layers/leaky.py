"""An activation that penalties on D's slope need not look through twice."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")


@register
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' LeakyReLU, with a slope that is known to be constant.

    Formula: `y = x` above 0, `y = negative_slope * x` elsewhere

    Values and gradients are the same as of the layer in Keras. What differs
    is the gradient *of the gradient*, which R1 and the other penalties on D's
    slope need. It is 0: a straight line does not bend. TensorFlow's operation
    says so with a tensor full of zeros, which then travels back through all of
    D, one convolution after the other. Here `stop_gradient` says that nothing
    comes that way, and nothing is computed.

    Args:
        negative_slope: Float >= 0, the slope below 0.
        **kwargs: As of `keras.layers.LeakyReLU`.
    """

    def call(self, inputs):
        @tf.custom_gradient
        def leaky(x):
            def gradient(upstream):
                # `upstream` times the slope at x, which is constant there.
                return tf.raw_ops.LeakyReluGrad(
                    gradients=upstream,
                    features=tf.stop_gradient(x),
                    alpha=self.negative_slope,
                )

            return tf.nn.leaky_relu(x, self.negative_slope), gradient

        return leaky(inputs)
