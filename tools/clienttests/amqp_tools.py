"""amqp-tools (librabbitmq): each tool with the options it has."""

import subprocess
import unittest

import pika

from lab import PATIENCE, Lab


class AmqpTools(Lab):
    def setUp(self):
        super().setUp()
        self.channel_ = self.channel()
        self.channel_.confirm_delivery()

    def command(self, tool, *options, password="guest"):
        return [
            f"amqp-{tool}", f"--server={self.broker.host}", f"--port={self.broker.port}", f"--vhost={self.vhost}",
            "--username=guest", f"--password={password}", *options,
        ]

    def run_(self, tool, *options, given="", **settings):
        return subprocess.run(self.command(tool, *options, **settings), input=given, capture_output=True, text=True, timeout=PATIENCE)

    def ok(self, tool, *options, given=""):
        """Runs a tool that has to succeed, and returns what it printed."""
        done = self.run_(tool, *options, given=given)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def fails(self, text, tool, *options, code=1, **settings):
        done = self.run_(tool, *options, **settings)
        self.assertEqual((done.returncode, done.stdout), (code, ""))
        self.assertIn(text, done.stderr)

    def declared(self, *options):
        self.assertEqual(self.ok("declare-queue", "-q", self.name, *options), self.name + "\n")
        return self.name

    def publish(self, *bodies):
        for body in bodies:
            self.channel_.basic_publish("", self.name, body.encode())

    def test_declare(self):
        queue = self.declared("-d")
        self.channel_.queue_declare(queue, durable=True)
        self.fails("server channel error 406, message: PRECONDITION_FAILED - inequivalent arg 'durable'", "declare-queue", "-q", queue)
        self.assertEqual(self.declared("--durable"), queue)
        self.assertRegex(self.ok("declare-queue", "-q", ""), r"^amq\.gen-[A-Za-z0-9_-]{22}\n$")

    def test_delete(self):
        self.declared()
        self.publish("m")
        self.fails("406, message: PRECONDITION_FAILED - queue 'test_delete' in vhost", "delete-queue", "-q", self.name, "--if-empty")
        self.channel_.basic_consume(self.name, print)
        self.fails("in use", "delete-queue", "-q", self.name, "--if-unused")
        self.channel_.basic_cancel(self.channel_.consumer_tags[0])
        self.assertEqual(self.ok("delete-queue", "-q", self.name, "--if-unused"), "1\n")
        self.assertEqual(self.ok("delete-queue", "-q", self.name), "0\n")

    def test_publish_with_all_properties(self):
        self.declared()
        self.ok("publish", "-r", self.name, "-p", "-C", "application/json", "-E", "gzip", "-t", "there", "-H", "one: 1", "-H", "two: zwei", "-b", "{}")
        method, properties, body = self.take(self.channel_, self.name)
        self.assertEqual((method.exchange, method.routing_key, body), ("", self.name, b"{}"))
        self.assertEqual(vars(properties), vars(pika.BasicProperties(
            content_type="application/json", content_encoding="gzip", reply_to="there", delivery_mode=2, headers={"one": "1", "two": "zwei"})))

    def test_publish_from_standard_input(self):
        self.declared()
        self.ok("publish", "-r", self.name, given="all of\nit")
        self.ok("publish", "-r", self.name, "--line-buffered", given="line\nby\nline")
        self.assertEqual(self.drain(self.channel_, self.name), [b"all of\nit", b"line\n", b"by\n", b"line"])

    def test_publish_more_than_a_frame(self):
        self.declared()
        self.ok("publish", "-r", self.name, given="0123456789" * 50_000)
        self.assertEqual(self.ok("get", "-q", self.name), "0123456789" * 50_000)

    def test_publish_to_an_exchange(self):
        self.channel_.exchange_declare(self.name, "topic")
        self.declared()
        self.channel_.queue_bind(self.name, self.name, "a.#")
        self.ok("publish", "-e", self.name, "-r", "a.b.c", "-b", "there")
        self.ok("publish", "-e", self.name, "-r", "b.c", "-b", "not there")
        self.assertEqual(self.drain(self.channel_, self.name), [b"there"])

    def test_publish_refused(self):
        self.fails("closing channel: server channel error 404, message: NOT_FOUND - no exchange 'nix'", "publish", "-e", "nix", "-r", "k", "-b", "m")

    def test_get(self):
        self.declared()
        self.fails("", "get", "-q", self.name, code=2)
        self.publish("one", "two")
        self.assertEqual(self.ok("get", "-q", self.name), "one")
        self.assertEqual(self.drain(self.channel_, self.name), [b"two"])
        self.fails("basic.get: server channel error 404, message: NOT_FOUND - no queue 'nix'", "get", "-q", "nix")

    def test_consume(self):
        self.declared()
        self.publish("1\n", "2\n", "3\n", "4\n")
        self.assertEqual(self.ok("consume", "-q", self.name, "-c", "1", "cat"), "1\n")
        self.assertEqual(self.ok("consume", "-q", self.name, "--prefetch-count=1", "-c", "2", "cat"), "2\n3\n")
        self.assertEqual(self.ok("consume", "-q", self.name, "--no-ack", "-c", "1", "cat"), "4\n")
        self.assertEqual(self.drain(self.channel_, self.name), [])

    def test_consume_is_given_back_when_the_command_fails(self):
        self.declared()
        self.publish("again")
        self.ok("consume", "-q", self.name, "-c", "1", "grep", "nothing like it")
        self.assertEqual(self.ok("consume", "-q", self.name, "-c", "1", "cat"), "again")

    def test_consume_bound_to_an_exchange(self):
        self.channel_.exchange_declare(self.name, "topic")
        for options, tells in (((), r"^Server provided queue name: amq\.gen-.{22}\n$"), (("-q", "named", "--exclusive"), r"^$")):
            with self.subTest(options), subprocess.Popen(
                self.command("consume", "-e", self.name, "-r", "a.*", "-c", "2", *options, "cat"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            ) as consumer:
                self.eventually(lambda: self.routable(self.name, "a.first"), True)
                self.channel_.basic_publish(self.name, "a.second", b"second\n")
                out, told = consumer.communicate(timeout=PATIENCE)
                self.assertEqual((consumer.returncode, out), (0, "first\nsecond\n"))
                self.assertRegex(told, tells)
                self.eventually(lambda: self.routable(self.name, "a.first"), False)

    def routable(self, exchange, key):
        try:
            self.channel_.basic_publish(exchange, key, b"first\n", mandatory=True)
        except pika.exceptions.UnroutableError:
            return False
        return True

    def test_consume_refused(self):
        self.fails("basic.consume: server channel error 404, message: NOT_FOUND - no queue 'nix'", "consume", "-q", "nix", "cat")
        owner = self.channel()
        self.queue(owner, exclusive=True)
        self.fails("405, message: RESOURCE_LOCKED - cannot obtain exclusive access", "consume", "-q", self.name, "-c", "1", "cat")

    def test_url_and_heartbeat(self):
        self.declared()
        url = f"amqp://guest:guest@{self.broker.host}:{self.broker.port}/{self.vhost.replace(' ', '%20')}"
        for tool, options in (("publish", ("-r", self.name, "-b", "m", "--heartbeat=1")), ("get", ("-q", self.name))):
            subprocess.run([f"amqp-{tool}", f"--url={url}", *options], check=True, capture_output=True, timeout=PATIENCE)

    def test_login_refused(self):
        self.fails("403, message: ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN", "get", "-q", "q", password="wrong")
        self.vhost = "nix"
        self.fails("530, message: NOT_ALLOWED - vhost nix not found", "get", "-q", "q")


if __name__ == "__main__":
    unittest.main()
