'use strict';

// The math line, in Node: asks for two numbers and says their sum.
//
//   node examples/math/node/server.js 8082
//   switchhook call http://127.0.0.1:8082/
//
// A web responder answers each request with what the call shall do next. Which
// question a request answers is in the URL that our own action named (?step=);
// the number given first is kept in a session, whose cookie the phone system
// holds for the length of the call.

const { createServer } = require('node:http');
const { randomUUID } = require('node:crypto');

const QUESTIONS = {
  first: 'Welcome to the math line. Enter the first number, then press the hash key.',
  second: 'Enter the second number, then press the hash key.',
};
const MAX_TRIES = 3; // how often a question is asked before we give up
const MAX_DIGITS = 9;
const NUMBER = new RegExp(`^[0-9]{1,${MAX_DIGITS}}$`);

const MAX_BODY = 64 * 1024; // bytes; a phone system sends a few hundred
const REQUEST_TIMEOUT = 10_000; // milliseconds until a slow request is dropped

// A caller who is silent for this long has hung up.
const SESSION_LIFETIME = 10 * 60 * 1000; // milliseconds
const MAX_SESSIONS = 10_000;
const sessions = new Map(); // by cookie, the longest unused first

/** Returns the request's session, and its id; a new one if it has none. */
function openSession(cookies = '') {
  const now = Date.now();
  for (const [id, session] of sessions) {
    if (session.expires > now && sessions.size < MAX_SESSIONS) break;
    sessions.delete(id);
  }
  const known = /(?:^|;\s*)math=([\w-]+)/.exec(cookies)?.[1];
  const session = sessions.get(known) ?? {};
  const id = sessions.delete(known) ? known : randomUUID();
  session.expires = now + SESSION_LIFETIME;
  sessions.set(id, session); // at the end: the order is that of use
  return { id, session };
}

/** The verbs that follow on the digits given to the question step. */
function nextVerbs(session, step, digits) {
  // Also a session that was lost on the way starts anew.
  if (!Object.hasOwn(QUESTIONS, step) || !session.tries || (step === 'second' && session.first === undefined)) {
    delete session.first;
    return ask(session, 'first', 1);
  }
  if (!NUMBER.test(digits)) {
    // Nothing was heard, or something with a star in it.
    return session.tries < MAX_TRIES
      ? ask(session, step, session.tries + 1)
      : goodbye('Sorry, I did not hear a number. Goodbye.');
  }
  if (step === 'first') {
    session.first = Number(digits);
    return ask(session, 'second', 1);
  }
  const second = Number(digits);
  return say(`${session.first} plus ${second} is ${session.first + second}.`) + goodbye('Goodbye.');
}

/** Asks the question step; tries counts how often it has been asked then. */
function ask(session, step, tries) {
  session.tries = tries;
  // The action is relative, so that this works under any path.
  return `<Gather numDigits="${MAX_DIGITS}" finishOnKey="#" action="?step=${step}">${say(QUESTIONS[step])}</Gather>`;
}

const goodbye = (text) => `${say(text)}<Hangup/>`;

const say = (text) => `<Say>${escape(text)}</Say>`;

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escape = (text) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** The parameters in the request's body; none where there is no body. */
async function readForm(request) {
  request.setEncoding('utf8');
  let body = '';
  // Not destroyed on return: a body that is too long is answered in words too.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    body += chunk;
    if (body.length > MAX_BODY) throw new Error(`a body of more than ${MAX_BODY} bytes`);
  }
  return new URLSearchParams(body);
}

async function handle(request, response) {
  let verbs;
  try {
    const query = new URL(request.url, 'http://localhost').searchParams;
    const form = await readForm(request);
    const { id, session } = openSession(request.headers.cookie);
    response.setHeader('Set-Cookie', `math=${id}; Path=/; HttpOnly`);
    verbs = nextVerbs(session, query.get('step'), form.get('Digits') ?? query.get('Digits') ?? '');
  } catch (error) {
    // A caller can do nothing with a stack trace.
    console.error(error);
    verbs = goodbye('Sorry, something went wrong. Goodbye.');
  }
  response.setHeader('Content-Type', 'text/xml; charset=utf-8');
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Response>${verbs}</Response>\n`);
}

const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, handle);
server.on('error', (error) => {
  console.error(error.message); // such as a port that is taken
  process.exitCode = 1;
});
server.listen(process.argv[2] ?? process.env.PORT ?? 8082, '127.0.0.1', () => {
  console.log(`The math line is at http://127.0.0.1:${server.address().port}/`);
});
