"""Text-back and click-to-call as a small Flask service, to measure Switchhook
beside it.

It does what /webresponder does: finds the entry in domains.json, sends the
caller a text by the phone system's API, and answers with a document; what
/widget.js does: a button with the entry's branding; and what /click-to-call
does: limits how often an address asks, takes numbers of the US, and asks for a
queued call by the phone system's legacy API. Run it as such services are run:

    NS_URL=http://127.0.0.1:9000 NS_TOKEN=secret DOMAINS=domains.json \\
        gunicorn -w 2 -b 127.0.0.1:5100 flask_app:app
"""

import json
import logging
import os
import re
import time
import uuid
from collections import defaultdict, deque

import requests
from flask import Flask, Response, jsonify, request

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


WIDGET = """(function () {
  var c = %s;
  var button = document.createElement("button");
  button.textContent = c.button_text;
  button.style.cssText = "position:fixed;right:20px;bottom:20px;padding:12px 20px;border:0;" +
    "border-radius:24px;color:#fff;z-index:9999;background:" + c.button_color;
  button.onclick = function () {
    var phone = window.prompt((c.company_name || "We") + " will call you. Your number?");
    if (!phone) return;
    fetch(c.server + "/click-to-call", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: c.id, phone: phone })
    }).then(function (answer) {
      window.alert(answer.ok ? "We are calling you." : "Sorry, that did not work.");
    });
  };
  document.body.appendChild(button);
})();
"""


@app.route("/widget.js")
def widget():
    key = request.args.get("id", "")
    entry = entries().get(key)
    if entry is None:
        return Response("console.error('unknown id')", mimetype="application/javascript")
    config = dict(entry.get("branding", {}), id=key, server=request.host_url.rstrip("/"))
    return Response(WIDGET % json.dumps(config), mimetype="application/javascript")


ASKED = 5  # by one address, in a minute
asked = defaultdict(deque)


def limited(address):
    now, times = time.monotonic(), asked[address]
    while times and times[0] < now - 60:
        times.popleft()
    times.append(now)
    return len(times) > ASKED


@app.route("/click-to-call", methods=["POST"])
def click_to_call():
    body = request.get_json(silent=True) or {}
    entry = entries().get(body.get("id", ""))
    if entry is None or "queue" not in entry:
        return jsonify(error="unknown id"), 404
    if limited(request.access_route[0]):
        return jsonify(error="too many requests"), 429
    phone = re.sub(r"\D", "", str(body.get("phone", "")))
    if not re.fullmatch(r"1?[2-9]\d{2}[2-9]\d{6}", phone):
        return jsonify(error="not a US number"), 400
    app.logger.info("click-to-call %s", body["id"])
    form = {"destination": "1" + phone[-10:], "queue": entry["queue"], "uid": entry["queue"]}
    try:
        queued = api.post(
            os.environ["NS_URL"] + "/ns-api/?object=queuedcall&action=create",
            files={name: (None, value) for name, value in form.items()},
            timeout=8,
        )
    except requests.RequestException:
        app.logger.exception("the call was not queued")
        return jsonify(error="the phone system failed"), 502
    answer = jsonify(success=queued.status_code == 202)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer, 200 if queued.status_code == 202 else 502
