"""pika: which queues a message reaches, and what a publisher hears of it."""

import unittest

import pika

from lab import Lab


class Exchanges(Lab):
    def setUp(self):
        super().setUp()
        self.channel_ = self.channel()

    def exchange(self, kind, name=None, **settings):
        name = name or self.name
        self.channel_.exchange_declare(name, kind, **settings)
        return name

    def bound(self, exchange, queue, key="", **arguments):
        """A queue of that name, bound."""
        self.queue(self.channel_, queue)
        self.channel_.queue_bind(queue, exchange, key, arguments or None)
        return queue

    def reached(self, queues, exchange, key="", headers=None):
        """Which of the queues a message reaches."""
        self.channel_.confirm_delivery()
        self.channel_.basic_publish(exchange, key, b"m", pika.BasicProperties(headers=headers))
        return {queue for queue in queues if self.drain(self.channel_, queue) == [b"m"]}

    def test_direct(self):
        x = self.exchange("direct")
        queues = [self.bound(x, "d1", "a"), self.bound(x, "d2", "a"), self.bound(x, "d3", "b")]
        self.channel_.queue_bind("d3", x, "a.b")
        self.assertEqual(self.reached(queues, x, "a"), {"d1", "d2"})
        self.assertEqual(self.reached(queues, x, "a.b"), {"d3"})
        self.assertEqual(self.reached(queues, x, "c"), set())
        self.channel_.queue_unbind("d2", x, "a")
        self.assertEqual(self.reached(queues, x, "a"), {"d1"})

    def test_fanout(self):
        x = self.exchange("fanout")
        self.assertEqual(self.reached([self.bound(x, "f1", "a"), self.bound(x, "f2")], x, "whatever"), {"f1", "f2"})

    def test_topic(self):
        x = self.exchange("topic")
        patterns = ["#", "*", "a.*", "a.#", "#.c", "*.b.*", "a.#.c", "*.*", "", "a.b.c"]
        for pattern in patterns:
            self.bound(x, f"t {pattern}", pattern)
        for key, want in {
            "": ["#", ""], "a": ["#", "*", "a.#"], "a.b": ["#", "a.*", "a.#", "*.*"], "c": ["#", "*", "#.c"],
            "a.b.c": ["#", "a.#", "#.c", "*.b.*", "a.#.c", "a.b.c"], "a.c": ["#", "a.*", "a.#", "#.c", "a.#.c", "*.*"],
            "a..c": ["#", "a.#", "#.c", "a.#.c"], ".": ["#", "*.*"],
        }.items():
            with self.subTest(key):
                queues = [f"t {pattern}" for pattern in patterns]
                self.assertEqual(self.reached(queues, x, key), {f"t {pattern}" for pattern in want})

    def test_headers(self):
        x = self.exchange("headers")
        queues = [
            self.bound(x, "all", **{"x-match": "all", "a": 1, "b": "two"}), self.bound(x, "any", **{"x-match": "any", "a": 1, "b": "two"}),
            self.bound(x, "default", a=1), self.bound(x, "there", **{"x-match": "any", "c": None}),
        ]
        self.assertEqual(self.reached(queues, x, headers={"a": 1, "b": "two", "z": True}), {"all", "any", "default"})
        self.assertEqual(self.reached(queues, x, headers={"b": "two"}), {"any"})
        self.assertEqual(self.reached(queues, x, headers={"a": "1", "c": 5}), {"there"})
        self.assertEqual(self.reached(queues, x), set())

    def test_exchange_to_exchange(self):
        first, second, third = self.exchange("topic", "first"), self.exchange("fanout", "second"), self.exchange("direct", "third")
        self.channel_.exchange_bind(second, first, "to.*")
        self.channel_.exchange_bind(third, second)
        self.channel_.exchange_bind(first, third, "to.all")  # round in a circle
        queues = [self.bound(first, "e1", "#"), self.bound(second, "e2"), self.bound(third, "e3", "to.all")]
        self.channel_.queue_bind("e1", third, "to.all")
        self.assertEqual(self.reached(queues, first, "to.all"), {"e1", "e2", "e3"})
        self.assertEqual(self.reached(queues, first, "to.few"), {"e1", "e2"})
        self.channel_.exchange_unbind(second, first, "to.*")
        self.assertEqual(self.reached(queues, first, "to.all"), {"e1"})

    def test_default_exchange_and_those_that_are_always_there(self):
        queue = self.queue(self.channel_)
        self.assertEqual(self.reached([queue], "", queue), {queue})
        for name, kind in {"amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers",
                           "amq.match": "headers"}.items():
            self.exchange(kind, name, durable=True)
        self.channel_.queue_bind(queue, "amq.topic", "#")
        self.assertEqual(self.reached([queue], "amq.topic", "any.key"), {queue})

    def test_alternate_exchange(self):
        spare = self.exchange("fanout", "spare")
        x = self.exchange("direct", arguments={"alternate-exchange": spare})
        queues = [self.bound(spare, "a1"), self.bound(x, "a2", "known")]
        self.assertEqual(self.reached(queues, x, "known"), {"a2"})
        self.assertEqual(self.reached(queues, x, "unknown"), {"a1"})

    def test_further_keys_in_headers(self):
        queues = [self.queue(self.channel_, name) for name in ("k1", "k2", "k3", "k4")]
        self.assertEqual(self.reached(queues, "", "k1", {"CC": ["k2", "k1"], "BCC": ["k3"]}), {"k1", "k2", "k3"})

    def test_auto_delete_exchange_goes_with_its_last_binding(self):
        x = self.exchange("fanout", auto_delete=True)
        self.bound(x, "x1"), self.bound(x, "x2")
        self.channel_.queue_unbind("x1", x, "")
        self.channel_.exchange_declare(x, passive=True)
        self.channel_.queue_delete("x2")
        self.closes(404, f"no exchange '{x}'", self.channel_.exchange_declare, x, passive=True)

    def test_refusals(self):
        self.exchange("direct", "there", durable=True)
        self.exchange("fanout", "inside", internal=True)
        self.channel_.exchange_bind("there", "inside")
        for code, text, act in (
            (404, "no exchange 'nix'", lambda ch: ch.exchange_declare("nix", passive=True)),
            (406, "received 'fanout' but current is 'direct'", lambda ch: ch.exchange_declare("there", "fanout", durable=True)),
            (406, "inequivalent arg 'durable'", lambda ch: ch.exchange_declare("there", "direct")),
            (403, "contains reserved prefix", lambda ch: ch.exchange_declare("amq.mine", "direct")),
            (403, "not permitted on the default exchange", lambda ch: ch.exchange_delete("")),
            (406, "in use", lambda ch: ch.exchange_delete("inside", if_unused=True)),
            (404, "no queue 'nix'", lambda ch: ch.queue_bind("nix", "there")),
            (404, "no exchange 'nix'", lambda ch: ch.exchange_bind("there", "nix")),
        ):
            with self.subTest(text):
                self.closes(code, text, act, self.channel())
        channel = self.channel()
        channel.confirm_delivery()
        self.closes(403, "cannot publish to internal exchange 'inside'", channel.basic_publish, "inside", "", b"")
        self.hangs_up(503, "unknown exchange type 'odd'", self.channel().exchange_declare, "odd", "odd")


