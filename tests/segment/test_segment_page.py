import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import PROGRAM, Browser

from robot_skills.core.demonstration import (
    Channel,
    ChannelKind,
    Demonstration,
    Segment,
    SegmentRole,
)
from robot_skills.core.errors import InputError
from robot_skills.segment import Segmentation, SegmentConfig
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.show.page import write_index, write_page
from robot_skills.segment.show.plots import POINTS, plots, thinned
from robot_skills.segment.signals import read_signals
from robot_skills.storage.segments import SegmentTable
from robot_skills.storage.video import VideoWriter

RATE_HZ = 20.0
STEPS = 200
EVIL = "</script><script>document.title='pwned'</script><b onload=x>'\"&"
VOID = {"meta", "input", "br", "img"}


def demonstration(name="tea", steps=STEPS, **others):
    t = np.linspace(0, 6, steps)[:, None]
    channels = {
        "ee": Channel(np.concatenate([np.sin(t), np.cos(t), t], axis=1), "m", ChannelKind.POSE),
        "gripper": Channel((t > 3).astype(float), "m", ChannelKind.GRIPPER),
        "wrench": Channel(np.tile(t, (1, 6)), "N", ChannelKind.WRENCH, columns=tuple("abcdef")),
    }
    return Demonstration(name, RATE_HZ, channels, **others)


def segmented(one, roles=("skill", "idle", "extraneous", "repetition"), skill="pour"):
    edges = np.linspace(0, one.steps, len(roles) + 1).astype(int)
    pieces = [
        Segment(
            *(one.name, int(start), int(stop)),
            skill=skill if role in ("skill", "repetition") else "",
            confidence=0.25 + 0.2 * number,
            cause="gripper",
            role=SegmentRole(role),
        )
        for number, (start, stop, role) in enumerate(zip(edges[:-1], edges[1:], roles, strict=True))
    ]
    samples = round(one.steps / one.rate_hz * 20)
    wave = np.sin(np.linspace(0, 9, samples))
    surprise = Surprise(wave, {"motion": wave / 2, "action": wave / 3})
    return Segmentation(
        pieces, {one.name: read_signals(one, SegmentConfig())}, {one.name: surprise}, []
    )


@pytest.fixture
def filmed(tmp_path):
    """A demonstration whose video turns from black to white half-way."""
    with VideoWriter(tmp_path / "front.mp4", (48, 64), RATE_HZ) as video:
        for step in range(STEPS):
            video.write(np.full((48, 64, 3), 255 * (step >= STEPS / 2), dtype=np.uint8))
    return demonstration(video={"front": tmp_path / "front.mp4"})


