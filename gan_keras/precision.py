"""The numbers that networks calculate with."""

import contextlib

import keras


@contextlib.contextmanager
def precision(name):
    """Layers that are made inside calculate with such numbers.

    | name               | weights | what layers multiply | digits |
    | ------------------ | ------- | -------------------- | ------ |
    | `"float32"`        | 32 bits | 32 bits              | seven  |
    | `"mixed_bfloat16"` | 32 bits | 16 bits              | three  |

    A processor with AMX multiplies matrices of 16 bits several times as fast;
    without AMX they are slower: `benchmarks/README.md` has the table.

    Example:

    ```python
    from gan_keras.precision import precision

    with precision("mixed_bfloat16"):
        gan = gk.recipes.dcgan((64, 64, 3), steps=20_000)
    ```

    (Or as a decorator of the function that makes the layers.)

    Args:
        name: String, a Keras dtype policy.

    Raises:
        ValueError: If Keras knows no policy of that name. (`float16` is
            refused by `GAN`.)
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
