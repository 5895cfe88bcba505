#!/usr/bin/env python3
"""The tier rule, straightforwardly: json, the rule position by position, json again, gzip.

    tiers.py FILE NOW_MS LEVEL [FOLDER]

Reads FILE (output.json), makes the four tiers as the validator does (realtime aggregates, the file's order) and prints
one line of JSON with the seconds from text to gzip bytes and the sizes. With FOLDER, writes them there as <tier>.json.gz.
"""
import gzip
import hashlib
import json
import math
import pathlib
import sys
import time

TIERS = (100, 50, 30, 0)
HOUR = 3_600_000
DAY = 24 * HOUR
SLIPPAGE_SINCE = 1739937600000
CARRY_SINCE = 1713198680000
CARRY_START = 1720843707000
CRYPTO = {"BTCUSD", "ETHUSD", "SOLUSD", "XRPUSD", "DOGEUSD", "ADAUSD", "TAOUSD"}
OTHERS = {"SPX", "DJI", "NDX", "VIX", "FTSE", "GDAXI", "NVDA", "AAPL", "TSLA", "AMZN", "MSFT", "GOOG", "META"}
FACTORS = {"crypto": math.exp(math.log(1 - 0.1095) / 1095), "forex": math.exp(math.log(0.97) / 365),
           "others": math.exp(math.log(1 - 0.0525) / 365)}
OLD_FEES = {"crypto": 0.001, "forex": 0.00007, "others": 0.00009}


def class_of(pair):
    if pair in CRYPTO:
        return "crypto"
    if pair in OTHERS:
        return "others"
    return "forex" if len(pair) == 6 and pair.isascii() and pair.isupper() and pair.isalpha() else None


def states(orders):
    """(time, net before, net after) up to the order that ends the position."""
    net, out = 0.0, []
    for order in orders:
        after = net + order["leverage"]
        ends = order["order_type"] == "FLAT" or after == 0 or net * after < 0
        out.append((order["processed_ms"], net, 0.0 if ends else after))
        if ends:
            break
        net = after
    return out


def largest_leverage(steps, start, end):
    largest, any_seen = 0.0, False
    for t, before, after in steps:
        if t < start:
            continue
        any_seen = True
        if t > end:
            largest = max(largest, abs(before))
            break
        largest = max(largest, abs(after) if t == start else max(abs(before), abs(after)))
    return largest if any_seen else abs(steps[-1][2])


def until_next_mark(t, kind):
    if kind == "crypto":
        return 8 * HOUR - (t - 4 * HOUR) % (8 * HOUR)
    return DAY - (t - 21 * HOUR) % DAY


def carry(steps, kind, open_ms, t):
    period = 8 * HOUR if kind == "crypto" else DAY
    start = max(CARRY_START, open_ms)
    if t < start:
        return 1.0
    charges, rest = divmod(t - start, period)
    charges += rest >= until_next_mark(start, kind)
    left, begin, end = 1.0, start, start + until_next_mark(t, kind)
    for _ in range(charges):
        weekday = (end // DAY + 3) % 7
        times = 1 if kind != "forex" else 0 if weekday >= 5 else 3 if weekday == 2 else 1
        if times:
            left *= (FACTORS[kind] ** largest_leverage(steps, begin, end)) ** times
        begin, end = end, end + 8 * HOUR
    return left


def fees(orders, kind, open_ms, t):
    steps = states(orders)
    if t < CARRY_SINCE:
        return 1 - OLD_FEES[kind] * max(abs(after) for _, _, after in steps)
    spread = 1 - 0.001 * sum(abs(after - before) for _, before, after in steps) if kind == "crypto" else 1.0
    return carry(steps, kind, open_ms, t) * spread


def with_slippage(order):
    slip = order.get("slippage", 0)
    return order["price"] * (1 + slip) if order["leverage"] > 0 else order["price"] * (1 - slip)


def rebuild(position, orders):
    kind = class_of(position["trade_pair"][0])
    if kind is None:
        return None
    first = orders[0]
    entry = first["price"] if first["processed_ms"] < SLIPPAGE_SINCE else with_slippage(first)
    side = "LONG" if first["leverage"] > 0 else "SHORT"
    net = average = cumulative = realized = 0.0
    current, closed_ms = 1.0, None
    for order in orders:
        price, leverage, t = order["price"], order["leverage"], order["processed_ms"]
        after = net + leverage
        old = t < SLIPPAGE_SINCE
        closed = order["order_type"] == "FLAT" or (side == "LONG" and after <= 0) or (side == "SHORT" and after >= 0)
        if closed:
            side, closed_ms = "FLAT", t
        if old:
            gain = (price - average) * net / entry
        else:
            if order["order_type"] != side or side == "FLAT":
                realized += -(with_slippage(order) - average) * leverage
            gain = (realized + (price - average) * min(net, after, key=abs)) / entry
        current = 0.0 if gain <= -1 else 1 + gain
        if closed:
            net = 0.0
            break
        if old:
            average = (average * net + price * leverage) / after
            cumulative += price * leverage
        elif order["order_type"] == side:
            paid = with_slippage(order)
            average = (average * net + paid * leverage) / after
            cumulative += paid * (leverage * position.get("account_size", 0) / paid)
        net = after
    out = dict(position)
    derived = {"open_ms": first["processed_ms"], "orders": orders, "current_return": current, "close_ms": closed_ms,
               "net_leverage": net, "return_at_close": current * fees(orders, kind, first["processed_ms"], t),
               "average_entry_price": average, "cumulative_entry_value": cumulative, "realized_pnl": realized,
               "position_type": side, "is_closed_position": closed_ms is not None}
    for key, value in derived.items():
        if key in out:
            out[key] = value
    return out


def view(position, tier, cut):
    if tier == 100:
        return position
    if position["is_closed_position"]:
        if position["close_ms"] < cut:
            return position
    elif position["orders"] and position["orders"][-1]["processed_ms"] < cut:
        return position
    digest = int.from_bytes(hashlib.sha256(position["position_uuid"].encode()).digest(), "big")
    if tier > 0 and digest % 100 < tier:
        return position
    orders = [order for order in position["orders"] if order["processed_ms"] < cut]
    return rebuild(position, orders) if orders else None


def build(text, now_ms, level):
    data = json.loads(text)
    out = {}
    for tier in TIERS:
        tiered = {}
        for hotkey, miner in data.items():
            seen = (view(position, tier, now_ms - DAY) for position in miner["positions"])
            tiered[hotkey] = {**miner, "positions": [one for one in seen if one is not None], "tier": tier}
        out[tier] = gzip.compress(json.dumps(tiered).encode(), level)
    return out


def main():
    text = pathlib.Path(sys.argv[1]).read_text()
    wall, cpu = time.monotonic(), time.process_time()
    files = build(text, int(sys.argv[2]), int(sys.argv[3]))
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    if len(sys.argv) > 4:
        for tier, packed in files.items():
            (pathlib.Path(sys.argv[4]) / f"{tier}.json.gz").write_bytes(packed)
    print(json.dumps({"wall": wall, "cpu": cpu, "bytes": sum(map(len, files.values()))}))


if __name__ == "__main__":
    main()
