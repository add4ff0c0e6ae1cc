"""Text-back as a small Flask service, to measure Switchhook beside it.

It does what /webresponder does: finds the entry in domains.json, sends the
caller a text by the phone system's API, and answers with a document. Run it as
such services are run:

    NS_URL=http://127.0.0.1:9000 NS_TOKEN=secret DOMAINS=domains.json \\
        gunicorn -w 2 -b 127.0.0.1:5100 flask_app:app
"""

import json
import logging
import os
import uuid

import requests
from flask import Flask, Response, request

app = Flask(__name__)
logging.basicConfig(level=logging.INFO)
api = requests.Session()
api.headers["Authorization"] = "Bearer " + os.environ["NS_TOKEN"]

SENT = "<Response><Say>We've texted you our hours and directions…</Say><Hangup/></Response>"
FAILED = "<Response><Say>Sorry, we could not send directions at this time.</Say><Hangup/></Response>"


def entries():
    with open(os.environ["DOMAINS"], encoding="utf-8") as file:
        return json.load(file)


@app.route("/webresponder", methods=["GET", "POST"])
def webresponder():
    entry = entries().get(request.values.get("id", ""))
    caller = request.values.get("NmsAni", "").lstrip("+")
    app.logger.info("call %s", request.values.get("OrigCallID", ""))
    if entry is None or not caller.isdigit():
        return Response(FAILED, mimetype="application/xml")
    url = "{}/ns-api/v2/domains/{}/users/{}/messagesessions/{}/messages".format(
        os.environ["NS_URL"], entry["api_domain"], entry["user"], uuid.uuid4().hex
    )
    text = {
        "type": "sms",
        "message": entry["message"],
        "destination": caller,
        "from-number": entry["from_number"],
    }
    try:
        sent = api.post(url, json=text, timeout=4)
    except requests.RequestException:
        app.logger.exception("the text was not sent")
        return Response(FAILED, mimetype="application/xml")
    return Response(SENT if sent.status_code in (200, 202) else FAILED, mimetype="application/xml")
