"""The demo's report: one HTML file that needs nothing beside it, and the picture of the chain."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_skills.cli.pictures import colour_of
from robot_skills.cli.report_style import STYLE

if TYPE_CHECKING:
    from robot_skills.cli.stages import StageNote
    from robot_skills.core.skill import Operator, SkillLibrary

KINDS = {".png": "image/png", ".mp4": "video/mp4"}
FRAMES = {
    "object": "moves relative to the thing it works on",
    "goal": "moves relative to where the thing shall end up",
}


def write_report(
    folder: Path, notes: "Mapping[str, StageNote]", summary: Mapping[str, Any]
) -> None:
    """Write report.html and, where there are pictures, chain.png in the demo's folder."""
    from robot_skills.storage.atomic import write_text
    from robot_skills.storage.libraries import load_library

    library = load_library(folder / "library")
    found = {name: note.found for name, note in notes.items()}
    if found["record"]["filmed"]:
        draw_chain_of(folder, found, library, folder / "chain.png")
    sections = [
        _head(found, summary),
        _picture(folder / "chain.png", "The whole chain, from recordings to an unseen task"),
        *_recorded(folder, found),
        *_skills(folder, found, library),
        *_planned(found["run"]),
        *_evaluated(found["evaluate"]),
        *_filmed(folder, found["run"]),
        *_deployed(folder, found.get("deploy")),
        *_costs(notes, summary),
    ]
    body = "\n".join(sections)
    head = f"<meta charset='utf-8'><title>robot_skills demo</title><style>{STYLE}</style>"
    page = f"<!doctype html><html lang='en'>{head}<main>{body}</main></html>\n"
    write_text(folder / "report.html", page)


def draw_chain_of(
    folder: Path, found: Mapping[str, Mapping[str, Any]], library: "SkillLibrary", path: Path
) -> None:
    """The picture of the chain from the pictures and notes that the stages left in `folder`."""
    from robot_skills.cli.pictures import Chain, draw_chain, load_image, operator_lines
    from robot_skills.core.demonstration import Segment

    shown, run = found["segment"], found["run"]
    pieces = [Segment(**piece) for piece in found["train"]["segments"]]
    chain = Chain(
        film=load_image(folder / "pictures" / "film.png"),
        segments=[piece for piece in pieces if piece.demonstration == shown["shown"]],
        steps=shown["steps"],
        skills={skill.name: operator_lines(skill.operators) for skill in library.skills},
        goal=run["goal"],
        plan=[(step["step"], step["skill"]) for step in run["plan"]],
        run=load_image(folder / "pictures" / "unseen.png"),
    )
    draw_chain(path, chain)


# Sections


