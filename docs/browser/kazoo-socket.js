"use strict";

// A client of Kazoo's websockets for browsers and Node, without dependencies: copy it. It stays
// connected: when the connection ends it tries again, sooner at first than later, at the
// next of its addresses, and subscribes anew. Where the server can resume (kazoolab
// does), what came meanwhile is not missed, and what cannot be had is announced.
//
//   const socket = new KazooSocket({
//     urls: ["ws://127.0.0.1:5555"],
//     accountId: "…",
//     token: async () => (await logIn("http://127.0.0.1:8000", "Acme", "admin", "secret")).token,
//   });
//   socket.onState = (state, why) => …;       // "connecting", "open", "waiting", "closed"
//   socket.onGap = (binding, reason) => …;
//   await socket.subscribe("call.*.*", (event) => console.log(event.name, event.data));
//   await socket.command("ping");
//
// It can be a Pivot app, too, which says what calls do next (kazoolab's own, no Kazoo has it):
//
//   await socket.serve("ivr", (request) => `<Response><Say>You pressed ${request.params.Digits}</Say></Response>`);
//
// In Node: const { KazooSocket } = require("./kazoo-socket.js"). Before Node 22, run it with
// --experimental-websocket.

const FIRST_PAUSE = 250; // ms; doubles with each try that fails
const LONGEST_PAUSE = 30_000;
const PING_EVERY = 60_000; // a server closes what it has not heard of for an hour
const REPLY_LIMIT = 15_000; // after which the connection is taken for dead
const REFUSED_PAUSE = 10_000; // after which a binding that was granted before is asked for again
const REQUEST_KEPT = 60_000; // ms that a Pivot request is remembered beyond its deadline
const KEPT_IDS = 10; // of the latest events of each binding, for resuming

class KazooSocket {
  constructor({ urls, token, accountId, resume = true }) {
    this.urls = urls;
    this.getToken = token; // called for each connection, again when the token is refused
    this.accountId = accountId;
    this.resume = resume;
    this.onState = () => {};
    this.onGap = () => {};
    this.onResult = () => {}; // of an answer: { outcome, errors }, and the request
    this.onRecord = () => {}; // of a call that is over: { call_id, params, … }
    this.apps = new Map(); // name -> { answer, maxCalls, token }
    this.requests = new Map(); // id -> { data, answer: a promise }
    this.bindings = new Map(); // binding -> { listener, ids, mark }
    this.asked = new Map(); // request id -> { resolve, reject, timer }
    this.tries = 0; // since the last connection that stood
    this.turn = 0; // whose address is next
    this.hopes = []; // promises of subscriptions, until the connection stands
    this.serial = 0;
    this.closed = false;
    this.connect();
  }

  // subscribe calls listener with each event frame of a binding, now and after each
  // reconnect. Its promise is kept when the server has agreed; it is broken when the
  // server refuses, and then the binding is forgotten.
  async subscribe(binding, listener) {
    this.bindings.set(binding, { listener, ids: [], mark: null, granted: false });
    if (!this.isOpen()) {
      await new Promise((resolve, reject) => this.hopes.push({ binding, resolve, reject }));
      return;
    }
    await this.subscribeNow(binding);
  }

  async unsubscribe(binding) {
    this.bindings.delete(binding);
    if (this.isOpen()) {
      await this.command("unsubscribe", { account_id: this.accountId, binding });
    }
  }

  // serve answers what calls ask of a Pivot app, now and after each reconnect. answer(request)
  // returns, or promises, a callflow (an object with a module), TwiML (a string), or what
  // an HTTP app would say, as { status, content_type, body }. The promise is kept when the
  // server knows the app.
  async serve(app, answer, { maxCalls = 100 } = {}) {
    this.apps.set(app, { answer, maxCalls, token: undefined });
    if (!this.isOpen()) {
      await new Promise((resolve, reject) => this.hopes.push({ binding: app, resolve, reject }));
      return;
    }
    await this.register(app).catch((error) => {
      if (this.isOpen()) {
        this.apps.delete(app);
      }
      throw error;
    });
  }

  // stop takes no new calls. Those that are there may still ask, if the page stays.
  async stop(app) {
    if (this.isOpen()) {
      await this.command("pivot_unregister", { account_id: this.accountId, app });
    }
  }

