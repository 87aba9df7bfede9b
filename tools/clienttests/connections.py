"""pika: log in, stay, and be sent away."""

import time
import unittest
import urllib.error

import pika

from lab import PATIENCE, Lab

HEARTBEAT = 1
"""Seconds, the shortest there is."""


class Connections(Lab):
    def own(self, connection):
        """What the management API says of a connection."""
        host, port = connection._impl._transport._sock.getsockname()[:2]
        name = f"{host}:{port} -> {self.broker.host}:{self.broker.port}"

        def there():
            try:
                self.broker.ask("GET", "connections", name)
            except urllib.error.HTTPError as error:
                return error.code
            return 200

        self.eventually(there, 200, connection)  # RabbitMQ lists it a moment later
        return self.broker.ask("GET", "connections", name)

    def test_what_the_broker_says_of_itself(self):
        impl = self.connect()._impl
        self.assertEqual((impl.params.channel_max, impl.params.frame_max), (2047, 131072))
        self.assertEqual(impl.server_capabilities, dict.fromkeys((
            "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked",
            "consumer_priorities", "authentication_failure_close", "per_consumer_qos", "direct_reply_to"), True))

    def test_wrong_password(self):
        with self.assertRaisesRegex(pika.exceptions.ProbableAuthenticationError, "403.*ACCESS_REFUSED - Login was refused"):
            self.connect(credentials=pika.PlainCredentials("guest", "wrong"))

    def test_missing_virtual_host(self):
        with self.assertRaisesRegex(pika.exceptions.ProbableAccessDeniedError, "530.*NOT_ALLOWED - vhost nix not found"):
            self.connect(virtual_host="nix")

    def test_many_channels(self):
        connection = self.connect(channel_max=50)
        channels = [connection.channel() for _ in range(50)]
        for i, channel in enumerate(channels):
            channel.basic_publish("", self.queue(channel, f"many {i}"), b"%d" % i)
        self.assertEqual([self.take(channel, f"many {i}")[2] for i, channel in enumerate(channels)], [b"%d" % i for i in range(50)])
        with self.assertRaises(pika.exceptions.NoFreeChannels):
            connection.channel()
        channels[7].close()
        self.assertEqual(connection.channel().channel_number, 8)

    def test_refused_channel_leaves_the_others(self):
        connection = self.connect()
        good, bad = connection.channel(), connection.channel()
        self.closes(404, "no queue 'nix'", bad.queue_declare, "nix", passive=True)
        self.assertTrue(self.queue(good))
        again = connection.channel(bad.channel_number)
        self.assertTrue(self.queue(again))

    def test_heartbeats_keep_an_idle_connection(self):
        connection = self.connect(heartbeat=HEARTBEAT)
        channel = connection.channel()
        connection.sleep(3.5 * HEARTBEAT)
        self.assertTrue(self.queue(channel))

    def test_silent_client_is_given_up(self):
        connection = self.connect(heartbeat=HEARTBEAT)
        queue = self.queue(connection.channel(), exclusive=True)
        time.sleep(3.5 * HEARTBEAT)  # and pika sends none meanwhile
        with self.assertRaises(pika.exceptions.AMQPConnectionError):
            connection.channel()
        self.gone(queue)

    def test_closed_by_management(self):
        connection = self.connect(client_properties={"connection_name": "to be closed"})
        own = self.own(connection)
        self.assertEqual((own["vhost"], own["user"], own["client_properties"]["connection_name"]), (self.vhost, "guest", "to be closed"))
        self.broker.ask("DELETE", "connections", own["name"], headers={"X-Reason": "tidying up"})
        self.hangs_up(320, "tidying up", connection.sleep, PATIENCE)

    def test_connecting_again_and_again(self):
        for _ in range(100):
            connection = self.connect()
            self.assertTrue(connection.channel().is_open)
            connection.close()


if __name__ == "__main__":
    unittest.main()
