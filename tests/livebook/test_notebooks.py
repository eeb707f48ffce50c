"""Pages as notebooks: what a reader downloads can be read in Jupyter, and runs."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbclient import NotebookClient

from livebook.notebooks import Printed

SOURCE = r"""# Rain
(here)=

% a remark for authors

It rained {fact}`rain.total`, see {chart}`rain`; ``{fact}`x` `` prints a fact. {math}`a^2`
Read [snow](snow.md#deep), [about](../about.md) and {ref}`the others <others>`.

$$ m = 1 $$ (mean)

$$
m = 2
$$ (other)

:::{admonition} In this chapter
:class: objectives
- Rain: {fact}`rain.total`

About {sub-ref}`wordcount-minutes` minutes.
:::

::::{exercise} By hand
:label: by-hand
:::{tip}
Add.
:::
::::

````{solution} by-hand
It is {fact}`rain.total`:
```python
x = "{fact}`rain.total`"
```
````

```{literalinclude} code.py
:language: python
```

```{strange} thing
inside
```
"""
SHOWN = """# Rain


It rained 8 mm, see Figure 1; ``{fact}`x` `` prints a fact. $a^2$
Read [snow](snow.ipynb), about and the others.

$$ m = 1 $$

$$
m = 2
$$

> **In this chapter**
>
> - Rain: 8 mm
>
> About 3 minutes.

> **Exercise: By hand**
>
> > **Tip**
> >
> > Add.

<details><summary>Solution</summary>

It is 8 mm:
```python
x = "{fact}`rain.total`"
```

</details>

```python
wet = True
```

```{strange} thing
inside
```
"""


@pytest.fixture
def printed(tmp_path):
    (tmp_path / "code.py").write_text("wet = True\n", "utf-8")
    return Printed(
        document="pages/rain",
        fact={"rain.total": "8 mm"}.__getitem__,
        chart={"rain": "Figure 1"}.__getitem__,
        substitutions={"wordcount-minutes": "3"},
        documents={"pages/rain", "pages/snow"},
        folder=tmp_path,
    )


def test_roles_and_directives_become_plain_markdown(printed):
    shown = printed.markdown(SOURCE)
    assert [line.rstrip() for line in shown.splitlines()] == SHOWN.splitlines()


def notebook_of(book, name):
    return nbformat.reads((book.site / f"_notebooks/{name}.ipynb").read_text("utf-8"), 4)


def test_each_executed_page_offers_its_notebook_and_no_other_does(built):
    assert '<a href="../_notebooks/pages/rain.ipynb" download>' in built.page("pages/rain")
    assert "_notebooks" not in built.page("pages/about")
    assert sorted(path.name for path in (built.site / "_notebooks").rglob("*.*")) == [
        "rain.ipynb", "snow.ipynb",
    ]  # fmt: skip


def test_a_notebook_holds_the_numbers_that_the_page_prints(built):
    notebook = notebook_of(built, "pages/rain")
    nbformat.validate(notebook)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "# Rain: 8 mm\n\nIt rose. The mean" in text
    assert "The months are in Figure 1." in text
    assert "{fact}" not in text
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_a_notebook_runs_as_it_is_where_the_book_is(built):
    for name in ("pages/rain", "pages/snow"):
        notebook = notebook_of(built, name)
        NotebookClient(notebook, resources={"metadata": {"path": built.path("pages")}}).execute()
        outputs = [one for cell in notebook.cells for one in cell.get("outputs", [])]
        assert not [one for one in outputs if one.output_type == "error"]
        assert any("text/plain" in one.get("data", {}) for one in outputs)
    assert "snow.deep = 12.5 cm" in json.dumps(notebook)


def test_the_book_can_set_up_its_notebooks(book):
    book.edit(
        "_config.yml",
        "    language: en\n",
        "    language: en\n    livebook_notebook_setup: x = 1\n",
    )
    book.build()
    cells = notebook_of(book, "pages/snow").cells
    assert (cells[1].cell_type, cells[1].source) == ("code", "x = 1")
    assert notebook_of(book, "pages/rain").cells[1].source.endswith("\n\nx = 1")
