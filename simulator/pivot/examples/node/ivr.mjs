// A bookshop's IVR for Pivot that answers with TwiML, in plain Node:
//
//   node simulator/pivot/examples/node/ivr.mjs
//   kazoolab pivot run http://127.0.0.1:9000/start.xml --script simulator/pivot/examples/order.yaml
import { createServer } from 'node:http';

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const say = (text) => `<Say>${escaped(text)}</Say>`;
const redirect = (url) => `<Redirect>${escaped(url)}</Redirect>`;
const gather = (next, keys, prompt) =>
  `<Gather action="${next}" timeout="7"${keys ? ` numDigits="${keys}"` : ''}>${say(prompt)}</Gather>`;

// A page for each moment at which the call asks what is next. Pages have a dot in their names, so
// that Kazoo puts one in the place of the other when a URL is relative.
const pages = {
  '/start.xml': () =>
    gather('main.xml', 1, 'Welcome to Maple Books. Press 1 for orders, 2 for opening hours, or 0 for a person.') +
    say('Goodbye.'),
  '/main.xml': ({ Digits }) => {
    switch (Digits) {
      case '1':
        return gather('orders.xml', 1, 'Press 1 to track an order, or 2 to cancel one.') + redirect('start.xml');
      case '2':
        return say('We are open from nine to six.') + redirect('start.xml');
      case '0':
        return '<Dial action="done.xml" timeout="20"><User>remy</User></Dial>';
      default:
        return say('That is not a choice.') + redirect('start.xml');
    }
  },
  '/orders.xml': ({ Digits }) => {
    switch (Digits) {
      case '1':
        return gather('track.xml', 0, 'Enter your order number, then press hash.') + redirect('start.xml');
      case '2':
        return (
          say('Tell us which order to cancel, then press hash.') +
          '<Record action="message.xml" maxLength="60" finishOnKey="#"/>'
        );
      default:
        return say('That is not a choice.') + redirect('start.xml');
    }
  },
  '/track.xml': ({ Digits }) => say(`Order ${Digits} is on its way. Goodbye.`),
  '/message.xml': ({ RecordingDuration = '0' }) =>
    say(`Thank you, we have your message of ${RecordingDuration} seconds. Goodbye.`),
  '/done.xml': ({ DialCallStatus }) => {
    console.log(`the call to a person ended as ${DialCallStatus}`);
    return '';
  },
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://shop');
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.method === 'PUT') return response.writeHead(201).end(); // a recording, which Kazoo stores below /message.xml
  const page = pages[url.pathname];
  if (!page) return response.writeHead(404).end();
  const parameters = Object.fromEntries(request.method === 'POST' ? new URLSearchParams(body) : url.searchParams);
  response.writeHead(200, { 'Content-Type': 'text/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Response>\n${page(parameters)}</Response>`);
});

const [host, port] = (process.env.LISTEN ?? '127.0.0.1:9000').split(':');
server.listen(Number(port), host, () =>
  console.log(`the bookshop answers at http://${host}:${server.address().port}/start.xml`),
);
