"""pika, on brokers that run out of memory, stop, and come back."""

import subprocess
import unittest

import pika

from lab import PATIENCE, Lab
from own import Own


class Outages(Lab):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.vhost = "/"

    def setUp(self):
        super().setUp()
        self.broker = Own(*self.options)
        self.addCleanup(lambda: self.broker.stop())


class Restarts(Outages):
    def test_address_that_the_program_prints(self):
        """As librabbitmq reads it, for which a final slash names a virtual host without a name."""
        subprocess.run(["amqp-declare-queue", f"--url={self.broker.amqp}", "-q", "q"], check=True, capture_output=True, timeout=PATIENCE)
        pika.BlockingConnection(pika.URLParameters(self.broker.amqp)).close()

    def test_stop_tells_the_clients(self):
        connection = self.connect()
        self.broker.process.terminate()
        self.hangs_up(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", connection.sleep, PATIENCE)
        self.assertEqual(self.broker.process.wait(PATIENCE), 0)
        with self.assertRaises(pika.exceptions.AMQPConnectionError):
            self.connect()

    def test_killed(self):
        connection = self.connect()
        self.broker.stop(kill=True)
        with self.assertRaises(pika.exceptions.AMQPConnectionError):
            connection.sleep(PATIENCE)

    def test_consumer_that_connects_again(self):
        """A client that does what pika's documentation tells it to do."""
        got, lives = [], 0
        while len(got) < 3:
            try:
                channel = self.connect(connection_attempts=20, retry_delay=0.1).channel()
                lives += 1
                queue = self.queue(channel, "work", durable=True)
                channel.basic_publish("", queue, b"%d" % lives)
                for _, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=1):
                    got.append(body)
                    self.broker.stop(kill=True)
                    self.broker.start()
            except pika.exceptions.AMQPConnectionError:
                continue
        self.assertEqual(got, [b"1", b"2", b"3"])


class Memory(Outages):
    options = ("--max-memory", "100KB")

    def test_blocked_and_unblocked(self):
        blocked = []
        publisher = self.connect()
        publisher.add_on_connection_blocked_callback(lambda _, frame: blocked.append(frame.method.reason))
        publisher.add_on_connection_unblocked_callback(lambda *_: blocked.append("unblocked"))
        channel, consumer = publisher.channel(), self.channel()
        queue = self.queue(channel)
        channel.basic_publish("", queue, b"x" * 150_000)
        self.eventually(lambda: blocked, ["low on memory"], publisher)
        channel.basic_publish("", queue, b"held back")
        publisher.process_data_events(time_limit=0.1)
        self.assertEqual(len(self.take(consumer, queue)[2]), 150_000)
        self.eventually(lambda: blocked, ["low on memory", "unblocked"], publisher)
        self.assertEqual(self.take(consumer, queue)[2], b"held back")

    def test_publisher_that_gives_up(self):
        publisher = self.connect(blocked_connection_timeout=0.3)
        channel = publisher.channel()
        channel.basic_publish("", self.queue(channel), b"x" * 150_000)
        with self.assertRaises(pika.exceptions.ConnectionBlockedTimeout):
            publisher.sleep(PATIENCE)

    def test_blocked_publisher_by_callbacks(self):
        heard = []
        connection = pika.SelectConnection(
            self.broker.parameters(), on_open_callback=lambda opened: opened.channel(on_open_callback=fill),
            on_close_callback=lambda *_: connection.ioloop.stop())
        self.addCleanup(connection.ioloop.close)

        def fill(channel):
            channel.queue_declare("fill")
            channel.basic_publish("", "fill", b"x" * 150_000)

        def blocked(_, frame):
            heard.append(frame.method.reason)
            self.channel().queue_purge("fill")

        def unblocked(*_):
            heard.append("unblocked")
            connection.close()

        connection.add_on_connection_blocked_callback(blocked)
        connection.add_on_connection_unblocked_callback(unblocked)
        connection.ioloop.call_later(PATIENCE, connection.ioloop.stop)
        connection.ioloop.start()
        self.assertEqual(heard, ["low on memory", "unblocked"])


if __name__ == "__main__":
    unittest.main()
