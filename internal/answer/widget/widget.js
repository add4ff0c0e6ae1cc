// The click-to-call button, as it is served: script.go puts an entry's settings
// behind this function as its argument, and takes out these comments and the
// indentation. So a comment has a line of its own, and no text runs over lines.
//
// What strangers wrote, the branding, reaches the page as text of nodes alone;
// a URL as far as it begins with https: or the address of our own server. There
// is no inline style or script, so a page's Content-Security-Policy needs
// nothing but our origin.
//
// c: id, url (of the server, no slash at the end), lang, t (texts), css, button,
//    name, logo, days (how far ahead calls are scheduled).
// tile: a picture of one state for the operator's preview: into, state, data.
(function (c, tile) {
  'use strict';

  // Milliseconds that the visitor waits, at most: for a token, for the call to
  // be taken by a phone system.
  const TOKEN_WAIT = 10e3, CALL_WAIT = 25e3;
  // An event stream that is silent for so long is held back by some proxy.
  const SILENCE = 5e3;
  // Polling begins with this pause, and slows down to the other.
  const POLL_FIRST = 2e3, POLL_LAST = 15e3;
  // How long a press goes on by itself after a reload; how long it is told of.
  const RESEND = 60e3, FOLLOW = 15 * 60e3;

  const t = c.t;
  // What is known of the buttons of this page, by all scripts of this kind.
  const mark = Symbol.for('switchhook');
  const all = document[mark] || (document[mark] = { hosts: {} });

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    element.append(...children);
    return element;
  };
  const shadow = (host) => {
    const root = host.attachShadow({ mode: 'open' });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(c.css);
      root.adoptedStyleSheets = [sheet];
    } catch (e) {
      // Safari before 16.4; a strict policy refuses this one.
      root.append(make('style', {}, c.css));
    }
    return root;
  };
  // A line drawing of 24 units.
  const icon = (path) => {
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    const line = document.createElementNS(space, 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    line.setAttribute('d', path);
    svg.append(line);
    return svg;
  };
  const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

  const two = (n) => String(n).padStart(2, '0');
  const local = (d) => d.getFullYear() + '-' + two(d.getMonth() + 1) + '-' + two(d.getDate()) +
    'T' + two(d.getHours()) + ':' + two(d.getMinutes());
  // RFC 3339 with the visitor's own offset.
  const stamp = (d) => {
    const west = d.getTimezoneOffset(), size = Math.abs(west);
    return local(d) + ':00' + (west > 0 ? '-' : '+') + two(size / 60 | 0) + ':' + two(size % 60);
  };
  // The visitor's own way to write dates, where they read the language.
  const locale = (navigator.languages || []).find((l) => l.split('-')[0] === c.lang.split('-')[0]) || c.lang;
  const day = (at) => new Date(at).toLocaleString(locale, {
    weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', timeZoneName: 'short',
  });

  // The proof of work, of solver.js: takes a challenge and bits, and promises a
  // nonce. It fails with the name of a text.
  const solve = SOLVER;

  // Asks our server; settles in time, whatever the network does. It fails with
  // the name of a text.
  const ask = async (path, wait, body) => {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), wait);
    try {
      const options = { signal: stop.signal, credentials: 'omit', cache: 'no-store' };
      if (body) {
        options.method = 'POST';
        options.headers = { 'Content-Type': 'application/json' };
        options.body = JSON.stringify(body);
        // A press reaches the server also when the visitor leaves the page.
        options.keepalive = true;
      }
      const answer = await fetch(c.url + '/click-to-call' + path, options);
      // What is no JSON is not from our server, but from something before it.
      const said = await answer.json().catch(() => {});
      return { ok: answer.ok && said, status: said ? answer.status : 502, said: said || {}, later: answer.headers.get('Retry-After') };
    } catch (e) {
      throw stop.signal.aborted ? 'slow' : navigator.onLine === false ? 'offline' : 'failed';
    } finally {
      clearTimeout(timer);
    }
  };

  // The token with its proof: fetched when the visitor opens the panel, and
  // worked out while they type.
  let token;
  const prepare = () => {
    if (!token) {
      token = ask('/token', TOKEN_WAIT, { id: c.id }).then(async (answer) => {
        if (!answer.ok) throw answer;
        const { token, challenge, bits, expires } = answer.said;
        return { token, nonce: await solve(challenge, bits), expires: Date.parse(expires) };
      });
      token.catch(() => token = 0);
    }
    return token;
  };

  const start = () => {
    const seen = all.hosts[c.id];
    // The script may stand on a page twice; and a page may throw out what was
    // drawn, and run the script anew.
    if (!tile && seen && seen.isConnected) return;

    const host = make('div');
    const place = tile ? tile.into : [...document.querySelectorAll('[data-switchhook]')].find((e) => e.dataset.switchhook === c.id);
    const root = shadow(host);
    const opener = make('button', { type: 'button', class: 'open', 'aria-haspopup': 'dialog', 'aria-controls': 'panel' },
      icon('M6 3h3l2 5-2 2c1 2 3 4 5 5l2-2 5 2v3c0 1-1 2-2 2C10 20 4 14 4 5c0-1 1-2 2-2z'), make('span', {}, c.button));
    const closer = make('button', { type: 'button', class: 'close', 'aria-label': t.close }, icon('M6 6l12 12M18 6L6 18'));
    const status = make('p', { id: 'status', role: 'status', tabindex: -1 });
    const phone = make('input', { id: 'phone', type: 'tel', autocomplete: 'tel', maxlength: 40, required: '', 'aria-describedby': 'phone-error' });
    const phoneError = make('p', { id: 'phone-error', class: 'error' });
    const when = make('input', { id: 'when', type: 'datetime-local', required: '', 'aria-describedby': 'when-error zone' });
    const whenError = make('p', { id: 'when-error', class: 'error' });
    const zone = fill(t.zone, { zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
    const time = make('div', {}, make('label', { for: 'when' }, t.when), when, whenError, make('p', { id: 'zone', class: 'hint' }, zone));
    const submit = make('button', { class: 'submit' });
    const change = make('button', { type: 'button', class: 'link' });
    const form = make('form', { novalidate: '' }, make('label', { for: 'phone' }, t.phone), phone, phoneError, time, submit, change);
    const cancel = make('a', { target: '_blank', rel: 'noopener' }, t.cancel);
    const again = make('button', { type: 'button', class: 'link' }, t.again);
    const head = make('div', { class: 'head' }, make('p', { id: 'name' }, c.name || t.title), closer);
    if (c.name) head.querySelector('p').append(make('small', {}, t.title));
    const panel = make('div', { id: 'panel', role: 'dialog', 'aria-labelledby': 'name', 'aria-describedby': 'status' }, head, status, form, cancel, again);
    root.append(make('div', { class: 'all', lang: c.lang, dir: 'ltr' }, opener, panel));

    // What was pressed, for as long as the tab is open: key (of the one call
    // that it asks for), phone, at, state, time, id, cancel, shut.
    let press = {}, state = 'asking', later, watched = 0;
    const tell = () => host.dataset.state = panel.hidden && state === 'asking' ? 'idle' : state;
    const name = 'switchhook ' + c.id;
    const save = () => {
      try {
        if (!tile) sessionStorage.setItem(name, JSON.stringify(press));
      } catch (e) {
        // Storage is forbidden or full: the press is kept by this page alone.
      }
    };

    const opened = (on) => {
      panel.hidden = !on;
      opener.setAttribute('aria-expanded', on);
      tell();
      if (!on) return;
      // Two panels would not fit.
      if (all.shut && all.shut !== shut) all.shut();
      if (!tile) all.shut = shut;
      if (c.logo && !head.querySelector('img')) {
        // Its place is there before it is, and stays if it does not come.
        const logo = make('img', { alt: '', width: 40, height: 40, referrerpolicy: 'no-referrer', decoding: 'async' });
        logo.onerror = () => logo.style.visibility = 'hidden';
        logo.src = c.logo;
        head.prepend(logo);
      }
    };
    const shut = () => {
      const inside = root.activeElement;
      opened(false);
      if (inside) opener.focus();
      press.shut = 1;
      save();
    };
    const open = () => {
      opened(true);
      press.shut = 0;
      if (form.hidden) return status.focus();
      phone.focus();
      if (!tile) prepare().catch(() => {});
    };

    // Says what is wrong with a field, or that nothing is.
    const fault = (field, place, text) => {
      place.textContent = text || '';
      if (text) field.setAttribute('aria-invalid', true);
      else field.removeAttribute('aria-invalid');
      return text;
    };
    const texts = {
      asking: () => later ? t.plan : t.intro,
      closed: ({ next }) => (later ? t.closed_then : t.closed) + (next ? ' ' + fill(t.next, { time: day(next) }) : ''),
      failed: ({ text }) => text,
      scheduled: () => fill(t.scheduled, { phone: press.phone, time: day(press.at) }),
    };
    // The one place where a state is drawn.
    const enter = (to, data = {}) => {
      const had = root.activeElement;
      const text = texts[to] ? texts[to](data) : fill(t[to], { phone: press.phone });
      if (data.next) {
        later = true;
        when.value = local(new Date(Math.ceil(Date.parse(data.next) / 6e4) * 6e4));
      }
      state = to;
      tell();
      const busy = to === 'calling';
      const asks = busy || to === 'asking' || to === 'failed' || data.next;
      form.hidden = !asks;
      time.hidden = !later;
      when.min = local(new Date());
      when.max = local(new Date(Date.now() + c.days * 864e5));
      phone.readOnly = when.readOnly = busy;
      submit.setAttribute('aria-disabled', busy);
      submit.textContent = to === 'failed' ? t.retry : later ? t.schedule : t.submit;
      change.hidden = busy;
      change.textContent = later ? t.now : t.later;
      cancel.hidden = to !== 'scheduled' || !press.cancel;
      if (!cancel.hidden) cancel.href = press.cancel;
      again.hidden = asks || /queued|ringing|connected/.test(to);
      status.textContent = text;
      // Focus does not fall off the page with what is taken away.
      if (had && had !== opener && !had.offsetParent) status.focus();
    };
    const failed = (text) => enter('failed', { text });

    const send = async () => {
      press.state = 'calling';
      save();
      enter('calling');
      for (let tries = 2; tries--;) {
        let answer;
        try {
          let proof = await prepare();
          if (proof.expires < Date.now()) {
            token = 0;
            proof = await prepare();
          }
          // A token is good for one try.
          token = 0;
          answer = await ask('', CALL_WAIT, {
            id: c.id, phone: press.phone, token: proof.token, nonce: proof.nonce, idempotency_key: press.key, at: press.at,
          });
        } catch (e) {
          if (typeof e === 'string') {
            press.state = 'failed';
            save();
            return failed(t[e]);
          }
          answer = e;
        }
        if (answer.ok) return taken(answer.said);
        if (!/^token_|^work_/.test(answer.said.code) || !tries) return refused(answer);
      }
    };

    const taken = (said) => {
      press.id = said.request_id;
      press.state = said.state;
      // Only an address of our own becomes a link.
      press.cancel = String(said.cancel).startsWith(c.url + '/click-to-call/') && said.cancel;
      press.at = said.at || press.at;
      save();
      enter(said.state === 'scheduled' ? 'scheduled' : 'queued');
      if (said.state !== 'scheduled') watch();
    };

    const refused = ({ status, said, later: wait }) => {
      press.state = 'failed';
      // Nothing was called: the next press is another one. After a failure of
      // the phone system's nobody knows.
      if (status < 500) press.key = '';
      save();
      const wrong = said.code === 'number_invalid' || said.code === 'number_refused';
      if (wrong) {
        enter('asking');
        fault(phone, phoneError, t[said.code]);
        return phone.focus();
      }
      if (said.code === 'closed') return enter('closed', said);
      if (said.code === 'limited') {
        const minutes = Math.ceil(wait / 60);
        const time = minutes > 90 ? [Math.ceil(minutes / 60), 'hour'] : [minutes || 1, 'minute'];
        return failed(fill(t.limited, { time: new Intl.RelativeTimeFormat(locale).format(...time) }));
      }
      if (status < 500) console.warn('Switchhook: the call was refused:', said.code, said.message);
      failed(said.code === 'phone_system_slow' ? t.uncertain : status < 500 ? t.refused : t.failed);
    };

    // Follows what becomes of the call: by events, and by asking now and then
    // where these do not come through.
    const watch = () => {
      const turn = ++watched, path = '/calls/' + encodeURIComponent(press.id), end = press.time + FOLLOW;
      let source, timer, pause = POLL_FIRST;
      // Reports whether there is more to come.
      const hear = (said) => {
        if (turn !== watched) return false;
        const to = { queued: 'queued', calling: 'ringing', connected: 'connected', failed: 'unreached', closed: said.next ? 'closed' : 'ended' }[said.state];
        if (to && to !== state) enter(to, said);
        if (!/unreached|closed|ended/.test(to)) return true;
        if (source) source.close();
        press = { phone: press.phone };
        save();
        return false;
      };
      const poll = async () => {
        if (source) source.close();
        if (turn !== watched || Date.now() > end) return;
        let more = true;
        try {
          const answer = await ask(path, TOKEN_WAIT);
          more = answer.ok ? hear(answer.said) : answer.status !== 404;
        } catch (e) {
          // The next one may come through.
        }
        pause = Math.min(pause * 1.5, POLL_LAST);
        if (more) timer = setTimeout(poll, pause);
      };
      const patience = () => {
        clearTimeout(timer);
        timer = setTimeout(poll, SILENCE);
      };
      patience();
      try {
        source = new EventSource(c.url + '/click-to-call' + path);
        source.onmessage = (e) => {
          clearTimeout(timer);
          if (turn !== watched || Date.now() > end) source.close();
          else hear(JSON.parse(e.data));
        };
        // Closed for good, or about to connect again by itself.
        source.onerror = () => source.readyState === 2 ? (clearTimeout(timer), poll()) : patience();
      } catch (e) {
        poll();
      }
    };

    form.onsubmit = (e) => {
      e.preventDefault();
      if (tile || state === 'calling') return;
      const number = phone.value.trim(), at = new Date(when.value), now = Date.now();
      const wrong = later && !(at > now && at < now + c.days * 864e5);
      fault(when, whenError, wrong && fill(t.when_invalid, c));
      if (wrong) when.focus();
      if (fault(phone, phoneError, !number && t.empty)) phone.focus();
      if (wrong || !number) return;
      const stamped = later ? stamp(at) : undefined;
      if (!press.key || press.phone !== number || press.at !== stamped) {
        press = { key: [...crypto.getRandomValues(new Uint8Array(16))].map((b) => two(b.toString(16))).join(''), phone: number, at: stamped };
      }
      press.time = Date.now();
      send();
    };
    change.onclick = () => {
      later = !later;
      if (later && !when.value) when.value = local(new Date(Math.ceil(Date.now() / 36e5 + 1) * 36e5));
      enter('asking');
      (later ? when : phone).focus();
    };
    again.onclick = () => {
      watched++;
      press = { phone: press.phone };
      save();
      later = false;
      enter('asking');
      open();
    };
    opener.onclick = () => panel.hidden ? open() : shut();
    closer.onclick = shut;
    // Wherever the focus is: the panel may lie over it.
    document.addEventListener('keydown', (e) => {
      if (e.key === 'Escape' && !panel.hidden && !tile && !e.defaultPrevented) shut();
    });

    if (place) {
      host.className = 'inline';
      place.append(host);
    } else {
      if (!all.dock || !all.dock.isConnected) {
        all.dock = make('div', { role: 'region', 'aria-label': t.title, lang: c.lang });
        shadow(all.dock).append(make('slot'));
        document.body.append(all.dock);
      }
      all.dock.append(host);
    }
    all.hosts[c.id] = host;
    opened(false);
    enter('asking');
    if (tile) {
      Object.assign(press, tile.press);
      phone.value = press.phone || '';
      later = tile.later;
      if (later) when.value = local(new Date(press.at));
      if (tile.state !== 'idle') {
        opened(true);
        enter(tile.state, tile.data);
      }
      return;
    }

    // Goes on where the page was left.
    try {
      press = JSON.parse(sessionStorage.getItem(name)) || {};
    } catch (e) {
      // There is none.
    }
    phone.value = press.phone || '';
    const age = Date.now() - press.time;
    if (press.at) {
      later = true;
      when.value = local(new Date(press.at));
    }
    if (press.state === 'calling' && age < RESEND) send();
    else if (press.id && press.state === 'scheduled' && Date.parse(press.at) > Date.now()) return enter('scheduled');
    else if (press.id && age < FOLLOW) {
      enter('queued');
      watch();
    } else {
      return;
    }
    opened(!press.shut);
  };

  if (tile || document.readyState !== 'loading') start();
  else addEventListener('DOMContentLoaded', start);
})
