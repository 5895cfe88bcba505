#!/usr/bin/env python3
"""Writes the tables of results into the page, between its marks: table.py RESULTS PAGE [--check]

With --check nothing is written: the exit code is 1 if the page says something else than the results.
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


def main():
    results, page = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    makers = {"http": http, "json": reading, "tiers": lambda said: plain("Tiers", said)}
    parts = [make(json.loads(path.read_text())) for name, make in makers.items() if (path := results / f"{name}.json").exists()]
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    made = before + BEGIN + "\n\n" + "\n\n".join(parts) + "\n\n" + END + behind
    if "--check" in sys.argv[3:]:
        if made != text:
            print(f"{page} does not show the figures of {results}")
            return 1
        return 0
    page.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
