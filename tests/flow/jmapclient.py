# SPDX-License-Identifier: ISC
"""A small client of JMAP (RFC 8620) on one connection."""
import base64
import http.client
import json

from pabal import DOMAIN, PASSWORD, PATIENCE

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"


def basic(user="alice", password=PASSWORD):
    pair = f"{user}@{DOMAIN}:{password}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


class Jmap:
    def __init__(self, p, user="alice", tls=False, auth=None):
        if tls:
            self.http = http.client.HTTPSConnection(
                "localhost", p.port("https"), timeout=PATIENCE, context=p.tls())
        else:
            self.http = http.client.HTTPConnection(
                "127.0.0.1", p.port("http"), timeout=PATIENCE)
        self.fields = {"Authorization": auth or basic(user)}
        self.using = [CORE, MAIL]
        self.session = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def request(self, method, path, body=None, **fields):
        """(status, fields, content); FIELDS with "_" for "-", None leaves out."""
        named = {k.replace("_", "-"): v for k, v in fields.items()}
        sent = {k: v for k, v in {**self.fields, **named}.items() if v is not None}
        self.http.request(method, path, body=body, headers=sent)
        r = self.http.getresponse()
        fields = {}
        for k, v in r.getheaders():
            k = k.lower()
            fields[k] = f"{fields[k]}, {v}" if k in fields else v
        return r.status, fields, r.read()

    def get_session(self):
        status, _, content = self.request("GET", "/.well-known/jmap")
        assert status == 200, (status, content)
        self.session = json.loads(content)
        return self.session

    @property
    def account(self):
        if self.session is None:
            self.get_session()
        [account] = self.session["accounts"]
        return account

    def post(self, body, **fields):
        """(status, object) of a request to the API; BODY is sent as it is if it is
        bytes."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        fields.setdefault("Content_Type", "application/json")
        status, _, content = self.request("POST", "/jmap/api", body, **fields)
        return status, json.loads(content) if content[:1] == b"{" else content

    def calls(self, *calls, **more):
        """The responses to CALLS, [name, arguments]; ids are their numbers."""
        body = {"using": self.using, **more,
                "methodCalls": [[name, args, str(i)]
                                for i, (name, args) in enumerate(calls)]}
        status, answer = self.post(body)
        assert status == 200, answer
        return answer["methodResponses"]

    def call(self, name, **args):
        """What the one method answers, which is no error."""
        [response] = self.calls((name, {"accountId": self.account, **args}))
        assert response[0] == name, response
        return response[1]

    def error(self, name, **args):
        """The type of the error that it answers."""
        [response] = self.calls((name, {"accountId": self.account, **args}))
        assert response[0] == "error", response
        return response[1]["type"]
