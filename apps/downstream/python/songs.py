import time
import uuid

import requests

HEADERS = {"Authorization": "Bearer spk_team"}


def new_song(base, a_key_for_each_attempt=False):
    """Has a song made, and waits for it."""
    key = str(uuid.uuid4())

    def ask(send):
        for attempt in range(1, 7):
            try:
                answer = send()
                if answer.ok:
                    return answer.json()["song"]
                if answer.status_code != 429 and answer.status_code < 500:
                    break
                time.sleep(float(answer.headers.get("Retry-After", 2**attempt)))
            except requests.ConnectionError:
                time.sleep(2**attempt)
        raise RuntimeError("Soundpiece does not answer")

    def submit():
        # The bug: an attempt whose answer was lost may have made a song, and another key makes another one.
        own = str(uuid.uuid4()) if a_key_for_each_attempt else key
        draft = {"idempotency_key": own, "lyrics": "Hold the note", "prompt": "Slow waltz"}
        return requests.put(f"{base}/create.new_song", headers=HEADERS, json=draft, timeout=30)

    song = ask(submit)
    look = {"id": song["id"]}
    while song["status"] == "processing":
        time.sleep(10)
        song = ask(lambda: requests.get(f"{base}/create.new_song", headers=HEADERS, params=look, timeout=30))
    return song


def as_it_was(base):
    return new_song(base, a_key_for_each_attempt=True)


def mended(base):
    return new_song(base)
