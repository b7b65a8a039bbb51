"""The tutorials: in step with their notebooks, and every cell runs."""

import importlib.util
import re
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parent.parent / "tutorials"
SOURCES = sorted(TUTORIALS.glob("[0-9][0-9]_*.py"))
by_name = pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location(
        "build", TUTORIALS / "build.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@by_name
def test_the_notebook_is_that_of_its_source(build, source):
    import nbformat

    made = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    # Without outputs, too: `notebook` makes none.
    assert made == build.notebook(source)


@by_name
def test_form(source):
    text = source.read_text(encoding="utf-8")
    assert re.match(r"# %% \[markdown\]\n# # \d+\. ", text)
    head = text.split("# %%")[1]
    assert "?" in head  # one question at the top
    assert "minute" in head  # its running time
    # Its own exercises, at least three.
    names = set(re.findall(r'exercises\.check\(\s*"(\w+)"', text))
    assert len(names) >= 3
    # A figure in the text has an alt text.
    assert "![](" not in text


@pytest.mark.slow
@by_name
def test_every_cell_runs(build, source, tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_KERAS_SMOKE", "1")
    build.execute(source, tmp_path)


@pytest.mark.release
@by_name
def test_in_full_within_six_minutes(build, source, tmp_path, monkeypatch):
    monkeypatch.delenv("GAN_KERAS_SMOKE", raising=False)
    _, seconds = build.execute(source, tmp_path)
    assert seconds < 360
