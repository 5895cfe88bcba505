#!/usr/bin/env python3
"""Compares servers by the CPU time that they take for a request.

    http.py --build FOLDER [--apps FOLDER] [--json FILE] [--rounds N] [--seconds S] [--only ROW…]

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
import resource
import shlex
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

    def __init__(self, name, command, port, core, target, log=None):
        self.name, self.port, self.log = name, port, log
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
        self.target = target

    def cpu(self):
        """Seconds on a core so far, of all threads."""
        total = 0
        for pid in self.pids:
            for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    total += int(path.read_text().split()[0])
        return total / 1e9

    def empty_log(self):
        """As a rotation does, so that each round writes to pages of memory that the round before gave back. On a machine
        that is itself virtual, the first touch of any other page may cost its host, and so the writer's CPU time, ten
        times what the write costs."""
        if self.log:
            os.truncate(self.log, 0)

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
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s"]
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

    def compare(self, row, contenders, target, baseline, connections=32, script=None, headers=(), seconds=None):
        """`contenders`: name -> Server. Ratios are baseline / contender: above 1 the contender is cheaper. Without a target
        each is asked for its own."""
        seconds = seconds or self.args.seconds
        samples = {name: [] for name in contenders}
        names = list(contenders)
        for server in contenders.values():
            wrk(server.port, target or server.target, 1, connections, self.cores[1], script, headers)
        for turn in range(self.args.rounds):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                server = contenders[name]
                server.empty_log()
                before = server.cpu()
                requests, rate = wrk(server.port, target or server.target, seconds, connections, self.cores[1], script, headers)
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


def start(stack, bench, name, command, port, target="/plaintext", log=None):
    server = Server(name, command, port, bench.cores[0], target, log)
    stack.callback(server.stop)
    return server


def loop(stack, bench, name="loop"):
    port = free_port()
    return start(stack, bench, name, [str(bench.args.build / "raw_epoll"), str(port)], port)


def ours(stack, bench, *options, log=None):
    port = free_port()
    if log:
        options += ("--log", log)
    return start(stack, bench, "ours", [str(bench.args.build / "http_server"), str(port), *map(str, options)], port, log=log)


def nginx(stack, bench, tree="/nonexistent"):
    port = free_port()
    root = bench.scratch / f"nginx{port}"
    root.mkdir()
    text = (HERE / "baseline" / "nginx.conf.in").read_text()
    text = text.replace("@ROOT@", str(root)).replace("@PORT@", str(port)).replace("@TREE@", str(tree))
    (root / "nginx.conf").write_text(text)
    return start(stack, bench, "nginx", ["nginx", "-p", str(root), "-c", str(root / "nginx.conf")], port, log=root / "access.log")


def small(bench):
    """Plaintext and small JSON, one request after another on each of 32 connections."""
    with contextlib.ExitStack() as stack:
        log = bench.scratch / "access.log"
        contenders = {
            "loop": loop(stack, bench),
            "loop again": loop(stack, bench),
            "ours": ours(stack, bench, "--metrics", log=log),
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
            "ours": ours(stack, bench, "--metrics", log=log),
        }
        for target in ("/plaintext", "/json"):
            bench.compare(f"{target[1:]}, 16 pipelined", contenders, target, "loop", script=HERE / "baseline" / "pipeline.lua")


def outputs(bench):
    """One miner out of a large position file, and a tier file, as the outputs app, nginx and Flask serve them."""
    app = bench.args.apps / "tensorgate-outputs"
    if not app.exists():
        raise SystemExit(f"{app} is missing")
    tree = bench.scratch / "tree"
    subprocess.run([bench.args.build / "ptn_tree", tree, "200", "160"], check=True)
    raw = tree / "validation" / "outputs" / "output.json"
    bench.value("position file", "size", round(raw.stat().st_size / 1e6, 1), "MB")
    port = free_port()
    settings = bench.scratch / "outputs.toml"
    settings.write_text(f"""profile = "v1"