def _head(found: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    totals = {row["name"]: row["success"] for row in found["evaluate"]["totals"]}
    seen, unseen = (totals.get(f"{kind} tasks") for kind in ("seen", "unseen"))
    twin = "completed" if summary["twin_completed"] else "not completed"
    figures = [
        (str(found["record"]["demonstrations"]), "unlabelled demonstrations"),
        (_percent(unseen), "success at tasks nobody demonstrated"),
        (_percent(seen), "success at the tasks demonstrated"),
        (twin, "unseen task on the twin of a real arm"),
        (f"{summary['demo_minutes']:.1f} min", "for all of this"),
    ]
    boxes = "".join(f"<div><b>{escape(a)}</b><span>{escape(b)}</span></div>" for a, b in figures)
    return (
        "<h1>From unlabelled demonstrations to tasks nobody showed</h1>"
        "<p>A robot arm was shown whole tasks, without any label. The recordings were cut into "
        "pieces, pieces that recur became skills, and a planner chained the skills towards new "
        "goals. This page tells what came of it, in the order in which it happened.</p>"
        f"<div class='figures'>{boxes}</div>"
    )


def _recorded(folder: Path, found: Mapping[str, Any]) -> Iterable[str]:
    record, cut = found["record"], found["segment"]
    yield (
        f"<h2>1. Recorded</h2><p>{record['demonstrations']} demonstrations of seen tasks, "
        f"{record['robot_minutes']:.0f} minutes in all, by a scripted operator that hesitates, "
        "takes detours and fumbles as people do. Joints, gripper and object poses are kept"
        f"{', and a film' if record['filmed'] else ''}; what the operator had in mind is not.</p>"
    )
    yield _picture(folder / "pictures" / "film.png", f"{cut['shown']}, from start to end")
    score = cut["score"]
    yield (
        "<h2>2. Cut</h2><p>A cut is made where the next actions and states become hard to "
        "predict: where a demonstrator decides what to do next. Nothing but recorded signals is "
        f"looked at. {cut['cuts']} cuts were made; against what the operator was really doing, "
        f"within half a second, F1 is {score['f1']:.2f} ({score['low']:.2f} to "
        f"{score['high']:.2f}, {score['n']} true changes).</p>"
    )
    yield _picture(folder / "timeline.png", f"Timeline of {cut['shown']}")


def _skills(folder: Path, found: Mapping[str, Any], library: "SkillLibrary") -> Iterable[str]:
    yield (
        f"<h2>3. Skills</h2><p>Pieces that change the same facts in the same frame became "
        f"{len(library.skills)} skills; how many was not given, and their names come from what "
        f"they bring about. Pieces that fitted nowhere and were left out: "
        f"{found['train']['left_over']}.</p>"
    )
    names = [skill.name for skill in library.skills]
    for skill in library.skills:
        colour = colour_of(skill.name, names)
        yield f"<section class='skill' style='border-color:{colour}'><h3>{escape(skill.name)}</h3>"
        yield f"<p>It {FRAMES[skill.frame.kind]}; learned from {skill.segments} segments.</p>"
        yield _picture(folder / "pictures" / f"skill_{skill.name}.png", "One of its segments")
        yield "".join(_operator(operator) for operator in skill.operators) + "</section>"


def _operator(operator: "Operator") -> str:
    from robot_skills.core.facts import format_facts

    parameters = ", ".join(f"{p.name}: {p.type}" for p in operator.parameters)
    rows = [
        ("needs", operator.preconditions),
        ("brings about", operator.add),
        ("ends", operator.delete),
    ]
    lines = "".join(
        f"<tr><td>{name}</td><td><code>{escape(format_facts(facts)) or 'nothing'}</code></td></tr>"
        for name, facts in rows
    )
    head = f"<code><b>{escape(operator.name)}</b>({escape(parameters)})</code>"
    return f"<p>{head}, seen {operator.support} times</p><table class='plain'>{lines}</table>"


def _planned(run: Mapping[str, Any]) -> Iterable[str]:
    yield (
        f"<h2>4. A plan for an unseen task</h2><p>Task <b>{escape(run['task'])}</b>, which no "
        "demonstration shows. From the facts that hold at the start to those that shall hold:</p>"
        f"<p><b>start</b> <code>{escape(run['start'])}</code><br>"
        f"<b>goal</b> <code>{escape(run['goal'])}</code></p>"
        f"<pre>{escape(run['plan_table'])}</pre>"
    )


def _evaluated(found: Mapping[str, Any]) -> Iterable[str]:
    first = found["episodes"][0]
    episodes = sum(1 for row in found["episodes"] if row["task"] == first["task"])
    yield (
        f"<h2>5. How often it succeeds</h2><p>{episodes} episodes a task in simulation, each from "
        f"its own random start (seeds from {first['seed']}). Bars show the share of successes, "
        "lines the 95 % interval (Wilson). First try: no skill had to be repeated.</p>"
    )
    rows = [*sorted(found["tasks"], key=lambda row: not row["seen"]), *found["totals"]]
    yield (
        "<table><tr><th>task</th><th></th><th>success</th><th></th><th>95 %</th>"
        f"<th>first try</th><th>time</th></tr>{''.join(map(_task_row, rows))}</table>"
    )
    failed = [row for row in found["episodes"] if not row["success"]]
    yield from _failures(failed)
    skills = "".join(
        f"<tr><td>{escape(name)}</td><td>{_percent(rate)}</td><td>{rate['n']}</td></tr>"
        for name, rate in found["skills"].items()
    )
    yield (
        "<p>Each skill by itself, over all these episodes:</p><table><tr><th>skill</th>"
        f"<th>brings its effects about</th><th>runs</th></tr>{skills}</table>"
    )


def _failures(failed: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """What went wrong in each episode that failed."""
    if not failed:
        return
    items = "".join(
        f"<li>{escape(row['task'])}, seed {row['seed']}: {escape(row['reason'] or 'unknown')}</li>"
        for row in failed
    )
    yield f"<p>Episodes that failed, and what the executor said last:</p><ul>{items}</ul>"


def _task_row(row: Mapping[str, Any]) -> str:
    rate = row["success"]
    low, high, value = (100 * rate[key] for key in ("low", "high", "value"))
    bar = (
        f"<div class='bar'><i style='width:{value:.0f}%'></i>"
        f"<u style='left:{low:.0f}%;width:{high - low:.0f}%'></u></div>"
    )
    kind = "seen" if row["seen"] else "unseen"
    style = " class='total'" if row["name"].endswith(" tasks") else f" class='{kind}'"
    return (
        f"<tr{style}><td>{escape(row['name'])}</td><td>{kind}</td><td>{_percent(rate)}</td>"
        f"<td>{bar}</td><td>{low:.0f} to {high:.0f} %</td><td>{_percent(row['first_try'])}</td>"
        f"<td>{row['median_s']:.0f} s</td></tr>"
    )


def _filmed(folder: Path, run: Mapping[str, Any]) -> Iterable[str]:
    which = "the first of those evaluated that succeeded" if run["success"] else "which failed"
    yield (
        "<h2>6. The unseen task, carried out</h2><p>The episode planned above, "
        f"{which} (seed {run['seed']}).</p>"
    )
    yield _video(folder / "unseen.mp4")
    yield _trace(run["trace"])


def _deployed(folder: Path, twin: Mapping[str, Any] | None) -> Iterable[str]:
    yield "<h2>7. On the twin of a real arm</h2>"
    if twin is None:
        yield "<p>The twin's run did not come to an end; what went wrong was printed.</p>"
        return
    yield (
        f"<p>The same library and executor reached for <code>{escape(twin['goal'])}</code> through "
        "the arm's own protocol and client. The twin is a separate process whose friction, mass, "
        f"servo gain, delays, object poses and base differ from training (gap {twin['gap']:g}). "
        "What its own log says:</p>"
        f"<pre>{escape(chr(10).join(twin['report']))}</pre>"
        "<p>The film shows the world as the arm perceived it, noise included.</p>"
    )
    for fault in twin["stopped_before"]:
        yield f"<p>An earlier try was stopped by the arm itself: {escape(fault)}.</p>"
    yield _video(folder / "twin.mp4")
    yield _trace(twin["trace"])


def _costs(notes: "Mapping[str, StageNote]", summary: Mapping[str, Any]) -> Iterable[str]:
    rows = "".join(
        f"<tr><td>{name}</td><td>{note.seconds:.0f} s</td><td>{note.peak_gb:.1f} GB</td>"
        f"<td>{escape(str(note.found.get('summary', '')))}</td></tr>"
        for name, note in notes.items()
    )
    yield (
        "<h2>8. What it took</h2><p>Memory is the largest sum of what all processes held.</p>"
        f"<table><tr><th>stage</th><th>time</th><th>memory</th><th></th></tr>{rows}</table>"
    )
    kept = {key: summary[key] for key in ("versions", "commit", "machine", "setup_minutes")}
    made_by = escape(json.dumps(kept, indent=2))
    yield f"<details><summary>What made it</summary><pre>{made_by}</pre></details>"


# Pieces


def _picture(file: Path, words: str) -> str:
    """A picture inside the page, or nothing where there is none."""
    if not file.is_file():
        return ""
    return (
        f"<figure><img alt='{escape(words)}' src='{_data(file)}'>"
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


def _video(file: Path) -> str:
    if not file.is_file():
        return "<p>There is no video: nothing could be rendered on this machine.</p>"
    return f"<video controls muted loop playsinline src='{_data(file)}'></video>"


def _data(file: Path) -> str:
    coded = base64.b64encode(file.read_bytes()).decode()
    return f"data:{KINDS[file.suffix]};base64,{coded}"


def _trace(lines: Sequence[str]) -> str:
    text = escape("\n".join(lines))
    return f"<details><summary>Every decision of the executor</summary><pre>{text}</pre></details>"


def _percent(rate: Mapping[str, Any] | None) -> str:
    return "not measured" if rate is None else f"{100 * rate['value']:.0f} %"
