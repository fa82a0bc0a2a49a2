"""The service and its clock in a process of their own. While a client plays, `time.sleep` tells that clock."""

import hashlib
import itertools
import json
import subprocess
from unittest import mock

import requests


class Kit:
    def __enter__(self):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(["node", "serve.js"], stdin=pipe, stdout=pipe, text=True)
        addresses = json.loads(self.process.stdout.readline())
        self.url, self.control = addresses["url"], addresses["control"]
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=10)

    def ask(self, verb, path, **body):
        answer = requests.request(verb, self.control + path, json=body or None, timeout=30)
        answer.raise_for_status()
        return answer

    def sleep(self, seconds):
        self.ask("POST", "/clock/advance", seconds=seconds)

    def tell(self, client, seed, faults):
        """Play a client against a service that is new; give what happened, and what is wrong with it."""
        self.ask("POST", "/reset", seed=seed)
        self.ask("POST", "/faults", faults=faults)
        with mock.patch("time.sleep", self.sleep):
            client(f"{self.url}/v1")
        made = self.ask("GET", "/ledger").json()["operations"]
        wrong = "" if len(made) == 1 else f"created-once: the service made {len(made)} songs of one"
        return self.ask("GET", "/timeline").text, wrong

    def explore(self, client, kinds, depth):
        """Tell every story of up to `depth` faults, the short ones first; the first red one is an error that replays."""
        stories = [list(steps) for length in range(1, depth + 1) for steps in itertools.product(kinds, repeat=length)]
        for steps in stories:
            timeline, wrong = self.tell(client, 0, steps)
            if wrong:
                line = f"python3 replay.py {client.__name__} 0 {'+'.join(steps)} {digest(timeline)}"
                raise AssertionError("\n".join([wrong, timeline.rstrip(), line]))
        return len(stories)


def digest(timeline):
    return hashlib.sha256(timeline.encode()).hexdigest()[:8]
