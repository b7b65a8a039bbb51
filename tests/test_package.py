"""What a newcomer meets first: importing, the version, the backend."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import gan_keras as gk


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_public_name_exists_and_is_documented():
    for name in gk.__all__:
        thing = getattr(gk, name)
        assert name == "__version__" or thing.__doc__, name


def test_the_training_step_exists_once():
    package = Path(gk.__file__).parent
    found = [
        path
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "def train_step" in line
    ]
    assert found == [package / "gan.py"]


@pytest.mark.slow
def test_another_backend_gets_one_clear_error():
    # A stand-in for a Keras that runs on JAX, which need not be installed.
    code = (
        "import keras; keras.backend.backend = lambda: 'jax'; import gan_keras"
    )
    result = python(code)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError") and "KERAS_BACKEND=tensorflow" in last
    assert "'jax'" in last


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "bogus"])
def test_a_backend_that_is_not_there_gets_the_same_error(name, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", name)
    # A stand-in for a machine without JAX, on those that have it.
    result = python("import sys; sys.modules['jax'] = None; import gan_keras")
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError") and "KERAS_BACKEND=tensorflow" in last
    assert name in last


@pytest.mark.slow
def test_import_leaves_the_heavy_libraries_alone():
    result = python(
        "import sys, keras\n"
        "before = set(sys.modules)\n"
        "import gan_keras\n"
        "print([m for m in ('matplotlib.pyplot', 'mlxtend', 'imageio',"
        " 'tensorboard', 'IPython') if m in set(sys.modules) - before])"
    )
    assert result.stdout == "[]\n", result.stderr


@pytest.mark.parametrize("module", ["gan_keras_cli"])
def test_the_command_line_parses_without_tensorflow(module):
    result = python(
        f"import sys, {module}\n"
        f"try: {module}.main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "print('tensorflow' in sys.modules, 'numpy' in sys.modules)"
    )
    assert result.stdout.strip().endswith("False False")


def test_the_command_is_installed():
    import gan_keras_cli

    scripts = metadata.entry_points(group="console_scripts", name="gan-keras")
    assert {script.load() for script in scripts} == {gan_keras_cli.main}
