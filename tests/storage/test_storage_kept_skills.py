import numpy as np

from robot_skills.core.skill import ReferenceFrame, Skill, SkillLibrary
from robot_skills.storage.kept_skills import KeptSkills
from robot_skills.storage.libraries import save_library

PNG = b"\x89PNG picture"


def skill_of(value):
    weights = {"linear.0.weight": np.full((2, 3), value, np.float32)}
    frame = ReferenceFrame("object", "?x")
    return Skill("pick", (), frame, {"chunk": 8}, weights, {}, np.zeros((1, 3)), 10, 3)


def library_of(value):
    return SkillLibrary("blocks", "ur5e", 20.0, (skill_of(value),), {})


def picture_in(folder):
    return folder / "skills" / "pick" / "card.png"


def refuse():
    raise AssertionError("must not be learned again")


def test_a_kept_skill_is_not_learned_again(tmp_path):
    KeptSkills(tmp_path / "library", "key").skill("pick", lambda: skill_of(1.5))
    kept = KeptSkills(tmp_path / "library", "key")
    again = kept.skill("pick", refuse)
    np.testing.assert_array_equal(again.weights["linear.0.weight"], 1.5)
    assert kept.found == ["pick"]
    kept.remove()
    assert list(tmp_path.iterdir()) == []


def test_other_inputs_learn_anew_and_old_work_is_removed(tmp_path):
    KeptSkills(tmp_path / "library", "old").skill("pick", lambda: skill_of(1.0))
    new = KeptSkills(tmp_path / "library", "new").skill("pick", lambda: skill_of(2.0))
    np.testing.assert_array_equal(new.weights["linear.0.weight"], 2.0)
    assert [p.name for p in (tmp_path / "library.training").iterdir()] == ["new"]


def test_a_picture_stays_while_its_skill_is_the_same(tmp_path):
    folder = save_library(tmp_path / "library", library_of(1.0), pictures={"pick": PNG})
    assert picture_in(folder).read_bytes() == PNG
    save_library(folder, library_of(1.0), replace=True)
    assert picture_in(folder).read_bytes() == PNG
    save_library(folder, library_of(2.0), replace=True)
    assert not picture_in(folder).exists()
