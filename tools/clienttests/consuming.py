"""pika: how messages are taken, and given back."""

import unittest

import pika

from lab import PATIENCE, Lab


class Consuming(Lab):
    def setUp(self):
        super().setUp()
        self.channel_ = self.channel()

    def filled(self, n, **settings):
        """A queue with the messages b"0" and so on."""
        queue = self.queue(self.channel_, **settings)
        self.channel_.confirm_delivery()
        for i in range(n):
            self.channel_.basic_publish("", queue, b"%d" % i)
        return queue

    def consume(self, channel, queue, **settings):
        """Starts a consumer. Returns its tag, and a list that its deliveries are added to."""
        got = []
        return channel.basic_consume(queue, lambda _, method, __, body: got.append((method, body)), **settings), got

    def receives(self, channel, got, *bodies):
        """Waits for these deliveries, and that no other comes."""
        self.eventually(lambda: len(got) >= len(bodies), True, channel.connection)
        channel.basic_qos(prefetch_count=0)  # its answer stands behind all that was delivered
        channel.connection.process_data_events(time_limit=0)
        self.assertEqual([body for _, body in got], list(bodies))

    def ready(self, queue):
        return self.channel_.queue_declare(queue, passive=True).method.message_count

    def test_get(self):
        queue = self.filled(3)
        method, _, body = self.channel_.basic_get(queue)
        self.assertEqual((method.NAME, method.message_count, method.redelivered, body), ("Basic.GetOk", 2, False, b"0"))
        self.assertEqual(self.drain(self.channel_, queue), [b"1", b"2"])
        self.assertEqual(self.channel_.basic_get(queue), (None, None, None))

    def test_in_order_without_acknowledgements(self):
        queue = self.filled(5)
        tag, got = self.consume(self.channel_, queue, auto_ack=True, consumer_tag="mine")
        self.receives(self.channel_, got, b"0", b"1", b"2", b"3", b"4")
        self.assertEqual([(method.consumer_tag, method.delivery_tag) for method, _ in got], [(tag, i) for i in range(1, 6)])
        self.assertEqual(self.ready(queue), 0)

    def test_prefetch(self):
        queue = self.filled(5)
        channel = self.channel()
        channel.basic_qos(prefetch_count=2)
        _, got = self.consume(channel, queue)
        self.receives(channel, got, b"0", b"1")
        channel.basic_ack(got[0][0].delivery_tag)
        self.receives(channel, got, b"0", b"1", b"2")
        channel.basic_ack(0, multiple=True)
        self.receives(channel, got, b"0", b"1", b"2", b"3", b"4")
        self.assertEqual(self.ready(queue), 0)

    def test_prefetch_of_the_whole_channel(self):
        queue = self.filled(5)
        channel = self.channel()
        channel.basic_qos(prefetch_count=3, global_qos=True)
        _, first = self.consume(channel, queue)
        _, second = self.consume(channel, queue)
        self.eventually(lambda: len(first) + len(second), 3, channel.connection)
        channel.basic_ack(0, multiple=True)
        self.eventually(lambda: len(first) + len(second), 5, channel.connection)

    def test_fairness(self):
        queue = self.queue(self.channel_)
        consumers = [self.consume(self.channel_, queue, auto_ack=True)[1] for _ in range(3)]
        for i in range(9):
            self.channel_.basic_publish("", queue, b"%d" % i)
        self.eventually(lambda: [len(got) for got in consumers], [3, 3, 3], self.channel_.connection)

    def test_requeue(self):
        queue = self.filled(3)
        for back in (
            lambda method: self.channel_.basic_nack(method.delivery_tag),
            lambda method: self.channel_.basic_reject(method.delivery_tag),
            lambda _: self.channel_.basic_recover(requeue=True),
        ):
            method, _, body = self.take(self.channel_, queue, ack=False)
            self.assertEqual(body, b"0")
            back(method)
            method, _, body = self.take(self.channel_, queue, ack=False)
            self.assertEqual((method.redelivered, body), (True, b"0"))
            self.channel_.basic_nack(method.delivery_tag)
        self.assertEqual(self.drain(self.channel_, queue), [b"0", b"1", b"2"])

    def test_multiple(self):
        queue = self.filled(6)
        tags = [self.take(self.channel_, queue, ack=False)[0].delivery_tag for _ in range(6)]
        self.channel_.basic_ack(tags[1], multiple=True)
        self.channel_.basic_nack(tags[3], multiple=True, requeue=False)
        self.channel_.basic_nack(tags[5], multiple=True)
        self.assertEqual(self.drain(self.channel_, queue), [b"4", b"5"])
        self.closes(406, "unknown delivery tag 6", lambda: (self.channel_.basic_ack(tags[5]), self.channel_.queue_declare(queue)))

    def test_end_of_a_channel_or_connection_puts_back(self):
        queue = self.filled(2)
        for end in (lambda channel: channel.close(), lambda channel: channel.connection.close()):
            channel = self.channel()
            self.take(channel, queue, ack=False)
            end(channel)
            self.eventually(lambda: self.ready(queue), 2, self.channel_.connection)
        self.assertTrue(self.take(self.channel_, queue)[0].redelivered)

    def test_generator(self):
        queue = self.filled(3)
        bodies = []
        for method, _, body in self.channel_.consume(queue, inactivity_timeout=0.2):
            if method is None:
                break
            bodies.append(body)
            self.channel_.basic_ack(method.delivery_tag)
        self.assertEqual(bodies, [b"0", b"1", b"2"])
        self.channel_.basic_publish("", queue, b"late")
        method, _, body = next(self.channel_.consume(queue, inactivity_timeout=PATIENCE))
        self.assertEqual(body, b"late")
        self.channel_.basic_ack(method.delivery_tag)
        self.assertEqual(self.channel_.cancel(), 0)
        self.assertEqual(self.ready(queue), 0)

    def test_generator_gives_back_what_it_has_not_yielded(self):
        queue = self.filled(3)
        method, _, _ = next(self.channel_.consume(queue))
        self.channel_.connection.process_data_events(time_limit=0.1)
        self.channel_.basic_ack(method.delivery_tag)
        self.assertLessEqual(self.channel_.cancel(), 2)
        self.assertEqual(self.drain(self.channel_, queue), [b"1", b"2"])

    def test_cancelled_by_the_client(self):
        queue = self.filled(1)
        tag, got = self.consume(self.channel_, queue)
        self.assertRegex(tag, r"^ctag\d+\.")
        self.receives(self.channel_, got, b"0")
        self.channel_.basic_cancel(tag)
        self.channel_.basic_publish("", queue, b"not delivered")
        self.receives(self.channel_, got, b"0")
        self.channel_.basic_ack(got[0][0].delivery_tag)
        self.assertEqual(self.drain(self.channel_, queue), [b"not delivered"])

    def test_cancelled_with_its_queue(self):
        queue = self.filled(1)
        channel = self.channel()
        cancelled = []
        channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
        tag, _ = self.consume(channel, queue)
        self.channel_.queue_delete(queue)
        self.eventually(lambda: cancelled, [tag], channel.connection)
        self.assertTrue(channel.is_open)
        self.assertEqual(channel.consumer_tags, [])

    def test_generator_ends_with_its_queue(self):
        queue = self.filled(0)
        channel = self.channel()
        list(zip(range(1), channel.consume(queue, inactivity_timeout=0.01)))
        self.channel_.queue_delete(queue)
        self.eventually(lambda: list(zip(range(1), channel.consume(queue, inactivity_timeout=0.01))), [], channel.connection)

    def test_exclusive_consumer(self):
        queue = self.filled(1)
        tag, _ = self.consume(self.channel_, queue, exclusive=True)
        self.closes(403, "in exclusive use", self.consume, self.channel(), queue)
        self.closes(403, "in exclusive use", self.consume, self.channel(), queue, exclusive=True)
        self.channel_.basic_cancel(tag)
        self.consume(self.channel(), queue)
        self.closes(403, "in exclusive use", self.consume, self.channel(), queue, exclusive=True)

    def test_priorities_of_consumers(self):
        queue = self.queue(self.channel_)
        self.channel_.basic_qos(prefetch_count=1)
        _, low = self.consume(self.channel_, queue)
        _, high = self.consume(self.channel_, queue, arguments={"x-priority": 10})
        for body in (b"first", b"second"):
            self.channel_.basic_publish("", queue, body)
        self.receives(self.channel_, high, b"first")
        self.receives(self.channel_, low, b"second")

    def test_single_active_consumer(self):
        queue = self.queue(self.channel_, arguments={"x-single-active-consumer": True})
        tag, first = self.consume(self.channel_, queue, auto_ack=True)
        _, second = self.consume(self.channel_, queue, auto_ack=True)
        for body in (b"a", b"b"):
            self.channel_.basic_publish("", queue, body)
        self.receives(self.channel_, first, b"a", b"b")
        self.channel_.basic_cancel(tag)
        self.channel_.basic_publish("", queue, b"c")
        self.receives(self.channel_, second, b"c")

    def test_same_tag_twice(self):
        queue = self.filled(0)
        self.consume(self.channel_, queue, consumer_tag="twice")
        with self.assertRaises(pika.exceptions.DuplicateConsumerTag):
            self.consume(self.channel_, queue, consumer_tag="twice")  # pika's own check

    def test_direct_reply_to(self):
        queue = self.queue(self.channel_)
        _, got = self.consume(self.channel_, "amq.rabbitmq.reply-to", auto_ack=True)
        self.channel_.basic_publish("", queue, b"ask", pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id="1"))
        server = self.channel()
        _, properties, _ = self.take(server, queue)
        self.assertRegex(properties.reply_to, r"^amq\.rabbitmq\.reply-to\..")
        server.basic_publish("", properties.reply_to, b"answer", pika.BasicProperties(correlation_id=properties.correlation_id))
        self.receives(self.channel_, got, b"answer")


if __name__ == "__main__":
    unittest.main()
