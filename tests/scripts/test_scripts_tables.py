import make_tables
import pytest
from results import RESULTS, Figure, write_results

PAGE = "before\n<!-- table: blocks{} -->\nold\n<!-- end table -->\nafter\n"


@pytest.fixture
def results(tmp_path):
    figures = {
        "unseen_success": Figure(0.876, "share", 0.8, 0.92, 250),
        "demo_minutes": Figure(11.25, "min"),
        "twin_completed": Figure(1, "1 or 0"),
        "f1_human": Figure(None, "share", note="no recordings on this machine"),
    }
    write_results("blocks", figures, [0], folder=tmp_path)
    return tmp_path


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def test_a_table_shows_value_unit_interval_and_note(results):
    filled = make_tables.fill(PAGE.format(""), results)
    assert rows(filled) == [
        "| unseen success | 87.6 % | 80 % to 92 % | 250 |  |",
        "| demo minutes | 11.2 min |  |  |  |",
        "| twin completed | yes |  |  |  |",
        "| f1 human | not measured |  |  | no recordings on this machine |",
    ]
    assert filled.startswith("before\n<!-- table: blocks -->\n")
    assert filled.endswith("<!-- end table -->\nafter\n")
    assert "old" not in filled


def test_patterns_choose_figures_and_their_order(results):
    filled = make_tables.fill(PAGE.format(" twin_* unseen_*"), results)
    assert [row.split(" |")[0] for row in rows(filled)] == ["| twin completed", "| unseen success"]


def test_filling_twice_is_filling_once(results):
    once = make_tables.fill(PAGE.format(""), results)
    assert make_tables.fill(once, results) == once


def test_what_was_not_measured_says_so(tmp_path):
    assert "Not measured yet." in make_tables.fill(PAGE.format(""), tmp_path)


@pytest.mark.parametrize("page", make_tables.pages(), ids=lambda page: page.name)
def test_the_tables_of_this_checkout_are_up_to_date(page):
    text = page.read_text()
    assert make_tables.fill(text, RESULTS) == text, "run `make docs`"


def test_a_grid_sets_rows_against_columns_and_may_be_turned(tmp_path):
    share = {"task/tower/skills": Figure(1.0, "share", 0.9, 1.0, 50)}
    none = {"task/tower/flat": Figure(None, "share", note="no library")}
    write_results("blocks", share | none, [0], folder=tmp_path)
    page = "<!-- grid: blocks task{} -->\n<!-- end table -->\n"
    straight = make_tables.fill(page.format(""), tmp_path)
    assert "|  | skills | flat |\n|---|---|---|\n" in straight
    assert "| tower | 100 % (90 % to 100 %) | not measured |" in straight
    turned = make_tables.fill(page.format(" turned"), tmp_path)
    assert "|  | tower |\n" in turned
    assert "| skills | 100 % (90 % to 100 %) |" in turned


def test_patterns_choose_what_a_grid_shows(tmp_path):
    names = ("task/tower/skills", "task/swap/skills", "task/swap/flat", "task/pair/skills")
    write_results("blocks", {name: Figure(1.0, "share") for name in names}, [0], folder=tmp_path)
    page = "<!-- grid: blocks task turned swap to* -->\n<!-- end table -->\n"
    filled = make_tables.fill(page, tmp_path)
    assert "|  | swap | tower |\n" in filled and "pair" not in filled
    loose = "<!-- grid: blocks - turned precision -->\n<!-- end table -->\n"
    write_results("blocks", {"precision/rim": Figure(0.5, "")}, [0], folder=tmp_path)
    assert "| rim | 0.5 |" in make_tables.fill(loose, tmp_path)
