"""How a GAN goes to disk and comes back, compiled and ready to train on."""

import os

import keras

from gan_keras import execution
from gan_keras import files


class Saving:
    """The part of `GAN` that Keras' saving calls; nothing about learning.

    Three things that a subclassed model would otherwise lose: its networks
    (models as constructor arguments need a `get_config`), its rules (an
    overridden `compile` needs `get_compile_config`), and the state of the
    random generators in its layers, which Keras does not save at all.
    """

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "ema_decay": self.ema_decay,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for key in ("generator", "discriminator"):
            config[key] = keras.saving.deserialize_keras_object(
                config[key], custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.saving.serialize_keras_object
        return {
            "d_optimizer": serialize(self.d_optimizer),
            "g_optimizer": serialize(self.g_optimizer),
            "loss": serialize(self.loss),
            "penalties": [serialize(penalty) for penalty in self.penalties],
            "auxiliaries": [serialize(one) for one in self.auxiliaries],
            "augmentation": serialize(self.augmentation),
            "critic_steps": self.critic_steps,
            # An extractor of one's own is not a part of the model, and its
            # name would not bring it back.
            "metrics": [
                serialize(metric)
                for metric in self._means.images
                if getattr(metric, "standard", False)
            ],
            "jit_compile": self._jit_compile_asked,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": execution.asked(self),
        }

    def compile_from_config(self, config):
        self.compile(**config)

    def export_generator(self, path):
        """Writes the averaged generator alone, to be used without gan_keras.

        Args:
            path: A name ending in `.keras` for a Keras file, which
                `keras.saving.load_model` reads; any other for a directory
                with a TensorFlow SavedModel, which runs by
                `model = tf.saved_model.load(path)`, `model.serve(latents)`.
                It must not exist yet.

        Raises:
            ValueError: If the path exists, or if it is to be a Keras file and
                the generator has layers that only gan_keras knows.
        """
        path = os.path.normpath(os.fspath(path))  # without a slash at its end
        if os.path.exists(path):
            raise ValueError(
                "`path` exists already, and is not overwritten. "
                f"Received: path={path!r}"
            )
        if not path.endswith(".keras"):
            files.replace_directory(
                path,
                lambda path: self.ema_generator.export(path, verbose=False),
            )
            return
        for layer in self.ema_generator._flatten_layers():
            if not type(layer).__module__.startswith("keras."):
                raise ValueError(
                    "`path` ends in .keras, but a Keras file of this "
                    "generator could not be read without the package of its "
                    f"layer {layer.name!r}. Leave .keras away to write a "
                    f"SavedModel instead. Received: path={path!r}"
                )
        files.replace_file(path, self.ema_generator.save)

    def save_own_variables(self, store):
        for name, variable in self._named_variables().items():
            store[name] = variable.numpy()

    def load_own_variables(self, store):
        for name, variable in self._named_variables().items():
            variable.assign(store[name][()])

    def _named_variables(self):
        """What belongs to no layer, by the name that a file has it under."""
        random = enumerate(self._random_states())
        own = enumerate(self.own_variables())
        return {
            "steps": self.steps,
            **{f"random_{i}": variable for i, variable in random},
            **{f"own_{i}": variable for i, variable in own},
        }

    def own_variables(self):
        """What a class derived from `GAN` has made with `add_weight`."""
        own = self._trainable_variables + self._non_trainable_variables
        return [variable for variable in own if variable is not self.steps]

    def _random_states(self):
        """The states of dropout and its kin, in a fixed order."""
        return [v for v in self.variables if v.name == "seed_generator_state"]
