"""pika: the same broker, by callbacks (SelectConnection)."""

import functools
import unittest

import pika

from lab import PATIENCE, Lab


class Story:
    """Runs a generator whose steps are functions that take a callback, each of
    which goes on when that is called, with what it was called with. Then it
    closes the connection."""

    def __init__(self, parameters, tell):
        self.tell, self.steps = tell, None
        self.over, self.problem = False, "it takes too long"
        self.connection = pika.SelectConnection(
            parameters, on_open_callback=self.begin, on_open_error_callback=self.closed, on_close_callback=self.closed)
        self.connection.ioloop.call_later(PATIENCE, self.connection.ioloop.stop)

    def run(self):
        self.connection.ioloop.start()
        if self.problem:
            raise AssertionError(self.problem)

    def begin(self, connection):
        self.steps = self.tell(connection)
        self.go_on()

    def go_on(self, *got):
        try:
            step = self.steps.send(got[0] if len(got) == 1 else got or None)
        except StopIteration:
            self.end(None)
        except Exception as error:  # the callback's, which would be lost in the loop
            self.end(error)
        else:
            step(self.go_on)

    def end(self, problem):
        self.over, self.problem = True, problem
        self.connection.close()

    def closed(self, _, reason):
        if not self.over or not isinstance(reason, pika.exceptions.ConnectionClosedByClient):
            self.problem = self.problem if self.over and self.problem else reason
        self.connection.ioloop.stop()


class Selecting(Lab):
    def tell(self, story, **settings):
        run = Story(self.broker.parameters(virtual_host=self.vhost, **settings), story)
        self.addCleanup(run.connection.ioloop.close)
        run.run()

    def test_publish_and_consume(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)
            yield lambda go_on: channel.exchange_declare(self.name, "topic", callback=go_on)
            declared = yield lambda go_on: channel.queue_declare(self.name, callback=go_on)
            self.assertEqual((declared.method.queue, declared.method.message_count), (self.name, 0))
            yield lambda go_on: channel.queue_bind(self.name, self.name, "#", callback=go_on)
            yield lambda go_on: channel.basic_qos(prefetch_count=10, callback=go_on)

            got = []
            for i in range(200):
                channel.basic_publish(self.name, f"key.{i}", b"%d" % i)

            def consume(go_on):
                def deliver(_, method, __, body):
                    got.append(body)
                    channel.basic_ack(method.delivery_tag)
                    if len(got) == 200:
                        go_on()
                channel.basic_consume(self.name, deliver, consumer_tag="one")

            yield consume
            self.assertEqual(got, [b"%d" % i for i in range(200)])
            cancelled = yield lambda go_on: channel.basic_cancel("one", callback=go_on)
            self.assertEqual(cancelled.method.consumer_tag, "one")
            deleted = yield lambda go_on: channel.queue_delete(self.name, callback=go_on)
            self.assertEqual(deleted.method.message_count, 0)

        self.tell(story)

    def test_confirms(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)
            yield lambda go_on: channel.queue_declare(self.name, arguments={"x-max-length": 50, "x-overflow": "reject-publish"}, callback=go_on)
            outcomes, returned = {}, []
            channel.add_on_return_callback(lambda _, method, __, body: returned.append(body))

            def confirm(go_on, frame):
                method, seen = frame.method, len(outcomes)
                for tag in range(1 if method.multiple else method.delivery_tag, method.delivery_tag + 1):
                    outcomes.setdefault(tag, method.NAME)
                if seen < 61 <= len(outcomes):
                    go_on()

            def publish(go_on):
                channel.confirm_delivery(functools.partial(confirm, go_on))
                for i in range(60):
                    channel.basic_publish("", self.name, b"%d" % i)
                channel.basic_publish("", "nowhere", b"back", mandatory=True)

            yield publish
            self.assertEqual([tag for tag, name in sorted(outcomes.items()) if name == "Basic.Ack"], [*range(1, 51), 61])
            self.assertEqual(returned, [b"back"])

        self.tell(story)

    def test_refusal_and_a_second_channel(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)

            def passive(go_on):
                channel.add_on_close_callback(go_on)
                channel.queue_declare("nix", passive=True)

            _, reason = yield passive
            self.assertEqual(reason.reply_code, 404)
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)
            yield lambda go_on: channel.queue_declare(self.name, callback=go_on)

        self.tell(story)

    def test_cancelled_with_its_queue(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)
            yield lambda go_on: channel.queue_declare(self.name, callback=go_on)
            yield lambda go_on: channel.basic_consume(self.name, print, consumer_tag="told", callback=go_on)

            def delete(go_on):
                channel.add_on_cancel_callback(go_on)
                channel.queue_delete(self.name)

            frame = yield delete
            self.assertEqual(frame.method.consumer_tag, "told")
            self.assertTrue(channel.is_open)

        self.tell(story)

    def test_many_channels_at_once(self):
        def story(connection):
            opened = []

            def open_all(go_on):
                def note(channel):
                    opened.append(channel.channel_number)
                    if len(opened) == 100:
                        go_on()
                for _ in range(100):
                    connection.channel(on_open_callback=note)

            yield open_all
            self.assertEqual(sorted(opened), list(range(1, 101)))

        self.tell(story)

    def test_heartbeats(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)
            yield lambda go_on: connection.ioloop.call_later(3.5, go_on)
            yield lambda go_on: channel.queue_declare(self.name, callback=go_on)

        self.tell(story, heartbeat=1)

    def test_channel_closed_by_the_client(self):
        def story(connection):
            channel = yield lambda go_on: connection.channel(on_open_callback=go_on)

            def close(go_on):
                channel.add_on_close_callback(go_on)
                channel.close()

            _, reason = yield close
            self.assertIsInstance(reason, pika.exceptions.ChannelClosedByClient)

        self.tell(story)


if __name__ == "__main__":
    unittest.main()
