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

    A processor that multiplies 16 bits itself (one with AMX or AVX512-BF16)
    does so several times as fast; any other one is slower with them.

    Example:

    ```python
    with precision("mixed_bfloat16"):
        gan = gk.recipes.dcgan((64, 64, 3), steps=20_000)
    ```

    Args:
        name: String, a Keras dtype policy.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
