"use strict";

// An IVR for Pivot that needs no server: it keeps one websocket open, and is asked over
// that what calls do next. An example to begin with, and no part of kazoolab.
//
//   eval "$(kazoolab env)"
//   node --experimental-websocket simulator/pivot/examples/websocket/ivr.js
//
// A callflow comes here by the action
//   {"module": "pivot", "data": {"voice_url": "http://ivr.pivot.invalid/start.xml", "req_format": "twiml"}}

const { KazooSocket } = require("../../../../docs/browser/kazoo-socket.js");

const { WEBSOCKET_URL = "ws://127.0.0.1:5555", AUTH_TOKEN, ACCOUNT_ID, APP = "ivr" } = process.env;

const socket = new KazooSocket({ urls: WEBSOCKET_URL.split(","), accountId: ACCOUNT_ID, token: async () => AUTH_TOKEN });
socket.onState = (state, why) => console.log(state, why ?? "");
socket.onResult = ({ outcome, errors }, request) => errors.length > 0 && console.log(request?.call_id, outcome, errors);

const say = (text) => `<Say>${text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)}</Say>`;

// page is what a call does next, by the path of the URL. The names have a dot, because Kazoo
// puts an action behind a name without one: choice of /start would be /start/choice.
function page({ url, params, call_id: call }) {
  const { pathname } = new URL(url);
  console.log(call, pathname, params.Digits ?? "");
  switch (pathname) {
    case "/start.xml":
      return `<Response><Gather numDigits="1" action="choice.xml">${say("Press 1 for our hours, or 2 for a person.")}</Gather></Response>`;
    case "/choice.xml":
      return params.Digits === "2"
        ? { module: "user", data: { id: "0123456789abcdef0123456789abcdef" } }
        : `<Response>${say("We are open from nine to six.")}<Redirect>start.xml</Redirect></Response>`;
    default:
      return { status: 404 };
  }
}

socket.serve(APP, page).then(
  () => console.log(`serving ${APP}`),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
