"""What fail2ban itself makes of lines, for test/interop/fail2ban.test.ts and bench/watch.ts: one JSON job a line in, one answer out.

A job: {"filter", "options", "lines", "all", "config", "folder"}. The clock stands still; names are not looked up: a name is its own identity.
"""
import json
import sys
import time

from fail2ban.client.filterreader import FilterReader
from fail2ban.server import datedetector, filter as filters, ipdns
from fail2ban.server.mytime import MyTime


def without_dns(text, _use_dns):
    plain = ipdns.IPAddr.searchIP(text)
    if plain is not None and ipdns.IPAddr(plain).isValid:
        return [ipdns.IPAddr(plain)]
    return [ipdns.IPAddr(text, ipdns.IPAddr.CIDR_RAW)]


ipdns.DNSUtils.textToIp = staticmethod(without_dns)


def forget_dates():
    for template, _ in datedetector.DD_patternCache._cache.values():
        template.hits = 0
    for template in datedetector.DateDetector._defCache.templates:
        template.hits = 0


def read(job):
    made = filters.Filter(None)
    made.checkAllRegex = job.get("all", False)
    made.ignorePending = not job.get("all", False)
    made.checkFindTime = False
    reader = FilterReader(job["filter"], "jail", dict(job.get("options", {})), basedir=job.get("config", "/etc/fail2ban"))
    if not reader.read():
        raise ValueError("no such filter")
    reader.applyAutoOptions("")
    reader.getOptions(None)
    for command in reader.convert():
        values = command[3] if command[0] == "multi-set" else command[3:]
        for value in values:
            if command[2] == "prefregex":
                made.prefRegex = value
            elif command[2] == "addfailregex":
                made.addFailRegex(value)
            elif command[2] == "addignoreregex":
                made.addIgnoreRegex(value)
            elif command[2] == "maxlines":
                made.setMaxLines(value)
            elif command[2] == "datepattern":
                made.setDatePattern(value)
    return made


for text in sys.stdin:
    job = json.loads(text)
    MyTime.setTime(job.get("now", time.time()))
    forget_dates()
    try:
        made = read(job)
    except Exception as error:  # the answer to a filter that cannot be read
        print(json.dumps({"error": repr(error)}), flush=True)
        continue
    answers = []
    started = time.process_time()
    for line in job["lines"]:
        try:
            found = made.processLine(line)
        except Exception as error:
            answers.append(repr(error))
            continue
        if job.get("rate"):
            continue
        answers.append(
            [
                [n, None if who is None else str(who), when, bool(data.get("nofail")), data.get("user")]
                for n, who, when, data in found
            ]
        )
    spent = time.process_time() - started
    print(json.dumps({"answers": answers, "seconds": spent, "patterns": len(made.getFailRegex())}), flush=True)
