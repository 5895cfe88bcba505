#!/usr/bin/env python3
"""flask_outputs.py TREE PORT: a validator's outputs as a small Flask program serves them, under waitress.

Each request opens its file again: a miner's positions are looked up in the whole map after json has parsed it, a tier
file is sent as it lies there.
"""
import json
import pathlib
import sys

import flask
import waitress

tree, port = pathlib.Path(sys.argv[1]) / "validation" / "outputs", int(sys.argv[2])
app = flask.Flask(__name__)


@app.get("/miner-positions")
def positions():
    tier = flask.request.args.get("tier")
    data = (tree / "tiered_positions" / tier / "output.json.gz").read_bytes()
    return flask.Response(data, content_type="application/json", headers={"Content-Encoding": "gzip"})


@app.get("/miner-positions/<hotkey>")
def miner(hotkey):
    return flask.jsonify(json.loads((tree / "output.json").read_text())[hotkey])


waitress.serve(app, listen=f"127.0.0.1:{port}", threads=4)
