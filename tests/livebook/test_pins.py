"""What livebook relies on in the insides of other libraries."""

from __future__ import annotations

import inspect

import myst_nb.sphinx_
from myst_nb.core.execute.base import NotebookClientBase


def test_myst_nb_executes_a_notebook_where_livebook_takes_over():
    parameters = inspect.signature(myst_nb.sphinx_.create_client).parameters
    assert list(parameters)[:4] == ["notebook", "source", "nb_config", "logger"]
    # The reader looks the function up in its module each time.
    assert "create_client" in myst_nb.sphinx_.Parser.parse.__code__.co_names


def test_myst_nb_asks_its_client_for_what_livebook_gives():
    assert list(inspect.signature(NotebookClientBase).parameters)[:4] == [
        "notebook",
        "path",
        "nb_config",
        "logger",
    ]
    assert "self.start_client()" in inspect.getsource(NotebookClientBase.__enter__)
