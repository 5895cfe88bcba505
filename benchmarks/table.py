#!/usr/bin/env python3
"""Writes the tables of results into the pages, between their marks: table.py RESULTS PAGE README [--check]

PAGE gets every figure, README a summary. With --check nothing is written: the exit code is 1 if a page says something
else than the results.
"""
import json
import pathlib
import sys

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def grid(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def http(said):
    c = said["conditions"]
    parts = [f"### HTTP\n\n{c['date']}, {c['cpu']} ({c['cores']} cores), Linux {c['kernel']}, {c['compiler']}, {c['nginx']}, "
             f"{c['wrk']}. Load before the end: {c['load']:.1f}. The table is **{said['verdict']}**."]
    ratios = [r for r in said["rows"] if "ratio" in r]
    if ratios:
        rows = []
        for r in ratios:
            span = f"{r['ratio']:.3f} [{r['low']:.3f}, {r['high']:.3f}]" if "low" in r else f"{1 / r['ratio']:.0f} times dearer"
            rows.append([r["row"], r["contender"], f"{r['microseconds']:.2f}", f"{r['requests_per_second']:g}", f"{span} of {r['against']}"])
        parts.append(grid(["what", "who", "CPU µs a request", "requests/s", "ratio [95 %]"], rows))
    values = [r for r in said["rows"] if "value" in r]
    if values:
        parts.append(grid(["what", "of", "figure"], [[r["row"], r["contender"], f"{r['value']} {r['unit']}"] for r in values]))
    return "\n\n".join(parts)


def reading(said):
    rows = []
    for r in said:
        for who, speed in r["megabytes_per_second"].items():
            slower = r["times_slower"].get(who)
            rows.append([r["question"], r["bytes"], who, f"{speed:.0f}", f"{slower:.2f}" if slower else ""])
    return "### JSON\n\n" + grid(["what", "bytes", "who", "MB/s", "times as long as ours"], rows)


def plain(title, said):
    """Rows of any flat form, as they are."""
    rows = said if isinstance(said, list) else said.get("rows", [said])
    head = list(dict.fromkeys(key for row in rows for key in row))
    show = lambda value: f"{value:.3g}" if isinstance(value, float) else value
    return f"### {title}\n\n" + grid(head, [[show(row.get(key, "")) for key in head] for row in rows])


def times(value):
    return f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def summary(said):
    """One row a comparison: above 1× ours is cheaper or faster."""
    rows = []
    http_said, json_said, tiers_said = said.get("http"), said.get("json"), said.get("tiers")
    if http_said:
        compared = [r for r in http_said["rows"] if "ratio" in r]
        for r in compared:
            if r["contender"].startswith("ours"):
                bare = ", log and metrics off" if r["contender"] == "ours, bare" else ""
                against = "a raw epoll loop" if r["against"] == "loop" else r["against"]
                rows.append([r["row"] + bare, against, times(r["ratio"])])
            elif r["contender"] == "flask":
                rows.append([r["row"], "Flask and waitress", times(1 / r["ratio"])])
            elif r["contender"] == "nginx" and r["against"] != "nginx":
                mine = next(o for o in compared if o["row"] == r["row"] and o["contender"] == "ours")
                rows.append([r["row"], "nginx", times(r["microseconds"] / mine["microseconds"])])
    for r in json_said or []:
        slower = {who: v for who, v in r["times_slower"].items() if not who.startswith("tensorgate")}
        rows.append([f"JSON, {r['question']}", ", ".join(slower), ", ".join(times(v) for v in slower.values())])
    for r in tiers_said or []:
        what, _, against = r["question"].rpartition(", ")
        rows.append([what, against, times(r["times_faster"])])
    parts = [grid(["what", "against", "ours"], rows)]
    if http_said:
        c = http_said["conditions"]
        values = [r for r in http_said["rows"] if "value" in r and r["row"] not in ("position file", "one miner", "tier file")]
        parts.append(grid(["", ""], [[f"{r['row']}, {r['contender']}", f"{r['value']} {r['unit']}"] for r in values]))
        parts.append(f"{c['date']}, {c['cpu']} ({c['cores']} cores), {c['compiler']}; requests by the server's CPU time, medians.")
    return "\n\n".join(parts)


def put(page, made, check):
    """The page with `made` between its marks. True if it was so already, or may be written."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    wanted = before + BEGIN + "\n\n" + made + "\n\n" + END + behind
    if check and wanted != text:
        print(f"{page} does not show the figures of the results")
        return False
    if not check:
        page.write_text(wanted)
    return True


def main():
    results, page, readme = (pathlib.Path(one) for one in sys.argv[1:4])
    check = "--check" in sys.argv[4:]
    makers = {"http": http, "json": reading, "tiers": lambda said: plain("Tiers", said)}
    said = {name: json.loads(path.read_text()) for name in makers if (path := results / f"{name}.json").exists()}
    whole = put(page, "\n\n".join(makers[name](one) for name, one in said.items()), check)
    return 0 if put(readme, summary(said), check) and whole else 1


if __name__ == "__main__":
    sys.exit(main())
