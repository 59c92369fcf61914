import subprocess

from robot_skills.core.revision import revision


def git(folder, *words):
    own = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.check_output(["git", *own, *words], cwd=folder, text=True).strip()


def test_a_revision_says_whether_files_differ_from_it(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("one")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert revision(tmp_path) == head
    file.write_text("two")
    assert revision(tmp_path) == f"{head}-dirty"


def test_what_is_no_checkout_has_no_revision(tmp_path):
    assert revision(tmp_path) == ""
