"""Answers with what it was asked, so that a test can look at the event."""

import json


def handler(event, context):
    if event["routeKey"] == "GET /health":
        return {"statusCode": 204}
    seen = {
        "route": event["routeKey"],
        "path": event["rawPath"],
        "query": event.get("queryStringParameters"),
        "task": (event.get("pathParameters") or {}).get("task"),
        "claims": event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims"),
        "body": event.get("body"),
    }
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
