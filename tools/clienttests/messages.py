"""pika: what a message is made of comes out as it went in."""

import datetime
import decimal
import string
import unittest

import pika

from lab import Lab


class Messages(Lab):
    def there_and_back(self, body=b"", properties=None, channel=None):
        channel = channel or self.channel()
        queue = self.queue(channel)
        channel.basic_publish("", queue, body, properties)
        return self.take(channel, queue)

    def test_all_properties(self):
        sent = pika.BasicProperties(
            content_type="application/json", content_encoding="gzip", headers={"one": 1}, delivery_mode=2, priority=9,
            correlation_id="correlated", reply_to="there", expiration="60000", message_id="id", timestamp=1_600_000_000,
            type="kind", user_id="guest", app_id="application", cluster_id="cluster",
        )
        method, got, body = self.there_and_back(b"body", sent)
        self.assertEqual(vars(got), vars(sent))
        self.assertEqual((method.exchange, method.routing_key, method.redelivered), ("", self.name, False))
        self.assertEqual(body, b"body")

    def test_no_properties(self):
        _, got, _ = self.there_and_back(b"body")
        self.assertEqual(vars(got), vars(pika.BasicProperties()))

    def test_each_property_alone(self):
        channel = self.channel()
        for name, value in {
            "content_type": "", "content_encoding": "é", "headers": {}, "delivery_mode": 1, "priority": 0, "correlation_id": "c" * 255,
            "reply_to": "r", "expiration": "100000", "message_id": "m", "timestamp": 0, "type": "t", "user_id": "guest", "app_id": "a",
            "cluster_id": "z",
        }.items():
            with self.subTest(name):
                sent = pika.BasicProperties(**{name: value})
                _, got, _ = self.there_and_back(b"", sent, channel)
                self.assertEqual(vars(got), vars(sent))

    def test_header_types(self):
        headers = {
            "text": "é€😀", "empty": "", "bytes": b"\x00\xff", "true": True, "false": False, "none": None,
            "int": 5, "negative": -5, "big": pika.compat.long(2**40),
            "decimal": decimal.Decimal("3.14"), "time": datetime.datetime(2020, 9, 13, 12, 26, 40),
            "list": [1, "two", [3, {"four": [True, None]}], []],
            "table": {"a": {"b": {"c": ["d", {"e": 1}]}}, "empty": {}},
            "k" * 128: "a long name",
        }
        _, got, _ = self.there_and_back(b"", pika.BasicProperties(headers=headers))
        self.assertEqual(got.headers, headers)
        self.assertEqual({name: type(value) for name, value in got.headers.items()},
                         {name: type(value) for name, value in headers.items()})
        self.assertEqual(list(got.headers), list(headers), "the order")

    def test_bodies(self):
        for body in (b"", b"x", bytes(range(256)), string.printable.encode() * 3000, b"z" * (1 << 20)):
            with self.subTest(size=len(body)):
                self.assertEqual(self.there_and_back(body)[2], body)

    def test_bodies_in_small_frames(self):
        frame_max = 4096
        channel = self.connect(frame_max=frame_max).channel()
        for size in (frame_max - 9, frame_max - 8, frame_max - 7, 2 * (frame_max - 8), 300_000):
            with self.subTest(size=size):
                body = bytes(i % 251 for i in range(size))
                self.assertEqual(self.there_and_back(body, channel=channel)[2], body)

    def test_names_in_any_language(self):
        channel = self.channel()
        exchange, queue, key = "обмен ☎", "队列/a b%", "clé.ß"
        channel.exchange_declare(exchange)
        self.queue(channel, queue)
        channel.queue_bind(queue, exchange, key)
        channel.basic_publish(exchange, key, "häh?".encode())
        method, _, body = self.take(channel, queue)
        self.assertEqual((method.exchange, method.routing_key, body.decode()), (exchange, key, "häh?"))

    def test_someone_elses_user_id(self):
        channel = self.channel()
        channel.confirm_delivery()
        self.closes(406, "user_id property set to 'alice'", channel.basic_publish, "", "nowhere", b"", pika.BasicProperties(user_id="alice"))


if __name__ == "__main__":
    unittest.main()
