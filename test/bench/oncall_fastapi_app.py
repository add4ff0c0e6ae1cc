"""On-call routing as a small FastAPI service, to measure Switchhook beside it.

It does what /voys-webhook does, and asks PagerDuty at every call: who is on
call at level 1, and for the numbers of one of them. Run it as such services
are run:

    PAGERDUTY_URL=http://127.0.0.1:9000 API_KEY=key SECRET_KEY=secret \\
        ESCALATION_POLICY_ID=PT54U20 uvicorn --port 5839 oncall_fastapi_app:app
"""

import os
import random
import secrets
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()
pagerduty = httpx.AsyncClient(
    base_url=os.environ["PAGERDUTY_URL"],
    headers={
        "Authorization": "Token token=" + os.environ["API_KEY"],
        "Accept": "application/vnd.pagerduty+json;version=2",
    },
)


async def fetch(path, **params):
    answer = await pagerduty.get(path, params=params)
    answer.raise_for_status()
    return answer.json()


async def numbers():
    oncalls = await fetch(
        "/oncalls",
        **{"escalation_policy_ids[]": os.environ["ESCALATION_POLICY_ID"], "include[]": "users", "earliest": "true", "limit": "100", "offset": "0"},
    )
    users = [oncall["user"]["id"] for oncall in oncalls["oncalls"] if oncall["escalation_level"] == 1]
    user = await fetch("/users/" + random.choice(users), **{"include[]": ["contact_methods", "notification_rules"]})
    return [
        "+{}{}".format(method["country_code"], method["address"].lstrip("0"))
        for method in user["user"]["contact_methods"]
        if method["type"] == "phone_contact_method" and not method["blacklisted"]
    ]


@app.get("/voys-webhook", response_class=PlainTextResponse)
async def voys_webhook(secret_key: str = ""):
    if not secrets.compare_digest(secret_key, os.environ["SECRET_KEY"]):
        return PlainTextResponse(urlencode({"status": "NAK"}), status_code=401)
    return urlencode({"status": "ACK", "destination": random.choice(await numbers())})
