"""Precision, compilation, eager execution, memory: the same lesson."""

import gc
import multiprocessing
import os
from concurrent import futures

import keras
import numpy as np
import pytest
from conftest import RECIPES
from conftest import data_for
from conftest import same
from conftest import tiny_gan
from conftest import tiny_images
from conftest import tiny_recipe
from conftest import weights

import gan_keras as gk
from gan_keras import precision as precision_module


def data(batch_size=8):
    return gk.datasets.pipeline(tiny_images(32), batch_size=batch_size, seed=1)


def trained(epochs=2, **kwargs):
    keras.utils.set_random_seed(0)
    gan = tiny_gan()
    gan.compile(**kwargs)
    gan.fit(data(), epochs=epochs, verbose=0)
    return gan


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_steps_per_execution_changes_nothing(jit_compile):
    one = trained(jit_compile=jit_compile)
    for n in (3, 4):  # of four steps an epoch
        many = trained(jit_compile=jit_compile, steps_per_execution=n)
        assert same(weights(one), weights(many))


@pytest.mark.slow
def test_no_call_goes_beyond_the_steps_that_were_asked_for():
    gan = tiny_recipe("gan", steps=20)
    gan.augmentation = None
    assert gan.steps_per_execution == 8
    endless = data().repeat()
    calls = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: calls.append(int(gan.steps))
    )
    gan.fit(
        endless,
        epochs=2,
        steps_per_epoch=10,
        validation_data=endless,
        validation_steps=6,
        callbacks=[count],
        verbose=0,
    )
    # Two at a time: what divides 8, 10 and 6.
    assert calls == list(range(2, 21, 2))
    assert float(gan.g_optimizer.learning_rate) == 0
    assert gan.steps_per_execution == 8
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_test_batch_end=lambda batch, logs: seen.append(batch)
    )
    gan.evaluate(endless, steps=3, callbacks=[look], verbose=0)
    assert seen == [0, 1, 2]
    gan.fit(data(), verbose=0)  # and eight at a time again
    assert int(gan.steps) == 24 and gan.steps_per_execution == 8


