#!/usr/bin/env python3
"""Compares servers by the CPU time that they take for a request.

    http.py --build FOLDER [--json FILE] [--rounds N] [--seconds S] [--only ROW…] [--log FOLDER]

Every contender runs pinned to one core, wrk to another. Rounds are interleaved: in each, every contender is asked once,
the order turning. A ratio is taken within a round, against the baseline of that round; the table has the median of the
ratios and a 95 % interval by order statistics. The CPU time is what the scheduler counted for all threads of the server
(/proc/PID/task/*/schedstat), so what a log thread does is counted too.
"""
import argparse
import contextlib
import datetime
import json
import math
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def family(pid):
    """The process and its descendants."""
    found = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found += family(int(path.parent.name))
    return found


class Server:
    """A running program that answers on a port."""

    def __init__(self, name, command, port, core, ready):
        self.name, self.port = name, port
        self.process = subprocess.Popen(["taskset", "-c", str(core)] + command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        began = time.monotonic()
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 1):
                    break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - began > 20:
                    raise SystemExit(f"{name} did not start: {' '.join(command)}")
                time.sleep(0.01)
        self.pids = family(self.process.pid)
        self.answer = ready

    def cpu(self):
        """Seconds on a core so far, of all threads."""
        total = 0
        for pid in self.pids:
            for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    total += int(path.read_text().split()[0])
        return total / 1e9

    def stop(self):
        for pid in reversed(self.pids):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def fetch(port, target, headers=()):
    """Status line and fields, and the body, of one answer that tells its length."""
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        lines = "".join(f"{h}\r\n" for h in headers)
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: bench\r\n{lines}\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += s.recv(1 << 20)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(body) < length:
            body += s.recv(1 << 20)
    return head.decode("latin-1"), body


def wrk(port, target, seconds, connections, core, script=None, headers=()):
    """Requests answered, and requests a second."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for one in headers:
        command += ["-H", one]
    if script:
        command += ["-s", str(script)]
    out = subprocess.run(command + [f"http://127.0.0.1:{port}{target}"], capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out) or re.search(r"Socket errors: (.*)", out)
    if bad:
        raise SystemExit(f"wrk at {target}: {bad.group(0)}")
    return int(re.search(r"(\d+) requests in", out).group(1)), float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def interval(values):
    """Median and the order statistics around it that hold it with 95 %."""
    ordered = sorted(values)
    n = len(ordered)
    k = 0
    while k < n // 2 and sum(math.comb(n, i) for i in range(k + 1)) / 2**n <= 0.025:
        k += 1
    k = max(k - 1, 0)
    return statistics.median(ordered), ordered[k], ordered[n - 1 - k]


class Bench:
    def __init__(self, args, scratch):
        self.args, self.scratch = args, scratch
        self.rows = []
        self.cores = sorted(os.sched_getaffinity(0))[:2]
        if len(self.cores) < 2:
            raise SystemExit("two cores are needed: one for the server, one for the load")

    def compare(self, row, contenders, target, baseline, connections=32, script=None, headers=(), seconds=None, per=1):
        """`contenders`: name -> Server. Ratios are baseline / contender: above 1 the contender is cheaper."""
        seconds = seconds or self.args.seconds
        samples = {name: [] for name in contenders}
        names = list(contenders)
        for server in contenders.values():
            wrk(server.port, target, 1, connections, self.cores[1], script, headers)
        for turn in range(self.args.rounds):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                server = contenders[name]
                before = server.cpu()
                requests, rate = wrk(server.port, target, seconds, connections, self.cores[1], script, headers)
                samples[name].append(((server.cpu() - before) / requests * 1e6, rate))
        for name in names:
            ratios = [b[0] / s[0] for b, s in zip(samples[baseline], samples[name])]
            median, low, high = interval(ratios)
            self.rows.append({
                "row": row, "contender": name, "against": baseline,
                "microseconds": round(statistics.median(s[0] for s in samples[name]), 3),
                "requests_per_second": round(statistics.median(s[1] for s in samples[name])),
                "ratio": round(median, 3), "low": round(low, 3), "high": round(high, 3), "rounds": self.args.rounds})
            print("{row:28} {contender:18} {microseconds:9.2f} us {requests_per_second:9d}/s   {ratio:6.3f} "
                  "[{low:.3f}, {high:.3f}] of {against}".format(**self.rows[-1]), flush=True)

    def value(self, row, what, amount, unit):
        self.rows.append({"row": row, "contender": what, "value": amount, "unit": unit})
        print(f"{row:28} {what:18} {amount} {unit}", flush=True)


def start(stack, bench, name, command, port, target="/plaintext"):
    server = Server(name, command, port, bench.cores[0], target)
    stack.callback(server.stop)
    return server


def loop(stack, bench, name="loop"):
    port = free_port()
    return start(stack, bench, name, [str(bench.args.build / "raw_epoll"), str(port)], port)


def ours(stack, bench, *options, name="ours"):
    port = free_port()
    return start(stack, bench, name, [str(bench.args.build / "http_server"), str(port), *map(str, options)], port)


def nginx(stack, bench, tree="/nonexistent"):
    port = free_port()
    root = bench.scratch / f"nginx{port}"
    root.mkdir()
    text = (HERE / "baseline" / "nginx.conf.in").read_text()
    text = text.replace("@ROOT@", str(root)).replace("@PORT@", str(port)).replace("@TREE@", str(tree))
    (root / "nginx.conf").write_text(text)
    return start(stack, bench, "nginx", ["nginx", "-p", str(root), "-c", str(root / "nginx.conf")], port)


def small(bench):
    """Plaintext and small JSON, one request after another on each of 32 connections."""
    with contextlib.ExitStack() as stack:
        log = bench.scratch / "access.log"
        contenders = {
            "loop": loop(stack, bench),
            "loop again": loop(stack, bench),
            "ours": ours(stack, bench, "--metrics", "--log", log),
            "nginx": nginx(stack, bench),
        }
        for target in ("/plaintext", "/json"):
            bodies = {name: fetch(s.port, target)[1] for name, s in contenders.items()}
            if len(set(bodies.values())) != 1:
                raise SystemExit(f"{target}: the contenders do not say the same: {bodies}")
            bench.compare(target[1:], contenders, target, "loop")


def pipelined(bench):
    """The same, sixteen requests in one packet."""
    with contextlib.ExitStack() as stack:
        log = bench.scratch / "access16.log"
        contenders = {
            "loop": loop(stack, bench),
            "loop again": loop(stack, bench),
            "ours, bare": ours(stack, bench),
            "ours": ours(stack, bench, "--metrics", "--log", log),
        }
        for target in ("/plaintext", "/json"):
            bench.compare(f"{target[1:]}, 16 pipelined", contenders, target, "loop", script=HERE / "baseline" / "pipeline.lua")


ROWS = {"small": small, "pipelined": pipelined}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=sorted(ROWS), default=list(ROWS))
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="benchmarks."))
    try:
        bench = Bench(args, scratch)
        for name in args.only:
            ROWS[name](bench)
        if args.json:
            args.json.write_text(json.dumps({"rows": bench.rows}, indent=1) + "\n")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
