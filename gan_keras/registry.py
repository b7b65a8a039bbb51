"""Names for the ingredients, so that `loss="least_squares"` works."""

import difflib
import re
import types

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
        attributes: Tuple of strings, by which an object of that kind is known.
    """

    def __init__(self, kind, attributes=("__call__",)):
        self.kind = kind
        self.attributes = attributes
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
        if all(hasattr(identifier, name) for name in self.attributes):
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


def own_classes(parts):
    """The classes of these objects that Keras and this package do not know.

    Args:
        parts: List of layers, penalties and the like; None and functions
            among them are passed over.

    Returns:
        Dict for `keras.saving.custom_object_scope`: classes from a notebook,
        which need not be registered, by their names.
    """
    return {
        type(part).__name__: type(part)
        for part in parts
        if not type(part).__module__.startswith(("keras.", "gan_keras."))
        and not isinstance(part, (types.FunctionType, types.NoneType))
    }


def get_all_of(kind, get, identifiers, example):
    """A list of ingredients from a list of names, configs and objects.

    Args:
        kind: String, the name of the argument.
        get: Callable, from a name, config or object to the ingredient.
        identifiers: What was passed.
        example: String, what could have been.

    Raises:
        ValueError: If it is not a list, or two have the same name.
    """
    if not isinstance(identifiers, (list, tuple)):
        raise ValueError(
            f"`{kind}` must be a list, e.g. `{kind}={example}`, or `[]` for "
            f"none. Received: {kind}={identifiers!r}"
        )
    found = [get(identifier) for identifier in identifiers]
    for ingredient in found:
        if not isinstance(getattr(ingredient, "name", None), str):
            raise ValueError(
                f"`{kind}` are logged under their names, and need an "
                "attribute `name`; a function `f` can be given one, "
                f"`f.name = 'mine'`. Received: {ingredient!r}"
            )
    names = [ingredient.name for ingredient in found]
    if len(set(names)) < len(names):
        raise ValueError(
            f"`{kind}` must have different names, since each is logged "
            f"under its own; pass `name=`. Received: {names}"
        )
    return found
