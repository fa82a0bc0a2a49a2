"""Tell a story again: `python3 replay.py client seed faults digest`. Exits with 1 while it is red."""

import sys

import songs
from kit import Kit, digest

_, client, seed, faults, wanted = sys.argv
with Kit() as kit:
    timeline, wrong = kit.tell(getattr(songs, client), int(seed), faults.split("+"))
print(timeline + wrong)
print(f"the timeline is {'the same' if digest(timeline) == wanted else 'another'}: {digest(timeline)}")
print("still red" if wrong else "green")
sys.exit(1 if wrong else 0)
