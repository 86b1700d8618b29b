"""Stands for the layer that functions share."""

import json


def tell(message, **fields):
    print(json.dumps({"message": message, **fields}))
