"""What the checks share: the broker under test, and a virtual host for each class of them."""

import base64
import json
import os
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pika

PATIENCE = 10.0
"""Seconds that anything may take which has to come."""


class Broker:
    """A broker's addresses. Its account guest may make virtual hosts."""

    def __init__(self, amqp, management):
        where = urllib.parse.urlsplit(amqp)
        self.host, self.port = where.hostname, where.port
        api = urllib.parse.urlsplit(management)
        self.api = f"http://{api.hostname}:{api.port}/api"

    @classmethod
    def given(cls):
        """The broker that the environment names."""
        return cls(os.environ["KAZOOLAB_TEST_AMQP_URL"], os.environ["KAZOOLAB_TEST_MANAGEMENT_URL"])

    def ask(self, method, *names, body=None, headers=()):
        """Asks the management API; the names become one path. Returns what the JSON says."""
        path = "/".join(urllib.parse.quote(name, safe="") for name in names)
        request = urllib.request.Request(f"{self.api}/{path}", method=method, headers=dict(headers))
        request.add_header("Authorization", "Basic " + base64.b64encode(b"guest:guest").decode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def parameters(self, **settings):
        """Parameters of a connection that does not wait for anything for long."""
        return pika.ConnectionParameters(**{
            "host": self.host, "port": self.port, "blocked_connection_timeout": PATIENCE, "socket_timeout": PATIENCE,
            "credentials": pika.PlainCredentials("guest", "guest"), **settings,
        })


class Lab(unittest.TestCase):
    """A test with a virtual host that its class has for itself."""

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker.given()
        cls.vhost = f"clients {uuid.uuid4()}"
        cls.broker.ask("PUT", "vhosts", cls.vhost)
        cls.broker.ask("PUT", "permissions", cls.vhost, "guest", body={"configure": ".*", "write": ".*", "read": ".*"})
        cls.addClassCleanup(cls.broker.ask, "DELETE", "vhosts", cls.vhost)

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[-1]

    def connect(self, **settings):
        """A connection until the end of the test."""
        connection = pika.BlockingConnection(self.broker.parameters(**{"virtual_host": self.vhost, **settings}))
        self.addCleanup(lambda: connection.is_open and connection.close())
        return connection

    def channel(self):
        """A channel on a connection of its own."""
        return self.connect().channel()

    def queue(self, channel, name=None, **settings):
        """Declares a queue, by default one called like the test, and returns its name."""
        return channel.queue_declare(name or self.name, **settings).method.queue

    def eventually(self, attempt, wants, connection=None):
        """Calls attempt until it returns what is wanted, and fails after a while."""
        end = time.monotonic() + PATIENCE
        while True:
            got = attempt()
            if got == wants or time.monotonic() > end:
                break
            if connection:
                connection.process_data_events(time_limit=0.01)
            else:
                time.sleep(0.01)
        self.assertEqual(got, wants)

    def take(self, channel, queue, ack=True):
        """The next message, as method, properties and body; it may be under way still."""
        got = []

        def attempt():
            got[:] = channel.basic_get(queue, auto_ack=ack)
            return got[0] is not None

        self.eventually(attempt, True, channel.connection)
        return got

    def drain(self, channel, queue):
        """The bodies of all messages that wait."""
        bodies = []
        while True:
            method, _, body = channel.basic_get(queue, auto_ack=True)
            if method is None:
                return bodies
            bodies.append(body)

    def gone(self, queue):
        """Expects that a queue ends: RabbitMQ does that beside what was its cause."""
        connection = self.connect()

        def answer():
            try:
                connection.channel().queue_declare(queue, passive=True)
            except pika.exceptions.ChannelClosedByBroker as closed:
                return closed.reply_code
            return None

        self.eventually(answer, 404)

    def closes(self, code, text, act, *args, **settings):
        """Expects that the broker closes the channel for it, for that reason."""
        with self.assertRaises(pika.exceptions.ChannelClosedByBroker) as closed:
            act(*args, **settings)
        self.assertEqual(closed.exception.reply_code, code)
        self.assertIn(text, closed.exception.reply_text)

    def hangs_up(self, code, text, act, *args, **settings):
        """Expects that the broker closes the connection for it, for that reason."""
        with self.assertRaises(pika.exceptions.ConnectionClosedByBroker) as closed:
            act(*args, **settings)
        self.assertEqual(closed.exception.reply_code, code)
        self.assertIn(text, closed.exception.reply_text)
