"""Headings that a cell prints become sections of its page."""

from __future__ import annotations

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

from livebook.nodes import chart_figure, table_list
from livebook.sections import MakeSections


def heading(level, text):
    return nodes.rubric(text, text, level=level)


@pytest.fixture
def page():
    """A page with an introduction and a cell, into which a test puts outputs."""
    document = new_document("page", get_default_settings())
    first = nodes.section("", nodes.title("", "Tables"), ids=["tables"])
    introduction = nodes.section("", nodes.title("", "Before"), ids=["before"])
    cell = nodes.container(nb_element="cell_code", cell_metadata={"tags": ["sections"]})
    introduction += [nodes.paragraph("", "Read this."), cell]
    first += introduction
    document += first

    def printed(*outputs):
        # As MyST-NB wraps them: one box for all, and in it one for each output in its formats.
        box = nodes.container(nb_element="cell_code_output")
        cell.append(box)
        for output in outputs:
            markdown = nodes.container("", *output, mime_type="text/markdown")
            plain = nodes.container(
                "", nodes.literal_block("", "<Markdown>"), mime_type="text/plain"
            )
            box.append(nodes.container("", plain, markdown, nb_element="mime_bundle"))
        MakeSections(document).apply()
        return first

    return printed


def outline(section):
    return {
        part[0].astext(): outline(part)
        for part in section.children
        if isinstance(part, nodes.section)
    }


def test_sections_stand_beside_that_of_the_cell_and_below_each_other(page):
    first = page(
        [heading(2, "Accounts")],
        [heading(3, "Value added"), nodes.paragraph("", "by sector")],
        [heading(3, "Growth")],
        [heading(2, "Provinces")],
    )
    assert outline(first) == {
        "Before": {},
        "Accounts": {"Value added": {}, "Growth": {}},
        "Provinces": {},
    }
    assert [section["ids"] for section in first.findall(nodes.section)] == [
        ["tables"], ["before"], ["accounts"], ["value-added"], ["growth"], ["provinces"]
    ]  # fmt: skip
    assert "nb_element" not in str(first[1].attributes)


def test_a_deeper_heading_stays_in_the_section_of_the_cell(page):
    first = page([heading(3, "Within")], [heading(2, "Beside")], [heading(4, "Below")])
    assert outline(first) == {"Before": {"Within": {}}, "Beside": {"Below": {}}}


def test_charts_and_tables_stand_freely_and_other_output_in_its_box(page):
    first = page(
        [heading(2, "Rain"), table_list(name="rain")],
        [chart_figure(name="rain")],
        [nodes.paragraph("", "In mm.")],
    )
    rain = first[-1]
    assert [type(part) for part in rain.children] == [
        nodes.title, table_list, chart_figure, nodes.container
    ]  # fmt: skip
    assert rain[-1]["nb_element"] == "cell_code"
    assert rain[-1][0]["nb_element"] == "cell_code_output"
    assert rain[-1].astext() == "In mm."


def test_two_headings_of_one_text_have_anchors_of_their_own(page):
    first = page([heading(2, "Rain")], [heading(2, "Rain")])
    ids = [section["ids"][0] for section in first.findall(nodes.section)]
    assert len(set(ids)) == len(ids)


def test_the_anchor_that_a_heading_has_is_kept(page):
    rain = heading(2, "Rain")
    rain["ids"], rain["names"] = ["wet"], ["rain"]
    first = page([rain])
    assert first[-1]["ids"] == ["wet"]
    assert first.document.ids["wet"] is first[-1]


def test_output_before_the_first_heading_stays_where_the_cell_was(page):
    first = page([nodes.paragraph("", "38 tables")], [heading(2, "Rain")])
    assert first.astext().index("38 tables") < first.astext().index("Rain")
    assert outline(first) == {"Before": {}, "Rain": {}}


def test_a_cell_without_the_tag_is_left_alone():
    document = new_document("page", get_default_settings())
    output = nodes.container("", heading(2, "Rain"))
    document += nodes.container("", output, nb_element="cell_code", cell_metadata={"tags": []})
    before = document.pformat()
    MakeSections(document).apply()
    assert document.pformat() == before
