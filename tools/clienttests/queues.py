"""pika: queues, and what becomes of messages in them."""

import time
import unittest

import pika

from lab import Lab


class Queues(Lab):
    def setUp(self):
        super().setUp()
        self.channel_ = self.channel()

    def publish(self, queue, *bodies, **properties):
        self.channel_.confirm_delivery()
        for body in bodies:
            self.channel_.basic_publish("", queue, body, pika.BasicProperties(**properties))

    def with_grave(self, **arguments):
        """A queue, and the one that its dead letters come to."""
        self.channel_.exchange_declare("graves", "fanout")
        grave = self.queue(self.channel_, self.name + " grave")
        self.channel_.queue_bind(grave, "graves")
        return self.queue(self.channel_, arguments={"x-dead-letter-exchange": "graves", **arguments}), grave

    def deaths(self, properties):
        return [(death["queue"], death["reason"], death["count"]) for death in properties.headers["x-death"]]

    def test_declare_answers_with_counts(self):
        queue = self.queue(self.channel_, durable=True)
        self.publish(queue, b"1", b"2")
        self.channel_.basic_qos(prefetch_count=1)
        self.channel_.basic_consume(queue, lambda *_: None)
        for passive in (False, True):
            method = self.channel_.queue_declare(queue, durable=True, passive=passive).method
            self.assertEqual((method.queue, method.message_count, method.consumer_count), (queue, 1, 1))

    def test_named_by_the_broker(self):
        queue = self.channel_.queue_declare("", exclusive=True).method.queue
        self.assertRegex(queue, r"^amq\.gen-[A-Za-z0-9_-]{22}$")
        self.publish(queue, b"m")
        self.assertEqual(self.drain(self.channel_, queue), [b"m"])

    def test_purge_and_delete(self):
        queue = self.queue(self.channel_)
        self.publish(queue, b"1", b"2", b"3")
        self.assertEqual(self.channel_.queue_purge(queue).method.message_count, 3)
        self.publish(queue, b"4")
        self.closes(406, "not empty", self.channel().queue_delete, queue, if_empty=True)
        self.channel_.basic_consume(queue, lambda *_: None)
        self.closes(406, "in use", self.channel().queue_delete, queue, if_unused=True)
        self.assertEqual(self.channel_.queue_delete("never there").method.message_count, 0)
        self.channel_.queue_delete(queue)
        self.closes(404, f"no queue '{queue}'", self.channel_.queue_declare, queue, passive=True)

    def test_refusals(self):
        self.queue(self.channel_, "there", arguments={"x-message-ttl": 1000})
        for code, text, act in (
            (404, "no queue 'nix'", lambda ch: ch.queue_declare("nix", passive=True)),
            (404, "no queue 'nix'", lambda ch: ch.basic_get("nix")),
            (404, "no queue 'nix'", lambda ch: ch.basic_consume("nix", print)),
            (406, "inequivalent arg 'durable'", lambda ch: ch.queue_declare("there", durable=True, arguments={"x-message-ttl": 1000})),
            (406, "inequivalent arg 'x-message-ttl'", lambda ch: ch.queue_declare("there", arguments={"x-message-ttl": 2000})),
            (406, "inequivalent arg 'x-message-ttl'", lambda ch: ch.queue_declare("there")),
            (406, "expected integer, got longstr", lambda ch: ch.queue_declare("new", arguments={"x-message-ttl": "1"})),
            (403, "contains reserved prefix", lambda ch: ch.queue_declare("amq.mine")),
        ):
            with self.subTest(text):
                self.closes(code, text, act, self.channel())

    def test_exclusive(self):
        owner = self.channel()
        queue = self.queue(owner, exclusive=True)
        for act in (
            lambda ch: ch.queue_declare(queue, passive=True), lambda ch: ch.basic_get(queue), lambda ch: ch.queue_delete(queue),
            lambda ch: ch.basic_consume(queue, print), lambda ch: ch.queue_bind(queue, "amq.fanout"),
        ):
            self.closes(405, "cannot obtain exclusive access to locked queue", act, self.channel())
        self.publish(queue, b"anyone may")
        self.assertEqual(self.drain(owner, queue), [b"anyone may"])
        owner.connection.close()
        self.gone(queue)

    def test_auto_delete(self):
        queue = self.queue(self.channel_, auto_delete=True)
        consumer = self.channel()
        tag = consumer.basic_consume(queue, print)
        consumer.basic_cancel(tag)
        self.gone(queue)

    def test_time_to_live(self):
        queue, grave = self.with_grave(**{"x-message-ttl": 50})
        self.publish(queue, b"old", headers={"mine": 1}, message_id="kept")
        method, properties, body = self.take(self.channel_, grave)
        self.assertEqual((method.exchange, method.routing_key, body), ("graves", queue, b"old"))
        self.assertEqual((properties.message_id, properties.headers["mine"]), ("kept", 1))
        self.assertEqual(self.deaths(properties), [(queue, "expired", 1)])
        (death,) = properties.headers["x-death"]
        self.assertEqual((death["exchange"], death["routing-keys"]), ("", [queue]))
        self.assertLess(abs(death["time"].timestamp() - time.mktime(time.gmtime())), 5)
        self.assertEqual({name: value for name, value in properties.headers.items() if name.startswith("x-first")}, {
            "x-first-death-exchange": "", "x-first-death-queue": queue, "x-first-death-reason": "expired"})

    def test_expiration_of_one_message(self):
        queue, grave = self.with_grave()
        self.publish(queue, b"short", expiration="30")
        self.publish(queue, b"long")
        _, properties, body = self.take(self.channel_, grave)
        self.assertEqual((body, properties.expiration), (b"short", None))
        self.assertEqual(properties.headers["x-death"][0]["original-expiration"], "30")
        self.assertEqual(self.drain(self.channel_, queue), [b"long"])
        self.closes(406, "invalid expiration 'soon'", self.publish, queue, b"", expiration="soon")

    def test_rejected(self):
        queue, grave = self.with_grave(**{"x-dead-letter-routing-key": "changed"})
        self.publish(queue, b"no")
        self.channel_.basic_reject(self.take(self.channel_, queue, ack=False)[0].delivery_tag, requeue=False)
        method, properties, _ = self.take(self.channel_, grave)
        self.assertEqual((method.routing_key, self.deaths(properties)), ("changed", [(queue, "rejected", 1)]))

    def test_maximum_length(self):
        queue, grave = self.with_grave(**{"x-max-length": 2})
        self.publish(queue, b"1", b"2", b"3")
        _, properties, body = self.take(self.channel_, grave)
        self.assertEqual((body, self.deaths(properties)), (b"1", [(queue, "maxlen", 1)]))
        self.assertEqual(self.drain(self.channel_, queue), [b"2", b"3"])

    def test_maximum_bytes(self):
        queue = self.queue(self.channel_, arguments={"x-max-length-bytes": 10})
        self.publish(queue, b"1234", b"5678", b"90ab")
        self.assertEqual(self.drain(self.channel_, queue), [b"5678", b"90ab"])

    def test_round_trip_of_a_retry(self):
        """The usual pattern: rejected, waits in a queue with a time to live, comes back."""
        work, wait = self.name, self.name + " wait"
        self.queue(self.channel_, work, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait})
        self.queue(self.channel_, wait, arguments={"x-message-ttl": 20, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": work})
        self.publish(work, b"again")
        for tries in range(3):
            method, properties, _ = self.take(self.channel_, work, ack=False)
            if tries:
                self.assertEqual(self.deaths(properties), [(wait, "expired", tries), (work, "rejected", tries)])
            self.channel_.basic_reject(method.delivery_tag, requeue=False)

    def test_priorities(self):
        queue = self.queue(self.channel_, arguments={"x-max-priority": 5})
        for priority in (0, 3, 5, 1, 9, None, 3):
            self.publish(queue, b"%d" % (priority or 0), priority=priority)
        self.assertEqual(self.drain(self.channel_, queue), [b"5", b"9", b"3", b"3", b"1", b"0", b"0"])

    def test_unused_queue_expires(self):
        queue = self.queue(self.channel_, arguments={"x-expires": 100})
        self.eventually(lambda: queue in [q["name"] for q in self.broker.ask("GET", "queues", self.vhost)], False)
        self.gone(queue)

    def test_quorum_queue_with_a_delivery_limit(self):
        self.channel_.exchange_declare("graves", "fanout")
        grave = self.queue(self.channel_, self.name + " grave")
        self.channel_.queue_bind(grave, "graves")
        queue = self.queue(self.channel_, durable=True, arguments={
            "x-queue-type": "quorum", "x-delivery-limit": 2, "x-dead-letter-exchange": "graves"})
        self.publish(queue, b"poison")
        for returns in range(3):
            method, properties, _ = self.take(self.channel_, queue, ack=False)
            self.assertEqual(((properties.headers or {}).get("x-delivery-count", 0), method.redelivered), (returns, returns > 0))
            self.channel_.basic_nack(method.delivery_tag)
        _, properties, _ = self.take(self.channel_, grave)
        self.assertEqual(self.deaths(properties), [(queue, "delivery_limit", 1)])


if __name__ == "__main__":
    unittest.main()
