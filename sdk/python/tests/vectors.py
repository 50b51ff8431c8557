"""The requests that the libraries in all languages are tested with."""

import json
import pathlib

import posthorn

SIGNATURE = pathlib.Path(__file__).resolve().parents[3] / "signature"


def vectors():
    """All vectors; the file itself tells what their members are."""
    return json.loads((SIGNATURE / "testdata" / "vectors.json").read_text("utf-8"))["vectors"]


def verify(vector, **changes):
    """Verifies a vector as its receiver would."""
    settings = {
        "body": vector["body"].encode(),
        "headers": [tuple(pair) for pair in vector["headers"]],
        "secrets": vector.get("secrets", []) + vector.get("publicKeys", []),
        "url": vector.get("url"),
        "now": vector["now"],
    }
    settings.update({"scheme": vector["scheme"]} if "scheme" in vector else {"format": vector["format"]})
    settings.update(changes)
    return posthorn.verify(**settings)
