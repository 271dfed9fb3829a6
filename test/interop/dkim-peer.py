"""dkimpy for dkim-peers.test.ts: a JSON question a line, a JSON answer a line; keys come with the question, nothing is looked up."""
import base64
import json
import sys

import dkim


def answer(case):
    message = base64.b64decode(case["message"])
    word = lambda name: case[name].encode("latin1")

    def txt(name, timeout=5):
        found = case["dns"].get(name.decode("latin1").rstrip(".").lower())
        return None if found is None else found.encode("latin1")

    if case["op"] == "dkim-sign":
        canon = tuple(part.encode() for part in case["canon"].split("/"))
        field = dkim.sign(message, word("selector"), word("domain"), word("key"), canonicalize=canon,
                          signature_algorithm=word("algorithm"))
        return {"fields": [field.decode("latin1")]}
    if case["op"] == "dkim-verify":
        try:
            return {"result": "pass" if dkim.DKIM(message).verify(dnsfunc=txt) else "fail"}
        except dkim.DKIMException as fault:
            return {"result": "fail", "why": str(fault)}
    if case["op"] == "arc-seal":
        names = [name.encode() for name in case["names"]]
        fields = dkim.arc_sign(message, word("selector"), word("domain"), word("key"), word("authserv"),
                               include_headers=names, timestamp=case["t"], standardize=case["form"] == "sorted")
        return {"fields": [field.decode("latin1") for field in fields]}
    cv, _, why = dkim.arc_verify(message, dnsfunc=txt)
    return {"result": "fail" if cv is None else cv.decode(), "why": why}  # None: the chain has ended


def guarded(case):
    try:
        return answer(case)
    except Exception as fault:  # a verifier that stumbles over a message does not pass it; a signer must not stumble
        if case["op"].endswith("-verify"):
            return {"result": "stumbled", "why": repr(fault)}
        raise


for line in sys.stdin:
    print(json.dumps(guarded(json.loads(line))), flush=True)
