"""Answers for test/interop/python-re.test.ts: one JSON object a line in, one out; what Python's own `re` finds."""
import json
import re
import sys
import unicodedata
import warnings

warnings.simplefilter("ignore")
for line in sys.stdin:
    case = json.loads(line)
    try:
        pattern = re.compile(case["pattern"], case.get("flags", 0))
    except (re.error, OverflowError, RecursionError) as error:
        print(json.dumps({"error": str(error)}))
        continue
    found = []
    for text in case["texts"]:
        if case.get("known") and unicodedata.category(text) == "Cn":
            found.append("unknown")  # a character that came after this Python
            continue
        match = pattern.search(text)
        # Offsets are told by what stands before them: the two languages count characters differently.
        found.append(None if match is None else [text[: match.start()], match.group(), match.groupdict()])
    print(json.dumps({"found": found}))
