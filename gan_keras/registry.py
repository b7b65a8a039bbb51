"""Names for the ingredients, so that `loss="least_squares"` works."""

import difflib
import re

import keras

PACKAGE = "gan_keras"


def snake_case(name):
    """`"NonSaturating"` -> `"non_saturating"`, `"R1"` -> `"r1"`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Registry:
    """One kind of ingredient (loss, penalty, ...): classes by their names.

    Args:
        kind: String, the name of the argument that these classes go into; it
            is the word that error messages use.
    """

    def __init__(self, kind):
        self.kind = kind
        self.classes = {}

    def register(self, cls):
        """Decorator: makes `cls` known by name, and to Keras' loading."""
        self.classes[snake_case(cls.__name__)] = cls
        return keras.saving.register_keras_serializable(PACKAGE)(cls)

    def get(self, identifier):
        """The object that a name, a config dict or an object stands for."""
        if isinstance(identifier, dict):
            return keras.saving.deserialize_keras_object(identifier)
        if isinstance(identifier, type):
            raise ValueError(
                f"`{self.kind}` must be an object, not a class: write "
                f"{identifier.__name__}(). Received: {identifier}"
            )
        if callable(identifier):
            return identifier
        name = snake_case(identifier) if isinstance(identifier, str) else None
        if name in self.classes:
            return self.classes[name]()
        near = difflib.get_close_matches(str(name), self.classes, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"Unknown `{self.kind}`.{hint} Known names: "
            f"{sorted(self.classes)}; or pass an object. "
            f"Received: {identifier!r}"
        )