@pytest.mark.slow
def test_callbacks_may_evaluate_and_save_meanwhile(tmp_path):
    gan = tiny_recipe("gan")
    gan.augmentation = None
    endless = data().repeat()
    calls = []

    class Busy(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append(int(gan.steps))

        def on_epoch_end(self, epoch, logs=None):
            gan.evaluate(endless, steps=3, verbose=0)
            gan.save(tmp_path / f"{epoch}.keras")

    gan.fit(data(), epochs=2, callbacks=[Busy()], verbose=0)
    assert calls == [4, 8]  # all four steps of the epoch in one call
    kwargs = {"callbacks": [Busy()], "verbose": 0, "initial_epoch": 2}
    gan.fit(endless, epochs=4, steps_per_epoch=6, **kwargs)
    assert calls[2:] == [10, 12, 14, 16, 18, 20]
    for epoch in range(4):
        saved = keras.saving.load_model(tmp_path / f"{epoch}.keras")
        assert saved.steps_per_execution == 8


@pytest.mark.slow
def test_steps_per_execution_measures_the_same():
    held_out = tiny_images(20, seed=3)  # three batches, the last one smaller
    found = []
    for n in (1, 2, 8):
        gan = trained(epochs=1, jit_compile=False, steps_per_execution=n)
        history = gan.fit(data(), validation_data=held_out, verbose=0).history
        measured = gan.evaluate(held_out, batch_size=8, verbose=0)
        gan.train_on_batch(held_out[:8])  # one step, whatever n is
        found.append((history, measured, int(gan.steps)))
    assert found[0] == found[1] == found[2]
    assert found[0][2] == 9


@pytest.mark.slow
def test_eager_execution_gives_the_same_weights_and_stops_at_breakpoints():
    lines = []

    class Watched(gk.losses.NonSaturating):
        def generator(self, real_logits, fake_logits):
            lines.append(fake_logits.numpy())  # as a debugger would
            return super().generator(real_logits, fake_logits)

    graph = trained(jit_compile=False)
    eager = trained(run_eagerly=True, loss=Watched())
    # (`compile` has asked for the shape of two images' losses.)
    assert [line.shape for line in lines] == [(2,)] + [(8,)] * 8
    for a, b in zip(weights(graph), weights(eager), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.slow
def test_xla_gives_the_same_weights_but_for_rounding():
    sgd = {
        "penalties": ["r1"],
        "d_optimizer": "sgd",
        "g_optimizer": "sgd",
    }
    plain = trained(jit_compile=False, **sgd)
    xla = trained(jit_compile=True, **sgd)
    for a, b in zip(weights(plain), weights(xla), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_compiles_with_xla(name):
    gan = tiny_recipe(name)
    config = gan.get_compile_config()
    gan.compile_from_config({**config, "jit_compile": True})
    assert gan.jit_compile and gan.supports_jit
    gan.fit(data_for(gan), verbose=0)
    assert gan.steps.numpy() == 4


@pytest.fixture
def policy():
    yield keras.mixed_precision.set_global_policy
    keras.mixed_precision.set_global_policy("float32")


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_bfloat16_trains_and_saves(name, policy, tmp_path):
    policy("mixed_bfloat16")
    gan = tiny_recipe(name, width=8)
    computed = {layer.compute_dtype for layer in gan.discriminator.layers}
    assert "bfloat16" in computed
    assert {w.dtype for w in gan.generator.trainable_variables} == {"float32"}
    before = weights(gan)
    history = gan.fit(data_for(gan), epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert not same(before, weights(gan))
    images = gan.generate(3)
    assert images.dtype == np.float32 and np.abs(images).max() <= 1
    labels = [[0, 1, 2]] if gan.needs_labels else []
    assert gan.judge(images, *labels).dtype == np.float32
    gan.save(tmp_path / "gan.keras")
    policy("float32")  # the file knows the policy of every layer
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert same(weights(gan), weights(again))
    for model in (gan, again):
        model.fit(data_for(gan), initial_epoch=2, epochs=3, verbose=0)
    assert same(weights(gan), weights(again))


def test_bfloat16_penalty_is_that_of_float32(policy):
    """R1 of the same networks, to bfloat16's three digits."""
    fines = []
    for name in ("float32", "mixed_bfloat16"):
        keras.utils.set_random_seed(0)
        policy(name)
        gan = tiny_gan()
        images = keras.ops.array(tiny_images(16))
        values = gk.penalties.R1()(gan.discriminate, images, images)
        assert values.dtype == "float32"
        fines.append(values.numpy())
    np.testing.assert_allclose(*fines, rtol=0.1)
    assert not np.array_equal(*fines)


@pytest.mark.parametrize(
    "vendor, flags, pays",
    [
        ("GenuineIntel", "avx512f avx512_bf16 amx_bf16 amx_tile", True),
        ("GenuineIntel", "avx512f avx512_bf16", False),
        ("AuthenticAMD", "avx2 avx512f avx512_bf16", True),
        ("AuthenticAMD", "avx2 fma", False),
    ],
)
def test_which_processors_multiply_16_bits_faster(
    vendor, flags, pays, tmp_path, monkeypatch
):
    file = tmp_path / "cpuinfo"
    core = f"processor\t: 0\nvendor_id\t: {vendor}\nflags\t\t: fpu {flags}\n\n"
    file.write_text(core + core)
    monkeypatch.setattr(precision_module, "CPUINFO", file)
    assert precision_module.sixteen_bits_pay() is pays
    file.write_text("Features\t: fp asimd bf16\n")  # as ARM's are called
    assert not precision_module.sixteen_bits_pay()
    file.unlink()
    assert not precision_module.sixteen_bits_pay()


def test_float16_is_refused(policy):
    policy("mixed_float16")
    with pytest.raises(ValueError, match="mixed_bfloat16.*'mixed_float16'"):
        tiny_gan()


def resident_mib():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.slow
@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="reads Linux' /proc"
)
def test_memory_does_not_grow_over_200_epochs(tmp_path):
    """In a process of its own: what other tests left is not its growth."""
    context = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(1, mp_context=context) as process:
        used = process.submit(memory_of_200_epochs, tmp_path).result()
    print(f"MiB after epoch 1, 20, 100, 200: {used[[0, 19, 99, 199]].round(1)}")
    # Python's lists of losses grow by some KiB; one file of weights kept in
    # memory an epoch (0.15 MiB) would add 24 MiB.
    assert np.median(used[-20:]) - np.median(used[20:40]) < 4


def memory_of_200_epochs(tmp_path):
    """All the callbacks of the command line, on a tiny set: MiB `[200]`."""
    used = []

    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            gc.collect()
            used.append(resident_mib())

    gan = tiny_gan()
    gan.compile()
    gan.fit(
        data(),
        epochs=200,
        verbose=0,
        callbacks=[
            gk.callbacks.DivergenceGuard(),
            gk.callbacks.Resume(tmp_path, seconds=0),
            gk.callbacks.CSVHistory(tmp_path / "history.csv"),
            gk.callbacks.SampleGrid(tmp_path),
            gk.callbacks.TensorBoardSamples(tmp_path / "logs"),
            Measure(),
        ],
    )
    return np.array(used)
