"""Runs all checks on the broker that the environment names, or on a built-in one
that is started for them, which they may then also stop. The last line counts."""

import os
import sys
import unittest

from own import Own

EVERYWHERE = ("amqp_tools", "messages", "routing", "consuming", "queues", "connections", "selecting")


def main(names):
    if "KAZOOLAB_TEST_AMQP_URL" in os.environ:
        return check(names or EVERYWHERE)
    broker = Own()
    try:
        os.environ.update(KAZOOLAB_TEST_AMQP_URL=broker.amqp, KAZOOLAB_TEST_MANAGEMENT_URL=broker.management)
        return check(names or (*EVERYWHERE, "outages"))
    finally:
        broker.stop()


def check(names):
    result = unittest.TextTestRunner(stream=sys.stdout, warnings="default").run(unittest.defaultTestLoader.loadTestsFromNames(names))
    failed = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    print(f"{max(0, result.testsRun - len(failed))} passed, {len(failed)} failed", flush=True)
    return 0 if result.testsRun and result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