  // register tells the server of an app. With the token of an earlier reply its calls come
  // here again.
  async register(app) {
    const own = this.apps.get(app);
    const data = { account_id: this.accountId, app, max_calls: own.maxCalls };
    if (own.token !== undefined) {
      data.resume = own.token;
    }
    own.token = (await this.command("pivot_register", data)).resume;
  }

  // command sends any action, and returns the data of its reply. The action "api" makes a
  // request to REST: command("api", { endpoint: "/v2/…", verb: "get" }).
  command(action, data) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen()) {
        reject(new Error("not connected"));
        return;
      }
      const id = `${Date.now().toString(36)}-${++this.serial}`;
      const timer = setTimeout(() => this.lose("no reply"), REPLY_LIMIT);
      this.asked.set(id, { resolve, reject, timer });
      this.ws.send(JSON.stringify({ action, auth_token: this.token, request_id: id, data }));
    });
  }

  // close ends it for good.
  close() {
    this.closed = true;
    clearTimeout(this.waiting);
    this.lose("closed");
  }

  isOpen() {
    return this.ws !== undefined && this.ws.readyState === WebSocket.OPEN;
  }

  async connect() {
    this.onState("connecting");
    const url = this.urls[this.turn % this.urls.length];
    try {
      this.token ??= await this.getToken();
    } catch (error) {
      this.again(`no token: ${error.message}`);
      return;
    }
    if (this.closed) {
      return;
    }
    let ws;
    try {
      ws = new WebSocket(url);
    } catch (error) { // no URL of a websocket, or no WebSocket in this Node
      this.again(`no connection to ${url}: ${error.message}`);
      return;
    }
    this.ws = ws;
    ws.onopen = () => this.resubscribe();
    ws.onmessage = (message) => {
      if (ws === this.ws) {
        this.take(JSON.parse(message.data));
      }
    };
    ws.onclose = (event) => {
      if (ws === this.ws) {
        this.lose(`closed: ${event.code} ${event.reason}`.trim());
      }
    };
    // Node 20 tells of a connection that is refused by this alone.
    ws.onerror = () => {
      if (ws === this.ws && ws.readyState !== WebSocket.OPEN) {
        this.lose(`no connection to ${url}`);
      }
    };
  }

  async resubscribe() {
    const refused = new Map();
    try {
      for (const binding of [...this.bindings.keys()]) {
        // One after the other: a server takes only so many commands at once.
        await this.subscribeNow(binding).catch((error) => {
          if (!this.isOpen()) {
            throw error;
          }
          refused.set(binding, error);
        });
      }
      for (const app of [...this.apps.keys()]) {
        await this.register(app).catch((error) => {
          if (!this.isOpen()) {
            throw error;
          }
          refused.set(app, error);
        });
      }
    } catch {
      return; // the connection ended meanwhile, and the next one begins anew
    }
    if (!this.isOpen()) {
      return; // the same
    }
    this.tries = 0;
    this.pinging = setInterval(() => this.command("ping").catch(() => {}), PING_EVERY);
    this.onState("open", this.ws.url);
    for (const { binding, resolve, reject } of this.hopes.splice(0)) {
      refused.has(binding) ? reject(refused.get(binding)) : resolve();
    }
  }

  async subscribeNow(binding) {
    const own = this.bindings.get(binding);
    if (own === undefined) {
      return; // unsubscribed meanwhile
    }
    const data = { account_id: this.accountId, binding };
    if (this.resume) {
      data.resume = true;
      if (own.ids.length > 0 || own.mark !== null) {
        data.since = own.ids.length > 0 ? own.ids : own.mark;
      }
    }
    try {
      const reply = await this.command("subscribe", data);
      own.granted = true;
      own.mark ??= reply.since ?? null;
    } catch (error) {
      if (/^(rate limiting threshold hit|the token cannot be checked at the moment)/.test(error.message)) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return this.subscribeNow(binding);
      }
      if (/^failed to authenticate token/.test(error.message)) {
        this.token = undefined; // and a new one for the next connection
        this.lose("the token is not good");
      } else if (this.isOpen() && own.granted) {
        // It was granted before: the server may not know the account yet, or not reach its store.
        const ws = this.ws;
        setTimeout(() => ws === this.ws && this.isOpen() && this.subscribeNow(binding).catch(() => {}), REFUSED_PAUSE);
      } else if (this.isOpen()) {
        this.bindings.delete(binding);
      }
      throw error;
    }
  }

  take(frame) {
    switch (frame.action) {
      case "reply": {
        const asked = this.asked.get(frame.request_id);
        if (asked === undefined) {
          return;
        }
        this.asked.delete(frame.request_id);
        clearTimeout(asked.timer);
        if (frame.status === "success") {
          asked.resolve(frame.data);
        } else {
          asked.reject(new Error((frame.data?.errors ?? ["refused"]).join(", ")));
        }
        return;
      }
      case "event": {
        // Presence has lost its family in Kazoo.
        const own = this.bindings.get(frame.subscribed_key) ?? this.bindings.get(`presence.${frame.subscribed_key}`);
        if (own === undefined) {
          return;
        }
        if (frame.id !== undefined) {
          own.ids = [...own.ids, frame.id].slice(-KEPT_IDS);
        }
        own.listener(frame);
        return;
      }
      case "pivot":
        this.takePivot(frame);
        return;
      case "gap":
        this.onGap(frame.subscribed_key, frame.reason);
    }
  }

  takePivot({ name, request_id: id, data }) {
    switch (name) {
      case "request":
        this.request(id, data);
        return;
      case "cancel":
        this.requests.delete(id);
        return;
      case "result":
        this.onResult(data, this.requests.get(id)?.data);
        this.requests.delete(id);
        return;
      case "cdr":
        this.onRecord(data);
    }
  }

  // request answers one. What is sent again after a lost connection has one answer.
  async request(id, data) {
    const app = this.apps.get(data.app);
    if (app === undefined) {
      return;
    }
    let own = this.requests.get(id);
    if (own === undefined) {
      own = { data, answer: Promise.resolve(data).then(app.answer) };
      this.requests.set(id, own);
      setTimeout(() => this.requests.delete(id), data.timeout_ms + REQUEST_KEPT).unref?.();
    }
    let answer;
    try {
      answer = await own.answer;
    } catch (error) {
      console.error(`app ${data.app}:`, error);
      answer = { status: 500 };
    }
    if (!this.requests.has(id)) {
      return; // it is not wanted any more
    }
    const plain = typeof answer === "string" || answer?.module !== undefined;
    await this.command("pivot_answer", { ...(plain ? { body: answer } : answer), pivot_id: id }).catch((error) => {
      if (this.isOpen()) {
        console.error(`app ${data.app}: the answer is not taken: ${error.message}`);
      }
    });
  }

  // lose gives the connection up.
  lose(why) {
    const ws = this.ws;
    this.ws = undefined;
    clearInterval(this.pinging);
    ws?.close();
    for (const asked of this.asked.values()) {
      clearTimeout(asked.timer);
      asked.reject(new Error(why));
    }
    this.asked.clear();
    if (!this.closed) {
      this.again(why);
      return;
    }
    this.onState("closed", why);
    for (const { reject } of this.hopes.splice(0)) {
      reject(new Error(why));
    }
  }

  // again connects after a pause: not all clients of a node that ended at the same time.
  again(why) {
    const longest = Math.min(FIRST_PAUSE * 2 ** this.tries, LONGEST_PAUSE);
    const pause = longest * (0.5 + Math.random() / 2);
    this.tries++;
    this.turn++;
    this.onState("waiting", why);
    this.waiting = setTimeout(() => this.connect(), pause);
  }
}

// logIn returns { token, accountId } for a user, by REST. SHA-1 is what browsers can
// compute of the two forms that Kazoo takes; they do so on pages from https or this
// machine only.
async function logIn(rest, account, username, password) {
  const text = new TextEncoder().encode(`${username}:${password}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", text));
  const credentials = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const response = await fetch(`${rest}/v2/user_auth`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ data: { credentials, method: "sha", account_name: account } }),
  });
  const answer = await response.json();
  if (answer.status !== "success") {
    throw new Error(`login refused: ${answer.message}`);
  }
  return { token: answer.auth_token, accountId: answer.data.account_id };
}

if (typeof module !== "undefined") {
  module.exports = { KazooSocket, logIn };
}
