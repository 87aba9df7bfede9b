"""A broker of one's own: the built-in one, as a process."""

import json
import os
import subprocess

from lab import PATIENCE, Broker

PROGRAM = os.path.join(os.path.dirname(__file__), "..", "..", "bin", "kazoolab")


class Own(Broker):
    """Runs kazoolab broker. Stopped and started again it has the same addresses."""

    def __init__(self, *options):
        self.options, self.process = options, None
        self.start("127.0.0.1:0", "127.0.0.1:0")

    def start(self, listen=None, http=None):
        """Returns when the broker takes connections."""
        api = self.api.split("/")[2] if http is None else http
        self.process = subprocess.Popen(
            [PROGRAM, "broker", "--output", "json", "--log-level", "error", "--listen", listen or f"{self.host}:{self.port}", "--http", api, *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"kazoolab broker ended with code {self.process.wait(PATIENCE)}")
        where = json.loads(line)
        self.amqp, self.management = where["amqp"], where["management"]
        super().__init__(self.amqp, self.management)

    def stop(self, kill=False):
        """Ends the broker: in order, or at once. Ending twice is no error."""
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
