"""What the page of a demonstration does when one moves over it: a cursor and a video in step."""

SCRIPT = """
"use strict";
(() => {
  const at = id => document.getElementById(id);
  const {length_s, step_s, segments} = JSON.parse(at("data").textContent);
  const tracks = at("tracks"), over = at("over"), film = at("film"), zoom = at("zoom");
  const rows = [...document.querySelectorAll("tbody tr")];
  let now_s = 0, wanted_s = null, dragging = false;

  const show = time_s => {
    now_s = Math.min(Math.max(time_s, 0), length_s);
    at("cursor").style.left = `${100 * now_s / length_s}%`;
    const index = segments.findLastIndex(one => one.start_s <= now_s + 1e-6);
    const one = segments[Math.max(index, 0)];
    at("time").textContent = `${now_s.toFixed(2)} s`;
    at("name").textContent = one.name;
    at("name").style.background = one.colour;
    at("name").style.color = one.ink;
    at("span").textContent = `segment ${Math.max(index, 0) + 1} of ${segments.length}, ` +
      `${one.start_s.toFixed(2)} to ${one.stop_s.toFixed(2)} s`;
    at("said").textContent = one.said;
    rows.forEach((row, number) => row.classList.toggle("here", number === index - 1));
    tracks.setAttribute("aria-valuenow", now_s.toFixed(2));
    tracks.setAttribute("aria-valuetext", `${now_s.toFixed(2)} seconds, ${one.name}`);
  };

  // The newest wish is sought once the seek before it is done: a browser drops seeks in a hurry.
  const seek = () => {
    if (!film || wanted_s === null || film.seeking || film.readyState < 1) return;
    film.currentTime = Math.min(wanted_s, Math.max(film.duration - 0.001, 0));
    wanted_s = null;
  };
  const go = time_s => {
    show(time_s);
    wanted_s = now_s + 1e-4;
    seek();
  };
  const follow = () => {
    if (film.paused) return;
    show(film.currentTime);
    requestAnimationFrame(follow);
  };
  if (film) {
    film.addEventListener("seeked", seek);
    film.addEventListener("loadedmetadata", seek);
    film.addEventListener("play", follow);
    const toggle = () => { film.paused ? film.play() : film.pause(); };
    film.addEventListener("click", toggle);
    at("play").addEventListener("click", toggle);
    for (const change of ["play", "pause"])
      film.addEventListener(change, () => {
        at("play").textContent = film.paused ? "play" : "pause";
      });
  }

  const under = event => {
    const box = over.getBoundingClientRect();
    return (event.clientX - box.left) / box.width * length_s;
  };
  const onLabel = event => event.target.closest("header");
  tracks.addEventListener("pointermove", event => {
    if (dragging || (!onLabel(event) && (!film || film.paused))) go(under(event));
  });
  tracks.addEventListener("pointerdown", event => {
    if (onLabel(event) || event.target.closest("a")) return;
    dragging = true;
    tracks.setPointerCapture(event.pointerId);
    go(under(event));
  });
  for (const end of ["pointerup", "pointercancel"])
    tracks.addEventListener(end, () => { dragging = false; });

  const cuts_s = segments.slice(1).map(one => one.start_s);
  const keys = {
    ArrowRight: fast => now_s + (fast ? 1 : step_s),
    ArrowLeft: fast => now_s - (fast ? 1 : step_s),
    PageDown: () => cuts_s.find(cut_s => cut_s > now_s + 1e-6) ?? length_s,
    PageUp: () => cuts_s.findLast(cut_s => cut_s < now_s - 1e-6) ?? 0,
    n: () => keys.PageDown(), p: () => keys.PageUp(), Home: () => 0, End: () => length_s,
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target === zoom) return;
    if (event.key === " " && film) {
      if (event.target !== at("play")) at("play").click(); else return;
    } else if (Object.hasOwn(keys, event.key)) {
      go(keys[event.key](event.shiftKey));
      reveal();
    } else return;
    event.preventDefault();
  });

  const reveal = () => {
    const pane = tracks.parentElement, label = tracks.querySelector("header").offsetWidth;
    const x = now_s / length_s * over.offsetWidth;
    const seen = pane.clientWidth - label;
    if (x < pane.scrollLeft || x > pane.scrollLeft + seen) pane.scrollLeft = x - seen / 2;
  };
  // Ticks at round times, as close as their labels allow.
  const apart_px = 80;
  const round_s = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const rule = () => {
    const least_s = apart_px / over.offsetWidth * length_s;
    const every_s = round_s.find(one => one >= least_s) ?? round_s.at(-1);
    const count = Math.floor((length_s - least_s / 3) / every_s) + 1;
    at("ruler").replaceChildren(...Array.from({length: count}, (_, number) => {
      const tick = document.createElement("span");
      tick.className = "tick";
      tick.textContent = `${+(number * every_s).toFixed(1)} s`;
      tick.style.left = `${100 * number * every_s / length_s}%`;
      return tick;
    }));
  };
  addEventListener("resize", rule);
  zoom.addEventListener("input", () => {
    tracks.style.setProperty("--zoom", zoom.value);
    rule();
    tracks.parentElement.scrollLeft =
      now_s / length_s * over.offsetWidth - tracks.parentElement.clientWidth / 2;
  });

  const linked = () => {
    const found = /^#t=([0-9.]+)$/.exec(location.hash);
    if (!found) return;
    film?.pause();
    go(Number(found[1]));
    reveal();
  };
  rows.forEach((row, number) => row.addEventListener("click", () => {
    film?.pause();
    go(cuts_s[number]);
    reveal();
  }));
  addEventListener("hashchange", linked);
  rule();
  show(0);
  linked();
})();
"""
