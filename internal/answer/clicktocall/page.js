// What a page does that takes proof of work: it works while the person types, and
// sends the form with the proof. A form without one is taken, too, but seldom: so
// it is sent where this does not run, or the work takes too long.
(function (solve) {
  'use strict';
  const form = document.querySelector('form'), status = document.getElementById('status');
  let nonce, state = 'asking';
  const work = solve(form.dataset.challenge, Number(form.dataset.bits)).catch(() => '').then((found) => nonce = found);
  form.addEventListener('submit', async (e) => {
    if (nonce !== undefined && state !== 'sent') {
      form.elements.nonce.value = nonce;
      state = 'sent';
      return;
    }
    e.preventDefault();
    // A second press: the first is worked on, or sent.
    if (state !== 'asking') return;
    state = 'working';
    status.textContent = 'One moment, your browser is working…';
    await work;
    form.requestSubmit(e.submitter);
  });
  // The browser comes back to the page as it was left.
  addEventListener('pageshow', () => state = 'asking');
})
