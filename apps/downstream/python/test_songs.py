import subprocess
import sys
import unittest

import songs
from kit import Kit

KINDS = ["503@look", "429=30@look", "429=30@submit", "reset-after-commit@submit"]


class NewSong(unittest.TestCase):
    def test_a_key_for_each_attempt_is_found_and_the_last_line_replays_it(self):
        with Kit() as kit, self.assertRaises(AssertionError) as red:
            kit.explore(songs.as_it_was, KINDS, depth=1)
        message = str(red.exception)
        self.assertIn("created-once: the service made 2 songs of one", message)
        line = message.splitlines()[-1]
        self.assertIn("replay.py as_it_was 0 reset-after-commit@submit ", line)
        again = subprocess.run([sys.executable, *line.split()[1:]], capture_output=True, text=True)
        self.assertIn(f"the timeline is the same: {line.split()[-1]}\nstill red", again.stdout)
        self.assertEqual(again.returncode, 1)

    def test_the_mended_client_is_right_in_every_story_of_two_faults(self):
        with Kit() as kit:
            self.assertEqual(kit.explore(songs.mended, KINDS, depth=2), 4 + 16)

    def test_a_minute_of_work_takes_no_minute_and_no_look_comes_too_soon(self):
        with Kit() as kit:
            timeline, wrong = kit.tell(songs.mended, 0, ["429=30@look"])
            self.assertEqual(wrong, "")
            self.assertEqual(kit.ask("GET", "/clock").json()["now"], "2026-01-01T00:01:00.000Z")
        looks = [line.split()[0] for line in timeline.splitlines() if "received" in line and "GET" in line]
        self.assertEqual(looks, ["10000", "40000", "50000", "60000"])


if __name__ == "__main__":
    unittest.main()
