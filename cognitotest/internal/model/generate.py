#!/usr/bin/env python3
"""Prints model.tsv, down to the part that is kept by hand, from the model of cognito-idp that botocore
ships (service-2.json or service-2.json.gz, given as the argument): the facts of the interface without
its documentation."""

import gzip
import json
import sys


def load(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def references(shape):
    """Names the shapes that a shape is made of."""
    parts = [shape[part] for part in ("member", "key", "value") if part in shape]
    return [part["shape"] for part in [*parts, *shape.get("members", {}).values()]]


def reachable(shapes, operations):
    """Names the shapes of all requests and responses, and leaves the exceptions out."""
    pending = [operation[side]["shape"] for operation in operations.values()
               for side in ("input", "output") if side in operation]
    found = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += references(shapes[name])
    return sorted(found)


def columns(name, shape):
    kind = "document" if shape.get("document") else shape["type"]
    secret = "secret" if shape.get("sensitive") else "-"
    limits = f'{shape.get("min", "")}..{shape.get("max", "")}'
    if kind == "structure":
        required = shape.get("required", [])
        rest = [f'{member}{"!" if member in required else ""}:{target["shape"]}'
                for member, target in shape["members"].items()]
    elif kind == "string":
        rest = [shape.get("pattern", ""), " ".join(shape.get("enum", []))]
    elif kind == "list":
        rest = [shape["member"]["shape"]]
    elif kind == "map":
        rest = [shape["key"]["shape"], shape["value"]["shape"]]
    else:
        rest = []
    return [kind, name, secret, limits, *rest]


def main():
    model = load(sys.argv[1])
    shapes, operations = model["shapes"], model["operations"]
    for name, operation in sorted(operations.items()):
        print("operation", name, "public" if operation.get("authtype") == "none" else "iam",
              operation["input"]["shape"], operation.get("output", {}).get("shape", "-"),
              " ".join(sorted(error["shape"] for error in operation.get("errors", []))), sep="\t")
    for name in reachable(shapes, operations):
        print("\t".join(columns(name, shapes[name])))


main()
