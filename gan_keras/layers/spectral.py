"""A layer whose kernel, as a matrix, stretches nothing."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")

TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
CHANNEL_BY_CHANNEL = (
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
)


@register
class SpectralNormalization(keras.layers.Wrapper):
    """Divides a layer's kernel by its largest singular value.

    Formula: `y = layer(x)` with `kernel / sigma(kernel)`, where the kernel is
    read as a matrix `[inputs, outputs]` and sigma is the most by which that
    matrix stretches any vector.

    A discriminator of such layers (and LeakyReLUs) has a bounded slope,
    everywhere and at no cost of second derivatives. With dense layers alone
    the bound is one. A convolution may not stretch what lies under one
    window; but where windows overlap, the whole image counts several times: a
    window of 4x4 with a stride of 2 has every inner pixel in four windows, and
    the layer may stretch by up to 2.

    sigma is found by power iteration, one step a forward pass, since weights
    change little from step to step: `v <- W u / |W u|`, `u <- W' v / |W' v|`,
    `sigma = v' W u`. The kernel itself is left as it is, and the gradient goes
    through sigma, as in the paper. (`keras.layers.SpectralNormalization`
    overwrites the kernel instead: D would move during G's step.)

    Source: Miyato et al., 2018, arXiv:1802.05957.

    Example:

    ```python
    SpectralNormalization(keras.layers.Conv2D(64, 4, strides=2))
    ```

    Args:
        layer: A Keras layer with a `kernel`, such as `Dense`, `Conv2D` or
            `Conv2DTranspose`.
        power_iterations: Int, steps in every forward pass with
            `training=True`; there are none otherwise.
        **kwargs: As of `keras.layers.Layer`.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        kwargs.setdefault("name", f"sn_{layer.name}")
        # sigma is a norm, and found in full precision; the layer inside works
        # in its own.
        kwargs.setdefault("dtype", layer.variable_dtype)
        super().__init__(layer, **kwargs)
        if not (isinstance(power_iterations, int) and power_iterations >= 1):
            raise ValueError(
                "`power_iterations` must be a whole number, 1 or more. "
                f"Received: power_iterations={power_iterations!r}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape=None):
        super().build(input_shape)
        if getattr(self.layer, "kernel", None) is None:
            raise ValueError(
                "`layer` must have a `kernel` to normalise. "
                f"Received: layer={self.layer.name!r}"
            )
        if (
            isinstance(self.layer, CHANNEL_BY_CHANNEL)
            or getattr(self.layer, "groups", 1) != 1
        ):
            raise ValueError(
                "`layer` must look at all channels together: of one that "
                "treats them in groups, or each by itself, the kernel is not "
                "one matrix. Received: "
                f"{type(self.layer).__name__} {self.layer.name!r}"
            )
        self.u = self.add_weight(
            shape=(self.as_matrix(self.layer.kernel).shape[-1], 1),
            initializer=keras.initializers.RandomNormal(seed=0),
            trainable=False,
            name="u",
        )

    def as_matrix(self, kernel):
        """The kernel as a matrix `[inputs, outputs]`."""
        kernel = tf.convert_to_tensor(kernel)
        if isinstance(self.layer, TRANSPOSED):
            # [..., outputs, inputs]: it is the kernel of the convolution that
            # walks the other way.
            kernel = tf.linalg.matrix_transpose(kernel)
        return tf.reshape(kernel, [-1, kernel.shape[-1]])

    def call(self, inputs, training=False):
        kernel = tf.convert_to_tensor(self.layer.kernel)
        matrix = self.as_matrix(kernel)
        fixed = tf.stop_gradient(matrix)
        # Of length one: a fresh u is not, nor is an average of several.
        u = tf.math.l2_normalize(tf.convert_to_tensor(self.u))
        for _ in range(self.power_iterations if training else 0):
            v = tf.math.l2_normalize(fixed @ u)  # [inputs, 1]
            new = tf.math.l2_normalize(tf.transpose(fixed) @ v)  # [outputs, 1]
            u = tf.where(tf.reduce_any(new != 0), new, u)
        if training:  # and there is something to look at
            with tf.control_dependencies(tf.nest.flatten(inputs)):
                self.u.assign(u)
        v = tf.math.l2_normalize(fixed @ u)
        sigma = tf.reshape(tf.transpose(v) @ matrix @ u, [])
        sigma = tf.where(sigma > 0, sigma, 1.0)  # a kernel of zeros stays one
        # The layer runs as if its kernel were this tensor.
        with keras.StatelessScope(
            state_mapping=[(self.layer.kernel, kernel / sigma)]
        ):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "power_iterations": self.power_iterations,
        }