class Balance(HTMLParser):
    """Fails where an element is closed that is not open; keeps what it meets."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def classes(self, name):
        return [a for _, a in self.seen if name in (a.get("class") or "").split()]


def page_of(tmp_path, one, found, **others):
    file = tmp_path / "page.html"
    write_page(file, one, found, **others)
    return file.read_text()


def test_the_page_is_well_formed_and_loads_nothing(tmp_path, filmed):
    text = page_of(tmp_path, filmed, segmented(filmed), truth_s=(2.0, 5.0))
    page = Balance(text)
    assert all(link.startswith(("#t=", "data:video/mp4;base64,")) for link in page.links)
    assert not re.search(r"https?://|@import|url\(|fetch\(", text)


def test_every_segment_cut_and_true_boundary_is_at_its_place(tmp_path):
    one = demonstration()
    page = Balance(page_of(tmp_path, one, segmented(one), truth_s=(2.0,)))
    blocks = [a["style"] for a in page.classes("piece")]
    assert [re.search(r"left:([\d.]+)%;width:([\d.]+)%", b).groups() for b in blocks] == [
        (f"{25 * k:.3f}", "25.000") for k in range(4)
    ]
    assert [a["href"] for a in page.classes("lone")] == ["#t=2.500", "#t=5.000", "#t=7.500"]
    assert [a["style"] for tag, a in page.seen if tag == "u"] == ["left:20.000%"]
    assert {"idle", "extraneous", "repetition"} <= {
        c["class"].split()[1] for c in page.classes("piece")
    }


def test_a_surer_cut_is_taller_and_darker(tmp_path):
    one = demonstration()
    page = Balance(page_of(tmp_path, one, segmented(one)))
    heights = [int(re.search(r"height:(\d+)%", a["style"])[1]) for a in page.classes("lone")]
    assert heights == [45, 65, 85]
    shades = [
        float(a["style"].split("opacity:")[1])
        for t, a in page.seen
        if t == "i" and "opacity" in a.get("style", "")
    ]
    assert shades == sorted(shades) and shades[0] < shades[-1]


def test_words_of_a_user_never_become_markup(tmp_path):
    one = demonstration(EVIL, instruction=EVIL)
    found = replace(segmented(one, skill=EVIL), notes=[f"{EVIL}: {EVIL}"])
    text = page_of(tmp_path, one, found)
    assert "<script>document.title" not in text
    page = Balance(text)
    assert not [a for _, a in page.seen if "onload" in a]
    data = re.search(r"id='data'>(.*?)</script>", text)[1]
    assert json.loads(data)["segments"][0]["name"] == EVIL


def test_without_a_video_the_signals_stand_alone(tmp_path):
    one = demonstration()
    page = Balance(page_of(tmp_path, one, segmented(one)))
    assert "video" not in {tag for tag, _ in page.seen}
    assert len(page.classes("plot")) == 5  # position, speed, gripper, force, surprise


def test_a_page_of_what_was_not_cut_or_filmed_is_refused(tmp_path, filmed):
    with pytest.raises(InputError, match="no segments of other"):
        write_page(tmp_path / "p.html", demonstration("other"), segmented(filmed))
    with pytest.raises(InputError, match="camera"):
        write_page(tmp_path / "p.html", filmed, segmented(filmed), camera="wrist")
    assert not (tmp_path / "p.html").exists()


def test_thinning_bounds_the_points_and_keeps_every_peak():
    values = np.zeros(100_000)
    values[54_321], values[77_777] = 5.0, -3.0
    line = thinned("", values, 20.0)
    assert len(line.values) <= POINTS
    assert line.values.max() == 5.0 and line.values.min() == -3.0
    assert line.time_s[line.values.argmax()] == 54_321 / 20.0
    assert np.all(np.diff(line.time_s) >= 0)


def test_an_hour_of_signals_stays_small(tmp_path):
    one = demonstration(steps=round(3600 * RATE_HZ))
    text = page_of(tmp_path, one, segmented(one, roles=("skill",) * 300))
    assert len(text) < 1_000_000


def test_a_bare_video_is_plotted_by_what_moves_in_it():
    flow = Channel(np.abs(np.random.default_rng(0).normal(size=(50, 8))), "", ChannelKind.FLOW)
    one = Demonstration("clip", 10.0, {"front/flow": flow})
    drawn = plots(one, Segmentation([Segment("clip", 0, 50)], {}, {}, []))
    assert [plot.name for plot in drawn] == ["movement in the picture"]
    assert drawn[0].lines[0].time_s[-1] == pytest.approx(4.9)


def test_the_index_links_each_demonstration_and_draws_its_strip(tmp_path):
    one, two = demonstration("tea & milk"), demonstration("coffee")
    pieces = [*segmented(one).segments, *segmented(two).segments]
    table = SegmentTable(tuple(pieces), {one.name: RATE_HZ, two.name: RATE_HZ}, {}, ("a note",))
    table = replace(table, skipped={"milk.mp4": "no <video>"})
    write_index(tmp_path / "index.html", table, {one.name: tmp_path / "pages" / "tea & milk.html"})
    text = (tmp_path / "index.html").read_text()
    assert "a note" in text and "skipped: milk.mp4: no &lt;video&gt;" in text
    page = Balance(text)
    assert page.links == ["pages/tea%20%26%20milk.html"]
    assert len(page.classes("ministrip")) == 2 and len(page.classes("piece")) == 8


def moment(browser):
    return browser.ask("time.textContent + ' ' + document.getElementById('name').textContent")


def place(browser, share):
    """Where on the screen a share of the recording is."""
    box = json.loads(browser.ask("JSON.stringify(over.getBoundingClientRect())"))
    return box["left"] + share * box["width"], box["top"] + 40


WHITE = """(() => { const pen = document.createElement('canvas').getContext('2d');
  pen.drawImage(film, 0, 0, 8, 8); return pen.getImageData(4, 4, 1, 1).data[0] > 128; })()"""


@pytest.mark.skipif(PROGRAM is None, reason="needs Chromium or Chrome")
def test_in_a_browser_cursor_and_video_follow_pointer_keys_and_the_list(tmp_path, filmed):
    write_page(tmp_path / "page.html", filmed, segmented(filmed))
    with Browser(tmp_path / "profile") as browser:
        browser.open(f"{(tmp_path / 'page.html').as_uri()}#t=1.5")
        assert moment(browser) == "1.50 s pour"
        browser.mouse("mouseMoved", *place(browser, 0.3))
        browser.wait_for("Math.abs(parseFloat(time.textContent) - 3) < 0.02")
        browser.wait_for(f"Math.abs(film.currentTime - 3) < 0.1 && !film.seeking && !{WHITE}")
        browser.key("n")
        assert moment(browser) == "5.00 s extraneous"
        browser.key("ArrowRight")
        browser.key("ArrowLeft", shift=True)
        assert moment(browser) == "4.05 s idle"
        browser.key("End")
        browser.key("p")
        assert moment(browser) == "7.50 s pour"
        browser.ask("document.querySelectorAll('tbody tr')[0].click()")
        assert moment(browser) == "2.50 s idle"
        assert browser.ask(
            "[...document.querySelectorAll('tbody tr.here a')].map(a => a.hash)"
        ) == ["#t=2.500"]
        browser.mouse("mousePressed", *place(browser, 0.6))
        browser.mouse("mouseMoved", *place(browser, 0.9))
        browser.mouse("mouseReleased", *place(browser, 0.9))
        browser.wait_for(f"Math.abs(film.currentTime - 9) < 0.1 && !film.seeking && {WHITE}")