class Publishing(Lab):
    def test_confirms(self):
        channel = self.channel()
        queue = self.queue(channel)
        channel.confirm_delivery()
        for i in range(100):
            channel.basic_publish("", queue, b"%d" % i, mandatory=True)
        self.assertEqual(self.drain(channel, queue), [b"%d" % i for i in range(100)])

    def test_confirmed_and_unroutable(self):
        channel = self.channel()
        channel.confirm_delivery()
        channel.basic_publish("", "nowhere", b"gone")  # nobody asked
        with self.assertRaises(pika.exceptions.UnroutableError) as refused:
            channel.basic_publish("amq.direct", "nowhere", b"back", pika.BasicProperties(type="t"), mandatory=True)
        (returned,) = refused.exception.messages
        method, properties = returned.method, returned.properties
        self.assertEqual((method.reply_code, method.reply_text, method.exchange, method.routing_key), (312, "NO_ROUTE", "amq.direct", "nowhere"))
        self.assertEqual((properties.type, returned.body), ("t", b"back"))

    def test_confirmed_and_refused_by_a_full_queue(self):
        channel = self.channel()
        queue = self.queue(channel, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"in")
        with self.assertRaises(pika.exceptions.NackError):
            channel.basic_publish("", queue, b"out")
        self.assertEqual(self.drain(channel, queue), [b"in"])

    def test_returned_without_confirms(self):
        channel = self.channel()
        returned = []
        channel.add_on_return_callback(lambda _, method, properties, body: returned.append((method.reply_code, body)))
        channel.basic_publish("", "nowhere", b"back", mandatory=True)
        self.eventually(lambda: returned, [(312, b"back")], channel.connection)

    def test_missing_exchange(self):
        channel = self.channel()
        channel.confirm_delivery()
        self.closes(404, "no exchange 'nix'", channel.basic_publish, "nix", "", b"")

    def test_transactions(self):
        channel = self.channel()
        queue = self.queue(channel)
        channel.tx_select()
        channel.basic_publish("", queue, b"dropped")
        channel.tx_rollback()
        channel.basic_publish("", queue, b"kept")
        self.assertEqual(self.drain(self.channel(), queue), [])
        channel.tx_commit()
        method, _, body = channel.basic_get(queue)
        self.assertEqual(body, b"kept")
        channel.basic_ack(method.delivery_tag)
        channel.tx_rollback()  # the acknowledgement, too
        channel.close()
        method, _, body = self.take(self.channel(), queue)
        self.assertEqual((method.redelivered, body), (True, b"kept"))

    def test_confirms_and_transactions_exclude_each_other(self):
        channel = self.channel()
        channel.confirm_delivery()
        self.closes(406, "cannot switch from confirm to tx mode", channel.tx_select)
        self.closes(406, "channel is not transactional", self.channel().tx_commit)


if __name__ == "__main__":
    unittest.main()
