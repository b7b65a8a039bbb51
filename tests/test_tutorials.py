"""The tutorials: in step with their notebooks, and every cell runs."""

import html
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


# Lines that put a figure below their cell (those in functions do not count).
DRAWS = re.compile(r"^(plt\.show|display|gk\.plots\.\w+)\(", re.MULTILINE)
SHOWN = "What you should see:"


def alt_texts(cell):
    """Of the figures below a cell."""
    pages = [o.get("data", {}).get("text/html", "") for o in cell.outputs]
    return [t for page in pages for t in re.findall(r'<img alt="(.*?)"', page)]


@by_name
def test_figures_get_the_text_behind_them(build, source):
    from nbformat import v4

    made = build.notebook(source)
    for cell in made.cells:
        if cell.cell_type == "code":  # as if each had drawn something
            figure = v4.new_output("display_data", {"image/png": "iVBO"})
            cell.outputs = [figure]
    build.describe(made)
    drawing = [cell for cell in made.cells if DRAWS.search(cell.source)]
    assert drawing
    for cell in drawing:
        (alt,) = alt_texts(cell)
        assert len(alt) > 20, cell.source
        assert SHOWN not in alt
        assert not alt.startswith("*") and not alt.endswith("*")
    # And no text is lost.
    for cell, after in zip(made.cells, made.cells[1:]):
        if after.cell_type == "markdown" and SHOWN in after.source:
            (alt,) = alt_texts(cell)
            words = after.source.partition(SHOWN)[2].split()
            assert html.unescape(alt).split()[:3] == words[:3]


def test_what_is_shown(build):
    def shown(text):
        return build.shown(f"{text}\n\nMore.")

    assert shown("What you should see: a *red*\ndot.") == "a red dot."
    assert shown("*What you should see: a\ndot.* G drew it.") == "a dot."
    text = "What you should see: it follows D*, *nearly*."
    assert shown(text) == "it follows D*, nearly."
    assert shown("You should see a dot.") == ""


@pytest.mark.slow
@by_name
def test_every_cell_runs(build, source, tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_KERAS_SMOKE", "1")
    made, _ = build.execute(source, tmp_path)
    build.describe(made)
    for cell in made.cells:
        if cell.cell_type == "code":
            assert all(alt_texts(cell)), cell.source
            if re.search(r"^(plt\.show|gk\.plots\.)", cell.source, re.M):
                assert alt_texts(cell), f"no figure of: {cell.source}"


@pytest.mark.release
@by_name
def test_in_full_within_six_minutes(build, source, tmp_path, monkeypatch):
    monkeypatch.delenv("GAN_KERAS_SMOKE", raising=False)
    _, seconds = build.execute(source, tmp_path)
    assert seconds < 360