tiers = "files"
[data]
validation = "{tree}/validation"
state = "{bench.scratch}/state"
copying = false
[server]
listen = ["127.0.0.1:{port}"]
threads = 1
admin = "off"
[server.log]
access = "{bench.scratch}/outputs.log"
[keys]
file = "{bench.scratch}/keys.json"
""")
    key = subprocess.run([app, "--config", settings, "keys", "add", "bench", "--tier", "100"], check=True,
                         capture_output=True, text=True).stdout.strip()
    with contextlib.ExitStack() as stack:
        ours = start(stack, bench, "ours", [str(app), "--config", str(settings)], port, log=bench.scratch / "outputs.log")
        bearer = [f"Authorization: Bearer {key}"]
        began = time.monotonic()
        while " 200 " not in (answer := fetch(port, "/miner-hotkeys", bearer))[0].split("\r\n")[0]:
            if time.monotonic() - began > 60:
                raise SystemExit(f"the outputs app does not answer: {answer[0]}")
            time.sleep(0.2)
        hotkeys = json.loads(answer[1])
        hotkey = hotkeys[len(hotkeys) // 2]

        static = bench.scratch / "static"
        (static / "miner-positions").mkdir(parents=True)
        one = static / "miner-positions" / hotkey
        one.write_bytes(fetch(port, f"/miner-positions/{hotkey}", bearer)[1])
        bench.value("one miner", "size", one.stat().st_size, "bytes")
        tier = static / "tier.json.gz"
        shutil.copy(tree / "validation/outputs/tiered_positions/100/output.json.gz", tier)
        (static / "tier.json").write_bytes(b"")
        bench.value("tier file", "size", tier.stat().st_size, "bytes")
        web = nginx(stack, bench, static)
        flask_port = free_port()
        flask = start(stack, bench, "flask", ["/usr/bin/python3", str(HERE / "baseline" / "flask_outputs.py"), str(tree), str(flask_port)],
                      flask_port)

        def pair(row, ours_target, nginx_target, flask_target, headers, flask_seconds):
            """The targets differ, so each contender is asked by its own."""
            same = fetch(port, ours_target, bearer + headers)[1], fetch(web.port, nginx_target, headers)[1]
            if same[0] != same[1]:
                raise SystemExit(f"{row}: ours and nginx do not say the same")
            for server, target in ((ours, ours_target), (web, nginx_target), (flask, flask_target)):
                server.target = target
            bench.compare(row, {"nginx": web, "nginx again": web, "ours": ours}, None, "nginx", headers=bearer + headers)
            before = flask.cpu()
            requests, rate = wrk(flask.port, flask_target, flask_seconds, 4, bench.cores[1], headers=headers)
            cost = (flask.cpu() - before) / requests * 1e6
            mine = [r for r in bench.rows if r["row"] == row and r["contender"] == "ours"][-1]["microseconds"]
            bench.rows.append({"row": row, "contender": "flask", "against": "ours", "microseconds": round(cost, 1),
                               "requests_per_second": round(rate, 2), "ratio": round(mine / cost, 6)})
            print(f"{row:28} flask              {cost:9.0f} us {rate:9.2f}/s   ours is {cost / mine:.0f} times cheaper", flush=True)

        pair("one miner of a large file", f"/miner-positions/{hotkey}", f"/files/miner-positions/{hotkey}",
             f"/miner-positions/{hotkey}", [], 10)
        pair("tier file", "/miner-positions?tier=100", "/files/tier.json", "/miner-positions?tier=100",
             ["Accept-Encoding: gzip"], 3)


def memory(pids):
    """Bytes of private memory."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean", "Private_Dirty")):
                total += int(line.split()[1]) * 1024
    return total


def footprint(bench):
    """What an idle connection costs, how long a start takes, how big a program is and how long it compiles."""
    count = 10_000
    with contextlib.ExitStack() as stack:
        server = ours(stack, bench, "--metrics")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 200, max(count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
        subprocess.run(["prlimit", f"--nofile={count + 200}:{count + 200}", "--pid", str(server.pids[0])], check=True)
        ask = b"GET /plaintext HTTP/1.1\r\nHost: bench\r\n\r\n"
        held = []

        def connect(many):
            for _ in range(many):  # from several addresses, as each may have so many
                where = ("127.0.0.%d" % (2 + len(held) // 4000), 0)
                one = socket.create_connection(("127.0.0.1", server.port), 10, where)
                one.sendall(ask)
                assert one.recv(4096).startswith(b"HTTP/1.1 200")
                held.append(one)

        connect(100)
        before = memory(server.pids)
        connect(count - 100)
        per = (memory(server.pids) - before) / (count - 100)
        bench.value("idle connection", "ours", round(per), "bytes")
        for one in held:
            one.close()

    program = bench.args.build / "minimal"
    if program.exists():
        times = []
        for _ in range(15):
            port = free_port()
            began = time.monotonic()
            running = subprocess.Popen([program, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while True:
                with contextlib.suppress(OSError):
                    if fetch(port, "/greet/x")[0]:
                        break
                time.sleep(0.0002)
            times.append(time.monotonic() - began)
            running.terminate()
            running.wait()
        bench.value("start to first answer", "25-line app", round(statistics.median(times) * 1000, 1), "ms")
        stripped = bench.scratch / "stripped"
        subprocess.run(["strip", "-o", stripped, program], check=True)
        bench.value("stripped binary", "25-line app", round(stripped.stat().st_size / 1e6, 2), "MB")
        commands = json.loads((bench.args.build.parent / "compile_commands.json").read_text())
        one = next(c for c in commands if c["file"].endswith("benchmarks/minimal.cpp"))
        command = shlex.split(one["command"].split(" -o ")[0])
        command = [c for c in command if not c.endswith("ccache")] + ["-c", one["file"], "-o", "/dev/null"]
        cpu = []
        for _ in range(3):
            before = os.times()
            subprocess.run(command, check=True, cwd=one["directory"])
            after = os.times()
            cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
        bench.value("compile at -O2", "25-line app", round(statistics.median(cpu), 1), "s of CPU")


ROWS = {"small": small, "pipelined": pipelined, "outputs": outputs, "footprint": footprint}


def conditions():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    version = lambda *command: subprocess.run(command, capture_output=True, text=True)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "compiler": version("clang++-19", "--version").stdout.splitlines()[0] + ", -O2",
        "nginx": version("nginx", "-v").stderr.strip(),
        "wrk": version("wrk", "-v").stdout.splitlines()[0].split("[")[0].strip(),
        "load": os.getloadavg()[0],
    }


def verdict(rows):
    """The table counts only if the loop is cheaper than nginx in the same run."""
    both = [r for r in rows if r["contender"] == "nginx" and r.get("against") == "loop"]
    wrong = [r["row"] for r in both if r["ratio"] >= 1]
    if not both:
        return "void: the loop and nginx were not compared"
    return f"void: nginx is cheaper than the loop at {', '.join(wrong)}" if wrong else "valid: the loop is cheaper than nginx"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--apps", type=pathlib.Path, default=pathlib.Path("build/release/apps"))
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=sorted(ROWS), default=list(ROWS))
    args = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="benchmarks."))
    scratch.chmod(0o755)  # nginx's worker is another user
    try:
        bench = Bench(args, scratch)
        for name in args.only:
            ROWS[name](bench)
        if args.json:
            said = {"conditions": conditions(), "verdict": verdict(bench.rows), "rows": bench.rows}
            args.json.write_text(json.dumps(said, indent=1) + "\n")
        print(verdict(bench.rows))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
