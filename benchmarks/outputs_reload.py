#!/usr/bin/env python3
"""What does a reload of a large checkpoint cost those who ask meanwhile, and in memory?

    benchmarks/outputs_reload.py PROGRAM SAMPLE [--mib 200] [--reloads 20] [--rate 1000] [--profile v1|v2] [--gzip]

Starts the outputs app over a copy of SAMPLE with a checkpoint of that size, asks it mixed questions at a fixed rate
(each answer is timed from the moment its question was due, so that a stall counts for all that it delayed), once while
a file beside the tree is rewritten and once while the checkpoint is. Prints the latencies of both runs and the
program's resident memory, and exits with 1 where a bound is missed: the 99th percentile at most 10 ms above the run
without reloads, 1.2 times the file in memory when steady, 2.3 times at the swap.
"""
import argparse
import asyncio
import gc
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time


def make_checkpoint(mib):
    """A checkpoint whose bulk is performance ledgers, as a validator's."""
    rng = random.Random(7)
    entries = []
    for i in range(2000):
        entries.append('{"accum_ms": 21600000, "gain": %r, "last_update_ms": %d, "loss": %r, "n_updates": %d, '
                       '"open_ms": %d, "prev_portfolio_ret": %r}' % (rng.random() * 0.1, 1759000000000 + i, -rng.random() * 0.1,
                                                                    rng.randrange(20000), rng.randrange(21600000), 1 + rng.random()))
    block = ", ".join(entries)
    miners = []
    size = 0
    while size < mib * 2**20:
        one = '"5Hot%044d": {"cps": [%s]}' % (len(miners), ", ".join([block] * 10))
        miners.append(one)
        size += len(one) + 2
    return ('{"version": "8.0.0", "positions": {}, "perf_ledgers": {' + ", ".join(miners) + "}}").encode()


def rewrite(path, data):
    """In place and in pieces, as a validator does."""
    with open(path, "wb", buffering=0) as out:
        for at in range(0, len(data), 1 << 20):
            out.write(data[at:at + (1 << 20)])


class Memory(threading.Thread):
    """Samples the resident memory of a process, in MiB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.going = pid, 0, True

    def now(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def run(self):
        while self.going:
            self.peak = max(self.peak, self.now())
            time.sleep(0.02)


async def client(port, key, targets, due, latencies, failures, begin):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    for i, (at, target) in enumerate(zip(due, targets)):
        wait = begin + at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key + b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        if size:
            await reader.readexactly(size)
        latencies.append(time.perf_counter() - begin - at)
        if not head.startswith(b"HTTP/1.1 200"):
            failures.append(head)
    writer.close()


async def ask(port, key, paths, rate, seconds):
    rng = random.Random(11)
    links = 40
    latencies, failures, tasks = [], [], []
    begin = time.perf_counter() + 0.5
    for one in range(links):
        count = rate * seconds // links
        due = [(i * links + one) / rate for i in range(count)]
        tasks.append(client(port, key, [rng.choice(paths) for _ in due], due, latencies, failures, begin))
    await asyncio.gather(*tasks)
    return latencies, failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("sample", type=pathlib.Path)
    parser.add_argument("--mib", type=int, default=200)
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.5, help="seconds from reload to reload")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--profile", default="v1")
    parser.add_argument("--gzip", action="store_true")
    wanted = parser.parse_args()

    data = make_checkpoint(wanted.mib)
    plain_mib = len(data) / 2**20
    variants = [data, data[:-2] + b", \"9\": 1}}"]
    if wanted.gzip:
        variants = [gzip.compress(one, 1) for one in variants]
    name = "runnable/validator_checkpoint.json" + (".gz" if wanted.gzip else "")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shutil.copytree(wanted.sample, folder / "tree")
        subprocess.run(["chmod", "-R", "u+w", folder / "tree"], check=True)
        for old in (folder / "tree/runnable").glob("validator_checkpoint*"):
            old.unlink()
        (folder / "beside").mkdir()
        config = folder / "outputs.toml"
        config.write_text(f'profile = "{wanted.profile}"\n[data]\nvalidation = "{folder}/tree/validation"\nstate = "{folder}/state"\n'
                          f'now_ms = 1760000000000\n[server]\nlisten = ["127.0.0.1:0"]\nadmin = "off"\n[server.log]\naccess = "{folder}/access.log"\n'
                          f'[keys]\nfile = "{folder}/keys.json"\n')
        subprocess.run([wanted.program, "--config", config, "keys", "import", folder / "tree/api_keys.json"], check=True, capture_output=True)
        key = json.loads((folder / "tree/api_keys.json").read_text())["user100"]["key"].encode()
        server = subprocess.Popen([wanted.program, "--config", config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        port = None
        for line in server.stdout:
            if found := re.search(r"http: listening at 127\.0\.0\.1:(\d+)", line):
                port = int(found.group(1))
                break
        if port is None:
            sys.exit("the program did not start")
        threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
        memory = Memory(server.pid)
        bare = memory.now()

        hotkeys = list(json.loads((folder / "tree/validation/outputs/output.json").read_text()))
        paths = [b"/miner-hotkeys", b"/eliminations", b"/statistics?checkpoints=false", b"/miner-positions?tier=30", b"/miner-positions?tier=100"]
        paths += [b"/miner-positions/" + hotkey.encode() for hotkey in hotkeys[:10]]
        paths += [b"/statistics/" + hotkey.encode() + b"/" for hotkey in hotkeys[:5]]

        rewrite(folder / "tree" / name, variants[0])
        time.sleep(6 + wanted.mib / 40)
        steady = memory.now()

        seconds = int(wanted.reloads * wanted.pause) + 2
        gc.disable()
        results = {}
        for what, path in (("without", folder / "beside/file.json"), ("with", folder / "tree" / name)):
            def reloads():
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
                for i in range(wanted.reloads):
                    rewrite(path, variants[(i + 1) % 2])
                    time.sleep(wanted.pause)

            if what == "with":
                memory.start()
            writer = threading.Thread(target=reloads)
            writer.start()
            latencies, failures = asyncio.run(ask(port, key, paths, wanted.rate, seconds))
            writer.join()
            latencies.sort()
            at = lambda share: latencies[min(len(latencies) - 1, int(share * len(latencies)))] * 1000
            results[what] = at(0.99)
            print(f"{what:8} reloads: {len(latencies)} answers, {len(failures)} failed; "
                  f"median {at(0.5):.2f} ms, 99 % {at(0.99):.2f} ms, 99.9 % {at(0.999):.2f} ms, longest {latencies[-1] * 1000:.1f} ms")
            if failures:
                sys.exit(failures[0].decode())
        memory.going = False
        memory.join()
        time.sleep(5)
        after = memory.now()
        server.send_signal(signal.SIGTERM)
        code = server.wait(20)

    extra = results["with"] - results["without"]
    print(f"file {plain_mib:.0f} MiB as JSON, {len(variants[0]) / 2**20:.0f} MiB as stored; resident: {bare:.0f} MiB without it, steady {steady:.0f} MiB "
          f"({steady / plain_mib:.2f} times the file), highest {memory.peak:.0f} MiB ({memory.peak / plain_mib:.2f} times), after all {after:.0f} MiB")
    print(f"the 99th percentile is {extra:+.2f} ms with reloads")
    sound = extra <= 10 and steady <= 1.2 * plain_mib and memory.peak <= 2.3 * plain_mib and after <= 1.2 * plain_mib and code == 0
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
