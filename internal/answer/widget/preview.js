// Draws every state of the button, by day and by night, on the page of
// preview.go: widget is widget.js's function, days has its settings by scheme.
(function (widget, schemes) {
  'use strict';

  const phone = '(212) 555-0123';
  const next = new Date();
  next.setDate(next.getDate() + 1);
  next.setHours(9, 0, 0, 0);
  const press = { phone, at: next.toISOString(), cancel: '#' };
  const states = [
    ['idle', 'Idle: the button'],
    ['asking', 'Asking for a number'],
    ['asking', 'Asking for a number and a time', { later: true }],
    ['calling', 'Calling: the request is on its way'],
    ['queued', 'Queued: in the line of callers'],
    ['ringing', 'The phone rings'],
    ['connected', 'Connected'],
    ['ended', 'The call is over'],
    ['unreached', 'Nobody picked up'],
    ['failed', 'Failed: the call could not be requested', { data: (t) => ({ text: t.failed }) }],
    ['closed', 'Closed: a call at another time', { data: () => ({ next }) }],
    ['scheduled', 'Scheduled'],
  ];
  const main = document.querySelector('main');
  for (const [state, title, more = {}] of states) {
    const section = document.createElement('section');
    const heading = document.createElement('h2');
    heading.textContent = title;
    section.append(heading);
    for (const scheme of ['light', 'dark']) {
      const into = document.createElement('div');
      into.className = scheme;
      section.append(into);
      const settings = schemes[scheme];
      widget(settings, { into, state, later: more.later, press: state === 'idle' ? {} : press, data: more.data && more.data(settings.t) });
    }
    main.append(section);
  }
})
