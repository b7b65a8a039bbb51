"""How much an image is like a class, for D."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")


@register
class ClassProjection(keras.layers.Layer):
    """How far an image's features reach into a class's direction.

    Formula: `y = features . (classes @ kernel)`, where row c of the kernel,
    v_c, is a direction that D learns for class c. For an image of class c
    that is `v_c . features`; a mixture of classes has the mixture of their
    directions.

    If log p(class | image) is linear in the features, as behind a softmax,
    then so is the class's part of the logit that a perfect D would return:
    D needs no more than one direction a class.

    Source: Miyato and Koyama, 2018, arXiv:1802.05637.

    Example:

    ```python
    likeness = ClassProjection()([features, classes])
    logits = keras.layers.Add()([keras.layers.Dense(1)(features), likeness])
    ```

    Args:
        kernel_constraint: As of `keras.layers.Dense`.
        **kwargs: As of `keras.layers.Layer`.

    Call arguments:
        inputs: List of two float tensors: features `[batch, F]`, and the
            weights of the classes `[batch, C]`, 1 for the image's own class
            and 0 for the others, or a mixture.

    Returns:
        Float tensor `[batch, 1]`.
    """

    def __init__(self, kernel_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def build(self, input_shape):
        features, classes = input_shape
        self.kernel = self.add_weight(
            shape=(classes[-1], features[-1]),
            initializer="glorot_uniform",
            constraint=self.kernel_constraint,
            name="kernel",
        )

    def call(self, inputs):
        features, classes = inputs
        directions = classes @ tf.convert_to_tensor(self.kernel)  # [B, F]
        return tf.reduce_sum(features * directions, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 1)

    def get_config(self):
        constraint = keras.constraints.serialize(self.kernel_constraint)
        return {**super().get_config(), "kernel_constraint": constraint}
